import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng, type Prng } from '../../base/prng.ts';
import type { AclTree } from './ast.ts';
import { parseAcl } from './parser.ts';
import { printAcl } from './printer.ts';

/** The tree without places and without the text. */
function meaning(file: AclTree): unknown {
  return JSON.parse(
    JSON.stringify({ items: file.items, footer: file.footer }, (key, value: unknown) =>
      key === 'start' || key === 'end' || key === 'permissionSpan' ? undefined : value,
    ),
  );
}

describe('the printer', () => {
  it('keeps comments and single blank lines and puts one rule on a line', () => {
    const text = [
      '%% head',
      '',
      '',
      '%% of the first',
      '{allow,all}.   %% behind',
      '{deny , {user,"a"} ,',
      'publish,["x"]}.',
      '',
      '  % tail',
      '',
    ].join('\n');
    const printed = [
      '%% head',
      '',
      '%% of the first',
      '{allow, all}. %% behind',
      '{deny, {user, "a"}, publish, ["x"]}.',
      '',
      '% tail',
      '',
    ].join('\n');
    expect(printAcl(parseAcl(text))).toBe(printed);
  });

  it('breaks a long rule into slots, and more than three topics into lines', () => {
    const topics = ['a', 'b', 'c', 'd'].map((letter) => `"${letter.repeat(30)}/#"`);
    expect(printAcl(parseAcl(`{allow, all, publish, [${topics.join(',')}]}.`))).toBe(
      `{allow,\n  all,\n  publish,\n  [\n    ${topics.join(',\n    ')}\n  ]\n}.\n`,
    );
  });

  it('leaves a rule with comments inside, and a broken one, as they are', () => {
    const text = '{allow, % inner\n   all}.\n{nope ,  1}.\n';
    expect(printAcl(parseAcl(text))).toBe(text);
  });
});

const pick = <T>(prng: Prng, from: readonly T[]): T => from[randomBelow(prng, from.length)] as T;
const TEXTS = ['a', 'a/b/#', 'x "quoted"', 'back\\slash', "it's", '中文', 'line\nbreak', '\u0001', '${clientid}', 'eq a', ''];
const quoted = (prng: Prng): string => {
  const escaped = pick(prng, TEXTS).replace(/[\\"]/g, '\\$&').replace('\n', '\\n').replace('\u0001', '\\x{1}');
  return pick(prng, [`"${escaped}"`, `<<"${escaped}"/utf8>>`]);
};
function who(prng: Prng, depth: number): string {
  const leaves = [
    'all',
    `{username, ${quoted(prng)}}`,
    `{client, {re, "^a+$"}}`,
    '{ipaddr, "10.0.0.0/8"}',
    '{ipaddrs, ["::1", "10.1.1.1"]}',
    '{user, all}',
  ];
  if (depth > 2 || randomBelow(prng, 3) > 0) return pick(prng, leaves);
  return `{'${pick(prng, ['and', 'or'])}', [${Array.from({ length: randomBelow(prng, 3) }, () => who(prng, depth + 1)).join(' ,')}]}`;
}
function rule(prng: Prng): string {
  if (randomBelow(prng, 6) === 0) return '{deny,all}.';
  const action = pick(prng, [
    'publish',
    'subscribe',
    'all',
    'pubsub',
    '{publish, [{qos, [0,1]},{retain,true}]}',
    '{subscribe,[{qos,1}]}',
    '{all,[{x,1}]}',
  ]);
  const topics = Array.from({ length: randomBelow(prng, 5) }, () => pick(prng, [quoted(prng), `{eq, ${quoted(prng)}}`]));
  return `{${pick(prng, ['allow', 'deny'])},${who(prng, 0)}, ${action}, ${pick(prng, ['', ' '])}[${topics.join(', ')}]}.`;
}

describe('any file', () => {
  it('has the same meaning after printing, and prints the same again', () => {
    const prng = seededPrng(7);
    for (let round = 0; round < 400; round += 1) {
      const text = Array.from(
        { length: 1 + randomBelow(prng, 6) },
        () => rule(prng) + pick(prng, ['\n', '\n\n\n', ' % c\n', '\n%% own\n', ' ']),
      ).join('');
      const file = parseAcl(text);
      expect(
        file.problems.filter((problem) => problem.severity === 'error'),
        text,
      ).toEqual([]);
      const printed = printAcl(file);
      const again = parseAcl(printed);
      expect(meaning(again), text).toEqual(meaning(file));
      expect(printAcl(again)).toBe(printed);
    }
  });
});
