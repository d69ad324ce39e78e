import { describe, expect, it } from 'vitest';
import { seededPrng, randomBelow } from '../../base/prng.ts';
import { rulesOf, type Rule } from './ast.ts';
import { ACL_LIMITS } from './limits.ts';
import { parseAcl } from './parser.ts';
import { printRule } from './printer.ts';

/** Problems as `CODE kind line:column-line:column`. */
function findings(text: string): string[] {
  return parseAcl(text).problems.map((p) => `${p.code} ${p.kind} ${p.line}:${p.column}-${p.endLine}:${p.endColumn}`);
}

function only(text: string): Rule {
  const file = parseAcl(text);
  expect(file.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const [rule] = rulesOf(file);
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

describe('every form of the grammar parses and prints back', () => {
  it.each([
    '{allow, all}.',
    '{deny, all}.',
    '{allow, all, all, ["#"]}.',
    '{allow, {username, "ops"}, publish, ["a/b"]}.',
    '{allow, {user, "ops"}, subscribe, ["a/+"]}.',
    '{allow, {clientid, "c 1"}, all, ["a"]}.',
    '{allow, {client, "c1"}, all, ["a"]}.',
    '{allow, {username, {re, "^dash$"}}, all, ["a"]}.',
    '{allow, {user, {re, "^d"}}, all, ["a"]}.',
    '{allow, {clientid, {re, "x\\\\.y"}}, all, ["a"]}.',
    '{allow, {client, {re, "x"}}, all, ["a"]}.',
    '{allow, {ipaddr, "10.0.0.0/8"}, all, ["a"]}.',
    '{allow, {ipaddr, "::1"}, all, ["a"]}.',
    '{allow, {ipaddrs, ["10.0.0.1", "fd00::/8"]}, all, ["a"]}.',
    `{allow, {'and', [{username, "a"}, {'or', [{ipaddr, "1.2.3.4"}, all]}]}, all, ["a"]}.`,
    `{allow, {'and', []}, all, ["a"]}.`,
    '{allow, all, {subscribe, [{qos, 1}]}, ["a"]}.',
    '{allow, all, {publish, [{qos, [0, 1]}, {qos, 2}, {retain, false}]}, ["a"]}.',
    '{allow, all, {all, [{retain, all}]}, ["a"]}.',
    '{allow, all, {all, []}, ["a"]}.',
    '{deny, all, subscribe, ["$SYS/#", {eq, "#"}, "eq +/#"]}.',
    '{deny, all, subscribe, []}.',
    '{allow, all, publish, ["dev-${clientid}/#", <<"b">>, <<"温度"/utf8>>]}.',
    '{allow, {user, all}, pubsub, <<"one/topic">>}.',
    '{allow, all, pubsub, ["user/%u/#"]}.',
  ])('%s', (text) => {
    expect(printRule(only(text))).toBe(text);
  });
});

describe('the lexical form', () => {
  it('takes several rules on a line, rules over several lines, comments and blank files', () => {
    expect(rulesOf(parseAcl('{allow, all}. {deny,\n  all % why\n}.%end')).map((rule) => rule.permission)).toEqual([
      'allow',
      'deny',
    ]);
    expect(parseAcl('')).toMatchObject({ items: [], problems: [] });
    expect(parseAcl('\ufeff%% only a comment\n')).toMatchObject({ items: [], problems: [] });
  });

  it('decodes the escapes of Erlang', () => {
    const rule = only(String.raw`{allow, all, all, ["\"\\\n\t\x41\x{4e2d}\101\s\^a\q"]}.`);
    expect(rule.topics[0]?.filter).toBe('"\\\n\tA中A \u0001q');
  });

  it('reads quoted atoms as atoms', () => {
    expect(only(`{'allow', 'all', 'publish', ["a"]}.`)).toMatchObject({
      permission: 'allow',
      who: { type: 'all' },
      action: { type: 'publish' },
    });
  });

  it('gives every part its place', () => {
    const text = '%% c\n{allow, {username, "a"}, publish, ["x", {eq, "y"}]}.';
    const rule = only(text);
    const slice = (span: { start: number; end: number }): string => text.slice(span.start, span.end);
    expect([slice(rule), slice(rule.permissionSpan), slice(rule.who), slice(rule.action), ...rule.topics.map(slice)]).toEqual([
      text.slice(5),
      'allow',
      '{username, "a"}',
      'publish',
      '"x"',
      '{eq, "y"}',
    ]);
  });
});

describe('bad text is one problem with its place', () => {
  it.each([
    ['{allow, all}', ['ACL001 dotMissing 1:12-1:13']],
    ['{allow, all}.{deny, all}.', ['ACL001 dotNeedsBlank 1:13-1:14']],
    ['{allow, all', ['ACL001 notClosed 1:1-1:2']],
    ['{allow, all, publish, ["a"}.', ['ACL001 unexpected 1:27-1:28']],
    ['{allow, all, publish, ["a]}.', ['ACL001 stringNotClosed 1:24-1:29']],
    ["{'allow, all}.", ['ACL001 atomNotClosed 1:2-1:15']],
    ['{allow, {and, []}, all, ["a"]}.', ['ACL001 reservedWord 1:10-1:13']],
    ['{Allow, all}.', ['ACL001 variable 1:2-1:7']],
    ['{allow; all}.', ['ACL001 badCharacter 1:7-1:8']],
    ['{allow, all, all, ["\\x{110000}"]}.', ['ACL001 badEscape 1:20-1:32']],
    ['{allow, all, all, [<<a>>]}.', ['ACL001 binaryForm 1:20-1:22']],
    ['{allow all}.', ['ACL001 unexpected 1:8-1:11']],
    ['{allow,}.', ['ACL001 unexpected 1:8-1:9']],
    ['}.', ['ACL001 unexpected 1:1-1:2']],
    ['{allow, all}. }', ['ACL001 unexpected 1:15-1:16']],
    ['.', ['ACL001 unexpected 1:1-1:2']],
    [`${'['.repeat(40)}`, ['ACL001 tooDeep 1:33-1:34']],
  ])('%s', (text, expected) => {
    expect(findings(text)).toEqual(expected);
  });

  it('refuses a text beyond the bound whole', () => {
    expect(parseAcl(' '.repeat(ACL_LIMITS.fileChars + 1)).problems.map((problem) => problem.kind)).toEqual(['fileTooLarge']);
  });

  it('stops listing problems at the bound and says so', () => {
    const { problems } = parseAcl('{x}.\n'.repeat(ACL_LIMITS.problems + 10));
    expect([problems.length, problems.at(-1)?.kind]).toEqual([ACL_LIMITS.problems, 'tooManyProblems']);
  });
});

describe('terms that are not rules, in the words of EMQX', () => {
  it.each([
    ['{alow, all}.', 'permission', 'invalid_authorization_permission'],
    ['{allow}.', 'ruleShape', 'invalid_authorization_rule'],
    ['allow.', 'ruleShape', 'invalid_authorization_rule'],
    ['{allow, all, publish}.', 'ruleShape', 'invalid_authorization_rule'],
    ['{allow, everyone}.', 'ruleShape', 'invalid_authorization_rule'],
    ['{allow, all, publish, "a"}.', 'topicsNotList', 'invalid_authorization_rule'],
    ['{allow, all, publish, [{ne, "a"}]}.', 'topicForm', 'not a topic'],
    ['{allow, {name, "a"}, publish, ["a"]}.', 'who', 'invalid_client_match_condition'],
    ['{allow, {ipaddrs, "1.2.3.4"}, publish, ["a"]}.', 'who', 'invalid_client_match_condition'],
    ['{allow, all, write, ["a"]}.', 'action', 'invalid_authorization_action'],
    ['{allow, all, {pubsub, []}, ["a"]}.', 'action', 'invalid_authorization_action'],
    ['{allow, all, {publish, [{qos, 3}]}, ["a"]}.', 'qos', 'invalid_authorization_qos'],
    ['{allow, all, {publish, [{retain, yes}]}, ["a"]}.', 'retain', 'invalid_authorization_retain'],
    ['{allow, {username, {re, "(a"}}, publish, ["a"]}.', 'regexInvalid', 'a ( without its )'],
    ['{allow, {ipaddr, "10.0.0.0/33"}, publish, ["a"]}.', 'cidr', 'not an address'],
    ['{allow, {ipaddr, "host"}, publish, ["a"]}.', 'cidr', 'not an address'],
    ['{allow, {username, ops}, publish, ["a"]}.', 'textExpected', 'not text'],
  ])('%s', (text, kind, words) => {
    expect(parseAcl(text).problems).toMatchObject([
      { kind, severity: 'error', message: expect.stringContaining(words) as string },
    ]);
  });

  it('reports every bad slot of one rule at once', () => {
    expect(findings('{permit, nobody, write, "a"}.')).toEqual([
      'ACL002 permission 1:2-1:8',
      'ACL002 who 1:10-1:16',
      'ACL002 action 1:18-1:23',
      'ACL006 topicsNotList 1:25-1:28',
    ]);
  });
});

describe('one broken rule leaves the others standing', () => {
  it.each([
    ['{allow, all.\n{deny, all}.', [2]],
    ['{allow, all}\n{deny, all}.', [1, 2]],
    ['{allow, "x}.\n{deny, all}.', [2]],
    ['{allow, [[[}}}.\n{deny, all}.', [2]],
    ['{allow, all}.\n{nope}.\n{deny, all}.', [1, 3]],
    ['{allow, all, publish, ["a", }.\n{deny, all}.', [2]],
  ])('%j', (text, numbers) => {
    const file = parseAcl(text);
    expect(rulesOf(file).map((rule) => rule.number)).toEqual(numbers);
    expect(file.problems.length).toBeGreaterThan(0);
  });
});

describe('spellings of EMQX 3 and 4', () => {
  it.each([
    ['{allow, all, pubsub, ["a"]}.', 'pubsub'],
    ['{allow, all, publish, <<"a">>}.', 'bareTopic'],
    ['{allow, {user, all}, publish, ["a"]}.', 'anyClient'],
    ['{allow, all, publish, [<<"温">>]}.', 'binaryNotUtf8'],
  ])('%s loads and is mentioned', (text, kind) => {
    expect(parseAcl(text).problems).toMatchObject([{ kind, severity: 'info', code: 'ACL007' }]);
  });
});

describe('whatever the text', () => {
  const PIECES = [
    '{',
    '}',
    '[',
    ']',
    ',',
    '.',
    '. ',
    '\n',
    '"',
    "'",
    '<<"',
    '">>',
    '%',
    'allow',
    'deny',
    'all',
    'publish',
    '{re, "',
    '\\',
    '"a/#"',
    '0',
    'X',
    '中',
    '\u0000',
    '"b"',
    "'and'",
    '{eq, "x"}',
  ];
  it('the parser returns and its places lie inside the text', () => {
    const prng = seededPrng(41);
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: randomBelow(prng, 30) }, () => PIECES[randomBelow(prng, PIECES.length)]).join('');
      const file = parseAcl(text);
      for (const span of [...file.items.map((item) => item.node), ...file.problems]) {
        expect(span.start >= 0 && span.start <= span.end && span.end <= text.length, text).toBe(true);
      }
      expect(file.items.some((item) => item.node.type === 'broken') && file.problems.length === 0, text).toBe(false);
    }
  });
});
