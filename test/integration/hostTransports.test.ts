/** The clients of the host over every way to a broker: TLS in its kinds, WebSocket, SCRAM; against Busbar and against Debian's mosquitto. */
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientState, ConnectionSpec } from '../../electron/contract/clients.ts';
import type { ConnectSecrets } from '../../electron/contract/connectionParts.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { canInstallPackages, findProgram, installPackages } from '../support/debianPackages.ts';
import { freePorts } from '../support/ports.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { RestCaller } from '../support/restCaller.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { openssl, TestAuthority, type TestCertificate } from '../support/testCertificates.ts';
import { waitFor } from '../support/waitFor.ts';
import { connectionTo, startHost, type HostRig } from './hostRig.ts';

const PASSPHRASE = 'open sesame';
const METHOD = 'SCRAM-SHA-256';

let folder: string;
let broker: BrokerProcess;
let rig: HostRig;
let authority: TestAuthority;
let client: TestCertificate;
let number = 0;

const json = (value: unknown) => JSON.stringify(value);
const file = (name: string) => join(folder, name);
const portOf = (listener: string) => Number(broker.ready.listeners[listener]?.split(':').at(-1));

beforeAll(async () => {
  if ((await findProgram('mosquitto')) === null && (await canInstallPackages())) await installPackages(['mosquitto']);
  folder = await createTempDir('busbar-transports-');
  authority = await TestAuthority.create(folder);
  const server = await authority.issue('server', '/CN=localhost', 'DNS:localhost,IP:127.0.0.1');
  client = await authority.issue('client', '/CN=press-07');
  await openssl('pkcs8', '-topk8', '-in', client.key, '-out', file('locked.key'), '-v2', 'aes-256-cbc', '-passout', `pass:${PASSPHRASE}`);
  await openssl('pkcs12', '-export', '-in', client.cert, '-inkey', client.key, '-out', file('client.p12'), '-passout', `pass:${PASSPHRASE}`);
  const own = { certfile: server.cert, keyfile: server.key };
  const asking = { ...own, cacertfile: authority.cert, verify: 'verify_peer', fail_if_no_peer_cert: true };
  broker = await startBroker([
    `listeners.ssl.plain={bind = "127.0.0.1:0", enable_authn = false, ssl_options ${json(own)}}`,
    `listeners.ssl.modern={bind = "127.0.0.1:0", enable_authn = false, ssl_options ${json({ ...own, versions: ['tlsv1.3'] })}}`,
    `listeners.ssl.asking={bind = "127.0.0.1:0", enable_authn = false, ssl_options ${json(asking)}}`,
    `listeners.wss.asking={bind = "127.0.0.1:0", enable_authn = false, ssl_options ${json(asking)}}`,
    'listeners.ws.default={enable = true, bind = "127.0.0.1:0", enable_authn = false}',
    'authentication=[{mechanism=password_based, backend=built_in_database, enable=false}, {mechanism=scram, backend=built_in_database}]',
  ]);
  const rest = await RestCaller.open(broker.ready.api);
  expect(await rest.call('POST', '/authentication/scram%3Abuilt_in_database/users', { user_id: 'sue,=', password: 'pencil' })).toMatchObject([201, {}]);
  await mkdir(file('home'));
  rig = await startHost({ home: file('home') });
}, 60_000);
afterAll(async () => {
  await rig.dispose();
  await broker.end();
  await removeTempDir(folder);
});

/** Connects a client of its own to a port, and ends it. What of its state matters is the answer. */
async function meet(port: number, change: Partial<ConnectionSpec>, secrets: ConnectSecrets = {}): Promise<Pick<ClientState, 'state' | 'failure' | 'reasonCode'>> {
  const id = `t${(number += 1)}`;
  const target = { kind: 'address', host: '127.0.0.1', port } as const;
  await rig.client.call('connection/save', connectionTo('none', { id, clientId: id, target, reconnect: { on: false }, connectTimeout: 5, ...change }));
  const { state, failure, reasonCode } = await rig.client.call('client/connect', { id, ...secrets });
  await rig.client.call('client/disconnect', { id });
  return { state, reasonCode, ...(failure && { failure }) };
}

const CONNECTED = { state: 'connected', reasonCode: null };
const offline = (failure: string) => ({ state: 'offline', reasonCode: null, failure });
const ca = () => ({ caFile: authority.cert });

