/**
 * The way of a message through a node: hooks, the retainer, own receivers, other nodes, shared groups, kept sessions. What every message
 * passes must not look a name up, make a closure or a promise.
 */
import type { NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { Message } from '../protocol/message.ts';
import type { RouteCache, TopicEntry } from '../router/match.ts';
import type { Channel } from '../session/channel.ts';
import type { Clock } from '../session/ports.ts';
import { Publication } from '../session/publication.ts';
import type { Receiver } from '../session/subscription.ts';
import type { ClusterPort, ForwardedPublishes } from './clusterPort.ts';
import { Forwarded } from './forwarded.ts';
import type { KeptSessions } from './keptSessions.ts';
import type { DelayedMessages } from './services/delayed.ts';
import type { Retainer } from './services/retainer.ts';
import type { SharedDispatch } from './sharedDispatch.ts';

const MESSAGES_PUBLISH = METRIC['messages.publish'];
const DOLLAR = 0x24;

export interface DispatchOptions {
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly cluster: ClusterPort;
  readonly retainer: Retainer;
  readonly topics: RouteCache<Receiver>;
  readonly shared: SharedDispatch;
  readonly kept: KeptSessions | null;
}

export class Dispatch {
  /** Null while `$delayed/…` is a topic like others. */
  delayed: DelayedMessages | null = null;
  readonly #options: DispatchOptions;
  readonly #forwarded: Forwarded;
  /** Where the last message of another node went. */
  #forwardedTo: TopicEntry<Receiver> | null = null;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#forwarded = new Forwarded({ ...options, take: (publication) => this.toReceivers(publication) });
  }

  /** Returns how many receivers it has, below 0 when that is told later. `topic`: null = to be looked up. `channel`: where it came from and is acknowledged, if anywhere. */
  publish(published: Publication, topic: TopicEntry<Receiver> | null, channel: Channel | null, packetId: number): number {
    const { metrics, hooks, retainer, topics, shared, kept } = this.#options;
    metrics.inc(MESSAGES_PUBLISH);
    let publication = published;
    let entry = topic;
    if (hooks.hearsPublish) {
      const decision = hooks.runFold('message.publish', { message: published.message, allow: true });
      if (!decision.allow) return 0;
      if (decision.message !== published.message) {
        publication = new Publication(decision.message);
        entry = null;
      }
    }
    // `$delayed/…` waits; nobody has got it yet, so it is acknowledged like a message without subscribers.
    if (publication.topic.charCodeAt(0) === DOLLAR && this.delayed?.take(publication.message) === true) return 0;
    if (publication.retain && !retainer.take(publication)) return 0;
    const { receivers, nodes, groups } = entry === null ? topics.lookUp(publication.topic) : topics.again(entry);
    if (publication.qos > 0 && kept?.concerns(publication, nodes, channel) === true) return this.#publishSafely(kept, publication, { receivers, nodes, groups }, channel, packetId);
    const count = receivers.length + nodes.length + groups.length;
    if (count === 0) {
      this.undeliverable(publication);
      return 0;
    }
    this.#deliver(publication, receivers);
    for (let index = 0; index < nodes.length; index += 1) {
      metrics.inc(METRIC['messages.forward']);
      this.#options.cluster.forward(nodes[index] as NodeName, publication);
    }
    return groups.length === 0 ? count : count - groups.length + shared.dispatch(publication, groups);
  }

  /** QoS 1 or 2 that other nodes or kept sessions get, too: acknowledged when all of them have it safely. */
  #publishSafely(kept: KeptSessions, publication: Publication, { receivers, nodes, groups }: Pick<TopicEntry<Receiver>, 'receivers' | 'nodes' | 'groups'>, channel: Channel | null, packetId: number): number {
    this.#deliver(publication, receivers);
    const served = kept.servedHere(receivers);
    if (nodes.length > 0) this.#options.metrics.add(METRIC['messages.forward'], nodes.length);
    kept.publish(publication, { nodes, groups }, served, channel, packetId, (all) => void (all === 0 && this.undeliverable(publication)));
    return -1;
  }

  /** A QoS 2 message of a kept session that its client has sent again: only whoever has not had it gets it (R65). */
  publishAgain(publication: Publication, topic: TopicEntry<Receiver>, channel: Channel, packetId: number): void {
    const { topics, kept } = this.#options;
    kept?.publish(publication, topics.again(topic), 1, channel, packetId, () => {});
  }

  undeliverable(publication: Publication): void {
    const { metrics, hooks } = this.#options;
    metrics.inc(METRIC['messages.dropped']);
    metrics.inc(METRIC['messages.dropped.no_subscribers']);
    if (hooks.has('message.dropped')) hooks.run('message.dropped', publication.message, 'no_subscribers');
  }

  /** Messages that another node sent on: for own receivers alone. Returns how many they were. */
  forwarded(node: NodeName, publishes: ForwardedPublishes): number {
    return this.#forwarded.read(node, publishes);
  }

  /** To the receivers of this node alone. */
  toReceivers(publication: Publication): void {
    const { topics } = this.#options;
    const { topic } = publication;
    const last = this.#forwardedTo;
    this.#forwardedTo = last?.topic === topic ? topics.again(last) : topics.lookUp(topic);
    this.#deliver(publication, this.#forwardedTo.receivers);
  }

  /** A message of the broker itself: no hooks, no counting, never acknowledged. */
  publishSys(message: Message): void {
    const { retainer, topics, cluster, shared } = this.#options;
    const publication = new Publication(message);
    if (message.retain) retainer.take(publication);
    const { receivers, nodes, groups } = topics.lookUp(message.topic);
    this.#deliver(publication, receivers);
    for (const node of nodes) cluster.forward(node, publication);
    if (groups.length > 0) shared.dispatch(publication, groups);
  }

  #deliver(publication: Publication, receivers: readonly Receiver[]): void {
    for (let index = 0; index < receivers.length; index += 1) {
      const receiver = receivers[index] as Receiver;
      receiver.session.deliver(publication, receiver);
    }
  }
}
