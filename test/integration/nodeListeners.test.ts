/** Listeners of every type of a real node, seen by clients nobody here wrote: mosquitto's, MQTT.js, openssl's certificates. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { canInstallPackages, findProgram, installPackages } from '../support/debianPackages.ts';
import { runProcess } from '../support/processes.ts';
import { CONNECT_5 } from '../support/rawPackets.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { TestAuthority, type TestCertificate } from '../support/testCertificates.ts';
import { waitFor, within } from '../support/waitFor.ts';
import { upgradeRequest } from '../support/webSocketRequest.ts';

let folder: string;
let broker: BrokerProcess;
let authority: TestAuthority;
let stranger: TestAuthority;
let server: TestCertificate;
let pump: TestCertificate;
let forged: TestCertificate;
let token: string;

beforeAll(async () => {
  if ((await findProgram('mosquitto_pub')) === null && (await canInstallPackages())) await installPackages(['mosquitto-clients', 'openssl']);
  folder = await createTempDir();
  authority = await TestAuthority.create(folder);
  stranger = await TestAuthority.create(folder, 'stranger');
  server = await authority.issue('server', '/CN=localhost', 'DNS:localhost,IP:127.0.0.1');
  const other = await authority.issue('other', '/CN=other.test', 'DNS:other.test');
  pump = await authority.issue('pump', '/C=DE/O=Plant/CN=pump-7');
  forged = await stranger.issue('forged', '/CN=pump-7');
  const own = `certfile = "${server.cert}", keyfile = "${server.key}"`;
  broker = await startBroker([
    'log.console.level=info',
    'listeners.tcp.six={bind = "[::1]:0"}',
    `listeners.tcp.file={bind = "unix:${join(folder, 'mqtt.sock')}"}`,
    'listeners.tcp.small={bind = 0, max_connections = 1}',
    `listeners.ssl.default={bind = 0, ssl_options {${own}, certificates = [{certfile = "${other.cert}", keyfile = "${other.key}"}]}}`,
    `listeners.ssl.both={bind = 0, peer_cert_as_username = cn, peer_cert_as_clientid = dn, ssl_options {${own}, cacertfile = "${authority.cert}", verify = verify_peer, fail_if_no_peer_cert = true}}`,
    'listeners.ssl.own={bind = 0}',
    'listeners.ws.default={enable = true, bind = 0}',
    `listeners.wss.default={bind = 0, ssl_options {${own}}}`,
  ]);
  const login = await fetch(`${broker.ready.api}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'public' }),
  });
  token = ((await login.json()) as { token: string }).token;
}, 360_000);
afterAll(async () => {
  await broker.end();
  await removeTempDir(folder);
});

const portOf = (id: string) => Number(broker.ready.listeners[id]?.split(':').at(-1));
const publish = (...args: string[]) => runProcess('mosquitto_pub', ['-t', 't', '-m', 'x', '-q', '1', ...args], { lifetimeMs: 20_000 });

async function api<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const response = await fetch(`${broker.ready.api}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
}

/** Connected; whoever calls it ends it. */
async function client(url: string, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> {
  const connected = mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: 10_000, protocolVersion: 5, ...options });
  const opened = new Promise<void>((resolve, reject) => {
    connected.once('connect', () => resolve()).once('error', reject);
    connected.once('close', () => reject(new Error('closed')));
  });
  await within(`a connection to ${url}`, opened);
  return connected;
}

/** The bytes of the answer until the connection closes. */
function answerTo(socket: ReturnType<typeof connectTcp>, bytes: Uint8Array | string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {}); // a refusal may be a reset
  socket.write(bytes);
  return within('the end of the connection', new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks)))));
}

