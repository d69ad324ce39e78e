/**
 * Sessions that belong to the cluster rather than to a node: joins the sessions of this broker (session/, sessionTable.ts) and the engine
 * that keeps them (cluster/sessions). The engine decides who has a session and when a message is safe; the session here is the
 * window through which the client gets what it is owed. Sessions that end with their connection are only registered, so that a second
 * connection with their client id ends the first one wherever it is.
 */
import type { SessionMessage } from '../cluster/sessions/message.ts';
import type {
  ConnectResult,
  OpenedSession as KeptSession,
  SessionItem,
  SessionsCounters,
  SessionsLeft,
  SessionsPending,
  SessionSubscription,
  SessionsHost,
  SessionsPort,
  ShareAttempt,
  ShareGroup,
  SessionWill,
} from '../cluster/sessions/ports.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ConnInfo } from '../protocol/clientInfo.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import { AwaitingRel } from '../session/awaitingRel.ts';
import type { Channel } from '../session/channel.ts';
import { mountTopic } from '../session/mountpoint.ts';
import type { Owed, OwedPort, Secured } from '../session/owed.ts';
import { acknowledgeLater } from '../session/handlers/publish.ts';
import type { Clock, OpenedSession, RefusedSession } from '../session/ports.ts';
import { Publication } from '../session/publication.ts';
import type { Session } from '../session/session.ts';
import type { Receiver, Subscription } from '../session/subscription.ts';
import { willDelayMs, willMessage } from '../session/will.ts';
import { PublicationReader } from './publicationReader.ts';
import type { SessionTable } from './sessionTable.ts';
import type { Subscriptions } from './subscriptions.ts';
import { WriteBarriers } from './writeBarriers.ts';

export interface KeptSessionsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly table: SessionTable;
  readonly subscriptions: Subscriptions;
  /** A message of another node, for own receivers whose session nobody keeps. */
  readonly dispatch: (publication: Publication) => void;
  /** Authorizes and publishes, in a later task, a will that waited: the engine must not be entered twice. `topic`: as its client calls it. */
  readonly publishWill: (publication: Publication, topic: string) => void;
  /** Chooses a member of a shared group, see `SessionsHost.share`. */
  readonly choose: (attempt: ShareAttempt, publication: Publication) => NodeName | boolean;
  readonly undeliverable: (publication: Publication) => void;
  /** Hands on, in a later task, what shared groups gave to a session that is over. */
  readonly passOn: (publications: readonly Publication[]) => void;
}

/** Where a message goes besides the receivers of this node. */
export interface Elsewhere {
  readonly nodes: readonly NodeName[];
  readonly groups: readonly ShareGroup[];
}

/** Sessions as the engine's client and as its host; both sides are told apart by their interfaces. */
export class KeptSessions implements SessionsHost, OwedPort {
  readonly #options: KeptSessionsOptions;
  readonly #engine: SessionsPort;
  readonly #packets: PublicationReader;
  readonly #writes = new WriteBarriers();
  /** Client ids of sessions nobody keeps, which the engine knows of as connected. */
  readonly #registered = new Set<string>();

  /** `engine` gets this object as its host. */
  constructor(options: KeptSessionsOptions, engine: (host: SessionsHost) => SessionsPort) {
    this.#options = options;
    this.#packets = new PublicationReader(options);
    this.#engine = engine(this);
  }

  // ---------------------------------------------------------------- clients come and go

  /** As `NodePort.openSession`. */
  open(channel: Channel, cleanStart: boolean, later: (opened: OpenedSession | RefusedSession) => void): OpenedSession | RefusedSession | undefined {
    if (channel.sessionExpiryMs === 0 && this.#engine.connectAtOnce(channel.identity.clientId, cleanStart)) return this.#begun(channel, cleanStart);
    return this.#fetch(channel, cleanStart, later);
  }

  /** A session that ends with its connection, in place of whatever this node had. */
  #begun(channel: Channel, cleanStart: boolean): OpenedSession {
    const { table } = this.#options;
    const { clientId } = channel.identity;
    const held = table.byClientId.get(clientId);
    if (held !== undefined) {
      held.keeper = null;
      table.discard(held, cleanStart);
    }
    this.#registered.add(clientId);
    return { session: table.created(channel), present: false };
  }

