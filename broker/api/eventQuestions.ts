/** What happened in the cluster, as a node tells an operator (cluster-protocol R74), and whom each node sees. */
import type { LinkSnapshot } from './schema/topology.ts';

export interface EventRow {
  readonly node: string;
  /** RFC 3339 */
  readonly at: string;
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** The name in the log. */
  readonly event: string;
  /** A sentence. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

export interface EventQuestions {
  /** Newest first; `forgotten`: how many are not kept any more. */
  events: { params: { limit: number }; answer: { rows: readonly EventRow[]; forgotten: number } };
  /** Whom this node sees; views may differ while links are cut (R10, R21). */
  view: { params: Record<string, never>; answer: { running: readonly string[]; stopped: readonly string[] } };
  links: { params: Record<string, never>; answer: { links: readonly LinkSnapshot[] } };
  /** R4: a copied data directory gets an identity of its own, with the next start. */
  reidentify: { params: Record<string, never>; answer: { nodeId: string } };
}
