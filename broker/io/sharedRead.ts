/**
 * Reading all TCP connections through one buffer. With 'data' events Node allocates 64 KiB for each read and the collector has to
 * find it again; a read that is handled before the next one begins needs no buffer of its own (hot-path.md section 5). Node offers
 * this for sockets it connects, not for those it accepts; there it takes the undocumented option `handle` and the field `_handle`.
 * Nothing else in the house knows of them, and `enableSharedRead` finds out at start whether they still do what is written here: if
 * not, connections read by 'data' events.
 */
import { connect, createServer, Socket, type AddressInfo, type SocketConstructorOpts } from 'node:net';

/** One read takes at most this much: less costs calls, more gains nothing. */
const READ_BYTES = 64 * 1024;
const TEST_LIMIT_MS = 2_000;
const TEST_BYTES = Buffer.from('shared read');

/** Whatever was read last. Only the one who is called back may look at it, and only until it returns. */
export const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

let enabled = false;

interface SocketWithHandle {
  _handle: object | null;
}

interface HandleOptions {
  readonly handle: object;
  readonly allowHalfOpen: boolean;
  readonly onread: { readonly buffer: Uint8Array; readonly callback: (length: number) => boolean };
}

/**
 * A socket that takes the place of one just accepted, and calls back with the number of bytes it has put into `READ_BUFFER`. Null:
 * it cannot be had for this one, which is to be read by 'data' events. Afterwards the given socket is an empty shell; its server
 * does not know of the new one.
 */
export function readShared(accepted: object, onBytes: (length: number) => void): Socket | null {
  if (!enabled || !(accepted instanceof Socket) || accepted.constructor !== Socket) return null;
  // Somebody has begun to read it, or waits for its end: then it stays what it is.
  if (
    accepted.destroyed ||
    accepted.readableLength > 0 ||
    accepted.listenerCount('data') > 0 ||
    accepted.listenerCount('close') > 0
  )
    return null;
  const shell = accepted as unknown as SocketWithHandle;
  if (shell._handle === null) return null;
  const callback = (length: number): boolean => {
    onBytes(length);
    return true; // whoever wants a pause says pause()
  };
  const options: HandleOptions = { handle: shell._handle, allowHalfOpen: true, onread: { buffer: READ_BUFFER, callback } };
  shell._handle = null;
  accepted.destroy(); // so that its server forgets it
  return new Socket(options as SocketConstructorOpts);
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
        rehearse(accepted, sockets, finish);
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
function rehearse(accepted: Socket, sockets: Socket[], finish: (works: boolean) => void): void {
  let paused = true;
  let read = false;
  const socket = readShared(accepted, (length) => {
    read = !paused && READ_BUFFER.subarray(0, length).equals(TEST_BYTES);
    socket?.write(TEST_BYTES);
  });
  if (socket === null) return finish(false);
  sockets.push(socket);
  socket.once('error', () => finish(false));
  socket.once('end', () => socket.end());
  socket.once('close', () => finish(read));
  socket.pause();
  setImmediate(() => {
    paused = false;
    socket.resume();
  });
}
