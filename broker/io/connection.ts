/**
 * io/: the only door to the world. connection.ts owns a socket and its output; listeners/ accept; mqttConnection.ts joins a
 * connection to a channel. May import: every pure room, node:*.
 *
 * A Connection gathers what is to be sent and writes it once per turn of the event loop (hot-path.md section 4): system
 * calls decide, not JavaScript. It knows nothing of MQTT and serves clients and cluster links alike.
 */
import type { Socket } from 'node:net';
import type { OutputTurn } from './outputTurn.ts';

/** One write of this much at most goes through the shared scratch buffer. */
const SCRATCH_BYTES = 128 * 1024;
/** So much waiting is written at once instead of at the end of the turn: keeps memory flat under a flood. */
const EARLY_FLUSH_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);
/**
 * So many packets may wait for a peer that does not take them in; then it is not read until half of them have left. A bound in
 * bytes alone would let a peer that asks and never reads fill the heap: an answer of two bytes costs a hundred to keep.
 */
const MAX_WAITING_CHUNKS = 16_384;
/** Why a connection is not read; it is read again when no reason is left. */
export const PAUSE = {
  /** Too much waits in the whole process. */
  process: 1,
  /** Too much waits for this very peer. */
  answers: 2,
  /** It sends more than its limiter allows. */
  limiter: 4,
  /** Its packets wait for an answer from elsewhere. */
  pending: 8,
} as const;
export type PauseReason = (typeof PAUSE)[keyof typeof PAUSE];
/** How long a closing connection may take to hand its last bytes to the peer. */
const CLOSE_GRACE_MS = 2_000;

export interface ConnectionHandler {
  /** Bytes arrived; the buffer is the handler's to keep. */
  onData(chunk: Buffer): void;
  /** What was waiting has been taken in, after `congested` was true. */
  onDrain(): void;
  /** The end, exactly once. `error` names what happened if it was not an orderly close. */
  onClose(error: string | undefined): void;
}

/** Counts bytes of all connections of one kind. */
export interface ByteCounters {
  received(bytes: number): void;
  sent(bytes: number): void;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly output: OutputTurn;
  readonly bytes: ByteCounters;
  /** From this many waiting bytes on `congested` is true. */
  readonly congestedBytes: number;
}

/** A pending chunk with, optionally, two bytes to overwrite while it is copied (a packet id). */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly patchAt: number;
  readonly patch: number;
}

