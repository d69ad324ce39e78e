/** A rate as a bucket of tokens: filled evenly, never above its size, so a burst of one interval is the most at once. */
import type { Millis } from './ids.ts';

/** `1000/s` is 1000 tokens each 1000 ms. Number.POSITIVE_INFINITY tokens = no limit. */
export interface Rate {
  readonly tokens: number;
  readonly intervalMs: Millis;
}

export const UNLIMITED: Rate = { tokens: Number.POSITIVE_INFINITY, intervalMs: 1000 };

export class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  #tokens: number;
  #filledAtMs: Millis;

  /** Starts full. `burst` may hold more than one interval's tokens. */
  constructor(rate: Rate, nowMs: Millis, burst = rate.tokens) {
    this.#perMs = rate.tokens / rate.intervalMs;
    this.#size = Math.max(burst, 1);
    this.#tokens = this.#size;
    this.#filledAtMs = nowMs;
  }

  /** Takes tokens, also ones that are not there: what arrived cannot be sent back, but the debt has to be waited for. */
  take(count: number, nowMs: Millis): void {
    this.#fill(nowMs);
    this.#tokens -= count;
  }

  /** Takes tokens only if all are there. */
  tryTake(count: number, nowMs: Millis): boolean {
    this.#fill(nowMs);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Tokens that were taken and not used; what is above the size is lost. */
  giveBack(count: number): void {
    this.#tokens = Math.min(this.#size, this.#tokens + count);
  }

  /** Milliseconds until `count` tokens are there; 0 = now. More than the size is never there at once: the size has to do. */
  waitMs(count: number, nowMs: Millis): Millis {
    this.#fill(nowMs);
    const missing = Math.min(count, this.#size) - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  #fill(nowMs: Millis): void {
    // A clock that was set back fills nothing.
    const passedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs = nowMs;
    if (passedMs > 0) this.#tokens = Math.min(this.#size, this.#tokens + passedMs * this.#perMs);
  }
}
