/** The host's end of a WebSocket window: who may connect, and one MessagePipe per window. */
import { timingSafeEqual, createHash } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { borderError } from '../contract/errors.ts';
import { Listeners } from '../contract/pipe.ts';
import type { MessagePipe } from '../contract/pipe.ts';
import {
  CLOSE_BAD_FRAME,
  CLOSE_HEARTBEAT,
  CLOSE_TOO_SLOW,
  HOST_PATH,
  HOST_PROTOCOL,
  MAX_FRAME_BYTES,
  TOKEN_PROTOCOL_PREFIX,
  decodeFrame,
  encodeFrame,
} from '../contract/wsFrame.ts';

/** Bytes that may wait for a slow window. Beyond, it is disconnected (4408) and reads its state anew when it returns. */
export const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
/** A window that has not answered a ping by the next one is disconnected (4409). */
export const HEARTBEAT_MS = 15_000;
/** Windows at once; one more is refused with 503. */
export const MAX_WINDOWS = 16;

export interface WsPipeOptions {
  readonly maxBufferedBytes?: number;
  readonly heartbeatMs?: number;
  /** Told when this end closes the connection for a fault: the close code and why. */
  readonly onFault?: (code: number, reason: string) => void;
}

/** One accepted connection as a pipe. */
export function wsPipe(socket: WebSocket, options: WsPipeOptions = {}): MessagePipe {
  const maxBuffered = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
  const messages = new Listeners<[unknown]>();
  const closes = new Listeners<[]>();
  let closed = false;
  let answered = true;

  const end = (code: number, reason: string) => {
    options.onFault?.(code, reason);
    socket.close(code, reason);
    // A window too slow or too broken to close in order is cut after the next heartbeat would have been due.
    setTimeout(() => socket.terminate(), 2_000).unref();
    gone();
  };
  const heartbeat = setInterval(() => {
    if (!answered) return end(CLOSE_HEARTBEAT, 'no answer to the last ping');
    answered = false;
    socket.ping();
  }, options.heartbeatMs ?? HEARTBEAT_MS);
  heartbeat.unref();
  const gone = () => {
    if (closed) return;
    closed = true;
    clearInterval(heartbeat);
    closes.tell();
  };

  socket.on('pong', () => (answered = true));
  socket.on('close', gone);
  socket.on('error', (error) => options.onFault?.(1006, error.message));
  socket.on('message', (data, isBinary) => {
    if (closed) return;
    const message = isBinary ? tryDecode(data) : undefined;
    if (message === undefined) end(CLOSE_BAD_FRAME, 'not a MessagePack frame');
    else messages.tell(message);
  });

  return {
    send: (message) => {
      if (closed) throw borderError('HOST_GONE', 'The window has gone.');
      socket.send(encodeFrame(message));
      if (socket.bufferedAmount > maxBuffered) end(CLOSE_TOO_SLOW, `more than ${maxBuffered} bytes wait for this window`);
    },
    onMessage: (listener) => messages.add(listener),
    onClose: (listener) => closes.add(listener),
    close: () => {
      socket.close(1000);
      gone();
    },
  };
}

export interface AcceptOptions extends WsPipeOptions {
  readonly token: string;
  /** Origins a browser may come from, e.g. `http://127.0.0.1:8080`. A client that is no browser sends none and needs only the token. */
  readonly origins: () => readonly string[];
  readonly onPipe: (pipe: MessagePipe) => void;
  readonly onRefused?: (reason: string) => void;
}

/** Accepts windows at HOST_PATH of an HTTP server. Returns the undo, which disconnects them. */
export function acceptWindows(server: Server, options: AcceptOptions): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => HOST_PROTOCOL,
  });
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const refusal = refuse(request, options, sockets.clients.size);
    if (refusal) {
      options.onRefused?.(refusal.reason);
      stream.end(`HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${refusal.reason}\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => options.onPipe(wsPipe(socket, options)));
  };
  server.on('upgrade', upgrade);
  return () => {
    server.off('upgrade', upgrade);
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  };
}

function refuse(request: IncomingMessage, options: AcceptOptions, open: number): { status: string; reason: string } | undefined {
  const path = new URL(request.url ?? '/', 'http://host').pathname;
  if (path !== HOST_PATH) return { status: '404 Not Found', reason: `There is nothing at this path; the host is at ${HOST_PATH}.` };
  const origin = request.headers.origin;
  if (origin !== undefined && !options.origins().includes(origin)) {
    return { status: '403 Forbidden', reason: 'This origin may not use the host.' };
  }
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const given = protocols.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX))?.slice(TOKEN_PROTOCOL_PREFIX.length) ?? '';
  if (!sameSecret(given, options.token)) return { status: '401 Unauthorized', reason: 'Open the address with the token that Busbar printed.' };
  if (!protocols.includes(HOST_PROTOCOL)) return { status: '400 Bad Request', reason: `The window must speak ${HOST_PROTOCOL}; reload it.` };
  if (open >= MAX_WINDOWS) return { status: '503 Service Unavailable', reason: `${MAX_WINDOWS} windows are open; close one.` };
  return undefined;
}

/** Compares digests, so that the time taken tells neither content nor length. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function tryDecode(data: RawData): unknown {
  try {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    // Viewed as plain bytes: payloads cut from it must be Uint8Array, as they are over Electron's structured clone.
    return decodeFrame(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
}
