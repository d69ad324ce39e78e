/** What nodes are asked about their faults (cluster-protocol R73). */
import type { Fault, FaultAction } from './schema/fault.ts';

export interface FaultQuestions {
  /** The faults there are after it. */
  faults: { params: FaultAction; answer: readonly Fault[] };
}
