/**
 * The limits of one client: after each read, messages and bytes are taken from its own buckets and from those it shares with others;
 * when one is empty the client is not read until it may go on. TCP then slows the client itself down, and no packet says anything
 * (broker-contract 8.2).
 */
import type { Limit } from '../base/limit.ts';
import type { Millis } from '../base/ids.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { Clock, Timer, TimerOwner, Timers } from '../session/ports.ts';
import { PAUSE, type Connection } from './connection.ts';
import type { Share, SharedLimit } from './sharedLimit.ts';

/** The buckets a client has for itself, and those it shares: its listener's, then the node's. */
export interface ClientLimits {
  readonly messages: Limit | null;
  readonly bytes: Limit | null;
  readonly shared: readonly SharedLimit[];
}

export class ClientLimiter implements TimerOwner {
  readonly #limits: ClientLimits;
  readonly #shares: readonly Share[];
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  #paused = false;
  #timer: Timer | null = null;
  /** The shared limit before whose turn it waits. */
  #stage = 0;

  constructor(limits: ClientLimits, connection: Connection, node: { readonly timers: Timers; readonly clock: Clock; readonly metrics: Metrics }) {
    this.#limits = limits;
    this.#shares = limits.shared.map((shared) => shared.join(() => this.#passed()));
    this.#connection = connection;
    this.#timers = node.timers;
    this.#clock = node.clock;
    this.#metrics = node.metrics;
  }

  /** Whether the client is not read because of its limits. */
  get paused(): boolean {
    return this.#paused;
  }

  /** One read brought so many bytes and, in them, so many messages. */
  took(bytes: number, messages: number): void {
    const nowMs = this.#clock.now();
    this.#limits.bytes?.take(bytes, nowMs);
    if (messages > 0) this.#limits.messages?.take(messages, nowMs);
    for (const share of this.#shares) share.take(bytes, messages, nowMs);
    if (this.#paused || this.#mayGoOn(nowMs)) return;
    this.#paused = true;
    this.#metrics.inc(METRIC['limiter.clients.paused']);
    this.#connection.pauseReading(PAUSE.limiter);
    this.onTimer();
  }

  #mayGoOn(nowMs: Millis): boolean {
    return this.#ownWaitMs(nowMs) === 0 && this.#shares.every((share) => share.mayGoOn(nowMs));
  }

  #ownWaitMs(nowMs: Millis): Millis {
    return Math.max(this.#limits.bytes?.waitMs(nowMs) ?? 0, this.#limits.messages?.waitMs(nowMs) ?? 0);
  }

  /** Its own buckets come first: who waits for those keeps nobody's place in a line. */
  onTimer(): void {
    const nowMs = this.#clock.now();
    const waitMs = this.#ownWaitMs(nowMs);
    this.#timer = waitMs === 0 ? null : this.#timers.schedule(this, 'limiter', nowMs + waitMs);
    if (this.#timer !== null) return;
    this.#stage = 0;
    this.#goOn();
  }

  /** Its turn has come in the line it stood in. */
  #passed(): void {
    this.#stage += 1;
    this.#goOn();
  }

  #goOn(): void {
    const nowMs = this.#clock.now();
    while (this.#stage < this.#shares.length) {
      if (this.#shares[this.#stage]?.enter(nowMs) === false) return;
      this.#stage += 1;
    }
    this.#resume();
  }

  #resume(): void {
    this.#paused = false;
    this.#connection.resumeReading(PAUSE.limiter);
  }

  /** Other limits take the place of these, or the connection has ended. */
  cancel(): void {
    if (this.#timer !== null) this.#timer.cancelled = true;
    for (const share of this.#shares) share.leave();
    if (this.#paused) this.#resume();
  }
}
