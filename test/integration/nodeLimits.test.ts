/** Who may connect, how fast, and who a client is when a proxy stands before the node. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiOf } from '../support/brokerApi.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { runProcess } from '../support/processes.ts';
import { waitFor, within } from '../support/waitFor.ts';

const started: BrokerProcess[] = [];
const clients: MqttClient[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await Promise.all(started.splice(0).map((broker) => broker.end()));
});

async function start(sets: readonly string[]): Promise<BrokerProcess> {
  const broker = await startBroker(['log.console.level=debug', ...sets]);
  started.push(broker);
  return broker;
}

async function client(port: number, clientId: string): Promise<MqttClient> {
  const connected = await connectAsync({ host: '127.0.0.1', port, clientId, reconnectPeriod: 0 });
  clients.push(connected);
  return connected;
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Clean start, client id `x`. */
const CONNECT = hex('100d 0004 4d515454 04 02 003c 0001 78');
const CONNACK = '20020000';

async function raw(port: number): Promise<{ socket: Socket; received: () => string; closed: () => boolean }> {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('error', () => {}); // a reset is one way to be refused
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('close', () => (closed = true));
  await within('a connection', once(socket, 'connect'));
  return { socket, received: () => Buffer.concat(chunks).toString('hex'), closed: () => closed };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

async function addListener(broker: BrokerProcess, name: string): Promise<number> {
  const { body } = await apiOf(broker.ready.api).post('/listeners', { type: 'tcp', name, bind: '127.0.0.1:0' });
  return Number((body as { listen_on: string }).listen_on.split(':').at(-1));
}

async function statusOf(broker: BrokerProcess): Promise<{ readonly paused_clients: number; readonly waiting_connections: number }> {
  const { body } = await apiOf(broker.ready.api).get('/listeners/tcp:default');
  return (body as { status: { paused_clients: number; waiting_connections: number } }).status;
}

/** A counter by the node's own metrics. */
async function counter(broker: BrokerProcess, name: string): Promise<number> {
  const { body } = await apiOf(broker.ready.api).get('/metrics?aggregate=true');
  return (body as Readonly<Record<string, number>>)[name] as number;
}

describe('a client above its rate', () => {
  it('is not read until it fits again: everything arrives, in order, and at the rate', async () => {
    const broker = await start(['listeners.tcp.default.messages_rate=50/s']);
    const subscriber = await client(broker.port, 'subscriber');
    const got: number[] = [];
    subscriber.on('message', (_topic, payload) => got.push(Number(payload.toString())));
    await subscriber.subscribeAsync('t', { qos: 1 });
    const publisher = await client(broker.port, 'publisher');
    const startMs = performance.now();
    const total = 120;
    await Promise.all(Array.from({ length: total }, (_, index) => publisher.publishAsync('t', String(index), { qos: 1 })));
    // What came in one read is taken; what comes behind it waits until 70 messages beyond the rate are paid for at 50 a second.
    await publisher.publishAsync('t', String(total), { qos: 1 });
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    await waitFor('all messages', () => got.length === total + 1);
    expect(got).toEqual(Array.from({ length: total + 1 }, (_, index) => index));
    expect(await counter(broker, 'limiter.clients.paused')).toBeGreaterThan(0);
  });

  it('is held by bytes as well, by the words of EMQX 4, and costs others nothing', async () => {
    const broker = await start(['listener.tcp.external.rate_limit=10KB,1s']);
    const publisher = await client(broker.port, 'publisher');
    const other = await client(broker.port, 'other');
    const startMs = performance.now();
    const all = Promise.all(Array.from({ length: 3 }, () => publisher.publishAsync('t', Buffer.alloc(10_000), { qos: 1 })));
    await other.publishAsync('u', 'x', { qos: 1 });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    await publisher.publishAsync('t', 'last', { qos: 1 });
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    await all;
  });

  it('shares the rate of the node with the others', async () => {
    const broker = await start(['limiter.messages_rate=20/s']);
    const publishers = await Promise.all(['a', 'b', 'c'].map((clientId) => client(broker.port, clientId)));
    const startMs = performance.now();
    await Promise.all(publishers.flatMap((each) => Array.from({ length: 20 }, () => each.publishAsync('t', 'x', { qos: 1 }))));
    await Promise.all(publishers.map((each) => each.publishAsync('t', 'x', { qos: 1 })));
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
  });

  it('shares the rate of its listener with the others there, and with nobody elsewhere', async () => {
    const broker = await start(['listeners.tcp.default.total_messages_rate=20/s', 'listeners.tcp.plain.bind=127.0.0.1:0']);
    const plainPort = Number(broker.ready.listeners['tcp:plain']?.split(':').at(-1));
    const publishers = await Promise.all(['a', 'b', 'c'].map((clientId) => client(broker.port, clientId)));
    const elsewhere = await client(plainPort, 'elsewhere');
    const got = new Map<string, number[]>();
    elsewhere.on('message', (topic, payload) => got.set(topic, [...(got.get(topic) ?? []), Number(payload.toString())]));
    await elsewhere.subscribeAsync('t/#', { qos: 1 });
    const startMs = performance.now();
    const sent = publishers.flatMap((each, index) => numbers(20).map((number) => each.publishAsync(`t/${index}`, String(number), { qos: 1 })));
    await Promise.all(sent);
    await Promise.all(numbers(30).map((number) => elsewhere.publishAsync('u', String(number), { qos: 1 })));
    expect(performance.now() - startMs).toBeLessThan(2_000);
    // 60 messages where 20 were free: the next of all three together waits until 40 are paid for.
    await Promise.all(publishers.map((each, index) => each.publishAsync(`t/${index}`, '20', { qos: 1 })));
    expect(performance.now() - startMs).toBeGreaterThan(1_900);
    await waitFor('all messages', () => [...got.values()].every((each) => each.length === 21) && got.size === 3);
    expect([...got.values()]).toEqual([numbers(21), numbers(21), numbers(21)]);
  });

  it('is under other limits as soon as somebody changes them, and loses nothing', async () => {
    const broker = await start(['listeners.tcp.default.total_bytes_rate=1KB/h']);
    const publisher = await client(broker.port, 'publisher');
    const subscriber = await client(await addListener(broker, 'plain'), 'subscriber');
    const got: number[] = [];
    subscriber.on('message', (_topic, payload) => got.push(payload.readUInt16BE()));
    await subscriber.subscribeAsync('t', { qos: 1 });
    const numbered = (number: number) => Buffer.concat([Buffer.of(number >> 8, number & 0xff), Buffer.alloc(2_000)]);
    const sent = numbers(10).map((number) => publisher.publishAsync('t', numbered(number), { qos: 1 }));
    await sent[0];
    const held = Promise.all(numbers(10).map((number) => publisher.publishAsync('t', numbered(10 + number), { qos: 1 })));
    await waitFor('the pause', async () => (await statusOf(broker)).paused_clients === 1);
    const put = (path: string, body: unknown) => apiOf(broker.ready.api).put(path, body);
    // Another setting forgives nothing.
    expect((await put('/listeners/tcp:default', { mountpoint: 'm' })).status).toBe(200);
    expect((await statusOf(broker)).paused_clients).toBe(1);
    expect((await put('/listeners/tcp:default', { total_bytes_rate: 'infinity' })).status).toBe(200);
    await held;
    await waitFor('everything', () => got.length === 20);
    expect(got).toEqual(numbers(20));
    // The node's, on a node that had none when the client came.
    expect((await put('/configs/limiter', { bytes_rate: '1KB/h' })).body).toMatchObject({ bytes_rate: '1024/h', messages_rate: 'infinity' });
    const again = Promise.all(numbers(40).map((number) => publisher.publishAsync('t', numbered(20 + number), { qos: 1 })));
    await waitFor('the pause', async () => (await statusOf(broker)).paused_clients === 1);
    expect((await put('/configs/limiter', { bytes_rate: '1KB' })).status).toBe(400);
    expect((await put('/configs/limiter', { bytes_rate: 'infinity' })).status).toBe(200);
    await again;
    await waitFor('everything', () => got.length === 60);
    expect(got).toEqual(numbers(60));
    expect((await statusOf(broker)).paused_clients).toBe(0);
  });

  it('keeps its connection while it waits longer than its keep-alive', async () => {
    const broker = await start(['limiter.client.bytes_rate=1KB/s']);
    const { socket, received } = await raw(broker.port);
    const publish = (packetId: string, length: number) => Buffer.concat([hex(`32 ${length === 0 ? '05' : '8d27'} 0001 74 ${packetId}`), Buffer.alloc(length)]);
    // Keep-alive of one second; the first message costs four.
    socket.write(Buffer.concat([hex('100d 0004 4d515454 04 02 0001 0001 78'), publish('0001', 5_000)]));
    await waitFor('the first acknowledgement', () => received().endsWith('40020001'));
    socket.write(publish('0002', 0));
    await waitFor('the second', () => received() === `${CONNACK}4002000140020002`);
  });
});

describe('connections above the rate', () => {
  it('come as soon as the rate is another one: they kept their place', async () => {
    const broker = await start(['listeners.tcp.default.max_conn_rate=1/h']);
    const first = await client(broker.port, 'first');
    const waiting = Promise.all(['a', 'b'].map((clientId) => client(broker.port, clientId)));
    await waitFor('the line', async () => (await statusOf(broker)).waiting_connections === 2);
    const set = await runProcess(process.execPath, ['broker/cli/main.ts', '--api', broker.ready.api, 'listeners', 'set', 'tcp:default', 'max_conn_rate', 'infinity'], { lifetimeMs: 20_000 });
    expect([set.code, set.stdout, set.stderr]).toEqual([0, 'Changed tcp:default listener successfully.\n', '']);
    expect((await waiting).every((each) => each.connected)).toBe(true);
    expect(first.connected).toBe(true);
    const refused = await runProcess(process.execPath, ['broker/cli/main.ts', '--api', broker.ready.api, 'listeners', 'set', 'tcp:default', 'max_conn_rate', 'fast'], { lifetimeMs: 20_000 });
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringMatching(/^Failed to set tcp:default listener: .*max_conn_rate is fast; expected a rate/)]);
  });

  it('wait, and all of them come', async () => {
    const broker = await start(['listeners.tcp.default.max_conn_rate=10/s']);
    const startMs = performance.now();
    const all = await Promise.all(Array.from({ length: 25 }, async (_, index) => client(broker.port, `c${index}`)));
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    expect(all.every((each) => each.connected)).toBe(true);
    expect(await counter(broker, 'limiter.connections.delayed')).toBeGreaterThan(0);
  });
});

