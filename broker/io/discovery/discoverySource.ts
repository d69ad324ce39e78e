/** What a way to discover nodes has to do. It only proposes addresses: whoever answers there still has to prove that it belongs to us (R15). */
import { parseNodeName, type NodeName } from '../../base/ids.ts';
import { addressKey, type Address, type Proposal } from '../../cluster/ports.ts';
import { parseBind } from '../../config/address.ts';
import { parseSeed } from '../../config/valueTypes.ts';

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

/** `bus1@10.0.0.1 10.0.0.1:4371`: how a place is written where others read it. */
export function formatPlace({ node, address }: OwnPlace): string {
  return `${node} ${addressKey(address)}`;
}

/** Reads a place; a name alone, as EMQX writes it, means the port that follows from the name. Undefined for anything else. */
export function parsePlace(text: string): Proposal | undefined {
  const [name = '', at, more] = text.split(' ');
  if (more !== undefined) return undefined;
  if (at === undefined) {
    const seed = parseSeed(name);
    return seed && { node: seed.node, address: { host: seed.host, port: seed.port } };
  }
  const [node, address] = [parseNodeName(name), parseBind(at)];
  return node !== undefined && address !== undefined && address.port > 0 ? { node, address } : undefined;
}
