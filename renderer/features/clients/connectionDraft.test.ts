import { describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';
import { draftOf, problemsOf, specOf } from './connectionDraft.ts';

const SPEC: ConnectionSpec = {
  id: 'press-07-1',
  name: 'press-07',
  target: { kind: 'address', host: 'broker.example', port: 1884 },
  clientId: 'press-07',
  protocolVersion: 5,
  cleanStart: false,
  keepalive: 30,
  sessionExpiry: 3600,
  username: 'press',
  subscriptions: [{ topicFilter: 'plant/#', qos: 1 }],
  will: { topic: 'plant/gone', payload: 'bye', qos: 1, retain: true },
};

describe('the form of a connection', () => {
  it('changes nothing when nothing is typed', () => {
    expect(specOf(draftOf(SPEC, 'busbar-1', 9), SPEC)).toEqual(SPEC);
  });

  it('offers a new client on the node at hand, with an id of its own', () => {
    expect(specOf(draftOf(undefined, 'busbar-3', 4), undefined)).toEqual({
      id: '',
      name: 'client-4',
      target: { kind: 'node', node: 'busbar-3' },
      clientId: 'client-4',
      protocolVersion: 5,
      cleanStart: true,
      keepalive: 60,
      sessionExpiry: 0,
      username: '',
      subscriptions: [],
      will: null,
    });
  });

  it('asks for an address where there is no cluster', () => {
    expect(specOf(draftOf(undefined, undefined, 1), undefined).target).toEqual({ kind: 'address', host: '127.0.0.1', port: 1883 });
  });

  it('has no session expiry in MQTT 3.1.1', () => {
    expect(specOf({ ...draftOf(SPEC, undefined, 1), protocolVersion: 4 }, SPEC).sessionExpiry).toBe(0);
  });

  it.each([
    [{ name: ' ' }, { name: 'nameNeeded' }],
    [{ host: '' }, { host: 'hostNeeded' }],
    [{ port: 0 }, { port: 'portNeeded' }],
    [{ port: '' as const }, { port: 'portNeeded' }],
    [{ keepalive: 65_536 }, { keepalive: 'keepaliveRange' }],
    [{ sessionExpiry: -1 }, { sessionExpiry: 'expiryRange' }],
    [{ targetKind: 'node' as const, host: '' }, {}],
    [{ willTopic: 'a/#' }, { willTopic: 'willTopicNeeded' }],
    [{ withWill: false, willTopic: '' }, {}],
  ])('with %o names %o', (change, expected) => {
    expect(problemsOf({ ...draftOf(SPEC, undefined, 1), ...change })).toEqual(expected);
  });
});
