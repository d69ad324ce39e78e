/** An upgraded socket as the bytes of MQTT: takes frames apart on the way in, makes one frame of each write on the way out. */
import type { Socket } from 'node:net';
import type { ByteSocket } from '../../byteSocket.ts';
import { CLOSE, FrameReader, frameHeader, OPCODE, type CloseCode, type FrameSink } from './frameReader.ts';

/** A client that pings and takes nothing in gets no more pongs than this many bytes let wait. */
const MAX_BYTES_BEFORE_PONG = 65_536;

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
  #onData: ((chunk: Buffer) => void) | null = null;
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

  on(event: 'data', listener: (chunk: Buffer) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end' | 'close', listener: () => void): void;
  on(event: 'data' | 'error' | 'end' | 'close', listener: (value: never) => void): void {
    if (event === 'data') this.#startReading(listener as (chunk: Buffer) => void);
    // Listeners know their stream by `this`, which must not be the socket below.
    else if (event === 'close') this.#socket.on('close', () => (listener as () => void).call(this));
    else if (event === 'end') this.#onEnd = listener as () => void;
    else {
      this.#onError = listener as (error: Error) => void;
      this.#socket.on('error', (error) => this.#onError?.(error));
    }
  }

  /** What came with the request is read after the caller has added its other listeners. */
  #startReading(listener: (chunk: Buffer) => void): void {
    this.#onData = listener;
    this.#socket.on('end', () => this.#onEnd?.());
    process.nextTick(() => {
      const head = this.#head;
      this.#head = Buffer.alloc(0);
      if (head.length > 0) this.#reader.push(Buffer.from(head));
      this.#socket.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    });
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    const socket = this.#socket;
    if (bytes.length === 0) return socket.write(bytes, written);
    // One system call for header and payload.
    socket.cork();
    socket.write(frameHeader(OPCODE.binary, bytes.length));
    const more = socket.write(bytes, written);
    socket.uncork();
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
    this.#onData?.(bytes);
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