describe('a mountpoint', () => {
  it('is what the clients of its listener do not see and all others do', async () => {
    const broker = await start(['listeners.tcp.default.mountpoint="site/${clientid}/"', 'listeners.tcp.plain.bind=127.0.0.1:0']);
    const plainPort = Number(broker.ready.listeners['tcp:plain']?.split(':').at(-1));
    const [inside, outside] = [await client(broker.port, 'inside'), await client(plainPort, 'outside')];
    const seen: string[] = [];
    for (const [name, each] of Object.entries({ inside, outside })) each.on('message', (topic, payload) => seen.push(`${name} ${topic} ${payload.toString()}`));
    await inside.subscribeAsync('t/#', { qos: 1 });
    await outside.subscribeAsync('site/#', { qos: 1 });
    await inside.publishAsync('t/1', 'from inside', { qos: 1 });
    await waitFor('both', () => seen.length === 2);
    await outside.publishAsync('site/inside/t/2', 'from outside', { qos: 1 });
    await waitFor('both again', () => seen.length === 4);
    expect(seen.toSorted()).toEqual(['inside t/1 from inside', 'inside t/2 from outside', 'outside site/inside/t/1 from inside', 'outside site/inside/t/2 from outside']);
  });
});

describe('access rules of a listener', () => {
  it('close who may not connect, before anything is said', async () => {
    const broker = await start(['listeners.tcp.default.access_rules=["deny 127.0.0.1", "allow all"]']);
    const { socket, received, closed } = await raw(broker.port);
    socket.write(CONNECT);
    await waitFor('the end', closed);
    expect(received()).toBe('');
    expect(broker.process.stderr()).toContain('listener_access_denied');
  });

  it('may be written as EMQX 4 did', async () => {
    const broker = await start(['listener.tcp.external.access.1=allow 127.0.0.0/8']);
    expect((await client(broker.port, 'x')).connected).toBe(true);
  });
});

