/**
 * router/: from a topic to everybody who wants it.
 * In: subscriptions of this node, route rows of other nodes, topics. Out: receivers and node names. Generic in what a receiver
 * is, so it knows no sessions. May import: base, topics, protocol, metrics. Begin here for the tables, at match.ts for the
 * look-up that publishing does, at retained.ts for stored messages.
 */
import type { NodeName } from '../base/ids.ts';
import { TopicIndex } from '../topics/topicIndex.ts';
import { RemoteRoutes, type RemoteRoutesEvents } from './remoteRoutes.ts';
import type { SharedGroup } from './sharedGroup.ts';

/** What a topic without shared subscriptions has: one for all. */
export const NO_GROUPS: readonly never[] = [];

const NO_NODES: readonly NodeName[] = [];

export class Routes<S extends object> {
  readonly #local = new TopicIndex<S>();
  readonly #remote: RemoteRoutes;
  readonly #groups = new TopicIndex<SharedGroup<S>>();
  #filters = 0;

  /** `changed`, `allChanged`: rows of other nodes did; what this node does, its caller knows. */
  constructor({ changed, allChanged }: Pick<RemoteRoutesEvents, 'changed' | 'allChanged'>) {
    this.#remote = new RemoteRoutes({
      filterAdded: (topicFilter) => this.#local.has(topicFilter) || (this.#filters += 1),
      filterRemoved: (topicFilter) => this.#local.has(topicFilter) || (this.#filters -= 1),
      changed,
      allChanged,
    });
  }

  /** Rows of other nodes. */
  get remote(): RemoteRoutes {
    return this.#remote;
  }

  get localSubscriptions(): number {
    return this.#local.size;
  }

  /** Filters with a subscriber anywhere, each once; a shared subscription has one of its own. EMQX's `topics.count`. */
  get filters(): number {
    return this.#filters + this.#groups.size;
  }

  /** True when the filter is new on this node, so peers have to know. */
  addLocal(topicFilter: string, subscriber: S): boolean {
    const isFirst = this.#local.add(topicFilter, subscriber) === 'first';
    if (isFirst && !this.#remote.has(topicFilter)) this.#filters += 1;
    return isFirst;
  }

  /** True when nobody on this node wants the filter any more. */
  removeLocal(topicFilter: string, subscriber: S): boolean {
    const wasLast = this.#local.remove(topicFilter, subscriber) === 'last';
    if (wasLast && !this.#remote.has(topicFilter)) this.#filters -= 1;
    return wasLast;
  }

  /** Whether anybody on any node would get a message with this topic. Remembers nothing: for topics that are rarely used. */
  wanted(topic: string): boolean {
    return this.matchLocal(topic).length > 0 || this.matchRemote(topic).length > 0 || this.matchGroups(topic).length > 0;
  }

  /** A shared group has got its first member, here or elsewhere. */
  addGroup(group: SharedGroup<S>): void {
    this.#groups.add(group.topicFilter, group);
  }

  removeGroup(group: SharedGroup<S>): void {
    this.#groups.remove(group.topicFilter, group);
  }

  /** Subscriptions of this node that match, one by one: the same session may come more than once. */
  matchLocal(topic: string): S[] {
    const found: S[] = [];
    this.#local.match(topic, (subscriber) => found.push(subscriber));
    return found;
  }

  /** Shared groups whose filter matches. */
  matchGroups(topic: string): readonly SharedGroup<S>[] {
    if (this.#groups.size === 0) return NO_GROUPS;
    const found: SharedGroup<S>[] = [];
    this.#groups.match(topic, (group) => found.push(group));
    return found.length === 0 ? NO_GROUPS : found;
  }

  /** Nodes with a matching row, each once. */
  matchRemote(topic: string): readonly NodeName[] {
    return this.#remote.size === 0 ? NO_NODES : this.#remote.match(topic);
  }
}
