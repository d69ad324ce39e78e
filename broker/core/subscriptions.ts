/**
 * Who wants what: the subscriptions of this node's sessions and the rows of its peers, and from both the compiled routes. Tells peers what
 * they have to know, and keeps the gauges. One filter goes one of three ways: an ordinary route, a shared group, an exclusive claim.
 */
import type { Millis, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Prng } from '../base/prng.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { STAT, type Metrics } from '../metrics/metrics.ts';
import type { SubOpts } from '../protocol/packet.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import { RouteCache } from '../router/match.ts';
import { NO_ROW } from '../router/remoteRoutes.ts';
import { Routes } from '../router/routes.ts';
import type { Clock } from '../session/ports.ts';
import type { Publication } from '../session/publication.ts';
import { stopFeed } from '../session/retainedFeed.ts';
import type { Session } from '../session/session.ts';
import { mergeBySession, newSubscription, routedFilter, type Receiver, type Subscription } from '../session/subscription.ts';
import { SubscriptionTable } from '../session/subscriptionTable.ts';
import type { ClusterPort, ExclusiveClaim } from './clusterPort.ts';
import { ExclusiveClaims } from './exclusiveClaims.ts';
import { SharedDispatch } from './sharedDispatch.ts';

/** Filters looked at in one turn while rows of other nodes are removed: about a millisecond. */
const SWEEP_FILTERS = 4_000;

export interface SubscriptionsOptions {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly cluster: ClusterPort;
  readonly prng: Prng;
  /** Runs a task in a later turn of the loop. */
  readonly defer: (task: () => void) => void;
  /** Nobody of a shared group could take a message. */
  readonly dropped: (publication: Publication) => void;
  /** See `SharedDispatchOptions.safely`. */
  readonly safely: (publication: Publication) => boolean;
}