describe('behind a proxy', () => {
  let broker: BrokerProcess;
  beforeAll(async () => {
    broker = await startBroker(['log.console.level=debug', 'listeners.tcp.default.proxy_protocol=true', 'listeners.tcp.default.proxy_protocol_timeout=1s']);
  }, 30_000);
  afterAll(() => broker.end());
  const V2 = hex('0d0a0d0a000d0a515549540a 2111 000c c0000201 7f000001 d431 075b');

  it.each([
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.1 127.0.0.1 54321 1883\r\n'), '192.0.2.1'],
    ['version 2', V2, '192.0.2.1'],
    ['version 1 over IPv6', Buffer.from('PROXY TCP6 2001:db8::7 ::1 54321 1883\r\n'), '2001:db8::7'],
  ])('a client is who the header says, to the administration and in the log: %s', async (_name, header, host) => {
    const { socket, received } = await raw(broker.port);
    for (const byte of header) socket.write(Buffer.of(byte));
    socket.write(CONNECT);
    await waitFor('CONNACK', () => received() === CONNACK);
    expect(await addressOf(broker, 'x')).toEqual({ ip_address: host, port: 54_321 });
    await waitFor('the log line', () => broker.process.stderr().includes(`"peerhost":"${host}"`));
  });

  it('is its own address where the proxy speaks for itself', async () => {
    const { socket, received } = await raw(broker.port);
    socket.write(Buffer.concat([hex('0d0a0d0a000d0a515549540a 2000 0000'), CONNECT]));
    await waitFor('CONNACK', () => received() === CONNACK);
    expect(await addressOf(broker, 'x')).toMatchObject({ ip_address: '127.0.0.1' });
  });

  it.each([
    ['no header', CONNECT],
    ['half of a header', Buffer.from('PROXY TCP4 192.0.2.1')],
    ['nothing', Buffer.alloc(0)],
    ['a header that is wrong', Buffer.from('PROXY TCP4 x x x x\r\n')],
  ])('a connection is refused with %s', async (_name, bytes) => {
    const before = await counter(broker, 'listener.proxy_protocol.error');
    const { socket, received, closed } = await raw(broker.port);
    socket.write(bytes);
    await waitFor('the end', closed);
    expect(received()).toBe('');
    expect(await counter(broker, 'listener.proxy_protocol.error')).toBe(before + 1);
    expect(broker.process.stderr()).toContain('proxy_protocol_error');
  });
});

async function addressOf(broker: BrokerProcess, clientId: string): Promise<unknown> {
  const { body } = await apiOf(broker.ready.api).get(`/clients/${clientId}`);
  const { ip_address, port } = body as { readonly ip_address: string; readonly port: number };
  return { ip_address, port };
}
