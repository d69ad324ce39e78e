/**
 * Connections that may have been silent for too long: before CONNECT, while it is found out who the client is, and between packets.
 * One timer looks at all of them once a second, instead of one timer for each: a look costs nanoseconds, a timer memory for as long as
 * it is pending, also after the connection has gone.
 */
import type { Millis } from '../base/ids.ts';
import type { Channel } from '../session/channel.ts';
import type { Clock, Deadlines, TimerOwner, Timers } from '../session/ports.ts';

/** A deadline is met at most this late. */
const SWEEP_MS: Millis = 1_000;
/** Connections looked at without leaving room for others. */
const SLICE = 10_000;

export interface DeadlinesOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly defer: (task: () => void) => void;
}

export class DeadlineSweep implements Deadlines, TimerOwner {
  readonly #options: DeadlinesOptions;
  readonly #channels = new Set<Channel>();
  #armed = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  watch(channel: Channel): void {
    this.#channels.add(channel);
    this.#arm();
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel);
  }

  onTimer(): void {
    this.#armed = false;
    this.#look(this.#channels.values());
  }

  /** Channels that come meanwhile are met too, those that go are not. */
  #look(channels: Iterator<Channel>): void {
    const nowMs = this.#options.clock.now();
    for (let count = 0; count < SLICE; count += 1) {
      const next = channels.next();
      if (next.done === true) {
        // Without connections no timer: an idle node does nothing.
        if (this.#channels.size > 0) this.#arm();
        return;
      }
      next.value.checkDeadline(nowMs);
    }
    this.#options.defer(() => this.#look(channels));
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    const { timers, clock } = this.#options;
    timers.schedule(this, 'deadlines', clock.now() + SWEEP_MS);
  }
}
