/**
 * `$exclusive/<filter>`: one client of the cluster at a time. A claim is a row of the route table, so every node sees it.
 *
 * Two nodes may grant the same filter before either has heard of the other. The one that was granted first stays, by the clocks of
 * the nodes and, where those agree, by the names of the nodes; both see the same two claims and so agree. SUBACK waits until the other
 * nodes have our claim, and a claim they made meanwhile reaches us before they say so: between nodes that are linked the loser is told
 * 0x97 in its SUBACK and two clients never hold one filter. Between nodes that are parted both may hold it; when the parts meet, the
 * loser is unsubscribed and, because no packet of MQTT takes a subscription back, disconnected with 0x97.
 */
import type { Millis, NodeName } from '../base/ids.ts';
import type { Subscription } from '../session/subscription.ts';
import { exclusiveKey } from '../topics/sharedSubscription.ts';
import type { ExclusiveClaim } from './clusterPort.ts';

/** A longer client id cannot claim: claims travel in rows. */
export const MAX_CLAIMANT_BYTES = 1_024;

export interface ExclusiveClaimsOptions {
  readonly self: NodeName;
  readonly now: () => Millis;
  /** Our claim on `$exclusive/<filter>` is made, or given up when undefined: other nodes have to know. */
  readonly changed: (key: string, claim: ExclusiveClaim | undefined) => void;
  /** A claim of another node was first. `granted`: the client has been told that it holds the filter. */
  readonly lost: (subscription: Subscription, to: NodeName, granted: boolean) => void;
}

interface OwnClaim extends ExclusiveClaim {
  /** The latest of this client under this filter. */
  subscription: Subscription;
  granted: boolean;
}

export class ExclusiveClaims {
  readonly #options: ExclusiveClaimsOptions;
  /** By `$exclusive/<filter>`. */
  readonly #own = new Map<string, OwnClaim>();
  readonly #remote = new Map<string, Map<NodeName, ExclusiveClaim>>();

  constructor(options: ExclusiveClaimsOptions) {
    this.#options = options;
  }

  /** Nobody else holds the filter, as far as this node knows. */
  isFree(topicFilter: string, clientId: string): boolean {
    if (Buffer.byteLength(clientId) > MAX_CLAIMANT_BYTES) return false;
    const key = exclusiveKey(topicFilter);
    const own = this.#own.get(key);
    if (own !== undefined && own.clientId !== clientId) return false;
    for (const claim of this.#remote.get(key)?.values() ?? []) if (claim.clientId !== clientId) return false;
    return true;
  }

  /** False when it is not free. A client that holds the filter already keeps its place. */
  claim(topicFilter: string, subscription: Subscription): boolean {
    const { clientId } = subscription.session;
    if (!this.isFree(topicFilter, clientId)) return false;
    const key = exclusiveKey(topicFilter);
    const own = this.#own.get(key);
    if (own !== undefined) {
      own.subscription = subscription;
      return true;
    }
    const claim = { clientId, sinceMs: Math.floor(this.#options.now()) };
    this.#own.set(key, { ...claim, subscription, granted: false });
    this.#options.changed(key, claim);
    return true;
  }

  /** The client is told that it holds the filter. */
  grant(topicFilter: string, subscription: Subscription): void {
    const own = this.#own.get(exclusiveKey(topicFilter));
    if (own?.subscription === subscription) own.granted = true;
  }

  release(topicFilter: string, subscription: Subscription): void {
    const key = exclusiveKey(topicFilter);
    if (this.#own.get(key)?.subscription !== subscription) return;
    this.#own.delete(key);
    this.#options.changed(key, undefined);
  }

  /** Another node has made a claim, or given it up when undefined. */
  remoteChanged(node: NodeName, key: string, claim: ExclusiveClaim | undefined): void {
    let claims = this.#remote.get(key);
    if (claim === undefined) {
      claims?.delete(node);
      if (claims?.size === 0) this.#remote.delete(key);
      return;
    }
    if (claims === undefined) this.#remote.set(key, (claims = new Map()));
    claims.set(node, claim);
    this.#settle(key, node, claim);
  }

  nodeDown(node: NodeName): void {
    for (const key of [...this.#remote.keys()]) this.remoteChanged(node, key, undefined);
  }

  #settle(key: string, node: NodeName, claim: ExclusiveClaim): void {
    const own = this.#own.get(key);
    if (own === undefined || own.clientId === claim.clientId) return;
    const isFirst = own.sinceMs < claim.sinceMs || (own.sinceMs === claim.sinceMs && this.#options.self < node);
    if (!isFirst) this.#options.lost(own.subscription, node, own.granted);
  }
}
