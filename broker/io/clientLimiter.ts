/**
 * The limits of one client: after each read, messages and bytes are taken from buckets; when one is empty the client is not
 * read until it has filled again. TCP then slows the client itself down, and no packet says anything (broker-contract 8.2).
 */
import type { Limit } from '../base/limit.ts';
import type { Millis } from '../base/ids.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { Clock, Timer, TimerOwner, Timers } from '../session/ports.ts';
import { PAUSE, type Connection } from './connection.ts';

/** Buckets of one client and those it shares with others (its listener's, the node's). */
export interface ClientLimits {
  readonly messages: readonly Limit[];
  readonly bytes: readonly Limit[];
}

export class ClientLimiter implements TimerOwner {
  readonly #limits: ClientLimits;
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  #timer: Timer | null = null;

  constructor(limits: ClientLimits, connection: Connection, node: { readonly timers: Timers; readonly clock: Clock; readonly metrics: Metrics }) {
    this.#limits = limits;
    this.#connection = connection;
    this.#timers = node.timers;
    this.#clock = node.clock;
    this.#metrics = node.metrics;
  }

  /** One read brought so many bytes and, in them, so many messages. */
  took(bytes: number, messages: number): void {
    const nowMs = this.#clock.now();
    for (const limit of this.#limits.bytes) limit.take(bytes, nowMs);
    if (messages > 0) for (const limit of this.#limits.messages) limit.take(messages, nowMs);
    if (this.#timer === null) this.#pauseFor(this.#waitMs(nowMs), nowMs);
  }

  onTimer(): void {
    const nowMs = this.#clock.now();
    this.#timer = null;
    const waitMs = this.#waitMs(nowMs);
    // A bucket that is shared may have been emptied by others meanwhile.
    if (waitMs > 0) this.#timer = this.#timers.schedule(this, 'limiter', nowMs + waitMs);
    else this.#connection.resumeReading(PAUSE.limiter);
  }

  /** The connection has ended. */
  cancel(): void {
    if (this.#timer !== null) this.#timer.cancelled = true;
  }

  #pauseFor(waitMs: Millis, nowMs: Millis): void {
    if (waitMs === 0) return;
    this.#metrics.inc(METRIC['limiter.clients.paused']);
    this.#connection.pauseReading(PAUSE.limiter);
    this.#timer = this.#timers.schedule(this, 'limiter', nowMs + waitMs);
  }

  #waitMs(nowMs: Millis): Millis {
    let waitMs = 0;
    for (const limit of this.#limits.bytes) waitMs = Math.max(waitMs, limit.waitMs(nowMs));
    for (const limit of this.#limits.messages) waitMs = Math.max(waitMs, limit.waitMs(nowMs));
    return waitMs;
  }
}
