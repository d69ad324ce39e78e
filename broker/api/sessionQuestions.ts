/** Sessions that outlive their connections, as a node keeps them (cluster-protocol R66, R72, R75). */

export interface SessionsOfNode {
  readonly durability: 'memory' | 'disk' | 'replicated';
  /** Nothing is under way; with `replicated` any one node may die now and nothing that was acknowledged is lost. */
  readonly isProtected: boolean;
  /** What is under way; all of it is 0 when all is quiet. */
  readonly pending: Readonly<Record<string, number>>;
  /** Cumulative since the start. */
  readonly counters: Readonly<Record<string, number>>;
}

/** How far a node is with sending its clients away and handing its sessions to others. */
export interface DrainProgress {
  readonly state: 'serving' | 'draining' | 'drained';
  /** Since when it is in that state; null while it serves. */
  readonly sinceMs: number | null;
  readonly clients: number;
  readonly sessions: number;
  /** Second copies of sessions of other nodes that a third node could have. */
  readonly secondCopies: number;
  /** Messages that wait here for a node that is away. */
  readonly lateMessages: number;
}

export interface SessionQuestions {
  sessions: { params: Record<string, never>; answer: SessionsOfNode };
  /** `start` answers at once; the node goes on by itself. Rejects with BusbarError DRAIN_NO_OTHER_NODE. */
  drain: { params: { readonly action: 'start' | 'cancel' | 'look' }; answer: DrainProgress };
}
