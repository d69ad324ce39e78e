/** What a WebSocket listener asks of a client before MQTT and holds it to afterwards, byte by byte over real sockets. */
import { connect, type Socket } from 'node:net';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { CONNECT_5 } from '../support/rawPackets.ts';
import { RestCaller } from '../support/restCaller.ts';
import { waitFor, within } from '../support/waitFor.ts';
import { upgradeRequest } from '../support/webSocketRequest.ts';

const ORIGIN = 'http://panel.test';
const IDLE_MS = 1_000;

let broker: BrokerProcess;
let rest: RestCaller;

beforeAll(async () => {
  const listener = (name: string, websocket: string) => `listeners.ws.${name}={enable = true, bind = "127.0.0.1:0", websocket {${websocket}}}`;
  broker = await startBroker([
    listener('default', ''),
    listener('lenient', 'fail_if_no_subprotocol = false, mqtt_path = "/socket", supported_subprotocols = [mqtt, own]'),
    listener('pages', `check_origin_enable = true, allow_origin_absence = false, check_origins = ["${ORIGIN}"]`),
    listener('programs', `check_origin_enable = true, check_origins = ["${ORIGIN}"]`),
    listener('proxied', 'proxy_address_header = "x-forwarded-for", proxy_port_header = "x-forwarded-port"'),
    listener('idle', `idle_timeout = ${IDLE_MS}ms`),
    listener('frames', 'max_frame_size = 32B'),
  ]);
  rest = await RestCaller.open(broker.ready.api);
}, 60_000);
afterAll(() => broker.end());

function open(name: string): Socket {
  const socket = connect({ port: Number(broker.ready.listeners[`ws:${name}`]?.split(':').at(-1)), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {}); // a refusal may be a reset
  return socket;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Status line and headers of the answer, as far as the empty line. */
async function headOf(socket: Socket): Promise<readonly string[]> {
  let text = '';
  await within('an answer', new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) resolve();
    });
    socket.once('end', resolve);
  }));
  return (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
}

/** The status and the sub-protocol that was chosen. */
async function answerOf(name: string, changes: Headers = {}, path?: string): Promise<readonly [status: string, subprotocol: string | undefined]> {
  const socket = open(name);
  socket.write(upgradeRequest(changes, path));
  const [status = '', ...headers] = await headOf(socket);
  socket.destroy();
  return [status.split(' ')[1] ?? '', headers.find((line) => line.startsWith('Sec-WebSocket-Protocol: '))?.split(': ')[1]];
}

const frame = (payload: Uint8Array, opcode = 2): Buffer => Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);

/** All bytes until the broker says no more, and that it has let go of the socket though this side never said goodbye. */
async function restOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await within('the end', new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', resolve);
  }));
  return Buffer.concat(chunks);
}

async function listener(name: string): Promise<{ shutdown_count: Record<string, number>; status: { current_connections: number } }> {
  const [, body] = (await rest.call('GET', `/listeners/ws:${name}`)) as [number, Awaited<ReturnType<typeof listener>>];
  return body;
}

const nobodyIsOn = (name: string) => waitFor(`nobody on ${name}`, async () => (await listener(name)).status.current_connections === 0);

