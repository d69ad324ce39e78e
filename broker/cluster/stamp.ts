/** Hybrid logical time (R36): one number that grows with the wall clock and never falls behind what was seen of other nodes. */
import type { Millis, NodeId } from '../base/ids.ts';

/**
 * Steps of hybrid time in a millisecond. Wall clock times steps stays below 2^53 until the year 2109, so a plain number holds it
 * exactly; when a millisecond has no steps left, the next one is borrowed.
 */
export const STEPS_PER_MS = 2_048;

/** When and where something was written; the higher one wins (R34). Two are never equal: every node counts on by itself. */
export interface Stamp {
  /** Hybrid time: ms since 1970 × `STEPS_PER_MS` + steps. */
  readonly at: number;
  readonly node: NodeId;
}

/** Below 0 when `a` is older than `b`, above 0 when it is newer. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.node === b.node) return 0;
  return a.node < b.node ? -1 : 1;
}

/** The wall clock part of a hybrid time, ms since 1970. */
export function wallMsOf(at: number): Millis {
  return Math.floor(at / STEPS_PER_MS);
}
