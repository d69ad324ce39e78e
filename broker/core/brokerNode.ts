/**
 * core/: one broker node without its sockets. It joins the pure rooms: channels and sessions, routes and retained messages, hooks,
 * metrics, access. What simulation runs, what io/ connects to the world.
 * In: connections (`openChannel`), rows and messages of peers (`BrokerPort`). Out: calls on each connection's `Out`, on `ClusterPort`
 * and `Timers`. May import: every pure room but api. Begin at publish() for the way of a message, at openSession() for that of a client.
 */
import type { Authorizer } from '../access/acl/decision.ts';
import type { AuthnChains } from '../access/authn/chains.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { isLater, type MaybeLater } from '../base/maybeLater.ts';
import type { Prng } from '../base/prng.ts';
import type { BrokerConfig, MqttConfig } from '../config/config.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { AuthExchange, AuthnVerdict } from '../protocol/authentication.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import type { Properties, Qos, SubOpts } from '../protocol/packet.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import type { RouteCache, TopicEntry } from '../router/match.ts';
import type { RetainedStore } from '../router/retained.ts';
import type { Routes } from '../router/routes.ts';
import { Channel } from '../session/channel.ts';
import type { Clock, NodePort, OpenedSession, Out, Peer, RefusedSession, SubscribeItem, Timers, TopicHandle } from '../session/ports.ts';
import { mountTopic } from '../session/mountpoint.ts';
import { Publication } from '../session/publication.ts';
import type { Session } from '../session/session.ts';
import type { Receiver } from '../session/subscription.ts';
import { willMessage } from '../session/will.ts';
import { authorizedTopic, isDelayed } from '../topics/delayedTopic.ts';
import { AccessControl } from './accessControl.ts';
import type { Admission } from './admission.ts';
import type { BrokerPort, ClusterPort, ExclusiveClaim, ForwardedPublishes } from './clusterPort.ts';
import { DeadlineSweep } from './deadlines.ts';
import { Forwarded } from './forwarded.ts';
import { Redelivery } from './redelivery.ts';
import type { SessionsHost, SessionsPort } from '../cluster/sessions/ports.ts';
import { KeptSessions } from './keptSessions.ts';
import type { DelayedMessages } from './services/delayed.ts';
import { Retainer } from './services/retainer.ts';
import { SessionTable } from './sessionTable.ts';
import type { SharedDispatch } from './sharedDispatch.ts';
import { Subscriptions } from './subscriptions.ts';

// Constants: what every message counts must not look a name up.
const MESSAGES_PUBLISH = METRIC['messages.publish'];
const MESSAGES_ACKED = METRIC['messages.acked'];

export interface BrokerNodeOptions {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly authorizer: Authorizer;
  readonly authn: AuthnChains;
  readonly admission: Admission;
  readonly cluster: ClusterPort;
  /** Draws members of shared groups; nothing secret depends on it. */
  readonly prng: Prng;
  /** A client identifier nobody can guess. */
  readonly newClientId: () => string;
  /** Keeps sessions for the whole cluster; absent when they live on this node alone. */
  readonly sessions?: (host: SessionsHost) => SessionsPort;
  /** Runs a task in a later turn of the loop. */
  readonly defer: (task: () => void) => void;
}

const DOLLAR = 0x24;

export class BrokerNode implements NodePort, BrokerPort {
  readonly config: BrokerConfig;
  readonly mqtt: MqttConfig;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly deadlines: DeadlineSweep;
  readonly #redelivery: Redelivery;
  readonly log: Log;
  readonly hooks: Hooks;
  readonly startedAtMs: Millis;
  /** Connections after a CONNACK that accepted. */
  readonly channels = new Set<Channel>();
  readonly routes: Routes<Receiver>;
  readonly retainer: Retainer;
  /** Set by the services when `$delayed/…` has a meaning here. */
  delayed: DelayedMessages | null = null;
  readonly #topics: RouteCache<Receiver>;
  readonly #access: AccessControl;
  readonly #shared: SharedDispatch;
  readonly #subscriptions: Subscriptions;
  #stopping = false;
  readonly #table: SessionTable;
  /** Null when sessions live on this node alone. */
  readonly #kept: KeptSessions | null;
  readonly #options: BrokerNodeOptions;
  readonly #forwarded: Forwarded;
  /** Where the last message of another node went. */
  #forwardedTo: TopicEntry<Receiver> | null = null;

