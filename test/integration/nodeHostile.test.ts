/** Clients that break rules or do not read: each gets its answer, and nobody else notices. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { waitFor, within } from '../support/waitFor.ts';

let broker: BrokerProcess;
const sockets: Socket[] = [];
beforeAll(async () => {
  broker = await startBroker(['mqtt.max_packet_size=64KB', 'mqtt.idle_timeout=2s']);
}, 30_000);
afterAll(() => broker.end());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** Clean start, keep-alive 60, client id `x`. */
const CONNECT_4 = hex('100d 0004 4d515454 04 02 003c 0001 78');
const CONNECT_5 = hex('100e 0004 4d515454 05 02 003c 00 0001 79');

async function open(): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect({ host: '127.0.0.1', port: broker.port });
  sockets.push(socket);
  socket.on('error', () => {}); // a reset is one way to be thrown out
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await within('a connection', once(socket, 'connect'));
  return { socket, received: () => Buffer.concat(chunks).toString('hex') };
}

/** Sends bytes; what came back by the time the broker closed. */
async function answerTo(...parts: Buffer[]): Promise<string> {
  const { socket, received } = await open();
  const closed = once(socket, 'close');
  for (const part of parts) socket.write(part);
  await within('the broker to close', closed);
  return received();
}

describe('a client that breaks a rule is closed, an MQTT 5 one with a reason', () => {
  it.each([
    ['no MQTT at all', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], /^$/],
    ['a protocol level nobody knows', [hex('100d 0004 4d515454 09 02 003c 0001 78')], /^20[0-9a-f]{2}0084/],
    ['another packet first', [hex('c000')], /^$/],
    ['a malformed 3.1.1 CONNECT', [hex('100d 0004 4d515454 04 03 003c 0001 78')], /^$/],
    ['a malformed packet in 3.1.1', [CONNECT_4, hex('3602 0001')], /^20020000$/],
    ['a malformed packet in 5', [CONNECT_5, hex('3604 0001 61 00')], /e0[0-9a-f]{2}81/],
    ['a packet of type 0', [CONNECT_5, hex('0000')], /e0[0-9a-f]{2}81/],
    ['a second CONNECT', [CONNECT_5, CONNECT_5], /e0[0-9a-f]{2}82/],
    ['a packet only servers send', [CONNECT_5, hex('d000')], /e0[0-9a-f]{2}82/],
    ['an oversized packet, by its header alone', [CONNECT_5, hex('30ffff7f')], /e0[0-9a-f]{2}95/],
    ['an oversized CONNECT of version 5', [hex('10ffff7f 0004 4d515454 05 02 003c 00')], /^20[0-9a-f]{2}0095/],
    ['a length of five bytes', [CONNECT_5, hex('30ffffffff01')], /e0[0-9a-f]{2}81/],
  ])('%s', async (_name, parts, expected) => {
    expect(await answerTo(...parts)).toMatch(expected);
  });

  it('a connection without CONNECT, after the idle time-out', async () => {
    expect(await answerTo()).toBe('');
  });
});

describe('bytes', () => {
  it('may come one at a time', async () => {
    const { socket, received } = await open();
    for (const byte of Buffer.concat([CONNECT_4, hex('c000')])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor('PINGRESP', () => received() === '20020000d000');
  });

  it('may come many packets at a time, also before CONNACK', async () => {
    const { socket, received } = await open();
    const publish = hex('320a 0003 612f62 0001 313233'); // a/b, QoS 1, id 1
    socket.write(Buffer.concat([CONNECT_4, hex('8208 0002 0003 612f62 00'), publish, hex('c000')]));
    await waitFor('all answers', () => received().endsWith('d000'));
    expect(received()).toBe('20020000' + '9003000200' + '30080003612f62313233' + '40020001' + 'd000');
  });
});

async function rssBytes(): Promise<number> {
  const status = await readFile(`/proc/${broker.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

describe('a subscriber that never reads', () => {
  it.skipIf(process.platform !== 'linux')('costs a bounded amount of memory, and others get everything', async () => {
    const lazy = await open();
    lazy.socket.write(Buffer.concat([CONNECT_4, hex('8208 0002 0003 666c64 00')]));
    await waitFor('SUBACK', () => lazy.received().includes('9003000200'));
    lazy.socket.pause();
    const reader = await connectAsync({ host: '127.0.0.1', port: broker.port, reconnectPeriod: 0 });
    const publisher = await connectAsync({ host: '127.0.0.1', port: broker.port, reconnectPeriod: 0 });
    try {
      let count = 0;
      reader.on('message', () => void (count += 1));
      await reader.subscribeAsync('fld', { qos: 1 });
      const payload = Buffer.alloc(32 * 1024, 7);
      const flood = async (total: number) => {
        const goal = count + total;
        while (count < goal) {
          const batch = count + 100;
          await Promise.all(Array.from({ length: 100 }, () => publisher.publishAsync('fld', payload, { qos: 1 })));
          // As fast as the one that reads: what it cannot take would wait in its queue, which is bounded too.
          await waitFor('the batch at the reader', () => count === batch);
        }
      };
      // Until the collector has found its rhythm the process grows under any traffic, by up to 130 MB on a busy machine.
      await flood(4_000);
      const before = await rssBytes();
      const total = 5_000; // 160 MiB: a broker that kept what the lazy one does not take would hold all of it
      await flood(total);
      expect((await rssBytes()) - before).toBeLessThan((total * payload.length) / 2);
    } finally {
      await Promise.all([reader.endAsync(true), publisher.endAsync(true)]);
    }
  });
});
