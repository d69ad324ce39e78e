/** Does what REST and the command line ask about the cluster: finds the address behind a name, and says in words why something cannot be. */
import type { MembershipAction } from '../api/membershipQuestions.ts';
import { BusbarError } from '../base/errors.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { ClusterNode } from '../cluster/clusterNode.ts';
import type { Seed } from '../config/clusterConfig.ts';
import { parseSeed } from '../config/valueTypes.ts';
import type { ClusterMembership } from './clusterMembership.ts';

export interface MembershipActionsOptions {
  readonly self: NodeName;
  readonly node: ClusterNode;
  readonly membership: ClusterMembership;
  readonly enableDiscovery: () => Promise<void>;
}

const LOOK_MS: Millis = 50;

export class MembershipActions {
  readonly #options: MembershipActionsOptions;

  constructor(options: MembershipActionsOptions) {
    this.#options = options;
  }

  /** Answers with the running nodes afterwards. Rejects with CLUSTER_JOIN_FAILED, NODE_UNKNOWN, NODE_BUSY, BAD_REQUEST. */
  async act(action: MembershipAction): Promise<{ readonly nodes: readonly NodeName[] }> {
    const { membership, enableDiscovery } = this.#options;
    switch (action.action) {
      case 'join':
        await membership.join(this.#seed(action.node));
        break;
      case 'leave':
        if (this.#others.length === 0) throw new BusbarError('CLUSTER_NOT_MEMBER', `${this.#options.self} is in no cluster with others`);
        await membership.leave();
        break;
      case 'forceLeave':
        membership.forceLeave(this.#seed(action.node).node);
        break;
      case 'invite':
        await this.#invite(this.#seed(action.node), action.timeoutMs);
        break;
      case 'enableDiscovery':
        await enableDiscovery();
    }
    return { nodes: this.#running };
  }

  get #running(): readonly NodeName[] {
    return this.#options.node.core.members().flatMap(({ node, status }) => (status === 'running' ? [node] : []));
  }

  get #others(): readonly NodeName[] {
    return this.#options.node.core.members().flatMap(({ node }) => (node === this.#options.self ? [] : [node]));
  }

  #seed(name: string): Seed {
    const seed = parseSeed(name);
    if (seed === undefined) throw new BusbarError('BAD_REQUEST', `${name} is no name of a node`, { hint: 'Give name@host, or name@host:port.' });
    return seed;
  }

  /** Dials the node and waits until it is linked: a node that is in no other cluster becomes a member of this one. */
  async #invite(seed: Seed, timeoutMs: Millis): Promise<void> {
    const { node, self } = this.#options;
    if (seed.node === self) throw new BusbarError('CLUSTER_JOIN_FAILED', 'Cannot invite self', { hint: 'Name another node.' });
    const address = { host: seed.host, port: seed.port };
    node.join(address);
    const endMs = performance.now() + timeoutMs;
    while (!this.#running.includes(seed.node)) {
      if (performance.now() >= endMs) {
        const reason = node.dialReason(address) ?? 'no answer';
        throw new BusbarError('CLUSTER_JOIN_FAILED', `${seed.node} did not become a member within ${timeoutMs} ms: ${reason}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
