import { describe, expect, it } from 'vitest';
import type { AclClient, AclRequest } from './decision.ts';
import { compileAcl } from './evaluate.ts';
import { explainAcl, type Explanation } from './explain.ts';
import { parseAcl } from './parser.ts';

const gateway: AclClient = { clientId: 'edge-gw-02', username: 'edge-gw', peerHost: '10.20.4.17' };
const command: AclRequest = { action: 'publish', topic: 'plant-a/line-3/press-07/cmd/setpoint', qos: 1, retain: false };
const explain = (text: string, client = gateway, request = command): Explanation =>
  explainAcl(compileAcl(parseAcl(text)), client, request);

describe('explain', () => {
  it('walks the rules of the first picture', () => {
    const text = [
      '{allow, {username, {re, "^dash$"}}, subscribe, ["$SYS/#"]}.',
      '{allow, {ipaddr, "127.0.0.1"}, all, ["$SYS/#", "#"]}.',
      '{deny, all, subscribe, ["$SYS/#", {eq, "#"}, {eq, "+/#"}]}.',
      '{allow, all, publish, ["plant-a/+/${clientid}/telemetry"]}.',
      '{allow, {username, "edge-gw"}, publish, ["plant-a/line-3/#"]}.',
      '{deny, {username, "edge-gw"}, publish, ["plant-a/line-3/+/cmd/#"]}.',
      '{deny, all}.',
    ].join('\n');
    const { decision, steps } = explain(text);
    expect(decision).toEqual({ permission: 'allow', rule: 5 });
    expect(steps.map((s) => [s.rule, s.who, s.action, s.topic, s.reached, s.reason])).toEqual([
      [1, 'failed', 'notLooked', 'notLooked', true, { kind: 'usernamePattern', got: 'edge-gw', want: '^dash$' }],
      [2, 'failed', 'notLooked', 'notLooked', true, { kind: 'addressIs', got: '10.20.4.17', want: '127.0.0.1' }],
      [3, 'matched', 'failed', 'notLooked', true, { kind: 'actionIs', got: 'publish', want: 'subscribe' }],
      [
        4,
        'matched',
        'matched',
        'failed',
        true,
        { kind: 'topicIs', got: command.topic, want: 'plant-a/+/edge-gw-02/telemetry', others: 0 },
      ],
      [5, 'matched', 'matched', 'matched', true, { kind: 'matched', topic: 'plant-a/line-3/#' }],
      [6, 'matched', 'matched', 'matched', false, { kind: 'matched', topic: 'plant-a/line-3/+/cmd/#' }],
      [7, 'matched', 'matched', 'matched', false, { kind: 'matched', topic: '#' }],
    ]);
  });

  it.each([
    ['{allow, {clientid, "x"}, all, ["#"]}.', { kind: 'clientidIs', got: 'edge-gw-02', want: 'x' }],
    ['{allow, {clientid, {re, "^x"}}, all, ["#"]}.', { kind: 'clientidPattern', got: 'edge-gw-02', want: '^x' }],
    [`{allow, {'and', [all, {username, "a"}]}, all, ["#"]}.`, { kind: 'usernameIs', got: 'edge-gw', want: 'a' }],
    [`{allow, {'or', []}, all, ["#"]}.`, { kind: 'emptyOr' }],
    ['{allow, all, {publish, [{qos, [0, 2]}]}, ["#"]}.', { kind: 'qosIs', got: 1, want: '0, 2' }],
    ['{allow, all, {publish, [{retain, true}]}, ["#"]}.', { kind: 'retainIs', got: false, want: true }],
    ['{allow, all, all, []}.', { kind: 'noTopics' }],
    ['{allow, all, all, ["${zone}/x"]}.', { kind: 'valueMissing', placeholder: 'zone' }],
    ['{allow, all, all, ["%c/x", "y"]}.', { kind: 'topicIs', got: command.topic, want: 'edge-gw-02/x', others: 1 }],
  ])('%s fails because %o', (text, reason) => {
    expect(explain(text).steps.map((step) => step.reason)).toEqual([reason]);
  });

  it('says that a client has no username, no address, or a name too long', () => {
    const reasons = (text: string, over: Partial<AclClient>): unknown => explain(text, { ...gateway, ...over }).steps[0]?.reason;
    expect([
      reasons('{allow, {username, "a"}, all, ["#"]}.', { username: undefined }),
      reasons('{allow, {ipaddr, "::1"}, all, ["#"]}.', { peerHost: '' }),
      reasons('{allow, {clientid, {re, "a"}}, all, ["#"]}.', { clientId: 'a'.repeat(1_025) }),
    ]).toEqual([{ kind: 'noUsername' }, { kind: 'noAddress' }, { kind: 'clientidTooLong', limit: 1_024 }]);
  });
});