describe('a client over TLS', () => {
  it('is connected when it knows the authority, the name and a version', async () => {
    const port = portOf('ssl:plain');
    expect(await meet(port, { scheme: 'mqtts', tls: ca() })).toEqual(CONNECTED);
    expect(await meet(port, { scheme: 'mqtts', tls: { verify: false } })).toEqual(CONNECTED);
    expect(await meet(port, { scheme: 'mqtts', tls: { ...ca(), serverName: 'localhost' } })).toEqual(CONNECTED);
    expect(await meet(portOf('ssl:modern'), { scheme: 'mqtts', tls: { ...ca(), minVersion: 'TLSv1.3' } })).toEqual(CONNECTED);
  });

  it('is told what is wrong with certificate, name, version and port', async () => {
    const port = portOf('ssl:plain');
    expect(await meet(port, { scheme: 'mqtts' })).toEqual(offline('unknownAuthority'));
    expect(await meet(port, { scheme: 'mqtts', tls: { ...ca(), serverName: 'other.example' } })).toEqual(offline('wrongName'));
    expect(await meet(portOf('ssl:modern'), { scheme: 'mqtts', tls: { ...ca(), maxVersion: 'TLSv1.2' } })).toEqual(offline('tlsVersion'));
    expect(await meet(portOf('tcp:default'), { scheme: 'mqtts', tls: ca() })).toEqual(offline('notTls'));
    expect(await meet(port, { scheme: 'mqtt' })).toEqual(offline('closedEarly'));
    expect(await meet(port, { scheme: 'mqtts', tls: { caFile: file('missing.pem') } })).toEqual(offline('unreadableFile'));
  });

  it('shows its certificate, from files with a passphrase and from PKCS#12', async () => {
    const port = portOf('ssl:asking');
    const locked = { ...ca(), certFile: client.cert, keyFile: file('locked.key') };
    expect(await meet(port, { scheme: 'mqtts', tls: ca() })).toEqual(offline('certificateWanted'));
    expect(await meet(port, { scheme: 'mqtts', tls: { ...ca(), certFile: client.cert, keyFile: client.key } })).toEqual(CONNECTED);
    expect(await meet(port, { scheme: 'mqtts', tls: locked }, { passphrase: PASSPHRASE })).toEqual(CONNECTED);
    expect(await meet(port, { scheme: 'mqtts', tls: locked }, { passphrase: 'wrong' })).toEqual(offline('badPassphrase'));
    expect(await meet(port, { scheme: 'mqtts', tls: { ...ca(), pkcs12File: file('client.p12') } }, { passphrase: PASSPHRASE })).toEqual(CONNECTED);
    expect(await meet(port, { scheme: 'mqtts', tls: { ...ca(), pkcs12File: file('client.p12') } }, { passphrase: 'wrong' })).toEqual(offline('badPassphrase'));
    expect(await meet(portOf('wss:asking'), { scheme: 'wss', tls: locked }, { passphrase: PASSPHRASE })).toEqual(CONNECTED);
  });
});

describe('a client over WebSocket', () => {
  it.each([3, 4, 5] as const)('is connected with MQTT level %i', async (protocolVersion) => {
    expect(await meet(portOf('ws:default'), { scheme: 'ws', protocolVersion })).toEqual(CONNECTED);
  });

  it('sends its headers, the secret ones from memory', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const asked = once(server, 'headers');
    const headers = [{ name: 'X-Plain', value: 'one' }, { name: 'Authorization', value: '', secret: true }, { name: 'X-Off', value: 'no', off: true }];
    const met = meet((server.address() as { port: number }).port, { scheme: 'ws', path: '/a?b', headers, connectTimeout: 1 }, { headers: { Authorization: 'Bearer 1' } });
    const [, request] = (await asked) as [unknown, { url: string; headers: Record<string, string> }];
    expect([request.url, request.headers['x-plain'], request.headers['authorization'], request.headers['x-off']]).toEqual(['/a?b', 'one', 'Bearer 1', undefined]);
    expect(await met).toEqual(offline('noAnswer'));
    await new Promise((resolve) => server.close(resolve));
  });

  it('is told of a wrong path and of a port without WebSocket', async () => {
    expect(await meet(portOf('ws:default'), { scheme: 'ws', path: '/elsewhere' })).toEqual(offline('noSuchPath'));
    expect(await meet(portOf('tcp:default'), { scheme: 'ws' })).toEqual(offline('notWebSocket'));
    expect(await meet(portOf('ws:default'), { scheme: 'mqtt' })).toEqual(offline('notMqtt'));
  });
});

