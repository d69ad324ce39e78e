/** The wall clock, read once per event instead of once per message: a look at the time costs as much as routing. */
import type { Millis } from '../base/ids.ts';

/** Drawn towards the wall clock by at most so much of the time that passes. */
const SLEW = 0.1;

/**
 * Every entry from outside (bytes on a socket, a tick of the timer wheel) calls `tick`. Should one forget, the time is
 * stale by at most one tick of the wheel. It never jumps: keep-alive, expiry and time-outs are durations, and somebody who sets the clock
 * of the machine by ten minutes must not disconnect every client. What the wall clock shows is caught up with in ten times that time.
 */
export class TurnClock {
  #preciseMs: Millis = Date.now();
  #nowMs: Millis = this.#preciseMs;
  #monotonicMs: Millis = performance.now();

  tick(): Millis {
    const monotonicMs = performance.now();
    const passedMs = monotonicMs - this.#monotonicMs;
    if (passedMs <= 0) return this.#nowMs;
    this.#monotonicMs = monotonicMs;
    const mostMs = passedMs * SLEW;
    const offMs = Date.now() - this.#preciseMs - passedMs;
    this.#preciseMs += passedMs + Math.max(-mostMs, Math.min(mostMs, offMs));
    this.#nowMs = Math.floor(this.#preciseMs);
    return this.#nowMs;
  }

  now(): Millis {
    return this.#nowMs;
  }
}