describe('a listener whose clients are sent elsewhere', () => {
  const connack = async (port: number, version: number) => {
    const bytes = version === 5 ? CONNECT_5 : Buffer.from('100d00044d51545404020000000178', 'hex');
    return (await answerTo(connectTcp(port), bytes)).toString('hex');
  };

  it('says where, in words of the version, as soon as somebody says so; who is connected stays', async () => {
    const { body } = await api<{ listen_on: string }>('POST', '/listeners', { type: 'tcp', name: 'moving', bind: '127.0.0.1:0' });
    const port = Number(body.listen_on.split(':').at(-1));
    const there = await client(`mqtt://127.0.0.1:${port}`);
    const changed = await api<{ redirect: unknown }>('PUT', '/listeners/tcp:moving', { redirect: { to: 'b:1883', moved: false } });
    expect([changed.status, changed.body.redirect]).toEqual([200, { to: 'b:1883', moved: false }]);
    expect(await connack(port, 5)).toBe('200c009c091c0006' + Buffer.from('b:1883').toString('hex'));
    expect(await connack(port, 4)).toBe('20020003');
    await api('PUT', '/listeners/tcp:moving', { redirect: { moved: true } });
    expect((await connack(port, 5)).slice(0, 8)).toBe('200c009d');
    expect((await api('PUT', '/listeners/tcp:moving', { redirect: { to: 'not a host!' } })).status).toBe(400);
    await api('PUT', '/listeners/tcp:moving', { redirect: { to: 'disabled' } });
    const back = await client(`mqtt://127.0.0.1:${port}`);
    expect([there.connected, back.connected]).toEqual([true, true]);
    await Promise.all([there.endAsync(), back.endAsync()]);
    await api('DELETE', '/listeners/tcp:moving');
  });
});

describe('TLS', () => {
  const both = () => ['-h', 'localhost', '-p', String(portOf('ssl:both')), '--cafile', authority.cert];

  it('takes a client that trusts the certificate', async () => {
    expect((await publish('-h', 'localhost', '-p', String(portOf('ssl:default')), '--cafile', authority.cert)).code).toBe(0);
    expect((await publish('-h', 'localhost', '-p', String(portOf('ssl:default')), '--cafile', stranger.cert)).code).not.toBe(0);
  });

  it('takes a client with a certificate of its own, and no other', async () => {
    expect((await publish(...both(), '--cert', pump.cert, '--key', pump.key)).code).toBe(0);
    expect((await publish(...both(), '--cert', forged.cert, '--key', forged.key)).code).not.toBe(0);
    expect((await publish(...both())).code).not.toBe(0);
  });

  it('names a client after its certificate', async () => {
    const [ca, cert, key] = await Promise.all([authority.cert, pump.cert, pump.key].map((file) => readFile(file)));
    const named = await client(`mqtts://localhost:${portOf('ssl:both')}`, { ca: ca ?? '', cert: cert ?? '', key: key ?? '', username: 'x', clientId: 'y' });
    const { body } = await api<{ data: { clientid: string; username: string; listener: string }[] }>('GET', '/clients?username=pump-7');
    expect(body.data.map(({ clientid, username, listener }) => [clientid, username, listener])).toEqual([['C=DE,O=Plant,CN=pump-7', 'pump-7', 'ssl:both']]);
    await named.endAsync();
  });

  it('shows the certificate that was asked for', async () => {
    const ca = await readFile(authority.cert);
    const shown = async (servername: string) => {
      const socket = connectTls({ port: portOf('ssl:default'), host: '127.0.0.1', ca, servername });
      await within('a handshake', new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)));
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect([await shown('other.test'), await shown('localhost')]).toEqual(['other.test', 'localhost']);
  });

  it('closes what does not speak it, and plain TCP closes what does', async () => {
    expect((await answerTo(connectTcp(portOf('ssl:default'), '127.0.0.1'), CONNECT_5)).subarray(0, 1)).not.toEqual(Buffer.from([0x20]));
    const tls = connectTls({ port: broker.port, host: '127.0.0.1', rejectUnauthorized: false });
    await within('a refusal', new Promise<void>((resolve) => tls.once('error', () => resolve())));
    await waitFor('the count', async () => {
      const { body } = await api<{ shutdown_count: Record<string, number> }>('GET', '/listeners/ssl:default');
      return (body.shutdown_count['tls_handshake_failed'] ?? 0) >= 2; // this one, and the client that did not trust us
    });
  });

  it('has a certificate of its own when none is given', async () => {
    const trust = join(broker.dataDir, 'certs', 'dev-ca.pem');
    expect((await publish('-h', 'localhost', '-p', String(portOf('ssl:own')), '--cafile', trust)).code).toBe(0);
    expect((await publish('-h', '127.0.0.1', '-p', String(portOf('ssl:own')), '--cafile', trust)).code).toBe(0);
  });

  it('reads a renewed certificate without losing a client, and stays with the old one when the new one is broken', async () => {
    const ca = await readFile(authority.cert);
    const staying = await client(`mqtts://localhost:${portOf('ssl:default')}`, { ca });
    const serial = async () => {
      const socket = connectTls({ port: portOf('ssl:default'), host: 'localhost', ca });
      await within('a handshake', new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)));
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serial();
    await authority.issue('server', '/CN=localhost', 'DNS:localhost,IP:127.0.0.1');
    await waitFor('the new certificate', async () => (await serial()) !== before);
    const renewed = await serial();
    await writeFile(server.cert, 'no certificate');
    await waitFor('a line in the log', () => broker.process.stderr().includes('listener_certificates_refused'));
    expect([await serial(), staying.connected]).toEqual([renewed, true]);
    await staying.endAsync();
  });
});

