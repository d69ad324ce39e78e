/**
 * io/: the only door to the world. connection.ts owns a socket and its output; listeners/ accept; mqttConnection.ts joins a
 * connection to a channel. May import: every pure room, node:*.
 *
 * A Connection gathers what is to be sent and writes it once per turn of the event loop (hot-path.md section 4): system
 * calls decide, not JavaScript. It knows nothing of MQTT and serves clients and cluster links alike.
 */
import type { ByteSocket } from './byteSocket.ts';
import type { Millis } from '../base/ids.ts';
import { holdLent, letGoLent, ROOM_FROM_BYTES } from '../protocol/lentBytes.ts';
import type { OutputTurn } from './outputTurn.ts';
import { READ_BUFFER, readShared } from './sharedRead.ts';

/** One write of this much at most goes through the shared scratch buffer. */
const SCRATCH_BYTES = 128 * 1024;
/** From this size on a chunk is written as it is: to copy it costs more than a write of its own, and leaves its scratch buffer to a slow socket. */
const DIRECT_BYTES = ROOM_FROM_BYTES;
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
  /** It sends more than a subscriber of it takes in. */
  feeding: 16,
} as const;
export type PauseReason = (typeof PAUSE)[keyof typeof PAUSE];
/** How long a closing connection may take to hand its last bytes to the peer. */
const CLOSE_GRACE_MS = 2_000;

export interface ConnectionHandler {
  /**
   * Bytes arrived, in [start, end). `owned`: the buffer is the handler's to keep; otherwise the next read of whatever connection
   * overwrites it, so everything that is kept must be copied before this returns.
   */
  onData(bytes: Buffer, start: number, end: number, owned: boolean): void;
  /** What was waiting has been taken in, after `congested` was true. */
  onDrain(): void;
  /** Half of what was waiting after `filling` was true has been taken in. */
  onEased?(): void;
  /** Asked about once a second while the system does not take the last write: for how long it has not. */
  onBlocked?(blockedMs: Millis): void;
  /** The end, exactly once. `error` names what happened if it was not an orderly close. */
  onClose(error: string | undefined): void;
}

/** Counts bytes of all connections of one kind. */
export interface ByteCounters {
  received(bytes: number): void;
  sent(bytes: number): void;
}

/** What connections of one listener have in common; one object for all of them. */
export interface ConnectionTraits {
  readonly output: OutputTurn;
  readonly bytes: ByteCounters;
  /** From this many waiting bytes on `congested` is true. */
  readonly congestedBytes: number;
  /** A peer that takes nothing in for so long is closed; absent = the default of `output`. */
  readonly sendTimeoutMs?: Millis;
  /** The socket (TLS) reads what it is given later: it gets buffers of its own, of just the size. */
  readonly keepsBuffers?: boolean;
  /** The socket is the system's own, with no protocol between that has a farewell of its own. */
  readonly direct?: boolean;
}

/** In place of lists that an idle connection does not have. */
const NO_CHUNKS: Uint8Array[] = [];
const NO_PATCHES: number[] = [];
/** Beside a chunk without two bytes to overwrite while it is copied (a packet id). */
const NO_PATCH = -1;
/** A patch is one number, its place times this plus its value. */
const PATCH_RADIX = 0x1_0000;

/** Leads from a socket to its connection. */
const OWNER = Symbol('connection');
type OwnedSocket = ByteSocket & { [OWNER]?: Connection };

export class Connection {
  readonly remoteHost: string;
  readonly remotePort: number;
  receivedBytes = 0;
  sentBytes = 0;
  readCount = 0;
  writeCount = 0;
  readonly #socket: ByteSocket;
  readonly #traits: ConnectionTraits;
  #handler: ConnectionHandler | null = null;
  /** What waits: often a single chunk, so only those behind it need a list. For each chunk its patch. */
  #first: Uint8Array | null = null;
  #firstPatch = NO_PATCH;
  #rest: Uint8Array[] = NO_CHUNKS;
  #restPatches: number[] = NO_PATCHES;
  #pendingBytes = 0;
  /** Of these bytes and those inside the socket, what `OutputTurn` knows: all while blocked, nothing otherwise. */
  #reportedBytes = 0;
  #dirty = false;
  /** The system has not taken all of the last write; nothing more is handed over until it has. */
  #blocked = false;
  #wasCongested = false;
  #wasFilling = false;
  /** Bits of PAUSE. */
  #paused = 0;
  #ending = false;
  #closed = false;
  #error: string | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  /** `remote`: whom a proxy in front speaks for; the socket's own peer is the proxy then. */
  constructor(socket: ByteSocket, traits: ConnectionTraits, remote?: { readonly host: string; readonly port: number }) {
    this.#socket = socket;
    this.#traits = traits;
    // A socket that is gone already has no addresses.
    this.remoteHost = plainHost(remote?.host ?? socket.remoteAddress ?? '');
    this.remotePort = remote?.port ?? socket.remotePort ?? 0;
    // Our own coalescing makes full segments; Nagle would only delay them.
    socket.setNoDelay(true);
  }