  constructor(options: BrokerNodeOptions) {
    this.#options = options;
    this.#access = new AccessControl(options);
    this.config = options.config;
    this.mqtt = options.config.mqtt;
    this.metrics = options.metrics;
    this.timers = options.timers;
    this.clock = options.clock;
    this.deadlines = new DeadlineSweep(options);
    this.#redelivery = new Redelivery({ ...options, intervalMs: this.mqtt.retryIntervalMs, channels: this.channels });
    this.log = options.log;
    this.hooks = options.hooks;
    this.startedAtMs = options.clock.now();
    this.retainer = new Retainer({ ...options, config: options.config.retainer });
    this.#subscriptions = new Subscriptions({ ...options, dropped: (publication) => this.#undeliverable(publication) });
    this.routes = this.#subscriptions.routes;
    this.#topics = this.#subscriptions.topics;
    this.#shared = this.#subscriptions.shared;
    this.#forwarded = new Forwarded({ ...options, take: (publication) => this.#takeForwarded(publication) });
    this.#table = new SessionTable({ ...options, node: this, subscriptions: this.#subscriptions, over: (session) => this.#kept?.over(session), counted: () => this.#measureClients() });
    this.#kept = options.sessions === undefined ? null : this.#keep(options.sessions);
  }

  #keep(engine: (host: SessionsHost) => SessionsPort): KeptSessions {
    const options = {
      ...this.#options,
      table: this.#table,
      subscriptions: this.#subscriptions,
      dispatch: (publication: Publication) => this.#takeForwarded(publication),
      publishWill: (publication: Publication, topic: string) => this.defer(() => this.#publishLeftWill(publication.message, topic)),
    };
    return new KeptSessions(options, engine);
  }

  /** Sessions by client id, connected or not. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#table.byClientId;
  }

  // ---------------------------------------------------------------- connections

  /** A connection was accepted. Hand its packets, its end and its drains to the channel. */
  openChannel(out: Out, peer: Peer): Channel {
    const channel = new Channel(this, out, peer);
    this.deadlines.watch(channel);
    return channel;
  }

  assignClientId(): string {
    return this.#options.newClientId();
  }

  connecting(channel: Channel, properties: Properties): number {
    if (!this.hooks.has('client.connect')) return 0;
    return this.hooks.runFold('client.connect', { reasonCode: 0, properties }, channel.connection).reasonCode;
  }

  /** `enable_authn` of a listener: whether its clients are authenticated. */
  asksWho(listener: string): boolean {
    return this.#options.authn.modeOf(listener) !== 'off';
  }

  admit(channel: Channel): number {
    return this.#options.admission.admit(channel.identity);
  }

