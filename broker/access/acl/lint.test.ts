import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../../base/prng.ts';
import { compileRule } from './compile.ts';
import { coversRule } from './covers.ts';
import { rulesOf } from './ast.ts';
import { ruleMatches } from './evaluate.ts';
import { lintAcl } from './lint.ts';
import { Attempt } from './match.ts';
import { parseAcl } from './parser.ts';
import { PROBLEM_KINDS } from './problems.ts';

const found = (text: string): string[] => lintAcl(parseAcl(text)).map((problem) => `${problem.line} ${problem.kind}`);

describe('lint', () => {
  it.each([
    ['{allow, all, all, ["a/#/b"]}.', ['1 filterNeverMatches']],
    ['{allow, all, all, ["a+/b"]}.', ['1 filterNeverMatches']],
    ['{allow, all, all, [""]}.', ['1 filterNeverMatches']],
    ['{allow, all, all, ["${cn}/b"]}.', ['1 unknownPlaceholder']],
    ['{allow, all, all, [{eq, "${clientid}"}]}.', ['1 placeholderInEq']],
    ['{allow, all, all, ["u/%u/%c"]}.', ['1 oldPlaceholder', '1 oldPlaceholder']],
    ['{allow, {username, {re, "dash"}}, all, ["a"]}.', ['1 regexUnanchored']],
    ['{allow, {username, {re, "^dash"}}, all, ["a"]}.', []],
    ['{allow, {username, {re, "^a\\d$"}}, all, ["a"]}.', ['1 regexEscape']],
    ['{allow, {username, {re, "^a\\\\d$"}}, all, ["a"]}.', []],
    [`{allow, {'or', []}, all, ["a"]}.`, ['1 emptyOr']],
    ['{allow, all, all, []}.', ['1 noTopics']],
    ['{allow, all}.\n{deny, all, publish, ["a"]}.', ['2 unreachable']],
    ['{allow, all, all, ["a/#"]}.\n{deny, {username, "x"}, publish, ["a/b"]}.', ['2 shadowed']],
    ['{allow, all, all, ["a/#"]}.\n{allow, {username, "x"}, publish, ["a/b"]}.', ['2 redundant']],
    ['{allow, {username, "x"}, all, ["a/#"]}.\n{deny, all, publish, ["a/b"]}.', []],
    ['{allow, all, all, ["a/#"]}.\n%% acl:ignore ACL010 on purpose\n{deny, {username, "x"}, publish, ["a/b"]}.', []],
    ['{nope}.\n{allow, all}.\n{deny, all}.', []],
  ])('%j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('has a distinct sentence for every kind, and every code one severity family at most of errors', () => {
    const sentences = Object.values(PROBLEM_KINDS).map((info) => info.message);
    expect(new Set(sentences).size).toBe(sentences.length);
    for (const info of Object.values(PROBLEM_KINDS)) expect(info.hint.length).toBeGreaterThan(0);
  });
});

describe('covering', () => {
  it('is claimed only where every request of the inner rule is also one of the outer', () => {
    const prng = seededPrng(5);
    const pick = (from: readonly string[]): string => from[randomBelow(prng, from.length)] as string;
    const whos = [
      'all',
      '{username, "u"}',
      '{username, {re, "^u"}}',
      `{'or', [{username, "u"}, {clientid, "c"}]}`,
      `{'and', [{username, "u"}, {clientid, "c"}]}`,
      '{ipaddr, "10.0.0.0/8"}',
      '{ipaddr, "10.1.0.0/16"}',
    ];
    const topics = ['"#"', '"a/#"', '"a/+"', '"a"', '"a/b"', '{eq, "a/#"}', '"+/b"', '"${clientid}/#"', '"%c/#"', '"a", "b/#"'];
    const actions = [
      'all',
      'publish',
      'subscribe',
      '{publish, [{qos, 1}]}',
      '{all, [{retain, true}]}',
      '{subscribe, [{qos, [0, 1]}]}',
    ];
    const requests = ['a', 'a/b', 'a/b/c', 'b/b', 'c/x', 'c', 'a/#', 'a/+', '#', '+/b'].flatMap((topic) =>
      ([0, 1] as const).flatMap((qos) => [
        { action: 'subscribe' as const, topic, qos, retain: false },
        { action: 'publish' as const, topic, qos, retain: false },
        { action: 'publish' as const, topic, qos, retain: true },
      ]),
    );
    const clients = ['u', 'ux', undefined].flatMap((username) =>
      ['c', 'd'].flatMap((clientId) => ['10.1.1.1', '10.2.1.1', ''].map((peerHost) => ({ clientId, username, peerHost }))),
    );
    let covered = 0;
    for (let round = 0; round < 1_500; round += 1) {
      const rule = (): string => `{allow, ${pick(whos)}, ${pick(actions)}, [${pick(topics)}]}.`;
      const text = `${rule()}\n${rule()}`;
      const [outer, inner] = rulesOf(parseAcl(text)).map(compileRule);
      if (outer === undefined || inner === undefined) throw new Error(text);
      if (!coversRule(outer, inner)) continue;
      covered += 1;
      for (const client of clients) {
        for (const request of requests) {
          const attempt = new Attempt(client, request);
          if (ruleMatches(inner, attempt))
            expect(ruleMatches(outer, attempt), `${text} ${JSON.stringify([client, request])}`).toBe(true);
        }
      }
    }
    expect(covered).toBeGreaterThan(50);
  });
});
