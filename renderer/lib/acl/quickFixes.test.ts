import { describe, expect, it } from 'vitest';
import { analyseAcl } from './analysis.ts';
import { counterEdits } from './counterEdits.ts';
import { AclDesk } from './analysis.ts';
import { applyEdits, moveRuleBefore, moveRuleLast, quickFixes } from './quickFixes.ts';

describe('the first repair of a problem', () => {
  it.each([
    ['{allow, all}', '{allow, all}.'],
    ['{allow, all}.{deny, all}.', '{allow, all}.\n{deny, all}.'],
    ['{alow, all}.', '{allow, all}.'],
    ['{allow, all, publis, ["a"]}.', '{allow, all, publish, ["a"]}.'],
    ['{allow, {and, []}, publish, ["a"]}.', '{allow, {\'and\', []}, publish, ["a"]}.'],
    ['{allow, all, publish, "a"}.', '{allow, all, publish, ["a"]}.'],
    ['{allow, all, publish, <<"a">>}.', '{allow, all, publish, [<<"a">>]}.'],
    ['{allow, all, pubsub, ["a"]}.', '{allow, all, all, ["a"]}.'],
    ['{allow, all, publish, ["u/%u/%u"]}.', '{allow, all, publish, ["u/${username}/${username}"]}.'],
    ['{allow, all, publish, ["${cn}/x"]}.', '{allow, all, publish, ["${cert_common_name}/x"]}.'],
    ['{allow, {username, {re, "dash"}}, publish, ["a"]}.', '{allow, {username, {re, "^dash$"}}, publish, ["a"]}.'],
    ['{allow, {username, {re, "^a\\d$"}}, publish, ["a"]}.', '{allow, {username, {re, "^a\\\\d$"}}, publish, ["a"]}.'],
    ['{allow, {ipaddr, "10.1.2.3/8"}, publish, ["a"]}.', '{allow, {ipaddr, "10.0.0.0/8"}, publish, ["a"]}.'],
    ['%% x\n{allow, all}.\n%% y\n{deny, all, publish, ["a"]}.\n', '%% x\n{deny, all, publish, ["a"]}.\n{allow, all}.\n%% y\n'],
  ])('%j', (text, repaired) => {
    const { file, problems } = analyseAcl(text);
    const [fix] = problems.flatMap((problem) => quickFixes(file, problem));
    const result = applyEdits(text, fix?.edits ?? []);
    expect(result).toBe(repaired);
    expect(analyseAcl(result).problems.map(({ kind }) => kind)).not.toContain(problems[0]?.kind);
  });

  it('is not offered where only a person can decide', () => {
    const { file, problems } = analyseAcl('{permit, nobody, write, ["a]}.');
    expect(problems.flatMap((problem) => quickFixes(file, problem))).toEqual([]);
  });
});

describe('moving a rule', () => {
  const text = '{allow, all, publish, ["a"]}.\n{allow, all, publish, ["b"]}. % of b\n{deny, all}.';
  it('takes its line and the comment behind it along', () => {
    const { file } = analyseAcl(text);
    expect(applyEdits(text, moveRuleBefore(file, 2, 1))).toBe(
      '{allow, all, publish, ["b"]}. % of b\n{allow, all, publish, ["a"]}.\n{deny, all}.',
    );
    expect(applyEdits(text, moveRuleBefore(file, 3, 2))).toBe(
      '{allow, all, publish, ["a"]}.\n{deny, all}.\n{allow, all, publish, ["b"]}. % of b\n',
    );
    expect(applyEdits(text, moveRuleLast(file, 1))).toBe(
      '{allow, all, publish, ["b"]}. % of b\n{deny, all}.\n{allow, all, publish, ["a"]}.\n',
    );
  });
});

describe('the edits that turn a decision round', () => {
  it.each([
    ['{allow, all, publish, ["a/#"]}.\n{deny, {username, "u"}, publish, ["a/b"]}.\n{deny, all}.\n', 'deny', ['move', 'add']],
    ['{deny, all}.\n', 'allow', ['add']],
    ['', 'deny', ['add']],
  ] as const)('%j', (text, wanted, keys) => {
    const client = { clientId: 'c', username: 'u', peerHost: '' };
    const request = { action: 'publish', topic: 'a/b', qos: 0, retain: false } as const;
    const desk = new AclDesk();
    const { file } = desk.check('draft', text);
    const edits = counterEdits(file, desk.explain(client, request).draft!, client, request);
    expect(edits.map(({ key }) => key)).toEqual(keys);
    for (const edit of edits) {
      expect(desk.check('draft', applyEdits(text, edit.edits)).valid).toBe(true);
      expect(desk.explain(client, request).draft?.decision.permission).toBe(wanted);
    }
  });
});