describe('a client with an authentication method', () => {
  const scram = { username: 'sue,=', authenticationMethod: METHOD };

  it('proves its password by SCRAM', async () => {
    expect(await meet(portOf('tcp:default'), scram, { password: 'pencil' })).toEqual(CONNECTED);
    expect(await meet(portOf('tcp:default'), scram, { password: 'pen' })).toMatchObject({ state: 'refused' });
    expect(await meet(portOf('tcp:default'), { authenticationMethod: 'OTHER' }, { authenticationData: 'x' })).toEqual({ state: 'refused', reasonCode: 0x8c });
  });

  it('needs no password for the next connect, which no file has', async () => {
    const id = 'remembered';
    const target = { kind: 'address', host: '127.0.0.1', port: portOf('tcp:default') } as const;
    await rig.client.call('connection/save', connectionTo('none', { id, clientId: id, target, ...scram }));
    expect(await rig.client.call('client/connect', { id, password: 'pencil' })).toMatchObject({ state: 'connected' });
    expect(await rig.client.call('client/connect', { id })).toMatchObject({ state: 'connected' });
    await rig.client.call('client/disconnect', { id });
  });
});

describe('what keeps a client from connecting', () => {
  it('is named before anything is sent where the version forbids it', async () => {
    await expect(meet(1, { protocolVersion: 3, clientId: '' })).rejects.toMatchObject({ code: 'BAD_REQUEST', message: 'MQTT 3.1 needs a client id.' });
    await expect(meet(1, { protocolVersion: 4, clientId: '', cleanStart: false })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('ends the tries after as many as it may', async () => {
    const server: Server = createServer((socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    let met = 0;
    server.on('connection', () => (met += 1));
    const target = { kind: 'address', host: '127.0.0.1', port: (server.address() as { port: number }).port } as const;
    await rig.client.call('connection/save', connectionTo('none', { id: 'tries', target, reconnect: { on: true, periodMs: 1, tries: 3 } }));
    await rig.client.call('client/connect', { id: 'tries' });
    const end = await rig.event('client/changed', (state) => state.id === 'tries' && state.state === 'offline');
    expect([met, end.failure]).toEqual([4, 'closedEarly']);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("Debian's mosquitto as a foreign broker", () => {
  let mosquitto: TestProcess;
  let ports: readonly number[];

  beforeAll(async () => {
    ports = await freePorts(3);
    const tls = [`cafile ${authority.cert}`, `certfile ${file('server.pem')}`, `keyfile ${file('server.key')}`];
    await writeFile(file('mosquitto.conf'), ['user root', 'allow_anonymous true', `listener ${ports[0]} 127.0.0.1`, `listener ${ports[1]} 127.0.0.1`, ...tls, 'require_certificate true', `listener ${ports[2]} 127.0.0.1`, 'protocol websockets', ''].join('\n'));
    const program = (await findProgram('mosquitto')) ?? 'mosquitto';
    mosquitto = startProcess(program, ['-c', file('mosquitto.conf')], { lifetimeMs: 60_000 });
    await waitFor('mosquitto to listen', async () => (await meet(ports[0] ?? 0, {})).state === 'connected');
  }, 30_000);
  afterAll(() => mosquitto.end());

  it.each([3, 4, 5] as const)('is reached with MQTT level %i, over TCP, TLS with a certificate and WebSocket', async (protocolVersion) => {
    const [tcp = 0, ssl = 0, ws = 0] = ports;
    const tls = { ...ca(), serverName: 'localhost', certFile: client.cert, keyFile: client.key };
    expect(await meet(tcp, { protocolVersion })).toEqual(CONNECTED);
    expect(await meet(ssl, { protocolVersion, scheme: 'mqtts', tls })).toEqual(CONNECTED);
    expect(await meet(ws, { protocolVersion, scheme: 'ws', path: '/' })).toEqual(CONNECTED);
  });
});