describe('WebSocket', () => {
  it.each(['ws', 'wss'] as const)('carries MQTT over %s: small, large and many messages', async (scheme) => {
    const one = await client(`${scheme}://localhost:${portOf(`${scheme}:default`)}/mqtt`, { ca: await readFile(authority.cert) });
    const received: number[] = [];
    one.on('message', (_topic, payload) => received.push(payload.length));
    await one.subscribeAsync('ws/#', { qos: 1 });
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 500_000, ...Array.from({ length: 200 }, () => 10)];
    await Promise.all(sizes.map((size) => one.publishAsync('ws/t', Buffer.alloc(size, 7), { qos: 1 })));
    await waitFor('all messages', () => received.length === sizes.length);
    expect(received).toEqual(sizes);
    await one.endAsync();
  });

  it.each<[string, string, string]>([
    ['another path', upgradeRequest({}, '/other'), '404'],
    ['no WebSocket', 'GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n', '426'],
    ['another version', upgradeRequest({ 'Sec-WebSocket-Version': '8' }), '426'],
    ['no key', upgradeRequest({ 'Sec-WebSocket-Key': 'short' }), '400'],
    ['no sub-protocol [MQTT-6.0.0-3]', upgradeRequest({ 'Sec-WebSocket-Protocol': undefined }), '400'],
    ['another sub-protocol', upgradeRequest({ 'Sec-WebSocket-Protocol': 'chat' }), '400'],
    ['no HTTP', 'nonsense\r\n\r\n', '400'],
    ['too large a request', upgradeRequest({ 'X-Large': 'x'.repeat(9000) }), '431'],
  ])('is refused to a request for %s', async (_what, request, status) => {
    const answer = await answerTo(connectTcp(portOf('ws:default'), '127.0.0.1'), request);
    expect(answer.toString('latin1').split(' ')[1]).toBe(status);
  });

  it('chooses the sub-protocol, and closes on text [MQTT-6.0.0-1] [MQTT-6.0.0-4]', async () => {
    const text = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);
    const request = Buffer.concat([Buffer.from(upgradeRequest({ 'Sec-WebSocket-Protocol': 'chat, mqttv3.1, mqtt' })), text]);
    const answer = await answerTo(connectTcp(portOf('ws:default'), '127.0.0.1'), request);
    const [head = '', rest = ''] = answer.toString('latin1').split('\r\n\r\n');
    expect(head.split('\r\n')).toContain('Sec-WebSocket-Protocol: mqttv3.1');
    expect(head).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='); // the answer RFC 6455 section 1.3 gives to that key
    expect(Buffer.from(rest, 'latin1')).toEqual(Buffer.from([0x88, 2, 0x03, 0xeb])); // close, 1003
  });

  it('takes packets however frames cut them [MQTT-6.0.0-2]', async () => {
    const frames = [...CONNECT_5].map((byte) => Buffer.from([0x82, 0x81, 1, 2, 3, 4, byte ^ 1]));
    const two = Buffer.from([0x82, 0x84, 0, 0, 0, 0, 0xc0, 0, 0xe0, 0]); // PINGREQ and DISCONNECT in one frame
    const answer = await answerTo(connectTcp(portOf('ws:default'), '127.0.0.1'), Buffer.concat([Buffer.from(upgradeRequest()), ...frames, two]));
    const bytes = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    const [first, length = 0, packet] = bytes;
    const ping = bytes.indexOf(Buffer.from([0xd0, 0]));
    expect([first, packet, ping > 0, length > 0]).toEqual([0x82, 0x20, true, true]);
  });
});

