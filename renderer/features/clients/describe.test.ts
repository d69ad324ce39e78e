import { describe, expect, it } from 'vitest';
import type { ClientMessage, ClientState, ConnectionSpec } from '../../../electron/contract/clients.ts';
import { detailText, filterKind, isHidden, kindOf, offlineState, placedFilters, seriesOf, topicProblem } from './describe.ts';

const t = (key: string, values: Record<string, unknown> = {}) => [key, ...Object.values(values)].join(' ');
const SPEC: ConnectionSpec = {
  id: 'a', name: 'a', target: { kind: 'node', node: 'busbar-1' }, clientId: 'a', protocolVersion: 5, cleanStart: true, keepalive: 60, sessionExpiry: 0, username: '', subscriptions: [], will: null,
};
const state = (change: Partial<ClientState>): ClientState => ({ ...offlineState('a'), ...change });
const message = (change: Partial<ClientMessage>): ClientMessage => ({
  seq: 1, timeMs: 0, direction: 'out', topic: 't', payload: new Uint8Array(), qos: 1, retain: false, dup: false, matched: [], ack: null, properties: {}, ...change,
});

describe('the line that tells how a connection stands', () => {
  it.each([
    [state({ state: 'connected' }), 'clients.version.v5 · busbar-1'],
    [state({ state: 'reconnecting', attempt: 3 }), 'clients.state.reconnecting busbar-1 3'],
    [state({ state: 'refused', reasonCode: 0x86 }), 'clients.state.refused: 0x86 clients.reason.134'],
    [state({ state: 'refused', reasonCode: 0xee }), 'clients.state.refused: 0xee clients.reason.unknown 0xee'],
    [state({ reason: 'connect ECONNREFUSED' }), 'clients.version.v5 · clients.state.offline · connect ECONNREFUSED'],
  ])('%#', (one, expected) => expect(detailText(SPEC, one, t)).toBe(expected));

  it('says when a session waits at the broker', () => {
    expect(detailText({ ...SPEC, sessionExpiry: 60 }, state({}), t)).toBe('clients.version.v5 · clients.state.offlineSession');
  });
});

it.each([
  [message({ direction: 'in' }), 'received'],
  [message({ ack: null }), 'sent'],
  [message({ ack: 0x10 }), 'sent'],
  [message({ ack: 0x87 }), 'refused'],
])('message %# is of the right kind', (one, kind) => expect(kindOf(one)).toBe(kind));

it('gives a subscription the colour of its place', () => {
  expect([seriesOf('b', ['a', 'b']), seriesOf('x', ['a']), seriesOf(undefined, ['a']), seriesOf('i', [...'abcdefghi'])]).toEqual([2, undefined, undefined, 1]);
});

it.each([['', 'noTopic'], ['a/+', 'wildcard'], ['a/#', 'wildcard'], ['a/b', undefined]])('topic %j: %s', (topic, problem) => expect(topicProblem(topic)).toBe(problem));

it.each([
  ['a/#', { kind: 'plain' }],
  ['$share/g', { kind: 'plain' }],
  ['$share/g/a/#', { kind: 'shared', group: 'g' }],
  ['$queue/a', { kind: 'shared', group: '$queue' }],
  ['$exclusive/a', { kind: 'exclusive' }],
  ['$SYS/#', { kind: 'plain' }],
])('the kind of a filter: %s', (filter, kind) => {
  expect(filterKind(filter)).toEqual(kind);
});

describe('subscriptions in the list of messages', () => {
  const wanted = [{ topicFilter: 'a', qos: 0 }, { topicFilter: 'b', qos: 0, colour: 1 }, { topicFilter: 'c', qos: 0, colour: 1 }, { topicFilter: 'd', qos: 0, colour: 3 }] as const;

  it('have the colour they want, the others one by their place', () => {
    const placed = placedFilters(wanted);
    expect(wanted.map(({ topicFilter }) => seriesOf(topicFilter, placed))).toEqual([2, 1, 1, 3]);
    expect(placedFilters([{ topicFilter: 'a', qos: 0 }, { topicFilter: 'b', qos: 1 }])).toEqual(['a', 'b']);
  });

  it('hide what only muted ones brought, or all but one', () => {
    const message = (matched: string[], direction: 'in' | 'out' = 'in') => ({ matched, direction }) as ClientMessage;
    const muted = new Set(['a', 'b']);
    const all = [message(['a']), message(['a', 'c']), message([]), message([], 'out')];
    expect(all.map((one) => isHidden(one, muted, undefined))).toEqual([true, false, false, false]);
    expect(all.map((one) => isHidden(one, muted, 'a'))).toEqual([false, false, true, false]);
  });
});
