import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor, within } from '../../test/support/waitFor.ts';
import { Connection, PAUSE, type ConnectionHandler } from './connection.ts';
import { disableSharedRead, enableSharedRead } from './sharedRead.ts';
import { OutputTurn, type OutputLimits } from './outputTurn.ts';

const NO_COUNT = { received() {}, sent() {} };
const LIMITS: OutputLimits = { maxWaitingBytes: 256 * 1024 * 1024, sendTimeoutMs: 60_000 };

let server: Server;
let sockets: Socket[] = [];
let outputs: OutputTurn[] = [];

/** Both ways to read; the buffer of the first is overwritten after each call, as the next read would do. */
describe.each(['the shared buffer', 'data events'])('a connection read by %s:', (source) => {
  beforeEach(async () => {
    if (source === 'data events') disableSharedRead();
    else expect(await enableSharedRead()).toBe(true);
    server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    for (const output of outputs) output.dispose();
    sockets = [];
    outputs = [];
    await new Promise((resolve) => server.close(resolve));
  });

  /** A connection of ours and the socket of its peer, which reads nothing until it is told to. */
  async function pair(options: { limits?: OutputLimits; congestedBytes?: number; handler?: Partial<ConnectionHandler> } = {}) {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    peer.pause();
    peer.on('error', () => {}); // resets are part of these tests
    const [socket] = await within('a connection', accepted);
    sockets.push(peer, socket);
    const output = new OutputTurn(options.limits ?? LIMITS);
    outputs.push(output);
    const connection = new Connection(socket, { output, bytes: NO_COUNT, congestedBytes: options.congestedBytes ?? 1024 * 1024 });
    const closed = new Promise<string | undefined>((resolve) => {
      const { onData } = options.handler ?? {};
      const poisoned: ConnectionHandler['onData'] = (bytes, start, end, owned) => {
        expect(owned).toBe(source === 'data events');
        onData?.(bytes, start, end, owned);
        if (!owned) bytes.fill(0xff);
      };
      connection.start({ onDrain() {}, onClose: resolve, ...options.handler, onData: poisoned });
    });
    return { connection, peer, output, closed };
  }

  function collect(peer: Socket): { bytes: () => Buffer } {
    const chunks: Buffer[] = [];
    peer.on('data', (chunk: Buffer) => chunks.push(chunk));
    return { bytes: () => Buffer.concat(chunks) };
  }

  /** Chunk `index`: its number, then filler that also depends on it, with two bytes to patch behind the number. */
  function chunkOf(index: number, size: number): Buffer {
    const bytes = Buffer.alloc(size, index & 0xff);
    bytes.writeUInt32BE(index, 0);
    bytes.writeUInt16BE(0, 4);
    return bytes;
  }

  describe('reading', () => {
    it('stops for a peer that asks and never reads, and goes on when it does', async () => {
      const answer = Buffer.alloc(1_000, 1);
      let asked = 0;
      let answered = 0;
      const { connection, peer } = await pair({
        handler: {
          onData: (_bytes, start, end) => {
            asked += end - start;
            for (; answered < asked / 64; answered += 1) connection.write(answer);
          },
        },
      });
      const total = 4 * 1024 * 1024;
      peer.write(Buffer.alloc(total));
      await waitFor('the pause', () => connection.readingPaused);
      expect(asked).toBeLessThan(total);
      let received = 0;
      peer.on('data', (chunk: Buffer) => (received += chunk.length));
      peer.resume();
      await waitFor('every answer', () => received === (total / 64) * answer.length, 20_000);
      expect({ asked, paused: connection.readingPaused }).toEqual({ asked: total, paused: false });
    }, 30_000);

    it('goes on when no reason to pause is left', async () => {
      const { connection, peer } = await pair();
      connection.pauseReading(PAUSE.limiter);
      connection.pauseReading(PAUSE.pending);
      connection.pauseReading(PAUSE.limiter);
      connection.resumeReading(PAUSE.limiter);
      expect(connection.readingPaused).toBe(true);
      peer.write('x');
      connection.resumeReading(PAUSE.pending);
      await waitFor('the byte', () => connection.receivedBytes === 1);
      expect(connection.readingPaused).toBe(false);
    });
  });

  describe('output', () => {
    it('of one turn leaves in one write', async () => {
      const { connection, peer } = await pair();
      const { bytes } = collect(peer);
      peer.resume();
      for (let index = 0; index < 100; index += 1) connection.write(Buffer.from([index]));
      await waitFor('all bytes', () => bytes().length === 100);
      expect({ writes: connection.writeCount, bytes: [...bytes()] }).toEqual({
        writes: 1,
        bytes: Array.from({ length: 100 }, (_, index) => index),
      });
    });

    it('arrives whole and in order at a slow reader, patches included, however large the chunks are', async () => {
      const { connection, peer } = await pair();
      const sizes = Array.from({ length: 600 }, (_, index) => [6, 87, 1_500, 70_000, 200_000][index % 5] as number);
      const expected: Buffer[] = [];
      const shared = new Map(sizes.map((size) => [size, chunkOf(1, size)]));
      sizes.forEach((size, index) => {
        if (index % 3 === 0) {
          const bytes = chunkOf(index, size);
          connection.write(bytes);
          expected.push(bytes);
        } else {
          const bytes = shared.get(size) as Buffer;
          connection.writePatched(bytes, 4, index);
          const patched = Buffer.from(bytes);
          patched.writeUInt16BE(index, 4);
          expected.push(patched);
        }
      });
      const whole = Buffer.concat(expected);
      const received: Buffer[] = [];
      let length = 0;
      await within(
        'all bytes',
        new Promise<void>((resolve) => {
          peer.on('data', (chunk: Buffer) => {
            received.push(chunk);
            length += chunk.length;
            // A reader that stops between chunks, so that the writer blocks again and again.
            peer.pause();
            setImmediate(() => peer.resume());
            if (length === whole.length) resolve();
          });
          peer.resume();
        }),
        20_000,
      );
      expect(Buffer.concat(received).equals(whole)).toBe(true);
      expect([...shared].every(([size, bytes]) => bytes.equals(chunkOf(1, size)))).toBe(true);
    });

    it('tells when too much waits, and when that is over', async () => {
      let drains = 0;
      const { connection, peer } = await pair({ congestedBytes: 1024 * 1024, handler: { onDrain: () => void (drains += 1) } });
      while (!connection.congested) connection.write(Buffer.alloc(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
      expect(drains).toBe(0);
      peer.resume();
      await waitFor('the drain', () => drains === 1);
      await waitFor('the end of the queue', () => connection.waitingBytes === 0);
      expect(connection.congested).toBe(false);
    });
  });

  describe('closing', () => {
    it('lets everything written leave first', async () => {
      const { connection, peer, closed } = await pair();
      const { bytes } = collect(peer);
      const size = 4 * 1024 * 1024;
      connection.write(Buffer.alloc(size, 7));
      connection.close();
      connection.write(Buffer.from('ignored'));
      peer.resume();
      await within('the end', once(peer, 'end'));
      peer.end();
      expect({ length: bytes().length, error: await within('the close', closed) }).toEqual({ length: size, error: undefined });
    });

    it('does not wait for ever for a peer that reads nothing', async () => {
      const { connection, closed } = await pair();
      connection.write(Buffer.alloc(16 * 1024 * 1024));
      connection.close();
      await within('the close', closed, 5_000);
      expect(connection.waitingBytes).toBe(0);
    });

    it('still sends what waits to a peer that has said its last word', async () => {
      const size = 4 * 1024 * 1024;
      const { connection, peer, closed } = await pair({ handler: { onData: () => connection.write(Buffer.alloc(size)) } });
      const { bytes } = collect(peer);
      peer.end('question');
      peer.resume();
      await within('the close', closed);
      await waitFor('the answer', () => bytes().length === size);
    });
  });

  describe('bounds of the process', () => {
    it('close a peer that takes nothing in for too long', async () => {
      const { connection, closed } = await pair({ limits: { ...LIMITS, sendTimeoutMs: 200 } });
      connection.write(Buffer.alloc(16 * 1024 * 1024));
      expect(await within('the close', closed, 5_000)).toBe('send_timeout');
    });

    it('stop reading while too much waits, and go on when half has left', async () => {
      let heard = 0;
      const { connection, peer, output } = await pair({
        limits: { ...LIMITS, maxWaitingBytes: 1024 * 1024 },
        handler: {
          onData: (_bytes, start, end) => {
            heard += end - start;
            // More than the socket takes: most of it waits.
            connection.write(Buffer.alloc(16 * 1024 * 1024));
          },
        },
      });
      peer.write('1');
      await waitFor('a full process', () => output.overfull);
      peer.write('2');
      // Nothing announces that a byte is not read: give it the time in which it would be.
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heard).toBe(1);
      peer.resume();
      await waitFor('the second byte', () => heard === 2);
      await waitFor('everything to leave', () => output.waitingBytes === 0);
    });
  });
});
