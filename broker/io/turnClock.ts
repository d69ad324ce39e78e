/** The wall clock, read once per event instead of once per message: a look at the time costs as much as routing. */
import type { Millis } from '../base/ids.ts';

/**
 * Every entry from outside (bytes on a socket, a tick of the timer wheel) calls `tick`. Should one forget, the time is
 * stale by at most one tick of the wheel.
 */
export class TurnClock {
  #nowMs: Millis = Date.now();

  tick(): Millis {
    this.#nowMs = Date.now();
    return this.#nowMs;
  }

  now(): Millis {
    return this.#nowMs;
  }
}
