import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../prng.ts';
import { compileRegex } from './regexRun.ts';

function test(pattern: string, subject: string): boolean {
  const compiled = compileRegex(pattern);
  if ('fault' in compiled) throw new Error(`${pattern}: ${compiled.fault}`);
  return compiled.test(subject);
}

describe('a pattern', () => {
  it.each([
    ['', '', true],
    ['dash', 'my-dashboard', true],
    ['^dash$', 'dashboard', false],
    ['^dash$', 'dash\n', true],
    ['^dash\\z', 'dash\n', false],
    ['^(a|b)+c$', 'ababc', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{2,}$', 'aaaa', true],
    ['^a{2}$', 'aa', true],
    ['^x{,3}$', 'x{,3}', true],
    ['^[a-f0-9]{4}$', '00ff', true],
    ['^[^/]+$', 'a/b', false],
    ['^[]a]+$', 'a]', true],
    ['^[a-]+$', 'a-a', true],
    ['^[\\w.-]+$', 'a.b-c', true],
    ['^[[:alpha:]]+$', 'abc', true],
    ['^[[:^digit:]]+$', 'ab1', false],
    ['^\\d{3}-\\D$', '123-x', true],
    ['\\bgw\\b', 'edge-gw-2', true],
    ['\\bgw\\b', 'edgegw', false],
    ['^(?i)OPS$', 'ops', true],
    ['^(?i:O)ps$', 'oPS', false],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^(?!admin)', 'operator', true],
    ['^(?!admin)', 'admin-2', false],
    ['^(?=.*-eu)gw', 'gw-7-eu', true],
    ['^(?:(?!x).)+$', 'abxc', false],
    ['^\\Qa.b\\E$', 'a.b', true],
    ['^\\x41\\x{42}\\t?$', 'AB', true],
    ['^(?<n>a)(?P<m>b)(?#note)$', 'ab', true],
    ['a*?b', 'aab', true],
    ['^(a*)*$', 'aaa', true],
    ['^中.$', '中文', true],
    ['^.$', '😀', true],
  ])('%s on %j: %s', (pattern, subject, expected) => {
    expect(test(pattern, subject)).toBe(expected);
  });

  it.each([
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    'a++',
    'a{3,2}',
    '(a)\\1',
    '(?<=a)b',
    '(?>a)',
    '(?R)',
    '(*FAIL)',
    '\\p{L}',
    'a\\',
    '[z-a]',
    '[[:nope:]]',
    '(a{99}){99}',
    '('.repeat(99),
    '\\k<n>',
  ])('%s is refused with a reason', (pattern) => {
    expect(compileRegex(pattern)).toEqual({ fault: expect.stringMatching(/\w/) as string });
  });

  it('agrees with the regular expressions of JavaScript where both know the pattern', () => {
    const prng = seededPrng(11);
    const pieces = [
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '(a|b)',
      '(?:ab)?',
      '\\w',
      '\\b',
      'a*',
      'b+',
      '(a|ba)*',
      'a{1,2}',
      '|',
      '(?=b)',
      '(?!a)',
    ];
    const draw = (from: readonly string[], length: number): string =>
      Array.from({ length: randomBelow(prng, length) }, () => from[randomBelow(prng, from.length)]).join('');
    for (let round = 0; round < 3_000; round += 1) {
      const pattern = draw(['', '^'], 2) + draw(pieces, 6) + draw(['', '\\z'], 2);
      const subject = draw(['a', 'b', '-'], 8);
      const expected = new RegExp(pattern.replace('\\z', '$')).test(subject);
      expect(test(pattern, subject), `${pattern} on ${subject}`).toBe(expected);
    }
  });

  it.each([
    ['^x/y/(.+)$', 'x/y/1/2', ['x/y/1/2', '1/2']],
    ['(a+?)(a*)', 'xaaa', ['aaa', 'a', 'aa']],
    ['(a+)(a*)', 'xaaa', ['aaa', 'aaa', '']],
    ['(?:a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'bcd', '']],
    ['(a)|(b)', 'zb', ['b', '', 'b']],
    ['((.)\\w)+', 'abcd', ['abcd', 'cd', 'c']],
    ['(?<name>\\d+)-(?P<other>\\d{2})', 'no 12-345', ['12-34', '12', '34']],
    ['^(.+)/(.+)$', '中/😀', ['中/😀', '中', '😀']],
    ['b*', 'abb', ['']],
    ['^z', 'az', undefined],
  ])('%s finds in %j the pieces %j', (pattern, subject, expected) => {
    const compiled = compileRegex(pattern);
    expect('fault' in compiled ? compiled.fault : compiled.exec(subject)).toEqual(expected);
  });

  it('finds the pieces that the regular expressions of JavaScript find', () => {
    const prng = seededPrng(23);
    const pieces = ['a', 'b', '(a)', '(b|ab)', '(a|b)', '(?:ab)?', '(\\w)', '(a*)', '(b+?)', '(.)', 'b{1,2}', '(?=b)'];
    const draw = (from: readonly string[], length: number): string =>
      Array.from({ length: randomBelow(prng, length) }, () => from[randomBelow(prng, from.length)]).join('');
    for (let round = 0; round < 3_000; round += 1) {
      const pattern = draw(['', '^'], 2) + draw(pieces, 6) + draw(['', '\\z'], 2);
      const subject = draw(['a', 'b', '-'], 8);
      const expected = new RegExp(pattern.replace('\\z', '$')).exec(subject);
      const compiled = compileRegex(pattern);
      if ('fault' in compiled) throw new Error(`${pattern}: ${compiled.fault}`);
      expect(compiled.exec(subject), `${pattern} on ${subject}`).toEqual(expected === null ? undefined : Array.from(expected, (piece) => piece ?? ''));
    }
  });

  it('that explodes elsewhere is answered at once', () => {
    expect(test('^(a+)+$', `${'a'.repeat(1_000)}b`)).toBe(false);
    expect(test('^(a|a)*(a|a)*$', `${'a'.repeat(1_000)}b`)).toBe(false);
    const compiled = compileRegex('^(a|a)*((a|a)*)$');
    expect('fault' in compiled ? compiled.fault : compiled.exec(`${'a'.repeat(1_000)}b`)).toBeUndefined();
  });
});
