/**
 * The end of a turn: writes what all connections have gathered, in one pass after all readable sockets were read. It sees the
 * whole process, so it also keeps two bounds: how much may wait in all (then reading stops until half of it has left), and how
 * long one peer may take nothing in (then it is closed, so that a stuck peer cannot hold everybody back for ever).
 */
import type { Disposable } from '../base/disposable.ts';
import type { Millis } from '../base/ids.ts';
import { PAUSE, type Connection } from './connection.ts';

/** Waiting bytes in the whole process above which connections are not read. */
export const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** EMQX's `send_timeout`: a peer that takes nothing in for so long is closed. */
export const SEND_TIMEOUT_MS = 15_000;
const SWEEP_MS = 1_000;

export interface OutputLimits {
  readonly maxWaitingBytes: number;
  readonly sendTimeoutMs: Millis;
}

export class OutputTurn implements Disposable {
  readonly #limits: OutputLimits;
  readonly #sweep: NodeJS.Timeout;
  #dirty: Connection[] = [];
  #scheduled = false;
  #scratch: Buffer | null = null;
  #waitingBytes = 0;
  readonly #heldBack = new Set<Connection>();
  /** Connections whose last write the system has not taken, since when. */
  readonly #blocked = new Map<Connection, Millis>();

  constructor(limits: OutputLimits = { maxWaitingBytes: MAX_WAITING_BYTES, sendTimeoutMs: SEND_TIMEOUT_MS }) {
    this.#limits = limits;
    this.#sweep = setInterval(() => this.#lookAtBlocked(performance.now()), SWEEP_MS);
    this.#sweep.unref();
  }

  /** Bytes that peers have not taken in, over all connections; what leaves within this turn is not among them. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get overfull(): boolean {
    return this.#waitingBytes > this.#limits.maxWaitingBytes;
  }

  waiting(change: number): void {
    this.#waitingBytes += change;
    if (this.#heldBack.size === 0 || this.#waitingBytes > this.#limits.maxWaitingBytes / 2) return;
    for (const connection of this.#heldBack) connection.resumeReading(PAUSE.process);
    this.#heldBack.clear();
  }

  add(connection: Connection): void {
    this.#dirty.push(connection);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the poll phase: everything that was readable in this turn is gathered first.
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) connection.flush();
  }

  /** Not read again until half of the limit has left. */
  holdBack(connection: Connection): void {
    connection.pauseReading(PAUSE.process);
    this.#heldBack.add(connection);
  }

  /** One buffer serves all connections in turn, as long as the system takes each write whole. */
  scratch(size: number): Buffer {
    this.#scratch ??= Buffer.allocUnsafeSlow(size);
    return this.#scratch;
  }

  /** The socket of a connection kept these bytes: if they are the scratch buffer's, the next writer gets a new one. */
  block(connection: Connection, bytes: Uint8Array): void {
    this.#blocked.set(connection, performance.now());
    if (this.#scratch !== null && bytes.buffer === this.#scratch.buffer) this.#scratch = null;
  }

  unblock(connection: Connection): void {
    this.#blocked.delete(connection);
  }

  forget(connection: Connection): void {
    this.#blocked.delete(connection);
    this.#heldBack.delete(connection);
  }

  #lookAtBlocked(nowMs: Millis): void {
    for (const [connection, sinceMs] of this.#blocked) {
      if (nowMs - sinceMs > (connection.sendTimeoutMs ?? this.#limits.sendTimeoutMs)) connection.destroy('send_timeout');
      else connection.stillBlocked(nowMs - sinceMs);
    }
  }

  dispose(): void {
    clearInterval(this.#sweep);
  }
}