describe('other addresses', () => {
  it('are IPv6 and socket files', async () => {
    expect((await publish('-h', '::1', '-p', String(portOf('tcp:six')))).code).toBe(0);
    expect((await publish('--unix', join(folder, 'mqtt.sock'))).code).toBe(0);
  });

  it('have limits of their own', async () => {
    const url = `mqtt://127.0.0.1:${portOf('tcp:small')}`;
    const first = await client(url);
    await expect(client(url)).rejects.toThrow();
    const elsewhere = await client(`mqtt://127.0.0.1:${broker.port}`);
    await first.endAsync();
    await elsewhere.endAsync();
  });
});

describe('at run time', () => {
  it('a listener is added, changed, stopped and removed', async () => {
    const made = await api<{ listen_on: string; status: unknown }>('POST', '/listeners', { type: 'tcp', name: 'late', bind: '127.0.0.1:0' });
    expect([made.status, made.body.status]).toEqual([200, { running: true, max_connections: 'infinity', current_connections: 0, paused_clients: 0, waiting_connections: 0 }]);
    const url = `mqtt://${made.body.listen_on}`;
    const there = await client(url);
    const changed = await api<{ max_connections: number; status: { current_connections: number } }>('PUT', '/listeners/tcp:late', { max_connections: 3 });
    expect([changed.body.max_connections, changed.body.status.current_connections, there.connected]).toEqual([3, 1, true]);
    const told = new Promise((resolve) => there.once('disconnect', ({ reasonCode }) => resolve(reasonCode)));
    expect((await api('POST', '/listeners/tcp:late/stop')).status).toBe(200);
    expect(await within('DISCONNECT', told)).toBe(0x98);
    await expect(client(url)).rejects.toThrow();
    expect((await api('DELETE', '/listeners/tcp:late')).status).toBe(204);
    expect((await api('GET', '/listeners/tcp:late')).status).toBe(404);
  });

  it('what cannot be is refused, and the old one goes on', async () => {
    const taken = broker.ready.listeners['tcp:default'];
    expect((await api<{ code: string }>('PUT', '/listeners/tcp:six', { bind: taken })).body.code).toBe('UPDATE_FAILED');
    expect((await api<{ code: string }>('PUT', '/listeners/ssl:own', { ssl_options: { certfile: '/nowhere' } })).body.code).toBe('UPDATE_FAILED');
    expect((await api<{ code: string }>('POST', '/listeners', { type: 'tcp', name: 'default', bind: '0' })).status).toBe(400);
    expect((await publish('-h', '::1', '-p', String(portOf('tcp:six')))).code).toBe(0);
  });
});

it('changes are there after the next start', async () => {
  const dataDir = await createTempDir();
  try {
    const first = await startBroker([`node.data_dir=${dataDir}`]);
    const session = (await (
      await fetch(`${first.ready.api}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: 'public' }),
      })
    ).json()) as { token: string };
    const response = await fetch(`${first.ready.api}/listeners`, {
      method: 'POST',
      headers: { 'authorization': `Bearer ${session.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'ws', name: 'kept', bind: '127.0.0.1:0' }),
    });
    expect(response.status).toBe(200);
    await first.end();
    const second = await startBroker([`node.data_dir=${dataDir}`]);
    expect(Object.keys(second.ready.listeners)).toEqual(['tcp:default', 'ws:kept']);
    await second.end();
  } finally {
    await removeTempDir(dataDir);
  }
});