  authenticate(channel: Channel, password: Uint8Array | undefined): MaybeLater<AuthnVerdict> {
    const answer = this.#access.authenticate(channel.identity, channel.connection.listener, password);
    return isLater(answer) ? answer.then((verdict) => this.#options.admission.stillWelcome(channel.identity, verdict)) : answer;
  }

  beginAuthExchange(channel: Channel, method: string): AuthExchange | undefined {
    return this.#access.beginExchange(channel.identity, channel.connection.listener, method);
  }

  authExchangeEnded(channel: Channel, verdict: AuthnVerdict): AuthnVerdict {
    return this.#options.admission.stillWelcome(channel.identity, this.#access.exchangeEnded(channel.identity, verdict));
  }

  openSession(channel: Channel, cleanStart: boolean, later: (opened: OpenedSession | RefusedSession) => void): OpenedSession | RefusedSession | undefined {
    return this.#kept === null ? this.#table.open(channel, cleanStart) : this.#kept.open(channel, cleanStart, later);
  }

  connack(channel: Channel, reasonCode: number, properties: Properties): Properties {
    if (!this.hooks.has('client.connack')) return properties;
    return this.hooks.runFold('client.connack', properties, channel.connection, reasonCode);
  }

  connected(channel: Channel): void {
    this.channels.add(channel);
    this.#redelivery.watch();
    this.metrics.inc(METRIC['client.connected']);
    this.#measureClients();
    this.log.debug('client_connected', { clientid: channel.identity.clientId, peerhost: channel.connection.peerHost, proto_ver: channel.version });
    if (this.hooks.has('client.connected')) this.hooks.run('client.connected', channel.identity, channel.connection);
  }

  disconnected(channel: Channel, reason: string): void {
    this.channels.delete(channel);
    this.metrics.inc(METRIC['client.disconnected']);
    this.#measureClients();
    this.log.debug('client_disconnected', { clientid: channel.identity.clientId, reason });
    if (this.hooks.has('client.disconnected')) this.hooks.run('client.disconnected', channel.identity, reason, channel.connection);
  }

  terminate(session: Session, reason: string): void {
    this.#table.terminate(session, reason);
  }

  /** Ends a client by an administrator's will. False when it is not here. */
  kick(clientId: string): boolean {
    return this.#table.kick(clientId);
  }

  /** The node stops: every client is told, every will that waits goes out while there is still somebody to route it. */
  shutdown(): void {
    this.#stopping = true;
    const { serverReference } = this.mqtt;
    const reasonCode = serverReference === undefined ? ReasonCode.ServerShuttingDown : ReasonCode.UseAnotherServer;
    for (const channel of [...this.channels]) channel.disconnect(reasonCode, { reason: 'server_shutting_down', serverReference });
    for (const session of [...this.sessions.values()]) if (session.will !== null) this.publishWill(session);
  }

  // ---------------------------------------------------------------- access

  get authzEpoch(): number {
    return this.#access.epoch;
  }

  get denyDisconnects(): boolean {
    return this.#access.denyDisconnects;
  }

  authorize(client: ClientInfo, action: 'publish' | 'subscribe', topic: string, qos: Qos, retain: boolean): boolean {
    const target = isDelayed(topic) ? authorizedTopic(topic) : topic;
    if (target !== undefined) return this.#access.authorize(client, action, target, qos, retain);
    this.metrics.inc(METRIC['authorization.deny']);
    return false;
  }

  authorizedFromCache(allowed: boolean): void {
    this.#access.countCached(allowed);
  }

  // ---------------------------------------------------------------- messages

  topicEntry(topic: string): TopicHandle {
    return this.#topics.lookUp(topic);
  }

  publish(message: Message): number {
    return this.#publish(new Publication(message), null, null, 0);
  }

  publishReceived(publication: Publication, topic: TopicHandle, channel: Channel, packetId: number): number {
    return this.#publish(publication, topic as TopicEntry<Receiver>, channel, packetId);
  }

  /** `topic`: null = to be looked up. `channel`: where it came from and is acknowledged, if anywhere. */
  #publish(published: Publication, topic: TopicEntry<Receiver> | null, channel: Channel | null, packetId: number): number {
    const { metrics, hooks } = this;
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
    if (publication.retain && !this.retainer.take(publication)) return 0;
    const { receivers, nodes, groups } = entry === null ? this.#topics.lookUp(publication.topic) : this.#topics.again(entry);
    if (publication.qos > 0 && this.#kept?.concerns(nodes) === true) return this.#publishSafely(this.#kept, publication, { receivers, nodes, groups }, channel, packetId);
    const count = receivers.length + nodes.length + groups.length;
    if (count === 0) {
      this.#undeliverable(publication);
      return 0;
    }
    this.#deliver(publication, receivers);
    for (let index = 0; index < nodes.length; index += 1) {
      metrics.inc(METRIC['messages.forward']);
      this.#options.cluster.forward(nodes[index] as NodeName, publication);
    }
    return groups.length === 0 ? count : count - groups.length + this.#shared.dispatch(publication, groups);
  }

  /** QoS 1 or 2 that other nodes or kept sessions get, too: acknowledged when all of them have it safely. */
  #publishSafely(kept: KeptSessions, publication: Publication, { receivers, nodes, groups }: Pick<TopicEntry<Receiver>, 'receivers' | 'nodes' | 'groups'>, channel: Channel | null, packetId: number): number {
    this.#deliver(publication, receivers);
    const served = kept.servedHere(receivers) + (groups.length === 0 ? 0 : this.#shared.dispatch(publication, groups));
    if (nodes.length > 0) this.metrics.add(METRIC['messages.forward'], nodes.length);
    kept.publish(publication, nodes, served, channel, packetId, (all) => void (all === 0 && this.#undeliverable(publication)));
    return -1;
  }

  #undeliverable(publication: Publication): void {
    this.metrics.inc(METRIC['messages.dropped']);
    this.metrics.inc(METRIC['messages.dropped.no_subscribers']);
    if (this.hooks.has('message.dropped')) this.hooks.run('message.dropped', publication.message, 'no_subscribers');
  }

  dispatchForwarded(node: NodeName, publishes: ForwardedPublishes): number {
    return this.#forwarded.read(node, publishes);
  }

  #takeForwarded(publication: Publication): void {
    const { topic } = publication;
    const last = this.#forwardedTo;
    this.#forwardedTo = last?.topic === topic ? this.#topics.again(last) : this.#topics.lookUp(topic);
    this.#deliver(publication, this.#forwardedTo.receivers);
  }

  wanted(topic: string): boolean {
    return this.routes.wanted(topic);
  }

  publishSys(message: Message): void {
    const publication = new Publication(message);
    if (message.retain) this.retainer.take(publication);
    const { receivers, nodes, groups } = this.#topics.lookUp(message.topic);
    this.#deliver(publication, receivers);
    for (const node of nodes) this.#options.cluster.forward(node, publication);
    if (groups.length > 0) this.#shared.dispatch(publication, groups);
  }

  #deliver(publication: Publication, receivers: readonly Receiver[]): void {
    for (let index = 0; index < receivers.length; index += 1) {
      const receiver = receivers[index] as Receiver;
      receiver.session.deliver(publication, receiver);
    }
  }

