import { describe, expect, it } from 'vitest';
import { EXPRESSION_LIMITS, parseExpression } from './expression.ts';

const CLIENT: Readonly<Record<string, string>> = { clientid: 'plant-pump-7', username: 'Ann', cn: '', 'client_attrs.group': 'west', 'user_property.site': 'Köln' };

function valueOf(source: string): string | undefined {
  const expression = parseExpression(source);
  if ('fault' in expression) throw new Error(expression.fault);
  return expression.evaluate((name) => CLIENT[name]);
}

describe('an expression', () => {
  it.each([
    ['clientid', 'plant-pump-7'],
    [" 'a b' ", 'a b'],
    ['"it\'s"', "it's"],
    ['client_attrs.group', 'west'],
    ["nth(1, tokens(clientid, '-'))", 'plant'],
    ["nth(3,tokens(clientid,'-_'))", '7'],
    ["nth(2, split(clientid, '-pump-'))", '7'],
    ["concat(username, '/', clientid)", 'Ann/plant-pump-7'],
    ["concat([username, '/', 42])", 'Ann/42'],
    ["join_to_string('.', tokens(clientid, '-'))", 'plant.pump.7'],
    ["lower(user_property.site)", 'köln'],
    ['upper(username)', 'ANN'],
    ["trim('  x ')", 'x'],
    ['strlen(user_property.site)', '4'],
    ['substr(clientid, 6)', 'pump-7'],
    ['substr(clientid, 6, 4)', 'pump'],
    ["rm_prefix(clientid, 'plant-')", 'pump-7'],
    ["nth(1, regex_extract(clientid, '([0-9]+)$'))", '7'],
    ["iif(regex_match(clientid, '^plant-'), 'plant', 'other')", 'plant'],
    ["iif(str_eq(username, 'Bob'), 'bob', username)", 'Ann'],
    ["iif(nobody, 'x', 'y')", 'y'],
    ["iif(not(is_empty(username)), 'named', 'anonymous')", 'named'],
    ["iif(str_neq(username, 'Ann'), 'x', 'y')", 'y'],
    ["coalesce(nobody, cn, username, clientid)", 'Ann'],
    ["coalesce([nobody, 'guest'])", 'guest'],
  ])('%s is %j', (source, expected) => {
    expect(valueOf(source)).toBe(expected);
  });

  it.each(['nobody', 'cn', "concat('x', nobody)", "nth(4, tokens(clientid, '-'))", "nth(0, tokens(clientid, '-'))", 'nth(1, clientid)', "tokens(clientid, '-')", "split(clientid, '')", 'coalesce()', "nth(1, regex_extract(clientid, 'x(y)'))", 'lower([clientid])'])('%s has no value', (source) => {
    expect(valueOf(source)).toBe(undefined);
  });

  it.each([
    ['', 'it ends too early'],
    ['concat(', 'it ends too early'],
    ["concat('a' 'b')", "'b') is not expected there"],
    ['clientid)', ') is not expected there'],
    ["'open", "'open is not expected there"],
    ['nth(1)', 'nth takes 2 arguments'],
    ['iif(a, b)', 'iif takes 3 arguments'],
    ['substr(a)', 'substr takes 2 to 3 arguments'],
    ['constructor(a)', expect.stringMatching(/^there is no function constructor; known are coalesce, iif, concat, /)],
    ['regex_match(a, b)', 'the pattern of regex_match must be a text'],
    ["regex_match(a, '(')", expect.stringMatching(/^the pattern of regex_match cannot be used: /)],
    [`${'lower('.repeat(17)}a${')'.repeat(17)}`, 'it is nested deeper than 16'],
    [`'${'x'.repeat(1_024)}'`, 'it is longer than 1024 characters'],
  ])('%s is none', (source, fault) => {
    expect(parseExpression(source)).toEqual({ fault });
  });

  it('knows its variables, and has no value longer than a text of MQTT', () => {
    const expression = parseExpression('concat(a, a, client_attrs.x)');
    if ('fault' in expression) throw new Error(expression.fault);
    expect(expression.variables).toEqual(['a', 'client_attrs.x']);
    expect(expression.evaluate(() => 'x'.repeat(EXPRESSION_LIMITS.valueLength / 3))?.length).toBe(65_535);
    expect(expression.evaluate(() => 'x'.repeat(30_000))).toBe(undefined);
  });
});
