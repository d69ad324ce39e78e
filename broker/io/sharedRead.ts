/**
 * Reading all TCP connections through one buffer. With 'data' events Node allocates 64 KiB for each read and the collector has to
 * find it again; a read that is handled before the next one begins needs no buffer of its own (hot-path.md section 5). Node offers
 * this for sockets it connects (`onread`), not for those it accepts; there the same fields are filled in, which are undocumented.
 * Nothing else in the house knows of them, and `enableSharedRead` finds out at start whether they still do what is written here: if
 * not, connections read by 'data' events.
 */
import { connect, createServer, Socket, type AddressInfo } from 'node:net';

/** One read takes at most this much: less costs calls, more gains nothing. */
const READ_BYTES = 64 * 1024;
const TEST_LIMIT_MS = 2_000;
const TEST_BYTES = Buffer.from('shared read');

/** Whatever was read last. Only the one who is called back may look at it, and only until it returns. */
export const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

let enabled = false;

/** Gets the number of bytes in `READ_BUFFER`; `this` is the socket, so that one function serves all. */
export type OnShared = (this: Socket, length: number) => void;

/** What `onread` sets in a socket of ours: the buffer, whom to call back, and the handle told. */
interface ReadingSocket {
  _handle: { useUserBuffer(buffer: Uint8Array): void } | null;
  /** What `remoteAddress` remembers. */
  _peername?: object | undefined;
  [field: symbol]: unknown;
}

const [BUFFER, CALLBACK] = ['kBuffer', 'kBufferCb'].map((name) => Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name));

/** From now on calls back with the number of bytes put into `READ_BUFFER`. False: it cannot be had for this socket, which is to be read by 'data' events. */
export function readShared(accepted: object, onBytes: OnShared): boolean {
  if (!enabled || BUFFER === undefined || CALLBACK === undefined || !(accepted instanceof Socket) || accepted.constructor !== Socket) return false;
  // Somebody has begun to read it: then it stays what it is.
  if (accepted.destroyed || accepted.readableLength > 0 || accepted.listenerCount('data') > 0 || accepted.listenerCount('readable') > 0) return false;
  const socket = accepted as unknown as ReadingSocket;
  if (socket._handle === null) return false;
  socket[BUFFER] = READ_BUFFER;
  // What it returns is never false, which would pause: whoever wants that says pause().
  socket[CALLBACK] = onBytes;
  socket._handle.useUserBuffer(READ_BUFFER);
  // A Connection knows its peer; who asks the socket again is answered by the system.
  if (socket._peername !== undefined) socket._peername = undefined;
  // Node's own listener does nothing for a socket that may be half open; without it the one to come needs no list.
  // One by one: to remove all turns the socket's table of listeners into a slow one of twice the size.
  if (accepted.allowHalfOpen) for (const listener of accepted.listeners('end')) accepted.removeListener('end', listener as () => void);
  return true;
}

/** Tries it out on a connection of its own, and puts it in force if everything a Connection relies on holds. Answers whether it does. */
export async function enableSharedRead(): Promise<boolean> {
  enabled = true;
  enabled = await tryOut();
  return enabled;
}

/** For tests of the other way to read. */
export function disableSharedRead(): void {
  enabled = false;
}

function tryOut(): Promise<boolean> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true });
  return new Promise<boolean>((resolve) => {
    const finish = (works: boolean): void => {
      clearTimeout(limit);
      for (const socket of sockets) socket.destroy();
      server.close();
      resolve(works);
    };
    const limit = setTimeout(() => finish(false), TEST_LIMIT_MS);
    server.once('error', () => finish(false));
    server.once('connection', (accepted: Socket) => {
      sockets.push(accepted);
      try {
        rehearse(accepted, finish);
      } catch {
        finish(false);
      }
    });
    server.listen(0, '127.0.0.1', () => {
      const peer = connect((server.address() as AddressInfo).port, '127.0.0.1', () => peer.write(TEST_BYTES));
      sockets.push(peer);
      peer.once('error', () => finish(false));
      // The answer, then our end of the connection.
      peer.once('data', () => peer.end());
    });
  });
}

/** Bytes come in while reading is on, none while it is paused; writing, the peer's end and our own are told as ever. */
function rehearse(socket: Socket, finish: (works: boolean) => void): void {
  let paused = true;
  let read = false;
  const shared = readShared(socket, function (length) {
    read = this === socket && !paused && READ_BUFFER.subarray(0, length).equals(TEST_BYTES);
    socket.write(TEST_BYTES);
  });
  if (!shared) return finish(false);
  socket.once('error', () => finish(false));
  socket.once('end', () => socket.end());
  socket.once('close', () => finish(read));
  socket.pause();
  setImmediate(() => {
    paused = false;
    socket.resume();
  });
}
