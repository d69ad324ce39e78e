/**
 * router/: from a topic to everybody who wants it.
 * In: subscriptions of this node, route rows of other nodes, topics. Out: receivers and node names. Generic in what a receiver
 * is, so it knows no sessions. May import: base, topics, protocol, metrics. Begin here for the tables, at match.ts for the
 * look-up that publishing does, at retained.ts for stored messages.
 */
import type { NodeName } from '../base/ids.ts';
import { TopicIndex } from '../topics/topicIndex.ts';

export class Routes<S> {
  readonly #local = new TopicIndex<S>();
  readonly #remote = new TopicIndex<NodeName>();
  /** What each peer has told, to take it all back when the peer goes. */
  readonly #byNode = new Map<NodeName, Set<string>>();

  get localSubscriptions(): number {
    return this.#local.size;
  }

  /** Filters with at least one local subscriber. */
  get localFilters(): number {
    return this.#local.filterCount;
  }

  /** (filter, peer) rows. */
  get remoteRoutes(): number {
    return this.#remote.size;
  }

  /** True when the filter is new on this node, so peers have to know. */
  addLocal(topicFilter: string, subscriber: S): boolean {
    return this.#local.add(topicFilter, subscriber) === 'first';
  }

  /** True when nobody on this node wants the filter any more. */
  removeLocal(topicFilter: string, subscriber: S): boolean {
    return this.#local.remove(topicFilter, subscriber) === 'last';
  }

  addRemote(node: NodeName, topicFilter: string): boolean {
    let filters = this.#byNode.get(node);
    if (filters === undefined) this.#byNode.set(node, (filters = new Set()));
    filters.add(topicFilter);
    return this.#remote.add(topicFilter, node) !== 'present';
  }

  removeRemote(node: NodeName, topicFilter: string): boolean {
    this.#byNode.get(node)?.delete(topicFilter);
    return this.#remote.remove(topicFilter, node) !== 'absent';
  }

  /** Takes back all rows of a node and returns their filters. */
  removeNode(node: NodeName): readonly string[] {
    const filters = [...(this.#byNode.get(node) ?? [])];
    this.#byNode.delete(node);
    for (const topicFilter of filters) this.#remote.remove(topicFilter, node);
    return filters;
  }

  /** Whether anybody on any node would get a message with this topic. Remembers nothing: for topics that are rarely used. */
  wanted(topic: string): boolean {
    return this.matchLocal(topic).length > 0 || this.matchRemote(topic).length > 0;
  }

  /** Subscriptions of this node that match, one by one: the same session may come more than once. */
  matchLocal(topic: string): S[] {
    const found: S[] = [];
    this.#local.match(topic, (subscriber) => found.push(subscriber));
    return found;
  }

  /** Nodes with a matching row, each once. */
  matchRemote(topic: string): NodeName[] {
    if (this.#remote.size === 0) return [];
    const found = new Set<NodeName>();
    this.#remote.match(topic, (node) => found.add(node));
    return [...found];
  }
}
