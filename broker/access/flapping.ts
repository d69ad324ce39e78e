/**
 * Who connects too often (broker-contract 2.9): CONNECTs are counted by client id, and the one that makes it too many within the window
 * bans its client id for a while.
 */
import type { Millis } from '../base/ids.ts';

export interface FlappingConfig {
  readonly enable: boolean;
  readonly windowTimeMs: Millis;
  readonly maxCount: number;
  readonly banTimeMs: Millis;
}

/** Client ids that are counted at a time. Beyond, further ones are not until a window has passed. */
export const MAX_COUNTED = 100_000;

export class FlappingDetector {
  readonly config: FlappingConfig;
  readonly #counts = new Map<string, { readonly sinceMs: Millis; count: number }>();
  #sweptMs: Millis = 0;
  /** CONNECTs that were not counted because too many others were. */
  uncounted = 0;

  constructor(config: FlappingConfig) {
    this.config = config;
  }

  get counted(): number {
    return this.#counts.size;
  }

  /** Counts a CONNECT that passed the check of bans. True when it makes its client id flapping. */
  connects(clientId: string, nowMs: Millis): boolean {
    const { enable, windowTimeMs, maxCount } = this.config;
    if (!enable) return false;
    this.#sweep(nowMs);
    const found = this.#counts.get(clientId);
    if (found === undefined) {
      if (this.#counts.size < MAX_COUNTED) this.#counts.set(clientId, { sinceMs: nowMs, count: 1 });
      else this.uncounted += 1;
      return maxCount === 1;
    }
    found.count += 1;
    if (found.count < maxCount) return false;
    this.#counts.delete(clientId);
    return nowMs - found.sinceMs < windowTimeMs;
  }

  /** Forgets counts that are older than the window, once per window. */
  #sweep(nowMs: Millis): void {
    const { windowTimeMs } = this.config;
    if (nowMs - this.#sweptMs < windowTimeMs) return;
    this.#sweptMs = nowMs;
    for (const [clientId, { sinceMs }] of this.#counts) if (nowMs - sinceMs >= windowTimeMs) this.#counts.delete(clientId);
  }
}
