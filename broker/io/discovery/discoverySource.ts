/** What a way to discover nodes has to do. It only proposes addresses: whoever answers there still has to prove that it belongs to us (R15). */
import type { NodeName } from '../../base/ids.ts';
import type { Address, Proposal } from '../../cluster/ports.ts';

export interface DiscoverySource {
  /** Every node there is at present, as far as the source knows; ourselves may be among them. Rejects with DISCOVERY_FAILED. */
  discover(signal: AbortSignal): Promise<readonly Proposal[]>;
  /** Tells where we are, again and again, in this rhythm. */
  readonly announceEveryMs?: number;
  announce?(signal: AbortSignal): Promise<void>;
  /** Set by whoever looks: called when somebody new was heard of between two looks. */
  onNews?: () => void;
  /** Takes back what was announced. Not followed by another call. */
  withdraw?(signal: AbortSignal): Promise<void>;
}

/** Where we are, for those who look for us. */
export interface OwnPlace {
  readonly node: NodeName;
  readonly address: Address;
}
