/**
 * `mqtt.retry_interval`: MQTT 3 clients that are connected and do not acknowledge get a delivery again after each interval. MQTT 5
 * forbids it [MQTT-4.4.0-1]: over a connection that holds nothing is lost, and a client that is slow only gets slower.
 *
 * One timer looks at all connections, and only where an interval is set: what is due follows from when it was sent and when the last
 * look was, so neither connections nor deliveries remember anything for it.
 */
import type { Millis } from '../base/ids.ts';
import type { Channel } from '../session/channel.ts';
import type { Clock, TimerOwner, Timers } from '../session/ports.ts';

/** A delivery is sent again at most this late. */
const SWEEP_MS: Millis = 1_000;

export interface RedeliveryOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Infinity: never. */
  readonly intervalMs: Millis;
  readonly channels: ReadonlySet<Channel>;
}

export class Redelivery implements TimerOwner {
  readonly #options: RedeliveryOptions;
  #lastMs: Millis = 0;
  #armed = false;

  constructor(options: RedeliveryOptions) {
    this.#options = options;
  }

  /** A client has connected. */
  watch(): void {
    const { intervalMs, clock, timers } = this.#options;
    if (this.#armed || intervalMs === Number.POSITIVE_INFINITY) return;
    this.#armed = true;
    this.#lastMs = clock.now();
    timers.schedule(this, 'redelivery', this.#lastMs + Math.min(intervalMs, SWEEP_MS));
  }

  onTimer(): void {
    this.#armed = false;
    const { intervalMs, clock, channels } = this.#options;
    const [nowMs, lastMs] = [clock.now(), this.#lastMs];
    /** A multiple of the interval has passed since the last look. */
    const isDue = (sentAtMs: Millis): boolean => Math.floor((nowMs - sentAtMs) / intervalMs) > Math.max(0, Math.floor((lastMs - sentAtMs) / intervalMs));
    for (const channel of channels) if (channel.version < 5) channel.session?.redeliver(isDue, nowMs);
    if (channels.size > 0) this.watch();
  }
}
