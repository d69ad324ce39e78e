/** One message sent again and again. Due times count from the start, so a late timer never moves the ones after it. */
import { messageOf } from '../../broker/base/errors.ts';
import type { RepeatRequest, RepeatState } from '../contract/publishing.ts';

/** Sends that wait for their acknowledgement at once; while there are as many, due times are missed. */
export const MAX_WAITING_SENDS = 1_000;
const STATE_MS = 250;

export interface RepeatingPublishOptions {
  readonly request: RepeatRequest;
  readonly now: () => number;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly send: (seq: number) => Promise<unknown>;
  readonly onState: (state: RepeatState) => void;
}

export function idleRepeat(id: string): RepeatState {
  return { id, running: false, sent: 0, failed: 0, missed: 0, count: null, periodMs: 0, problem: null };
}

export class RepeatingPublish {
  readonly #options: RepeatingPublishOptions;
  readonly #startMs: number;
  /** Number of the next due time, from 0. */
  #next = 0;
  #tries = 0;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #stateTimer: NodeJS.Timeout | undefined;
  #running = true;
  #sent = 0;
  #failed = 0;
  #missed = 0;
  #problem: string | null = null;

  constructor(options: RepeatingPublishOptions) {
    this.#options = options;
    this.#startMs = options.now();
    this.#plan();
  }

  get state(): RepeatState {
    const { draft, count, periodMs } = this.#options.request;
    return { id: draft.id, running: this.#running, sent: this.#sent, failed: this.#failed, missed: this.#missed, count, periodMs, problem: this.#problem };
  }

  stop(): RepeatState {
    clearTimeout(this.#timer);
    clearTimeout(this.#stateTimer);
    if (this.#running) {
      this.#running = false;
      this.#options.onState(this.state);
    }
    return this.state;
  }

  #plan(): void {
    const { periodMs, jitterMs, count } = this.#options.request;
    if (count !== null && this.#tries >= count) {
      if (this.#waiting === 0) this.stop();
      return;
    }
    const shift = this.#next === 0 ? 0 : (this.#options.random() * 2 - 1) * Math.min(jitterMs, periodMs / 2);
    const dueMs = this.#startMs + this.#next * periodMs + shift;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, dueMs - this.#options.now()));
  }

  #fire(): void {
    // After a sleep of the computer the newest due time is sent; those before it are not made up for.
    const newest = Math.max(this.#next, Math.floor((this.#options.now() - this.#startMs) / this.#options.request.periodMs));
    this.#missed += newest - this.#next;
    this.#next = newest + 1;
    if (this.#waiting >= MAX_WAITING_SENDS) this.#missed += 1;
    else void this.#send();
    this.#plan();
    this.#tellSoon();
  }

  async #send(): Promise<void> {
    this.#tries += 1;
    this.#waiting += 1;
    try {
      await this.#options.send(this.#tries);
      this.#sent += 1;
    } catch (error) {
      this.#failed += 1;
      this.#problem = messageOf(error);
    }
    this.#waiting -= 1;
    const { count } = this.#options.request;
    if (this.#running && count !== null && this.#tries >= count && this.#waiting === 0) this.stop();
  }

  #tellSoon(): void {
    if (!this.#running) return;
    this.#stateTimer ??= setTimeout(() => {
      this.#stateTimer = undefined;
      this.#options.onState(this.state);
    }, STATE_MS);
  }
}