describe('the request', () => {
  it('has its own path, and the query does not belong to it', async () => {
    expect(await answerOf('default')).toEqual(['101', 'mqtt']);
    expect(await answerOf('default', {}, '/mqtt?token=1')).toEqual(['101', 'mqtt']);
    expect(await answerOf('lenient', {}, '/socket')).toEqual(['101', 'mqtt']);
    for (const path of ['/', '/mqtt/', '/MQTT', '/socket']) expect([path, await answerOf('default', {}, path)]).toEqual([path, ['404', undefined]]);
    expect(await answerOf('lenient')).toEqual(['404', undefined]);
  });

  it('needs a sub-protocol, unless the listener does without; a wrong one is refused by both', async () => {
    const none = { 'Sec-WebSocket-Protocol': undefined };
    const wrong = { 'Sec-WebSocket-Protocol': 'chat' };
    expect([await answerOf('default', none), await answerOf('default', wrong)]).toEqual([['400', undefined], ['400', undefined]]);
    expect([await answerOf('lenient', none, '/socket'), await answerOf('lenient', wrong, '/socket')]).toEqual([['101', undefined], ['400', undefined]]);
    expect(await answerOf('lenient', { 'Sec-WebSocket-Protocol': 'chat, own, mqtt' }, '/socket')).toEqual(['101', 'own']);
    expect(await answerOf('default', { 'Sec-WebSocket-Protocol': 'own' })).toEqual(['400', undefined]);
  });

  it('comes from a page that is allowed', async () => {
    const ours = { Origin: ORIGIN };
    const foreign = { Origin: `${ORIGIN}.example` };
    expect([await answerOf('pages', ours), await answerOf('pages', foreign), await answerOf('pages')]).toEqual([['101', 'mqtt'], ['403', undefined], ['403', undefined]]);
    expect([await answerOf('programs', ours), await answerOf('programs', foreign), await answerOf('programs')]).toEqual([['101', 'mqtt'], ['403', undefined], ['101', 'mqtt']]);
    expect(await answerOf('default', foreign)).toEqual(['101', 'mqtt']);
  });

  it('is bounded in size, in its line as in its headers, whether it ends or not', async () => {
    expect(await answerOf('default', {}, `/mqtt?${'x'.repeat(9_000)}`)).toEqual(['431', undefined]);
    expect(await answerOf('default', { Cookie: 'x'.repeat(9_000) })).toEqual(['431', undefined]);
    const socket = open('default');
    const head = headOf(socket);
    socket.write('GET /mqtt HTTP/1.1\r\n');
    // Small headers for ever: it answers before it has taken in much more than it allows.
    for (let sent = 0; sent < 20_000; sent += 22) socket.write('X-Small: 123456789012\r\n');
    expect((await head)[0]).toBe('HTTP/1.1 431 Request Header Fields Too Large');
    socket.destroy();
  });

  it('is refused for good: the broker closes though the client does not', async () => {
    const socket = open('default');
    socket.write(upgradeRequest({}, '/other'));
    await restOf(socket);
    await waitFor('a reset', () => {
      socket.write('more');
      return socket.destroyed;
    });
    await nobodyIsOn('default');
  });

  it('has ten seconds to come, and counts as refused then', async () => {
    const before = (await listener('default')).shutdown_count['handshake_timeout'] ?? 0;
    const silent = open('default');
    const half = open('default');
    half.write('GET /mqtt HTTP/1.1\r\nHost: x\r\n');
    const trickling = open('default');
    trickling.write('GET /mqtt HTTP/1.1\r\n');
    const trickle = setInterval(() => trickling.write('X: 1\r\n'), 200);
    await Promise.all([silent, half, trickling].map((socket) => within('the end', new Promise((resolve) => socket.resume().once('close', resolve).once('end', resolve)), 20_000)));
    clearInterval(trickle);
    for (const socket of [silent, half, trickling]) socket.destroy();
    expect((await listener('default')).shutdown_count['handshake_timeout']).toBe(before + 3);
  }, 30_000);

  it('may take MQTT along', async () => {
    const socket = open('default');
    socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(CONNECT_5), frame(Buffer.from([0xe0, 0]))]));
    const answer = await restOf(socket);
    socket.destroy();
    const frames = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    expect([frames[0], frames[2], frames.subarray(-4).toString('hex')]).toEqual([0x82, 0x20, '880203e8']);
  });
});

describe('a proxy in front', () => {
  const connected = async (name: string, headers: Record<string, string>, clientId: string) => {
    const client = await mqtt.connectAsync(`ws://${broker.ready.listeners[`ws:${name}`]}/mqtt`, { clientId, reconnectPeriod: 0, wsOptions: { headers } });
    const [, body] = (await rest.call('GET', `/clients/${clientId}`)) as [number, { ip_address: string; port: number }];
    await client.endAsync();
    return [body.ip_address, [4711, 70_000, 0].includes(body.port) ? body.port : 'its own'];
  };

  it('says who the client is where its headers are believed', async () => {
    expect(await connected('proxied', { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Port': '4711' }, 'a')).toEqual(['198.51.100.7', 4711]);
    expect(await connected('proxied', { 'X-Forwarded-For': '203.0.113.9, 2001:db8::7' }, 'b')).toEqual(['2001:db8::7', 'its own']);
    expect(await connected('proxied', { 'X-Forwarded-For': 'unknown', 'X-Forwarded-Port': '4711' }, 'c')).toEqual(['127.0.0.1', 'its own']);
    expect(await connected('proxied', { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Port': '70000' }, 'd')).toEqual(['198.51.100.7', 'its own']);
    expect(await connected('proxied', {}, 'e')).toEqual(['127.0.0.1', 'its own']);
  });

  it('is not believed where nobody said so', async () => {
    expect(await connected('default', { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Port': '4711' }, 'f')).toEqual(['127.0.0.1', 'its own']);
  });
});

describe('afterwards', () => {
  it('a connection without traffic is closed with 1001, before its CONNECT and after it', async () => {
    for (const packets of [[], [frame(CONNECT_5)]]) {
      const socket = open('idle');
      socket.write(Buffer.concat([Buffer.from(upgradeRequest()), ...packets]));
      const answer = await restOf(socket);
      expect(answer.subarray(-4).toString('hex')).toBe('880203e9');
      await nobodyIsOn('idle'); // this side of the socket is still open
      socket.destroy();
    }
  });

  it('pings are traffic', async () => {
    const socket = open('idle');
    let pongs = 0;
    socket.on('data', (chunk: Buffer) => (pongs += chunk.toString('latin1').split('\x8a\x00').length - 1));
    socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(CONNECT_5)]));
    const pinging = setInterval(() => socket.write(frame(Buffer.alloc(0), 9)), IDLE_MS / 6);
    await waitFor('pongs for longer than it may idle', () => pongs >= 12);
    clearInterval(pinging);
    expect((await listener('idle')).status.current_connections).toBe(1);
    socket.destroy();
  });

  it('a frame that is too long is closed with 1009', async () => {
    const socket = open('frames');
    socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(Buffer.alloc(33))]));
    expect((await restOf(socket)).subarray(-4).toString('hex')).toBe('880203f1');
    await nobodyIsOn('frames');
    socket.destroy();
  });
});
