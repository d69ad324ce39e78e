import { describe, expect, it } from 'vitest';
import { ConnectionSpec } from './clients.ts';
import { misfit } from './misfit.ts';
import { connectionProblems, expiryFor, isTls, schemeOf, scramHash, versionHas } from './connectionRules.ts';

const SPEC: ConnectionSpec = {
  ...{ id: 'a', name: 'A', target: { kind: 'address', host: 'h', port: 1 }, clientId: 'a', protocolVersion: 5, cleanStart: true, keepalive: 60 },
  ...{ sessionExpiry: 0, username: '', subscriptions: [], will: null },
};
const will = { topic: 't', payload: '', qos: 0, retain: false } as const;

describe('the rules of connections', () => {
  it('know a file of the first form, and none with an unknown field', () => {
    expect(misfit(ConnectionSpec, SPEC)).toBeUndefined();
    expect(misfit(ConnectionSpec, { ...SPEC, password: 'x' })).toBe('password is not known here');
  });

  it.each([
    [{ protocolVersion: 3, clientId: '' }, { clientId: 'clientIdNeeded' }],
    [{ protocolVersion: 3, clientId: '', clientIdTime: true }, {}],
    [{ protocolVersion: 4, clientId: '' }, {}],
    [{ protocolVersion: 4, clientId: '', cleanStart: false }, { clientId: 'clientIdForSession' }],
    [{ clientId: '', cleanStart: false }, {}],
    [{ scheme: 'mqtts', tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } }, { minVersion: 'tlsRange' }],
    [{ scheme: 'mqtt', tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } }, {}],
    [{ scheme: 'wss', tls: { certFile: 'c' } }, { keyFile: 'keyNeeded' }],
    [{ scheme: 'wss', tls: { keyFile: 'k' } }, { certFile: 'certNeeded' }],
    [{ scheme: 'wss', tls: { keyFile: 'k', certFile: 'c', pkcs12File: 'p' } }, { pkcs12File: 'twoCertificates' }],
    [{ scheme: 'ws', path: 'mqtt' }, { path: 'pathNeeded' }],
    [{ will: { ...will, topic: 'a/#' } }, { willTopic: 'willTopicNeeded' }],
    [{ will: { ...will, responseTopic: 'a/+' } }, { willResponseTopic: 'responseTopic' }],
    [{ will: { ...will, responseTopic: 'a/+' }, protocolVersion: 4 }, {}],
  ] as const)('say of %o: %o', (change, expected) => {
    expect(connectionProblems({ ...SPEC, ...(change as Partial<ConnectionSpec>) })).toEqual(expected);
  });

  it('reach a node of the cluster by plain TCP, whatever scheme is kept', () => {
    expect([schemeOf({ ...SPEC, scheme: 'wss' }), schemeOf({ ...SPEC, scheme: 'wss', target: { kind: 'node', node: 'n' } }), isTls('wss'), isTls('ws')]).toEqual(['wss', 'mqtt', true, false]);
  });

  it('keep a session when it is not begun clean, unless an expiry was chosen', () => {
    expect([expiryFor(false, 0), expiryFor(false, 60), expiryFor(true, 7_200), expiryFor(true, 60)]).toEqual([7_200, 60, 0, 60]);
  });

  it('carry out SCRAM, and know what a version has', () => {
    expect([scramHash('SCRAM-SHA-256'), scramHash('SCRAM-SHA-512'), scramHash('toString'), scramHash(undefined)]).toEqual(['sha256', 'sha512', undefined, undefined]);
    expect([versionHas(3, 'assignedClientId'), versionHas(4, 'assignedClientId'), versionHas(4, 'willProperties'), versionHas(5, 'willProperties')]).toEqual([false, true, false, true]);
  });
});