  /** Starts reading. */
  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    const socket: OwnedSocket = this.#socket;
    socket[OWNER] = this;
    if (!readShared(socket, Connection.#onShared)) socket.on('data', Connection.#onData);
    socket.on('error', Connection.#onError);
    socket.on('end', Connection.#onEnd);
    socket.on('close', Connection.#onSocketClosed);
    if (socket.destroyed) this.#onClose();
  }

  // One function each for all sockets, which know their connection: closures of their own would be a third of an idle connection.

  static readonly #onShared = function (this: OwnedSocket, length: number): void {
    if (this[OWNER] !== undefined) this[OWNER].#received(READ_BUFFER, length, false);
  };

  static readonly #onData = function (this: OwnedSocket, chunk: Buffer, shared?: boolean): void {
    if (this[OWNER] !== undefined) this[OWNER].#received(chunk, chunk.length, shared !== true);
  };

  static readonly #onError = function (this: OwnedSocket, error: Error): void {
    if (this[OWNER] !== undefined) this[OWNER].#error = error.message;
  };

  /** The peer has said all it will say; what we still owe it is sent before the end. */
  static readonly #onEnd = function (this: OwnedSocket): void {
    this[OWNER]?.close(true);
  };

  static readonly #onSocketClosed = function (this: OwnedSocket): void {
    if (this[OWNER] !== undefined) this[OWNER].#onClose();
  };

  #received(bytes: Buffer, length: number, owned: boolean): void {
    this.receivedBytes += length;
    this.readCount += 1;
    const { bytes: counters, output } = this.#traits;
    counters.received(length);
    if (this.#ending) return;
    this.#handler?.onData(bytes, 0, length, owned);
    if (this.#blocked && this.#rest.length > MAX_WAITING_CHUNKS) this.pauseReading(PAUSE.answers);
    if (output.overfull) output.holdBack(this);
  }

  /** Bytes that wait for the socket, those inside it included. */
  get waitingBytes(): number {
    return this.#blocked ? this.#pendingBytes + this.#socket.writableLength : this.#pendingBytes;
  }

  /** Undefined = the default of the process. */
  get sendTimeoutMs(): Millis | undefined {
    return this.#traits.sendTimeoutMs;
  }

  /** The peer does not take in what it is sent as fast as it comes: half of what makes it congested waits. `onEased` follows. */
  get filling(): boolean {
    if (!this.#blocked || this.waitingBytes * 2 < this.#traits.congestedBytes) return false;
    this.#wasFilling = true;
    return true;
  }

  get congested(): boolean {
    if (this.waitingBytes < this.#traits.congestedBytes) return false;
    this.#wasCongested = true;
    return true;
  }

  /** Appends bytes that nobody changes any more. */
  write(bytes: Uint8Array): void {
    this.#append(bytes, NO_PATCH);
  }

  /** Appends shared bytes of which two are this connection's own: `value`, big-endian, at `at`. */
  writePatched(bytes: Uint8Array, at: number, value: number): void {
    this.#append(bytes, at * PATCH_RADIX + value);
  }

  #append(bytes: Uint8Array, patch: number): void {
    if (this.#ending || this.#closed) return;
    if (bytes.length >= DIRECT_BYTES && patch === NO_PATCH) bytes = this.#kept(bytes);
    if (this.#first === null) {
      this.#first = bytes;
      this.#firstPatch = patch;
    } else {
      if (this.#rest === NO_CHUNKS) {
        this.#rest = [];
        this.#restPatches = [];
      }
      this.#rest.push(bytes);
      this.#restPatches.push(patch);
    }
    this.#pendingBytes += bytes.length;
    if (this.#blocked) return this.#report();
    if (!this.#dirty) {
      this.#dirty = true;
      this.#traits.output.add(this);
    }
    if (this.#pendingBytes >= EARLY_FLUSH_BYTES) this.#writePending();
  }

  /** A large chunk may be lent: then this is one of those who hold it, or, where bytes are kept for longer than a write, copies it. */
  #kept(bytes: Uint8Array): Uint8Array {
    if (!holdLent(bytes) || this.#traits.direct === true) return bytes;
    const copy = new Uint8Array(bytes);
    letGoLent(bytes);
    return copy;
  }

  /** Only what a peer has not taken yet counts against the bound of the process: the rest leaves within the turn. */
  #report(): void {
    const bytes = this.#blocked ? this.waitingBytes : 0;
    this.#traits.output.waiting(bytes - this.#reportedBytes);
    this.#reportedBytes = bytes;
  }

  /** Called by OutputTurn once a second while it is blocked. */
  stillBlocked(blockedMs: Millis): void {
    this.#handler?.onBlocked?.(blockedMs);
  }

  /** Called by OutputTurn at the end of the turn. */
  flush(): void {
    this.#dirty = false;
    if (!this.#blocked) this.#writePending();
  }

  /** Hands over what waits, at most a scratch buffer at a time, until the system takes no more. */
  #writePending(): void {
    const { output, bytes: counters, keepsBuffers } = this.#traits;
    // What a socket that keeps buffers may hold before it counts as blocked; others hand them on at once.
    const keptBytes = keepsBuffers === true ? EARLY_FLUSH_BYTES : 0;
    while (this.#first !== null && !this.#blocked && !this.#closed) {
      const bytes = this.#gather(this.#first, this.#firstPatch);
      this.#pendingBytes -= bytes.length;
      this.sentBytes += bytes.length;
      this.writeCount += 1;
      counters.sent(bytes.length);
      this.#socket.write(bytes);
      if (this.#socket.writableLength <= keptBytes) {
        if (bytes.length >= DIRECT_BYTES) letGoLent(bytes);
        continue;
      }
      // The system did not take all of it: the buffer is the socket's now, and 'drain' is no sound sign of completion (trap 1).
      output.block(this, bytes);
      this.#blocked = true;
      this.#report();
      this.#socket.write(EMPTY, () => this.#unblock(bytes));
    }
  }

  /** Takes from the front what one write may hold: a chunk as it is, or several copied together. */
  #gather(first: Uint8Array, firstPatch: number): Uint8Array {
    const rest = this.#rest;
    if (firstPatch === NO_PATCH && (rest.length === 0 || first.length >= DIRECT_BYTES)) {
      this.#dropFront(0);
      return first;
    }
    // A single packet may be larger than the scratch buffer.
    const target = first.length <= SCRATCH_BYTES ? this.#scratch() : Buffer.allocUnsafeSlow(first.length);
    copyChunk(target, 0, first, firstPatch);
    let length = first.length;
    let taken = 0;
    while (taken < rest.length) {
      const bytes = rest[taken]!;
      // A large one leaves as it is.
      if (length + bytes.length > target.length || (bytes.length >= DIRECT_BYTES && this.#restPatches[taken] === NO_PATCH)) break;
      copyChunk(target, length, bytes, this.#restPatches[taken]!);
      length += bytes.length;
      taken += 1;
    }
    this.#dropFront(taken);
    return target.subarray(0, length);
  }

  /** Drops the first chunk and `taken` of the rest. */
  #dropFront(taken: number): void {
    const rest = this.#rest;
    const patches = this.#restPatches;
    if (taken === rest.length) {
      this.#first = null;
      rest.length = 0;
      patches.length = 0;
      return;
    }
    this.#first = rest[taken]!;
    this.#firstPatch = patches[taken]!;
    rest.splice(0, taken + 1);
    patches.splice(0, taken + 1);
  }

  #scratch(): Buffer {
    if (this.#traits.keepsBuffers !== true) return this.#traits.output.scratch(SCRATCH_BYTES);
    return Buffer.allocUnsafe(Math.min(this.#pendingBytes, SCRATCH_BYTES));
  }

  #unblock(written: Uint8Array): void {
    if (written.length >= DIRECT_BYTES) letGoLent(written);
    this.#blocked = false;
    this.#traits.output.unblock(this);
    this.#report();
    if (this.#closed) return;
    this.#writePending();
    if (this.#paused !== 0 && this.#rest.length <= MAX_WAITING_CHUNKS / 2) this.resumeReading(PAUSE.answers);
    if (this.#ending) return this.#endWhenWritten();
    if (this.#wasFilling && this.waitingBytes * 4 <= this.#traits.congestedBytes) {
      this.#wasFilling = false;
      this.#handler?.onEased?.();
    }
    if (this.#wasCongested && !this.congested) {
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

  /**
   * Closes once everything written has left, or after a grace. Later writes are ignored. `peerIsDone`: it has said its last word, so
   * nothing is to be awaited from it either.
   */
  close(peerIsDone = false): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    if (!this.#blocked) this.#writePending();
    // The system has all bytes and delivers them before its FIN: a farewell of two would only cost both sides.
    if (peerIsDone && this.#traits.direct === true && !this.#blocked && this.#first === null) return void this.#socket.destroy();
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#closeTimer.unref();
    this.#endWhenWritten();
  }

  #endWhenWritten(): void {
    if (this.#blocked || this.#first !== null) return;
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
    this.#traits.output.forget(this);
    this.#blocked = false;
    this.#first = null;
    this.#rest.length = this.#restPatches.length = 0;
    this.#pendingBytes = 0;
    this.#report();
    this.#handler?.onClose(this.#error);
  }
}

function copyChunk(target: Uint8Array, at: number, bytes: Uint8Array, patch: number): void {
  target.set(bytes, at);
  if (patch === NO_PATCH) return;
  const patchAt = at + Math.floor(patch / PATCH_RADIX);
  target[patchAt] = (patch >> 8) & 0xff;
  target[patchAt + 1] = patch & 0xff;
}

/** Many peers have the same address, from a proxy or on one machine: they share the text of it. */
let lastHost = '';

/** `::ffff:127.0.0.1` is an IPv4 peer on a dual-stack listener; rules and people mean `127.0.0.1`. */
function plainHost(host: string): string {
  const plain = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
  if (plain !== lastHost) lastHost = plain;
  return lastHost;
}