export class Subscriptions {
  readonly routes = new Routes<Receiver>({ changed: (topicFilter) => this.topics.filterChanged(topicFilter), allChanged: () => this.topics.allChanged() });
  readonly topics = new RouteCache<Receiver>(this.routes, mergeBySession);
  readonly shared: SharedDispatch;
  readonly #exclusive: ExclusiveClaims;
  readonly #options: SubscriptionsOptions;
  #count = 0;
  #sweeping = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    const { config, clock, cluster } = options;
    this.shared = new SharedDispatch({ ...options, routes: this.routes, filterChanged: (topicFilter) => this.topics.filterChanged(topicFilter) });
    this.#exclusive = new ExclusiveClaims({
      self: config.node.name,
      now: (): Millis => clock.now(),
      changed: (key, claim) => cluster.claimChanged(key, claim),
      lost: (subscription, to, granted) => this.#exclusiveLost(subscription, to, granted),
    });
  }

  // ---------------------------------------------------------------- sessions of this node

  /** Adds or replaces a subscription and its route. True when it is new; false also when an exclusive filter is taken. */
  add(session: Session, topicFilter: string, opts: SubOpts, subscriptionId: number | undefined): boolean {
    const subscription = newSubscription(session, topicFilter, opts, subscriptionId);
    if (subscription.target?.exclusive === true && !this.#exclusive.claim(subscription.target.topicFilter, subscription)) return false;
    session.subscriptions ??= new SubscriptionTable();
    const replaced = session.subscriptions.get(topicFilter);
    session.subscriptions.set(subscription);
    this.#addRoute(subscription);
    // The new one is in place before the old one goes: replacing loses no message [MQTT-3.8.4-4].
    if (replaced !== undefined) this.#removeRoute(replaced);
    else this.#count += 1;
    this.#measure();
    session.keeper?.subscribed(session, subscription);
    const { hooks } = this.#options;
    const isNew = replaced === undefined;
    if (hooks.has('session.subscribed')) hooks.run('session.subscribed', session.identity, topicFilter, opts, { isNew, subscriptionId });
    return isNew;
  }

  /** True when it existed. */
  remove(session: Session, topicFilter: string): boolean {
    const subscription = session.subscriptions?.get(topicFilter);
    if (subscription === undefined) return false;
    session.subscriptions?.delete(topicFilter);
    stopFeed(session, topicFilter);
    this.#removeRoute(subscription);
    this.#count -= 1;
    this.#measure();
    session.keeper?.unsubscribed(session, topicFilter);
    const { hooks } = this.#options;
    if (hooks.has('session.unsubscribed')) hooks.run('session.unsubscribed', session.identity, topicFilter, subscription);
    return true;
  }

  /** The session is over: its routes go, and what its groups gave it and it has not finished goes to others. */
  removeAll(session: Session): void {
    this.moveAway(session);
    // Also without a shared subscription: it may have left the group and not finished what came from there.
    this.shared.redispatch(session);
  }

  /** The session goes on elsewhere: its routes here go, and nothing else. */
  moveAway(session: Session): void {
    for (const subscription of session.subscriptions?.values() ?? []) this.#removeRoute(subscription);
    this.#count -= session.subscriptionCount;
    session.subscriptions = null;
    this.#measure();
  }

  exclusiveIsFree(session: Session, topicFilter: string): boolean {
    return this.#exclusive.isFree(topicFilter, session.clientId);
  }

  /** Confirms a claim once all peers know it. False when it was lost meanwhile. */
  grantExclusive(session: Session, topicFilter: string): boolean {
    const subscription = session.subscriptions?.get(topicFilter);
    if (subscription === undefined) return false;
    this.#exclusive.grant(routedFilter(subscription), subscription);
    return true;
  }

  #exclusiveLost(subscription: Subscription, to: NodeName, granted: boolean): void {
    const { session, topicFilter } = subscription;
    this.remove(session, topicFilter);
    if (!granted) return;
    this.#options.log.warn('exclusive_subscription_lost', { clientid: session.clientId, topic: topicFilter, to });
    session.channel?.disconnect(ReasonCode.QuotaExceeded);
  }

  #addRoute(subscription: Subscription): void {
    if (subscription.target?.shareGroup !== undefined) return this.shared.join(subscription);
    const topicFilter = routedFilter(subscription);
    if (this.routes.addLocal(topicFilter, subscription)) this.#options.cluster.routeAdded(topicFilter);
    this.topics.filterChanged(topicFilter);
  }

  #removeRoute(subscription: Subscription): void {
    if (subscription.target?.shareGroup !== undefined) return this.shared.leave(subscription);
    const topicFilter = routedFilter(subscription);
    if (subscription.target?.exclusive === true) this.#exclusive.release(topicFilter, subscription);
    if (this.routes.removeLocal(topicFilter, subscription)) this.#options.cluster.routeRemoved(topicFilter);
    this.topics.filterChanged(topicFilter);
  }

  // ---------------------------------------------------------------- rows of peers

  remoteAdded(node: NodeName, topicFilter: string, flags: number): number {
    const before = this.routes.remote.add(node, topicFilter, flags);
    if (before === NO_ROW) this.#measure();
    return before;
  }

  remoteRemoved(node: NodeName, topicFilter: string): number {
    const before = this.routes.remote.remove(node, topicFilter);
    if (before !== NO_ROW) this.#measure();
    return before;
  }

  remoteSnapshot(node: NodeName, step: 'begin' | 'complete' | 'abandon'): void {
    this.routes.remote[step](node);
    this.#sweep();
  }

  /** Rows that match nothing any more are removed a few each turn: there may be a million. */
  #sweep(): void {
    if (this.#sweeping || !this.routes.remote.isSweeping) return;
    this.#sweeping = true;
    this.#options.defer(() => {
      this.#sweeping = false;
      this.routes.remote.sweep(SWEEP_FILTERS);
      this.#measure();
      this.#sweep();
    });
  }

  remoteGroupChanged(node: NodeName, key: string, online: number, total: number): void {
    this.shared.remoteChanged(node, key, online, total);
    this.#measure();
  }

  remoteClaimChanged(node: NodeName, key: string, claim: ExclusiveClaim | undefined): void {
    this.#exclusive.remoteChanged(node, key, claim);
  }

  /** All rows of a peer vanish. */
  nodeDown(node: NodeName): void {
    this.routes.remote.end(node);
    this.#sweep();
    this.shared.nodeDown(node);
    this.#exclusive.nodeDown(node);
    this.#measure();
  }

  #measure(): void {
    const { metrics } = this.#options;
    metrics.setStat(STAT.topics, this.routes.filters);
    metrics.setStat(STAT['subscriptions.shared'], this.shared.members);
    metrics.setStat(STAT.suboptions, this.#count);
    metrics.setStat(STAT.subscriptions, this.#count);
    metrics.setStat(STAT.subscribers, this.#count);
  }
}