  #fetch(channel: Channel, cleanStart: boolean, later: (opened: OpenedSession | RefusedSession) => void): OpenedSession | RefusedSession | undefined {
    let opened: OpenedSession | RefusedSession | undefined;
    let atOnce = true;
    const { clientId } = channel.identity;
    const will = this.#willOf(channel, channel.sessionExpiryMs);
    const client = { username: channel.identity.username, mountpoint: channel.mountpoint };
    const ticket = this.#engine.connect(clientId, { cleanStart, expiryMs: channel.sessionExpiryMs, will, client }, (result) => {
      if (!atOnce && channel.connState === 'disconnected') return;
      const answer = this.#opened(channel, cleanStart, result);
      if (atOnce) opened = answer;
      else later(answer);
    });
    atOnce = false;
    if (opened === undefined) channel.opening = ticket;
    return opened;
  }

  #opened(channel: Channel, cleanStart: boolean, result: ConnectResult): OpenedSession | RefusedSession {
    if (result.kind !== 'opened') return { refused: ReasonCode.ServerBusy };
    const { table } = this.#options;
    const { present, durable } = result.session;
    const held = table.byClientId.get(channel.identity.clientId);
    if (held !== undefined && !present) {
      held.keeper = null;
      table.discard(held, cleanStart);
    }
    const resumed = present ? (held ?? table.add(channel)) : undefined;
    const session = resumed ?? table.created(channel);
    if (resumed !== undefined) {
      this.#adopt(resumed, result.session);
      if (result.session.packetIdsFrom !== 1) resumed.countPacketIdsFrom(result.session.packetIdsFrom);
      table.resumed(channel, resumed, false);
    }
    session.keeper = durable ? this : null;
    if (!durable) this.#registered.add(session.clientId);
    return { session, present };
  }

  /** Makes the window what the engine says: subscriptions and open packet ids. Items follow by `deliver`. */
  #adopt(session: Session, kept: KeptSession): void {
    const { subscriptions, clock } = this.#options;
    session.keeper = null;
    const wanted = new Set(kept.subscriptions.map(({ topicFilter }) => topicFilter));
    for (const { topicFilter } of [...(session.subscriptions?.values() ?? [])]) if (!wanted.has(topicFilter)) subscriptions.remove(session, topicFilter);
    for (const subscription of kept.subscriptions) if (!isThere(session, subscription)) this.#subscribe(session, subscription);
    session.awaitingRel?.cancel();
    session.awaitingRel = null;
    for (const packetId of kept.awaitingRel) (session.awaitingRel ??= new AwaitingRel(session)).restore(packetId, clock.now());
    session.keeper = this;
  }

  #subscribe(session: Session, { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId }: SessionSubscription): void {
    const opts = { qos, noLocal, retainAsPublished, retainHandling };
    this.#options.subscriptions.add(session, topicFilter, opts, subscriptionId === 0 ? undefined : subscriptionId);
  }

  /** A session that nobody keeps, or whose end the engine must hear of, is over. */
  over(session: Session): void {
    this.#writes.forget(session);
    if (session.keeper !== null) {
      this.#passOn(this.#engine.items(session.clientId));
      this.#engine.end(session.clientId);
    }
    else if (this.#registered.delete(session.clientId)) this.#engine.disconnected(session.clientId, 0, undefined);
  }

  /** How safe the sessions are, and what is under way. */
  get state(): { readonly isProtected: boolean; readonly pending: SessionsPending; readonly counters: SessionsCounters } {
    const { isProtected } = this.#engine;
    return { isProtected, pending: this.#engine.pending(), counters: this.#engine.counters() };
  }

  /** Hands every session to another node, as soon as its client has been sent away (R72). */
  drain(done: () => void): void {
    this.#engine.drain(done);
  }

  cancelDrain(): void {
    this.#engine.cancelDrain();
  }

  left(): SessionsLeft {
    return this.#engine.left();
  }

  // ---------------------------------------------------------------- messages

  /** Whether a QoS 1 or 2 message concerns the engine: others may have to have it, or the packet id of its publisher is to be remembered. */
  concerns({ qos }: Publication, nodes: readonly NodeName[], channel: Channel | null): boolean {
    return nodes.length > 0 || this.#engine.engaged || (qos === 2 && channel?.session?.keeper === this);
  }

  /** How many of the receivers have got it without the engine. */
  servedHere(receivers: readonly Receiver[]): number {
    let served = 0;
    for (const { session, qos } of receivers) if (session.keeper === null || qos === 0) served += 1;
    return served;
  }

  /**
   * `served`: how many have got it already. `channel`: where it came from and is acknowledged when all have it safely; null for a message
   * that nobody waits for. `done` hears how many that are.
   */
  publish(publication: Publication, { nodes, groups }: Elsewhere, served: number, channel: Channel | null, packetId: number, done: (receivers: number) => void): void {
    const ack = channel === null ? null : acknowledgeLater(channel, publication, packetId);
    const session = channel?.session;
    const source = publication.qos === 2 && session?.keeper === this ? { clientId: session.clientId, packetId } : undefined;
    this.#engine.publish(publication, nodes, groups, source, {
      published: (receivers) => {
        done(served + receivers);
        ack?.published(served + receivers);
      },
    });
  }

  // ---------------------------------------------------------------- OwedPort: what sessions tell

  sent(session: Session, item: Owed, packetId: number, waiter: Secured | undefined): void {
    this.#engine.sent(session.clientId, (item as SessionItem).mid, packetId, waiter);
  }

  received(session: Session, item: Owed, waiter: Secured): void {
    this.#engine.received(session.clientId, (item as SessionItem).mid, waiter);
  }

  finish(session: Session, item: Owed): void {
    this.#engine.finish(session.clientId, (item as SessionItem).mid);
  }

  offer(session: Session, publication: Publication, qos: 1 | 2, retain: boolean, subscriptionIds: readonly number[] | null): void {
    this.#engine.offer(session.clientId, publication, { qos, retain, subscriptionIds, sharedBy: publication.sharedBy });
  }

  isFull(session: Session): boolean {
    return this.#engine.isFull(session.clientId);
  }

  release(session: Session, packetId: number): void {
    this.#engine.release(session.clientId, packetId);
  }

  disconnected(session: Session, expiryMs: Millis): void {
    this.#engine.disconnected(session.clientId, expiryMs, this.#willOf(session, expiryMs));
  }

  subscribed(session: Session, { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIds }: Subscription): void {
    const subscription = { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId: subscriptionIds?.[0] ?? 0 };
    this.#engine.subscribed(session.clientId, subscription, this.#writes.begin(session));
  }

  unsubscribed(session: Session, topicFilter: string): void {
    this.#engine.unsubscribed(session.clientId, topicFilter, this.#writes.begin(session));
  }

  /** Calls `done` when all changes of the session so far are safe. */
  afterWrites(session: Session, done: () => void): void {
    this.#writes.after(session, done);
  }

  #willOf({ will, identity, mountpoint }: Pick<Session, 'will' | 'identity' | 'mountpoint'>, expiryMs: Millis): SessionWill | undefined {
    if (will === null) return undefined;
    const message = willMessage(will, mountTopic(mountpoint, will.topic), identity, this.#options.clock.now());
    return { message: new Publication(message), delayMs: willDelayMs(will, expiryMs) };
  }

  // ---------------------------------------------------------------- SessionsHost: what the engine tells

  dispatch(message: SessionMessage): void {
    const publication = this.#read(message);
    if (publication !== undefined) this.#options.dispatch(publication);
  }

  share(attempt: ShareAttempt): NodeName | boolean {
    const publication = this.#read(attempt.message);
    return publication !== undefined && this.#options.choose(attempt, publication);
  }

  unshared(message: SessionMessage): void {
    const publication = this.#read(message);
    if (publication !== undefined) this.#options.undeliverable(publication);
  }

  deliver(clientId: string, item: SessionItem): void {
    const session = this.#kept(clientId);
    if (session === undefined) return;
    const publication = this.#packets.read(item.message, this.#acceptedMs(item.ord));
    if (publication === undefined) this.finish(session, item);
    else session.deliverOwed(item, publication);
  }

  dropped(clientId: string, item: SessionItem): void {
    this.#kept(clientId)?.dropOwed(item);
  }

  adopted(clientId: string, kept: KeptSession): void {
    const { table } = this.#options;
    const { username, mountpoint } = kept.client;
    let session = table.byClientId.get(clientId);
    if (session === undefined) {
      session = table.add({ identity: { clientId, username, peerHost: '', isBridge: false }, connection: NO_CONNECTION, sessionExpiryMs: kept.expiryMs });
      session.mountpoint = mountpoint;
      session.disconnectedAtMs = this.#options.clock.now();
    }
    this.#adopt(session, kept);
  }

  released(clientId: string): void {
    const session = this.#options.table.byClientId.get(clientId);
    if (session !== undefined) this.#forget(session);
  }

  expired(clientId: string, items: readonly SessionItem[]): void {
    const session = this.#kept(clientId);
    if (session === undefined) return;
    this.#passOn(items);
    session.keeper = null;
    this.#options.table.terminate(session, 'expired');
  }

  closeClient(clientId: string, cleanStart: boolean): void {
    const { table } = this.#options;
    const session = table.byClientId.get(clientId);
    if (session?.channel == null) return;
    session.channel.takenOver(cleanStart);
    table.tookOver(session);
    if (!this.#registered.delete(clientId)) return;
    // Nothing is left of a session that ends with its connection.
    table.terminate(session, 'takenover');
  }

  fireWill(clientId: string, { message }: SessionWill): void {
    const publication = this.#read(message);
    if (publication === undefined) return;
    const mountpoint = this.#options.table.byClientId.get(clientId)?.mountpoint ?? '';
    this.#options.publishWill(publication, publication.topic.slice(mountpoint.length));
  }

  /** What shared groups gave to a session that is over, and it has not finished, goes to other members [MQTT-4.8.2-5]. */
  #passOn(items: readonly SessionItem[]): void {
    const rest: Publication[] = [];
    for (const { message, qos, state, sharedBy, ord } of items) {
      if (sharedBy === null || (qos === 2 && state !== 'queued')) continue;
      const publication = this.#packets.read(message, this.#acceptedMs(ord));
      if (publication !== undefined) rest.push(publication.forGroup(sharedBy));
    }
    if (rest.length > 0) this.#options.passOn(rest);
  }

  /** A message that a member of a group will not finish, for another one. False when it is no message to be kept safe. */
  passOnSafely(publication: Publication): boolean {
    if (publication.qos === 0 || publication.sharedBy === null) return false;
    this.#engine.share(publication, publication.sharedBy);
    return true;
  }

  /** When that was by our own clock: wall clocks of nodes may be minutes apart, but not how long ago it was. */
  #acceptedMs(at: number): Millis {
    return this.#options.clock.now() - this.#engine.ageMs(at);
  }

  #kept(clientId: string): Session | undefined {
    const session = this.#options.table.byClientId.get(clientId);
    return session?.keeper === this ? session : undefined;
  }

  #forget(session: Session): void {
    this.#writes.forget(session);
    session.leaveBehind();
    session.keeper = null;
    this.#options.table.forget(session);
  }

  #read(message: SessionMessage): Publication | undefined {
    return this.#packets.read(message, this.#options.clock.now());
  }
}

/** Of a session whose client connected to another node, or before a restart. */
const NO_CONNECTION: ConnInfo = { listener: '', peerHost: '', peerPort: 0, protoVer: 4, keepalive: 0, cleanStart: false, connectedAtMs: 0 };

function isThere(session: Session, { topicFilter, qos, noLocal, retainAsPublished, subscriptionId }: SessionSubscription): boolean {
  const known = session.subscriptions?.get(topicFilter);
  if (known === undefined) return false;
  return known.qos === qos && known.noLocal === noLocal && known.retainAsPublished === retainAsPublished && (known.subscriptionIds?.[0] ?? 0) === subscriptionId;
}
