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

export interface SessionQuestions {
  sessions: { params: Record<string, never>; answer: SessionsOfNode };
  /** Sends the clients away and hands every session to another node. Answers when that is done, or the time is up. */
  drain: { params: { readonly timeoutMs: number }; answer: { readonly done: boolean } };
}
