/** What a node is told to do about the cluster it is in (cluster-protocol R11-R13). */

export type MembershipAction =
  /** Joins the cluster of the node that is named, as `name@host` or `name@host:port`. */
  | { readonly action: 'join'; readonly node: string }
  | { readonly action: 'leave' }
  /** Removes another member. */
  | { readonly action: 'forceLeave'; readonly node: string }
  /** Lets a node that is alone be a member, from here. */
  | { readonly action: 'invite'; readonly node: string; readonly timeoutMs: number }
  | { readonly action: 'enableDiscovery' };

export interface MembershipQuestions {
  membership: { params: MembershipAction; answer: { readonly nodes: readonly string[] } };
}