  /** Whether a publisher is banned by client id or user name; its address is not known any more. */
  isBanned(clientId: string, username: string | undefined): boolean {
    return !this.#options.admission.isWelcome({ clientId, username, peerHost: '' });
  }

  get retained(): RetainedStore {
    return this.retainer.store;
  }

  publishWill(session: Session): void {
    const { will, identity } = session;
    session.will = null;
    if (session.willTimer !== null) session.willTimer.cancelled = true;
    if (will === null || !this.#mayLeave(identity, will.topic, will.qos, will.retain)) return;
    const message = willMessage(will, mountTopic(session.mountpoint, will.topic), identity, this.clock.now());
    // Whoever keeps sessions may have asked for the end of a connection: it must not be entered twice.
    if (this.#kept === null || this.#stopping) this.publish(message);
    else this.defer(() => this.publish(message));
  }

  /** A will is authorized when it is published (broker-contract 1.5). */
  #mayLeave(identity: ClientInfo, topic: string, qos: Qos, retain: boolean): boolean {
    if (!this.#options.admission.isWelcome(identity)) return false;
    if (this.authorize(identity, 'publish', topic, qos, retain)) return true;
    this.log.warn('cannot_publish_will_due_to_not_authorized', { clientid: identity.clientId, username: identity.username, topic });
    return false;
  }

  /** Of a client whose connection ended long ago, or at another node. */
  #publishLeftWill(message: Message, topic: string): void {
    const identity = { clientId: message.fromClientId, username: message.fromUsername, peerHost: '', isBridge: false };
    if (this.#mayLeave(identity, topic, message.qos, message.retain)) this.publish({ ...message, timestampMs: this.clock.now() });
  }

  acknowledging(packetId: number, publication: Publication, receivers: number, reasonCode: number): number {
    if (!this.hooks.hearsPuback) return reasonCode;
    return this.hooks.runFold('message.puback', reasonCode, packetId, publication.message, receivers);
  }

  get hearsDelivered(): boolean {
    return this.hooks.hearsDelivered;
  }

  delivering(session: Session, publication: Publication): Publication {
    if (!this.hooks.hearsDelivered) return publication;
    const message = this.hooks.runFold('message.delivered', publication.message, session.identity);
    return message === publication.message ? publication : new Publication(message, publication.sharedBy);
  }

  acked(session: Session, publication: Publication, sentAtMs: Millis): void {
    this.metrics.inc(MESSAGES_ACKED);
    if (!this.hooks.hearsAcked) return;
    if (this.hooks.has('message.acked')) this.hooks.run('message.acked', session.identity, publication.message);
    if (this.hooks.has('delivery.completed')) this.hooks.run('delivery.completed', publication.message, { sessionId: session.clientId, sentAtMs });
  }

  dropped(session: Session, publication: Publication, reason: string): void {
    if (this.hooks.has('delivery.dropped')) this.hooks.run('delivery.dropped', session.identity, publication.message, reason);
  }

  defer(task: () => void): void {
    this.#options.defer(task);
  }

  // ---------------------------------------------------------------- subscriptions

  subscribing(channel: Channel, properties: Properties, items: readonly SubscribeItem[]): readonly SubscribeItem[] {
    if (!this.hooks.has('client.subscribe')) return items;
    return this.hooks.runFold('client.subscribe', items, channel.identity, properties);
  }

  unsubscribing(channel: Channel, properties: Properties, topicFilters: readonly string[]): readonly string[] {
    if (!this.hooks.has('client.unsubscribe')) return topicFilters;
    return this.hooks.runFold('client.unsubscribe', topicFilters, channel.identity, properties);
  }

  subscribe(session: Session, topicFilter: string, opts: SubOpts, subscriptionId: number | undefined): boolean {
    return this.#subscriptions.add(session, topicFilter, opts, subscriptionId);
  }

  unsubscribe(session: Session, topicFilter: string): boolean {
    return this.#subscriptions.remove(session, topicFilter);
  }

  routeBarrier(session: Session, done: () => void): void {
    this.#options.cluster.routeBarrier(() => (this.#kept === null ? done() : this.#kept.afterWrites(session, done)));
  }

  written(session: Session, done: () => void): void {
    if (this.#kept === null) done();
    else this.#kept.afterWrites(session, done);
  }

  exclusiveIsFree(session: Session, topicFilter: string): boolean {
    return this.#subscriptions.exclusiveIsFree(session, topicFilter);
  }

  grantExclusive(session: Session, topicFilter: string): boolean {
    return this.#subscriptions.grantExclusive(session, topicFilter);
  }

  presenceChanged(session: Session): void {
    this.#shared.presenceChanged(session);
  }

  // ---------------------------------------------------------------- the cluster's side

  remoteRouteAdded(node: NodeName, topicFilter: string, flags = 0): number {
    return this.#subscriptions.remoteAdded(node, topicFilter, flags);
  }

  remoteRouteRemoved(node: NodeName, topicFilter: string): number {
    return this.#subscriptions.remoteRemoved(node, topicFilter);
  }

  remoteRoutesSnapshot(node: NodeName, step: 'begin' | 'complete' | 'abandon'): void {
    this.#subscriptions.remoteSnapshot(node, step);
  }

  remoteRoutes(node: NodeName): Iterable<string> {
    return this.routes.remote.filtersOf(node);
  }

  remoteNodeDown(node: NodeName): void {
    this.#subscriptions.nodeDown(node);
  }

  remoteGroupChanged(node: NodeName, key: string, online: number, total: number): void {
    this.#subscriptions.remoteGroupChanged(node, key, online, total);
  }

  remoteClaimChanged(node: NodeName, key: string, claim: ExclusiveClaim | undefined): void {
    this.#subscriptions.remoteClaimChanged(node, key, claim);
  }

  dispatchShared(node: NodeName, publish: ForwardedPublishes, key: string, again: boolean): void {
    this.#shared.dispatchForwarded(node, publish, key, again);
  }

  // ---------------------------------------------------------------- gauges

  #measureClients(): void {
    this.#table.measure(this.channels.size);
  }
}
