/** How the member of a shared subscription that gets a message is chosen (broker-contract 7.6). */
export type SharedStrategy = 'random' | 'round_robin' | 'round_robin_per_group' | 'sticky' | 'local' | 'hash_clientid' | 'hash_topic';
/** How a sticky publisher finds its first member. */
export type StickyPick = 'random' | 'local' | 'hash_clientid' | 'hash_topic';

export interface SharedPolicy {
  readonly strategy: SharedStrategy;
  readonly initialStickyPick: StickyPick;
  /** False: members whose client is away are chosen like others and queue their share, as in EMQX. */
  readonly preferConnected: boolean;
}
