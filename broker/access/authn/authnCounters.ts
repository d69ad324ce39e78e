/** What became of the requests to one authenticator (rest-api.md 5.4). */
import type { Millis } from '../../base/ids.ts';
import type { AuthnResult } from '../../protocol/authentication.ts';

/** How far back the slowest of the rates looks. */
const RATE_SECONDS = 300;

export interface AuthnFigures {
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly nomatch: number;
  /** Requests per second: in the last whole second, in the busiest second, on average over five minutes. */
  readonly rate: number;
  readonly rate_max: number;
  readonly rate_last5m: number;
}

export class AuthnCounters {
  #success = 0;
  #failed = 0;
  #nomatch = 0;
  #rateMax = 0;
  /** Requests by second, a ring: the second `s` is at `s % RATE_SECONDS`. */
  readonly #bySecond = new Uint32Array(RATE_SECONDS);
  #second = 0;

  count(result: AuthnResult['result'], nowMs: Millis): void {
    if (result === 'ok') this.#success += 1;
    else if (result === 'error') this.#failed += 1;
    else this.#nomatch += 1;
    this.#moveTo(Math.floor(nowMs / 1000));
    const index = this.#second % RATE_SECONDS;
    const inSecond = (this.#bySecond[index] ?? 0) + 1;
    this.#bySecond[index] = inSecond;
    this.#rateMax = Math.max(this.#rateMax, inSecond);
  }

  figures(nowMs: Millis): AuthnFigures {
    this.#moveTo(Math.floor(nowMs / 1000));
    const recent = this.#bySecond.reduce((sum, inSecond) => sum + inSecond, 0);
    return {
      total: this.#success + this.#failed + this.#nomatch,
      success: this.#success,
      failed: this.#failed,
      nomatch: this.#nomatch,
      rate: this.#bySecond[(this.#second + RATE_SECONDS - 1) % RATE_SECONDS] ?? 0,
      rate_max: this.#rateMax,
      rate_last5m: recent / RATE_SECONDS,
    };
  }

  /** Empties the seconds that have passed since. A clock that was set back stays in its second. */
  #moveTo(second: number): void {
    const passed = Math.min(second - this.#second, RATE_SECONDS);
    for (let step = 1; step <= passed; step += 1) this.#bySecond[(this.#second + step) % RATE_SECONDS] = 0;
    if (passed === RATE_SECONDS) this.#bySecond.fill(0);
    this.#second = Math.max(this.#second, second);
  }
}
