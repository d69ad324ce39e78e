/** One direction of one connection, through which bytes pass as a fault lets them (R73). Without a fault they pass at once. */
import type { Millis } from '../../base/ids.ts';
import type { FaultKind } from '../../api/schema/fault.ts';

export interface LaneRule {
  readonly kind: FaultKind;
  /** Of kind delay. */
  readonly delayMs: Millis;
  /** Of kind throttle. */
  readonly bytesPerSecond: number;
}

interface Held {
  bytes: Uint8Array;
  readonly cameMs: Millis;
}

/** A throttled lane looks so often at how much may pass. */
const THROTTLE_STEP_MS = 20;

export interface LaneEvents {
  pass(bytes: Uint8Array): void;
  /** Bytes are missing in the stream and the fault is over: the connection cannot go on. */
  holed(): void;
  /** More or fewer bytes are held than before. */
  held?(bytes: number): void;
}

export class Lane {
  readonly #events: LaneEvents;
  #queue: Held[] = [];
  #rule: LaneRule | undefined;
  #heldBytes = 0;
  #holed = false;
  #finish: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastStepMs = 0;
  #allowance = 0;
  #disposed = false;

  constructor(events: LaneEvents) {
    this.#events = events;
  }

  /** Bytes that wait. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** From now on this fault; undefined heals it and lets go of what was held. */
  use(rule: LaneRule | undefined): void {
    if (rule === this.#rule || this.#disposed) return;
    this.#rule = rule;
    this.#lastStepMs = performance.now();
    this.#allowance = 0;
    if (rule === undefined && this.#holed) return this.#events.holed();
    this.#run();
  }

  /** Bytes that want to pass. Kept as they are until they do. */
  push(bytes: Uint8Array): void {
    if (this.#disposed) return;
    if (this.#rule === undefined && this.#queue.length === 0) return this.#events.pass(bytes);
    if (this.#rule?.kind === 'drop') this.#holed = true;
    else {
      this.#queue.push({ bytes, cameMs: performance.now() });
      this.#count(bytes.length);
    }
    this.#run();
  }

  /** Runs once what is held has passed: the end of a stream does not overtake it, and does not come through a cut. */
  finish(done: () => void): void {
    this.#finish = done;
    this.#run();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#finish = undefined;
  }

  #count(change: number): void {
    this.#heldBytes += change;
    this.#events.held?.(this.#heldBytes);
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = performance.now();
    const waitMs = this.#passWhatMay(nowMs);
    if (this.#disposed) return;
    if (waitMs !== undefined) {
      this.#timer = setTimeout(() => this.#run(), waitMs);
      this.#timer.unref();
    } else if (this.#queue.length === 0 && !this.#isStopped) {
      const finish = this.#finish;
      this.#finish = undefined;
      finish?.();
    }
  }

  get #isStopped(): boolean {
    return this.#rule?.kind === 'cut' || this.#rule?.kind === 'drop';
  }

  /** Returns after how long to look again; undefined when nothing is to be waited for. */
  #passWhatMay(nowMs: Millis): Millis | undefined {
    switch (this.#rule?.kind) {
      case undefined:
        while (this.#queue.length > 0 && !this.#disposed) this.#passFirst();
        return undefined;
      case 'cut':
      case 'drop':
        return undefined;
      case 'delay':
        return this.#passAfter(nowMs, this.#rule.delayMs);
      case 'throttle':
        return this.#passSlowly(nowMs, this.#rule.bytesPerSecond);
    }
  }

  #passAfter(nowMs: Millis, delayMs: Millis): Millis | undefined {
    for (let [first] = this.#queue; first !== undefined && !this.#disposed; [first] = this.#queue) {
      const waitMs = first.cameMs + delayMs - nowMs;
      if (waitMs > 0) return Math.ceil(waitMs);
      this.#passFirst();
    }
    return undefined;
  }

  #passSlowly(nowMs: Millis, bytesPerSecond: number): Millis | undefined {
    // What was not used in a quiet second is lost: a throttle is no bucket.
    this.#allowance = Math.min(bytesPerSecond, this.#allowance + ((nowMs - this.#lastStepMs) * bytesPerSecond) / 1_000);
    this.#lastStepMs = nowMs;
    for (let [first] = this.#queue; first !== undefined && !this.#disposed; [first] = this.#queue) {
      const size = Math.min(first.bytes.length, Math.floor(this.#allowance));
      if (size === 0) return THROTTLE_STEP_MS;
      this.#allowance -= size;
      if (size === first.bytes.length) this.#passFirst();
      else {
        const part = first.bytes.subarray(0, size);
        first.bytes = first.bytes.subarray(size);
        this.#count(-size);
        this.#events.pass(part);
      }
    }
    return undefined;
  }

  #passFirst(): void {
    const first = this.#queue.shift();
    if (first === undefined) return;
    this.#count(-first.bytes.length);
    this.#events.pass(first.bytes);
  }
}