export class Connection {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localHost: string;
  readonly localPort: number;
  receivedBytes = 0;
  sentBytes = 0;
  readCount = 0;
  writeCount = 0;
  readonly #socket: Socket;
  readonly #output: OutputTurn;
  readonly #bytes: ByteCounters;
  readonly #congestedBytes: number;
  #handler: ConnectionHandler | null = null;
  #pending: Chunk[] = [];
  #pendingBytes = 0;
  #dirty = false;
  /** The system has not taken all of the last write; nothing more is handed over until it has. */
  #blocked = false;
  #wasCongested = false;
  /** Bits of PAUSE. */
  #paused = 0;
  #ending = false;
  #closed = false;
  #error: string | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    const { socket } = options;
    this.#socket = socket;
    this.#output = options.output;
    this.#bytes = options.bytes;
    this.#congestedBytes = options.congestedBytes;
    // A socket that is gone already has no addresses.
    this.remoteHost = plainHost(socket.remoteAddress ?? '');
    this.remotePort = socket.remotePort ?? 0;
    this.localHost = plainHost(socket.localAddress ?? '');
    this.localPort = socket.localPort ?? 0;
    // Our own coalescing makes full segments; Nagle would only delay them.
    socket.setNoDelay(true);
  }

  /** Starts reading. */
  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      this.readCount += 1;
      this.#bytes.received(chunk.length);
      if (this.#ending) return;
      handler.onData(chunk);
      if (this.#blocked && this.#pending.length > MAX_WAITING_CHUNKS) this.pauseReading(PAUSE.answers);
      if (this.#output.overfull) this.#output.holdBack(this);
    });
    socket.on('error', (error) => (this.#error = error.message));
    // The peer has said all it will say; what we still owe it is sent by end().
    socket.on('end', () => this.close());
    socket.on('close', () => this.#onClose());
    if (socket.destroyed) this.#onClose();
  }

  /** Bytes that wait for the socket, those inside it included. */
  get waitingBytes(): number {
    return this.#pendingBytes + this.#socket.writableLength;
  }

  get congested(): boolean {
    if (this.waitingBytes < this.#congestedBytes) return false;
    this.#wasCongested = true;
    return true;
  }

  /** Appends bytes that nobody changes any more. */
  write(bytes: Uint8Array): void {
    this.#append({ bytes, patchAt: -1, patch: 0 });
  }

  /** Appends shared bytes of which two are this connection's own: `value`, big-endian, at `at`. */
  writePatched(bytes: Uint8Array, at: number, value: number): void {
    this.#append({ bytes, patchAt: at, patch: value });
  }

  #append(chunk: Chunk): void {
    if (this.#ending || this.#closed) return;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.bytes.length;
    this.#output.waiting(chunk.bytes.length);
    if (!this.#dirty) {
      this.#dirty = true;
      this.#output.add(this);
    }
    if (this.#pendingBytes >= EARLY_FLUSH_BYTES && !this.#blocked) this.#writePending();
  }

  /** Called by OutputTurn at the end of the turn. */
  flush(): void {
    this.#dirty = false;
    if (!this.#blocked) this.#writePending();
  }

  /** Hands over what waits, at most a scratch buffer at a time, until the system takes no more. */
  #writePending(): void {
    while (this.#pending.length > 0 && !this.#blocked && !this.#closed) {
      const bytes = this.#gather();
      this.#pendingBytes -= bytes.length;
      this.#output.waiting(-bytes.length);
      this.sentBytes += bytes.length;
      this.writeCount += 1;
      this.#bytes.sent(bytes.length);
      this.#socket.write(bytes);
      if (this.#socket.writableLength === 0) continue;
      // The system did not take all of it: the buffer is the socket's now, and 'drain' is no sound sign of completion (trap 1).
      this.#output.block(this, bytes);
      this.#blocked = true;
      this.#socket.write(EMPTY, () => this.#unblock());
    }
  }

  #gather(): Uint8Array {
    const pending = this.#pending;
    const first = pending[0] as Chunk;
    if (first.patchAt === -1 && (pending.length === 1 || first.bytes.length > SCRATCH_BYTES)) {
      pending.shift();
      return first.bytes;
    }
    // A single packet may be larger than the scratch buffer.
    const target = first.bytes.length <= SCRATCH_BYTES ? this.#output.scratch(SCRATCH_BYTES) : Buffer.allocUnsafeSlow(first.bytes.length);
    let length = 0;
    let taken = 0;
    for (const { bytes, patchAt, patch } of pending) {
      if (length + bytes.length > target.length) break;
      target.set(bytes, length);
      if (patchAt !== -1) {
        target[length + patchAt] = patch >> 8;
        target[length + patchAt + 1] = patch & 0xff;
      }
      length += bytes.length;
      taken += 1;
    }
    if (taken === pending.length) pending.length = 0;
    else pending.splice(0, taken);
    return target.subarray(0, length);
  }

  #unblock(): void {
    this.#blocked = false;
    this.#output.unblock(this);
    if (this.#closed) return;
    this.#writePending();
    if (this.#paused !== 0 && this.#pending.length <= MAX_WAITING_CHUNKS / 2) this.resumeReading(PAUSE.answers);
    if (this.#ending) this.#endWhenWritten();
    else if (this.#wasCongested && !this.congested) {
      this.#wasCongested = false;
      this.#handler?.onDrain();
    }
  }

  /** Stops reading, to hold back a peer. Reasons add up: each ends by a `resumeReading` of its own. */
  pauseReading(reason: PauseReason): void {
    if (this.#paused === 0) this.#socket.pause();
    this.#paused |= reason;
  }

  resumeReading(reason: PauseReason): void {
    if (this.#paused === 0) return;
    this.#paused &= ~reason;
    if (this.#paused === 0) this.#socket.resume();
  }

  /** The peer is held back: that nothing comes from it means nothing. */
  get readingPaused(): boolean {
    return this.#paused !== 0;
  }

  /** Closes once everything written has left, or after a grace. Later writes are ignored. */
  close(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#closeTimer.unref();
    if (!this.#blocked) this.#writePending();
    this.#endWhenWritten();
  }

  #endWhenWritten(): void {
    if (this.#blocked || this.#pending.length > 0) return;
    this.#socket.end();
    // A peer that does not close its side keeps the socket half open: what it still sends is of no interest.
    this.#socket.resume();
  }

  /** Closes at once; what waits is lost. `reason` is told to the handler. */
  destroy(reason?: string): void {
    this.#error ??= reason;
    this.#socket.destroy();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#closeTimer);
    this.#output.forget(this);
    this.#output.waiting(-this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#handler?.onClose(this.#error);
  }
}

/** `::ffff:127.0.0.1` is an IPv4 peer on a dual-stack listener; rules and people mean `127.0.0.1`. */
function plainHost(host: string): string {
  return host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
}
