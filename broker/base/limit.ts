/** A rate with the burst that may pass beyond it, each a bucket that fills at its own pace. */
import type { Millis } from './ids.ts';
import { TokenBucket, type Rate } from './tokenBucket.ts';

export class Limit {
  readonly #rate: TokenBucket;
  readonly #burst: TokenBucket | null;

  private constructor(rate: Rate, burst: Rate, nowMs: Millis) {
    this.#rate = new TokenBucket(rate, nowMs);
    this.#burst = isUnlimited(burst) ? null : new TokenBucket(burst, nowMs);
  }

  /** Null where there is no limit. A burst without limit adds nothing: it would be no limit at all. */
  static of(rate: Rate, burst: Rate, nowMs: Millis): Limit | null {
    return isUnlimited(rate) ? null : new Limit(rate, burst, nowMs);
  }

  /** Takes what has arrived already, from the burst when the rate has not enough; what is missing becomes a debt. */
  take(count: number, nowMs: Millis): void {
    if (this.#rate.tryTake(count, nowMs) || this.#burst?.tryTake(count, nowMs) === true) return;
    this.#rate.take(count, nowMs);
  }

  /** Takes back what was paid in advance and not used. */
  giveBack(count: number): void {
    this.#rate.giveBack(count);
  }

  /** Milliseconds until one more may come; 0 = now. */
  waitMs(nowMs: Millis): Millis {
    const waitMs = this.#rate.waitMs(1, nowMs);
    return waitMs === 0 || this.#burst === null ? waitMs : Math.min(waitMs, this.#burst.waitMs(1, nowMs));
  }
}

export function isUnlimited(rate: Rate): boolean {
  return rate.tokens === Number.POSITIVE_INFINITY;
}
