/**
 * Keeps the log readable while somebody makes the broker say the same thing over and over. Two bounds: events that clients cause are
 * written a few times per window (`log.throttling`), all others as often per second as nobody could read. What is left out is counted by name,
 * and every window ends with one line that tells all counts.
 */
import type { Millis } from '../base/ids.ts';

/** Of one event that clients cause, in one window: enough to see who does it (in EMQX: one). */
export const MAX_PER_WINDOW = 10;
/** Of any other event in one second. */
export const MAX_PER_SECOND = 20;

export interface LogThrottleOptions {
  readonly windowMs: Millis;
  /** Names of events that clients cause. */
  readonly events: readonly string[];
}

export class LogThrottle {
  readonly windowMs: Millis;
  readonly #events: ReadonlySet<string>;
  #second = 0;
  readonly #inSecond = new Map<string, number>();
  /** When the window ends; it begins with the first record behind the last one's end. */
  #endsAtMs: Millis = 0;
  readonly #inWindow = new Map<string, number>();
  /** Left out and not told yet. Event names are constants of the program: as many as there are. */
  readonly #leftOut = new Map<string, number>();

  constructor({ windowMs, events }: LogThrottleOptions) {
    this.windowMs = windowMs;
    this.#events = new Set(events);
  }

  /** Whether a record is to be written; otherwise it is counted. `bounded`: whether the bound per second holds for it at all. */
  admit(name: string, bounded: boolean, nowMs: Millis): boolean {
    const mayPass = this.#events.has(name) ? this.#fitsWindow(name, nowMs) : !bounded || this.#fitsSecond(name, nowMs);
    if (!mayPass) this.#leftOut.set(name, (this.#leftOut.get(name) ?? 0) + 1);
    return mayPass;
  }

  /** Milliseconds until the counts are to be told. */
  leftMs(nowMs: Millis): Millis {
    this.#begin(nowMs);
    return this.#endsAtMs - nowMs;
  }

  /** What was left out since it was asked last; undefined when it is nothing. */
  takeLeftOut(): Readonly<Record<string, number>> | undefined {
    if (this.#leftOut.size === 0) return undefined;
    const counts = Object.fromEntries(this.#leftOut);
    this.#leftOut.clear();
    return counts;
  }

  /** A clock that was set back begins a new window too. */
  #begin(nowMs: Millis): void {
    if (nowMs < this.#endsAtMs && nowMs >= this.#endsAtMs - this.windowMs) return;
    this.#endsAtMs = nowMs + this.windowMs;
    this.#inWindow.clear();
  }

  #fitsWindow(name: string, nowMs: Millis): boolean {
    this.#begin(nowMs);
    return countUp(this.#inWindow, name) <= MAX_PER_WINDOW;
  }

  #fitsSecond(name: string, nowMs: Millis): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond.clear();
    }
    return countUp(this.#inSecond, name) <= MAX_PER_SECOND;
  }
}

function countUp(counts: Map<string, number>, name: string): number {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count;
}
