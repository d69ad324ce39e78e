/**
 * The hybrid logical clock of this node (R36): stamps that follow the wall clock, never go backwards, and are never older than what
 * was seen of other nodes. Its wall clock part is the one at start plus monotonic time, drawn towards the real one so slowly that a
 * step of the system's clock is not a step of ours. An upper bound of all stamps is kept on disk, so a restart never stamps lower.
 *
 * Nodes tell each other what their clocks show, and a clock that is behind runs on with the one that is ahead. Stamps of nodes that have
 * met thus follow real time also while they are cut from each other, though wall clocks are minutes apart. A clock that only kept above the
 * stamps it heard would stand still until its wall clock got there: of two sides of a split, the one with the slow clocks would always be
 * the older one.
 */
import type { Log } from '../base/log.ts';
import type { Millis, NodeId } from '../base/ids.ts';
import { CLOCK_REFUSE_MS } from './limits.ts';
import type { ClockPort } from './ports.ts';
import { STEPS_PER_MS, type Stamp } from './stamp.ts';

/** Drawn towards the wall clock by so much of the time that passes: 1 ms a second. */
const SLEW = 0.001;
/** A difference above this is a step of the wall clock: ignored and reported once. */
const STEP_MS: Millis = 60_000;
/** The bound on disk runs ahead of the stamps by so much, so that it is written once in that time at most. */
export const BOUND_AHEAD_MS: Millis = 10_000;

/** Less than this has not passed: to look at the clock of the system for each of many writes costs more than to count them. */
const UNNOTICED_MS: Millis = 0.05;

/** Where the bound is kept. */
export interface ClockBoundPort {
  /** The bound of an earlier life; 0 when there was none. */
  load(): number;
  /** Is on disk when it returns. May throw: the clock goes on and tries again with its next stamp. */
  save(bound: number): void;
}

/** A bound that ends with the process, for tests and for nodes without a disk. */
export function volatileBound(): ClockBoundPort {
  let bound = 0;
  return { load: () => bound, save: (next) => void (bound = next) };
}

export interface HybridClockOptions {
  readonly node: NodeId;
  readonly clock: ClockPort;
  readonly bound: ClockBoundPort;
  readonly log: Log;
}

export class HybridClock {
  readonly #node: NodeId;
  readonly #clock: ClockPort;
  readonly #boundPort: ClockBoundPort;
  readonly #log: Log;
  /** Last stamp drawn or heard. */
  #last: number;
  #bound: number;
  #physicalMs: number;
  /** How far the clocks of the cluster are ahead of ours. */
  #clusterMs: Millis;
  #monotonicMs: Millis;
  #stepped = false;
  #aheadReported = false;

  constructor({ node, clock, bound, log }: HybridClockOptions) {
    this.#node = node;
    this.#clock = clock;
    this.#boundPort = bound;
    this.#log = log;
    this.#bound = bound.load();
    this.#last = this.#bound;
    this.#physicalMs = clock.wallMs();
    this.#monotonicMs = clock.monotonicMs();
    // When the bound was written, the clock showed that much less.
    this.#clusterMs = Math.max(0, this.#bound / STEPS_PER_MS - BOUND_AHEAD_MS - this.#physicalMs);
  }

  /** A new stamp, newer than all that were drawn here or heard of. */
  next(): Stamp {
    return { at: this.nextAt(), node: this.#node };
  }

  /** The number of a new stamp alone. */
  nextAt(): number {
    const physical = this.shows();
    const at = physical > this.#last ? physical : this.#last + 1;
    this.#last = at;
    if (at >= this.#bound) this.#extend(at);
    return at;
  }

  /** The present time, hybrid; below stamps that are ahead of it. */
  shows(): number {
    return Math.floor(this.#physical() + this.#clusterMs) * STEPS_PER_MS;
  }

  /** How long ago something was stamped, here or elsewhere. */
  ageMs(at: number): Millis {
    return Math.max(0, (this.shows() - at) / STEPS_PER_MS);
  }

  /** What the clock of another node showed a moment ago: ours does not fall behind it from now on. */
  runWith(shown: number): void {
    const aheadMs = shown / STEPS_PER_MS - this.#physical();
    if (aheadMs > this.#clusterMs && aheadMs <= CLOCK_REFUSE_MS) this.#clusterMs = aheadMs;
  }

  /** The number of a stamp of another node: what is stamped here from now on is newer. */
  heard(at: number): void {
    if (at <= this.#last) return;
    this.#last = at;
    if (this.#aheadReported || at <= (this.#physical() + CLOCK_REFUSE_MS) * STEPS_PER_MS) return;
    this.#aheadReported = true;
    const aheadMs = Math.round(at / STEPS_PER_MS - this.#physicalMs);
    this.#log.warn('cluster_stamps_ahead', { ahead_ms: aheadMs, hint: 'A clock in the cluster was wrong. Order is kept; set the clocks.' });
  }

  /** How far stamps are ahead of this node's wall clock, ms; below 0 when it is behind. */
  get aheadMs(): Millis {
    return Math.max(this.#physical() + this.#clusterMs, this.#last / STEPS_PER_MS) - this.#clock.wallMs();
  }

  #physical(): number {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#monotonicMs;
    if (passedMs < UNNOTICED_MS) return this.#physicalMs;
    this.#monotonicMs = nowMs;
    this.#clusterMs = Math.max(0, this.#clusterMs - passedMs * SLEW);
    const offMs = this.#clock.wallMs() - this.#physicalMs - passedMs;
    this.#physicalMs += passedMs;
    if (Math.abs(offMs) > STEP_MS) this.#reportStep(offMs);
    else {
      this.#stepped = false;
      this.#physicalMs += Math.max(-passedMs * SLEW, Math.min(offMs, passedMs * SLEW));
    }
    return this.#physicalMs;
  }

  #reportStep(offMs: Millis): void {
    if (this.#stepped) return;
    this.#stepped = true;
    this.#log.warn('cluster_clock_stepped', { step_ms: Math.round(offMs), hint: 'The step is ignored until the next start; order in the cluster is kept.' });
  }

  #extend(at: number): void {
    const bound = at + BOUND_AHEAD_MS * STEPS_PER_MS;
    try {
      this.#boundPort.save(bound);
      this.#bound = bound;
    } catch (error) {
      this.#log.error('cluster_clock_not_kept', { reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
