/**
 * core/: one broker node without its sockets. It joins the pure rooms: channels and sessions, routes and retained messages, hooks,
 * metrics, access. What simulation runs, what io/ connects to the world.
 * In: connections (`openChannel`), rows and messages of peers (`BrokerPort`). Out: calls on each connection's `Out`, on `ClusterPort`
 * and `Timers`. May import: every pure room but api. Begin at dispatch.ts for the way of a message, at openSession() for that of a client.
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
import { Publication } from '../session/publication.ts';
import type { Session } from '../session/session.ts';
import type { Receiver } from '../session/subscription.ts';
import { authorizedTopic, isDelayed } from '../topics/delayedTopic.ts';
import { AccessControl } from './accessControl.ts';
import type { Admission } from './admission.ts';
import type { BrokerPort, ClusterPort, ExclusiveClaim, ForwardedPublishes } from './clusterPort.ts';
import { DeadlineSweep } from './deadlines.ts';
import { Dispatch } from './dispatch.ts';
import { Redelivery } from './redelivery.ts';
import type { SessionsHost, SessionsPort, ShareAttempt } from '../cluster/sessions/ports.ts';
import { KeptSessions } from './keptSessions.ts';
import type { DelayedMessages } from './services/delayed.ts';
import { Retainer } from './services/retainer.ts';
import { SessionTable } from './sessionTable.ts';
import type { SharedDispatch } from './sharedDispatch.ts';
import { Subscriptions } from './subscriptions.ts';
import { Wills } from './wills.ts';

// Constants: what every message counts must not look a name up.
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
  readonly #topics: RouteCache<Receiver>;
  readonly #access: AccessControl;
  readonly #shared: SharedDispatch;
  readonly #subscriptions: Subscriptions;
  readonly #table: SessionTable;
  /** Null when sessions live on this node alone. */
  readonly #kept: KeptSessions | null;
  readonly #options: BrokerNodeOptions;
  readonly #dispatch: Dispatch;
  readonly #wills: Wills;

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
    this.#subscriptions = new Subscriptions({ ...options, dropped: (publication) => this.#dispatch.undeliverable(publication), safely: (publication) => this.#kept?.passOnSafely(publication) ?? false });
    this.routes = this.#subscriptions.routes;
    this.#topics = this.#subscriptions.topics;
    this.#shared = this.#subscriptions.shared;
    this.#table = new SessionTable({ ...options, node: this, subscriptions: this.#subscriptions, over: (session) => this.#kept?.over(session), counted: () => this.#measureClients() });
    this.#kept = options.sessions === undefined ? null : this.#keep(options.sessions);
    this.#dispatch = new Dispatch({ ...options, retainer: this.retainer, topics: this.#topics, shared: this.#shared, kept: this.#kept });
    this.#wills = new Wills({ ...options, authorize: (...request) => this.authorize(...request), publish: (message) => this.publish(message), later: this.#kept !== null });
  }

  #keep(engine: (host: SessionsHost) => SessionsPort): KeptSessions {
    const options = {
      ...this.#options,
      table: this.#table,
      subscriptions: this.#subscriptions,
      dispatch: (publication: Publication) => this.#dispatch.toReceivers(publication),
      choose: (attempt: ShareAttempt, publication: Publication) => this.#shared.choose(attempt, publication),
      undeliverable: (publication: Publication) => this.#dispatch.undeliverable(publication),
      passOn: (publications: readonly Publication[]) => this.defer(() => this.#shared.passOn(publications)),
      publishWill: (publication: Publication, topic: string) => this.defer(() => this.#wills.publishLeft(publication.message, topic)),
    };
    return new KeptSessions(options, engine);
  }

  /** Set by the services when `$delayed/…` has a meaning here. */
  set delayed(delayed: DelayedMessages | null) {
    this.#dispatch.delayed = delayed;
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

  /** Sessions that outlive their connections; null when they live on this node alone. */
  get kept(): KeptSessions | null {
    return this.#kept;
  }

  /** The node stops: every client is told, every will that waits goes out while there is still somebody to route it. */
  shutdown(): void {
    this.#wills.atOnce();
    this.sendAway();
    for (const session of [...this.sessions.values()]) if (session.will !== null) this.publishWill(session);
  }

  /** Ends `most` clients; MQTT 5 clients are told where to go: what the configuration says, or else `elsewhere`, by listener. */
  sendAway(most = Number.POSITIVE_INFINITY, elsewhere: Readonly<Record<string, string>> = {}): void {
    let left = most;
    for (const channel of [...this.channels]) {
      if (left <= 0) return;
      left -= 1;
      const serverReference = this.mqtt.serverReference ?? elsewhere[channel.connection.listener];
      const reasonCode = serverReference === undefined ? ReasonCode.ServerShuttingDown : ReasonCode.UseAnotherServer;
      channel.disconnect(reasonCode, { reason: 'server_shutting_down', serverReference });
    }
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
    return this.#dispatch.publish(new Publication(message), null, null, 0);
  }

  publishReceived(publication: Publication, topic: TopicHandle, channel: Channel, packetId: number): number {
    return this.#dispatch.publish(publication, topic as TopicEntry<Receiver>, channel, packetId);
  }

  dispatchForwarded(node: NodeName, publishes: ForwardedPublishes): number {
    return this.#dispatch.forwarded(node, publishes);
  }

  publishAgain(publication: Publication, topic: TopicHandle, channel: Channel, packetId: number): void {
    this.#dispatch.publishAgain(publication, topic as TopicEntry<Receiver>, channel, packetId);
  }

  wanted(topic: string): boolean {
    return this.routes.wanted(topic);
  }

  publishSys(message: Message): void {
    this.#dispatch.publishSys(message);
  }

  /** Whether a publisher is banned by client id or user name; its address is not known any more. */
  isBanned(clientId: string, username: string | undefined): boolean {
    return !this.#options.admission.isWelcome({ clientId, username, peerHost: '' });
  }

  get retained(): RetainedStore {
    return this.retainer.store;
  }

  publishWill(session: Session): void {
    this.#wills.publish(session);
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

  forwardsFailed(count: number, why: 'dropped' | 'lost'): void {
    this.metrics.add(METRIC[`messages.forward.${why}`], count);
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
