/** All shared subscriptions this node knows of, by their name in the cluster. A group is there as long as it has a member anywhere. */
import type { NodeName } from '../base/ids.ts';
import type { Prng } from '../base/prng.ts';
import { parseSubscription, sharedKey } from '../topics/sharedSubscription.ts';
import type { Routes } from './routes.ts';
import type { SharedPolicy } from '../topics/sharedPolicy.ts';
import { SharedGroup } from './sharedGroup.ts';

export interface SharedGroupsOptions<M extends object> {
  readonly self: NodeName;
  readonly prng: Prng;
  readonly policyOf: (group: string) => SharedPolicy;
  /** Groups stand in its index while they have members. */
  readonly routes: Routes<M>;
  /** A group with this filter came or went. */
  readonly filterChanged: (topicFilter: string) => void;
  /** The members of this node changed: other nodes have to know. */
  readonly localChanged: (group: SharedGroup<M>) => void;
}

export class SharedGroups<M extends object> {
  readonly #options: SharedGroupsOptions<M>;
  readonly #groups = new Map<string, SharedGroup<M>>();
  /** What each peer has told, to take it all back when the peer goes. */
  readonly #byNode = new Map<NodeName, Set<SharedGroup<M>>>();
  #members = 0;

  constructor(options: SharedGroupsOptions<M>) {
    this.#options = options;
  }

  /** Members in the whole cluster, over all groups. */
  get members(): number {
    return this.#members;
  }

  get(key: string): SharedGroup<M> | undefined {
    return this.#groups.get(key);
  }

  join(group: string, topicFilter: string, member: M, online: boolean): void {
    const shared = this.#groupOf(group, topicFilter);
    shared.join(member, online);
    this.#members += 1;
    this.#options.localChanged(shared);
  }

  leave(group: string, topicFilter: string, member: M): void {
    const shared = this.#groups.get(sharedKey(group, topicFilter));
    if (shared?.leave(member) !== true) return;
    this.#members -= 1;
    this.#forgetEmpty(shared);
    this.#options.localChanged(shared);
  }

  /** The client of a member came or went. */
  setOnline(group: string, topicFilter: string, member: M, online: boolean): void {
    const shared = this.#groups.get(sharedKey(group, topicFilter));
    if (shared === undefined) return;
    shared.setOnline(member, online);
    this.#options.localChanged(shared);
  }

  /** A peer tells how many members it has; a total of 0 takes them back. Names that are no shared subscription are left out. */
  remoteChanged(node: NodeName, key: string, online: number, total: number): void {
    const known = this.#groups.get(key);
    if (known === undefined && total === 0) return;
    const shared = known ?? this.#groupNamed(key);
    if (shared === undefined) return;
    this.#setRemote(shared, node, online, total);
    let told = this.#byNode.get(node);
    if (told === undefined) this.#byNode.set(node, (told = new Set()));
    if (total > 0) told.add(shared);
    else told.delete(shared);
    this.#forgetEmpty(shared);
  }

  /** All members of a node are out of reach. */
  removeNode(node: NodeName): void {
    for (const shared of this.#byNode.get(node) ?? []) {
      this.#setRemote(shared, node, 0, 0);
      this.#forgetEmpty(shared);
    }
    this.#byNode.delete(node);
  }

  #setRemote(shared: SharedGroup<M>, node: NodeName, online: number, total: number): void {
    this.#members -= shared.members;
    shared.setRemote(node, online, total);
    this.#members += shared.members;
  }

  #groupNamed(key: string): SharedGroup<M> | undefined {
    const parsed = parseSubscription(key);
    if (!parsed.ok || parsed.target.shareGroup === undefined) return undefined;
    return this.#groupOf(parsed.target.shareGroup, parsed.target.topicFilter);
  }

  #groupOf(group: string, topicFilter: string): SharedGroup<M> {
    const key = sharedKey(group, topicFilter);
    let shared = this.#groups.get(key);
    if (shared === undefined) {
      const { self, policyOf, prng, routes, filterChanged } = this.#options;
      shared = new SharedGroup(group, topicFilter, self, policyOf(group), prng);
      this.#groups.set(key, shared);
      routes.addGroup(shared);
      filterChanged(topicFilter);
    }
    return shared;
  }

  #forgetEmpty(shared: SharedGroup<M>): void {
    if (shared.members > 0) return;
    this.#groups.delete(shared.key);
    this.#options.routes.removeGroup(shared);
    this.#options.filterChanged(shared.topicFilter);
  }
}
