import { describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';
import { draftOf, groupOf, groupsOf, problemsOf, secretsOf, specOf } from './connectionDraft.ts';

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

const FULL: ConnectionSpec = {
  ...SPEC,
  scheme: 'wss',
  path: '/socket',
  headers: [{ name: 'X-A', value: '1' }, { name: 'Authorization', value: '', secret: true }, { name: 'X-B', value: '2', off: true }],
  tls: { verify: false, serverName: 's', alpn: ['mqtt', 'x-amzn-mqtt-ca'], minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', caFile: '/ca', certFile: '/cert', keyFile: '/key' },
  clientIdTime: true,
  connectTimeout: 5,
  reconnect: { on: true, periodMs: 4_000, tries: 3 },
  receiveMaximum: 10,
  maximumPacketSize: 1_000,
  topicAliasMaximum: 5,
  requestResponseInformation: true,
  requestProblemInformation: false,
  userProperties: [{ name: 'a', value: '1' }, { name: 'a', value: '2', off: true }],
  authenticationMethod: 'SCRAM-SHA-256',
  will: {
    ...{ topic: 'w', payload: 'p', qos: 2, retain: false, delay: 5, isText: true, messageExpiry: 60, contentType: 'text/plain', responseTopic: 'r', correlationData: 'c' },
    userProperties: [{ name: 'x', value: 'y' }],
  },
};

describe('the form of a connection', () => {
  it.each([
    ['few fields', SPEC],
    ['every field', FULL],
    ['no new tries', { ...SPEC, reconnect: { on: false } }],
  ] as const)('changes nothing when nothing is typed: %s', (_name, spec) => {
    expect(specOf(draftOf(spec as ConnectionSpec, 'busbar-1', 9), spec as ConnectionSpec)).toEqual(spec);
    expect(problemsOf(draftOf(spec as ConnectionSpec, 'busbar-1', 9))).toEqual({});
  });

  it('keeps what another version or another way hides', () => {
    const older = { ...draftOf(FULL, undefined, 1), protocolVersion: 4 as const, scheme: 'mqtt' as const };
    expect({ ...specOf(older, FULL), scheme: 'wss', protocolVersion: 5 }).toEqual(FULL);
    expect(groupsOf(older)).toEqual(['general', 'will']);
    expect(groupsOf(draftOf(FULL, undefined, 1))).toEqual(['general', 'tls', 'webSocket', 'mqtt5', 'will']);
    expect(groupsOf({ ...draftOf(FULL, undefined, 1), targetKind: 'node' })).toEqual(['general', 'mqtt5', 'will']);
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

  it('forgets what was cleared', () => {
    const { properties, ...draft } = draftOf(FULL, undefined, 1);
    const spec = specOf({ ...draft, properties: properties.slice(0, 1), receiveMaximum: '', authenticationMethod: ' ' }, FULL);
    expect([spec.userProperties, spec.receiveMaximum, 'authenticationMethod' in spec]).toEqual([[{ name: 'a', value: '1' }], undefined, false]);
  });

  it('gives secrets to the connect and to no file', () => {
    const draft = draftOf(FULL, undefined, 1);
    const headers = draft.headers.map((row) => (row.secret ? { ...row, value: 'Bearer 1' } : row));
    expect(specOf({ ...draft, headers }, FULL)).toEqual(FULL);
    expect(secretsOf({ ...draft, headers }, { password: 'p', passphrase: '', authenticationData: '' })).toEqual({ password: 'p', headers: { Authorization: 'Bearer 1' } });
  });

  it.each([
    [{ name: ' ' }, { name: { key: 'nameNeeded' } }],
    [{ host: '' }, { host: { key: 'hostNeeded' } }],
    [{ port: 0 }, { port: { key: 'range', values: { least: 1, most: 65_535 } } }],
    [{ port: '' as const }, { port: { key: 'range', values: { least: 1, most: 65_535 } } }],
    [{ keepalive: 65_536 }, { keepalive: { key: 'range', values: { least: 0, most: 65_535 } } }],
    [{ receiveMaximum: 0 }, { receiveMaximum: { key: 'range', values: { least: 1, most: 65_535 } } }],
    [{ sessionExpiry: -1 }, { sessionExpiry: { key: 'range', values: { least: 0, most: 4_294_967_295 } } }],
    [{ targetKind: 'node' as const, host: '', port: '' as const }, {}],
    [{ scheme: 'ws' as const, path: 'x' }, { path: { key: 'pathNeeded' } }],
    [{ scheme: 'ws' as const, headers: [{ on: true, name: 'a b', value: '', secret: false }] }, { headers: { key: 'headerName' } }],
    [{ protocolVersion: 3 as const, clientId: '' }, { clientId: { key: 'clientIdNeeded' } }],
    [{ withWill: false }, {}],
  ])('with %o names %o', (change, expected) => {
    expect(problemsOf({ ...draftOf(SPEC, undefined, 1), ...change })).toEqual(expected);
  });

  it('knows where a field is', () => {
    expect((['name', 'keyFile', 'headers', 'receiveMaximum', 'willDelay'] as const).map(groupOf)).toEqual(['general', 'tls', 'webSocket', 'mqtt5', 'will']);
  });
});
