/** An upgraded socket as the bytes of MQTT: takes frames apart on the way in, makes one frame of each write on the way out. */
import type { Socket } from 'node:net';
import type { ByteSocket } from '../../byteSocket.ts';
import { READ_BUFFER, readShared } from '../../sharedRead.ts';
import { CLOSE, FrameReader, frameHeader, MAX_OWN_HEADER_BYTES, OPCODE, writeFrameHeader, type CloseCode, type FrameSink } from './frameReader.ts';

/** Up to this size header and payload are copied into one buffer: two for one call cost more. */
const MAX_COPIED_BYTES = 16 * 1024;
/** One for all streams, as long as the system takes each write whole. */
let scratch = Buffer.allocUnsafeSlow(MAX_COPIED_BYTES + MAX_OWN_HEADER_BYTES);

/** A client that pings and takes nothing in gets no more pongs than this many bytes let wait. */
const MAX_BYTES_BEFORE_PONG = 65_536;

const NOTHING = Buffer.alloc(0);

/** Leads from a socket to its stream. */
const STREAM = Symbol('webSocketStream');
type StreamedSocket = Socket & { [STREAM]?: WebSocketStream };

/** One for all sockets. */
function onShared(this: StreamedSocket, length: number): void {
  this[STREAM]?.receivedShared(length);
}

export interface WebSocketStreamOptions {
  readonly socket: Socket;
  /** What the client sent behind its request. */
  readonly head: Buffer;
  readonly maxFrameSize: number;
  /** Without traffic for so long it is closed; Infinity = never. */
  readonly idleTimeoutMs: number;
}

export class WebSocketStream implements ByteSocket, FrameSink {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #head: Buffer;
  #onData: ((chunk: Buffer, shared?: boolean) => void) | null = null;
  /** What is being read stands in the buffer of all sockets. */
  #shared = false;
  #onError: ((error: Error) => void) | null = null;
  #onEnd: (() => void) | null = null;
  #closeSent = false;

  constructor({ socket, head, maxFrameSize, idleTimeoutMs }: WebSocketStreamOptions) {
    this.#socket = socket;
    this.#head = head;
    this.#reader = new FrameReader(this, maxFrameSize);
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.localAddress = socket.localAddress;
    this.localPort = socket.localPort;
    if (Number.isFinite(idleTimeoutMs)) socket.setTimeout(idleTimeoutMs, () => this.#fail(CLOSE.goingAway, 'websocket_idle_timeout'));
  }

  // ---------------------------------------------------------------- ByteSocket

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  setNoDelay(noDelay?: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  on(event: 'data', listener: (chunk: Buffer, shared?: boolean) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end' | 'close', listener: () => void): void;
  on(event: 'data' | 'error' | 'end' | 'close', listener: (value: never) => void): void {
    if (event === 'data') this.#startReading(listener as (chunk: Buffer, shared?: boolean) => void);
    // Listeners know their stream by `this`, which must not be the socket below.
    else if (event === 'close') this.#socket.on('close', () => (listener as () => void).call(this));
    else if (event === 'end') this.#onEnd = listener as () => void;
    else {
      this.#onError = listener as (error: Error) => void;
      this.#socket.on('error', (error) => this.#onError?.(error));
    }
  }

  /** What came with the request is read after the caller has added its other listeners. */
  #startReading(listener: (chunk: Buffer, shared?: boolean) => void): void {
    this.#onData = listener;
    process.nextTick(() => {
      const head = this.#head;
      this.#head = NOTHING;
      if (head.length > 0) this.#reader.push(Buffer.from(head));
      const socket: StreamedSocket = this.#socket;
      socket[STREAM] = this;
      const shared = readShared(socket, onShared);
      socket.on('end', () => this.#onEnd?.());
      if (!shared) socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
      else if (!socket.isPaused()) socket.resume();
    });
  }

  /** A read that everybody shares: payload is unmasked where it stands. */
  receivedShared(length: number): void {
    this.#shared = true;
    this.#reader.push(READ_BUFFER.subarray(0, length));
    this.#shared = false;
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    const socket = this.#socket;
    if (bytes.length === 0) return socket.write(bytes, written);
    if (bytes.length <= MAX_COPIED_BYTES) return this.#writeCopied(bytes, written);
    // One system call for header and payload.
    socket.cork();
    socket.write(frameHeader(OPCODE.binary, bytes.length));
    const more = socket.write(bytes, written);
    socket.uncork();
    return more;
  }

  #writeCopied(bytes: Uint8Array, written: (() => void) | undefined): boolean {
    const socket = this.#socket;
    const start = writeFrameHeader(scratch, OPCODE.binary, bytes.length);
    scratch.set(bytes, start);
    const more = socket.write(scratch.subarray(0, start + bytes.length), written);
    // What the system has not taken at once is still the socket's.
    if (socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(MAX_COPIED_BYTES + MAX_OWN_HEADER_BYTES);
    return more;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#reader.stop();
    this.#sendClose(CLOSE.normal);
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // ---------------------------------------------------------------- FrameSink

  onPayload(bytes: Buffer): void {
    this.#onData?.(bytes, this.#shared);
  }

  onPing(payload: Buffer): void {
    if (this.#closeSent || this.#socket.writableLength > MAX_BYTES_BEFORE_PONG) return;
    this.#socket.write(Buffer.concat([frameHeader(OPCODE.pong, payload.length), payload]));
  }

  /** The client says goodbye: it gets its code back, after what waits for it. */
  onClose(): void {
    this.#onEnd?.();
  }

  onViolation(code: CloseCode, reason: string): void {
    this.#fail(code, `websocket: ${reason}`);
  }

  #fail(code: CloseCode, reason: string): void {
    this.#reader.stop();
    this.#onError?.(new Error(reason));
    this.#sendClose(code);
    this.#onEnd?.();
  }

  #sendClose(code: CloseCode): void {
    if (this.#closeSent || this.#socket.destroyed) return;
    this.#closeSent = true;
    const payload = Buffer.from([code >> 8, code & 0xff]);
    this.#socket.write(Buffer.concat([frameHeader(OPCODE.close, payload.length), payload]));
  }
}
