/** What a channel and its session ask of the world: one connection (`Out`), the node around them (`NodePort`), time (`Timers`). */
import type { Millis } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { MaybeLater } from '../base/maybeLater.ts';
import type { MqttConfig } from '../config/config.ts';
import type { Redirect } from '../config/listenerConfig.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { AuthExchange, AuthnVerdict } from '../protocol/authentication.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import type { AckPacket, MqttVersion, Packet, Properties, Qos, SubOpts } from '../protocol/packet.ts';
import type { TopicCursor } from '../topics/topicCursor.ts';
import type { Channel } from './channel.ts';
import type { Publication } from './publication.ts';
import type { FramedMessage } from './retainedBatch.ts';
import type { Session } from './session.ts';

export interface Clock {
  now(): Millis;
}

/** Who sets and who cancels each: the channel, the session, core/deadlines.ts, core/redelivery.ts, a service of core/services/, io/clientLimiter.ts, io/sharedLimit.ts, or io/slowClients.ts. */
export type TimerName = ChannelTimer | SessionTimer | ServiceTimer | 'limiter' | 'congestion';
export type ChannelTimer = 'credentialsExpiry';
export type SessionTimer = 'awaitRelExpiry' | 'sessionExpiry' | 'willDelay' | 'retainedFeed';
export type ServiceTimer = 'sysMessages' | 'sysHeartbeat' | 'retainerSweep' | 'delayedDue' | 'deadlines' | 'redelivery';

export interface TimerOwner {
  onTimer(name: TimerName): void;
}

/** A pending timer. To cancel it, set `cancelled`; the wheel drops it when its slot comes round. */
export interface Timer {
  cancelled: boolean;
}

export interface Timers {
  /** Calls `owner.onTimer(name)` once, not before `dueAtMs` and within the wheel's resolution after it. */
  schedule(owner: TimerOwner, name: TimerName, dueAtMs: Millis): Timer;
}

/** Asks each channel once a second whether its time is over. */
export interface Deadlines {
  watch(channel: Channel): void;
  forget(channel: Channel): void;
}

/** `tooLarge`: over the client's Maximum Packet Size. `congested`: QoS 0 towards a client that does not read. */
export type DeliverResult = 'sent' | 'tooLarge' | 'congested';

/** What has crossed a connection, for the administration. */
export interface Traffic {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly readCount: number;
  readonly writeCount: number;
}

/** One connection, seen from its channel. Calls only append; bytes leave together at the end of the turn. */
export interface Out {
  /** Called once, by a CONNECT: the version to write, the largest packet and the highest topic alias the client takes. */
  setProtocol(version: MqttVersion, maximumPacketSize: number, topicAliasMaximum: number): void;
  send(packet: Packet): void;
  /** Sends a publication as PUBLISH. Positional arguments: this is the hot path. */
  deliver(
    publication: Publication,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    packetId: number,
    subscriptionIds: readonly number[] | null,
    nowMs: Millis,
  ): DeliverResult;
  /** Sends an acknowledgement of success, which is the same four bytes in every version. */
  sendAck(type: AckPacket['type'], packetId: number): void;
  /** Sends whole PUBLISH packets of QoS 0 as they are. The bytes are the connection's from then on. */
  sendFrames(bytes: Uint8Array): void;
  readonly traffic: Traffic;
  /** More is waiting than the client takes in; `Channel.drained` follows when that is over. */
  readonly congested: boolean;
  /** More waits for this client than should: whoever is being read just now, and so has sent it, is held back until `eased`, or for `patienceMs`. */
  full(patienceMs: Millis): void;
  /** `full` is over. */
  eased(): void;
  /** Hands on no more packets until `release`; what arrives meanwhile waits in order, a bounded amount of it in memory. */
  hold(): void;
  release(): void;
  /** The client is not being read, for our reasons: its silence is not its fault. */
  readonly readingPaused: boolean;
  /** Closes the connection once everything sent has left, or after a short time-out. `peerIsDone`: the peer has said its last word. */
  close(peerIsDone?: boolean): void;
}

/** What the certificate of a client says. */
export interface PeerIdentity {
  readonly commonName: string | undefined;
  /** `C=DE,O=Plant,CN=pump-7` */
  readonly subject: string;
  /** Take the place of what CONNECT says, where the listener is set so. */
  readonly username: string | undefined;
  readonly clientId: string | undefined;
}

/** Where a connection came from. */
export interface Peer {
  readonly listener: string;
  /** Mountpoint of the listener with its placeholders. Absent = none. */
  readonly mountpoint?: string;
  readonly host: string;
  readonly port: number;
  /** Of a client that showed a certificate. */
  readonly certificate?: PeerIdentity | undefined;
  /** Where clients of the listener are sent instead. Absent = they are served. */
  readonly redirect?: Redirect | undefined;
}

/** Retained messages for new subscriptions; core/services/retainer.ts implements it. */
export interface RetainedSource {
  /** Retained messages that match, in no promised order; undefined when there are none at all. */
  find(topicFilter: string): TopicCursor<FramedMessage> | undefined;
  /** An expired retained message is none: it is removed when it is met. */
  removeIfExpired(message: Message): boolean;
  /** How fast one session may get them. */
  readonly deliveryRate: Rate;
}

/** The router's memory of a topic (router/match.ts), opaque here. */
export interface TopicHandle {
  readonly topic: string;
}

export interface OpenedSession {
  readonly session: Session;
  readonly present: boolean;
}

export interface Cancellable {
  cancel(): void;
}

/** It cannot be had now: the reason code for CONNACK. */
export interface RefusedSession {
  readonly refused: number;
}

/** What the node does for channels and sessions; `core/brokerNode.ts` implements it. */
export interface NodePort {
  readonly mqtt: MqttConfig;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly clock: Clock;
  /** Connections that may be silent for too long. */
  readonly deadlines: Deadlines;
  readonly log: Log;
  /** A fresh client identifier. */
  assignClientId(): string;
  /** `client.connect` hook: a reason code of 0x80 or more refuses. */
  connecting(channel: Channel, properties: Properties): number;
  /** Bans, and who connects too often: 0, or the CONNACK reason code of a refusal. */
  admit(channel: Channel): number;
  /** Who this is: a verdict at once, or later when somebody has to be asked. Never rejects. */
  authenticate(channel: Channel, password: Uint8Array | undefined): MaybeLater<AuthnVerdict>;
  /** Begins an enhanced authentication; undefined when nobody serves the method. */
  beginAuthExchange(channel: Channel, method: string): AuthExchange | undefined;
  /** Counts and tells the verdict of an enhanced authentication, which it may correct. */
  authExchangeEnded(channel: Channel, verdict: AuthnVerdict): AuthnVerdict;
  /**
   * Takes over, discards or creates the session of the channel's client id. Only after everything else was checked. Undefined when `later`
   * gets it, which happens when another node has to give it up first.
   */
  openSession(channel: Channel, cleanStart: boolean, later: (opened: OpenedSession | RefusedSession) => void): OpenedSession | RefusedSession | undefined;
  /** `client.connack` hook: may change the properties. */
  connack(channel: Channel, reasonCode: number, properties: Properties): Properties;
  connected(channel: Channel): void;
  disconnected(channel: Channel, reason: string): void;
  /** Grows when access rules change; a verdict cached under an older epoch is void. */
  readonly authzEpoch: number;
  authorize(client: ClientInfo, action: 'publish' | 'subscribe', topic: string, qos: Qos, retain: boolean): boolean;
  /** A verdict was taken from the channel's cache instead: counted like any other. */
  authorizedFromCache(allowed: boolean): void;
  /** `authorization.deny_action = disconnect`. */
  readonly denyDisconnects: boolean;
  /** Routes a message and returns how many receivers (sessions and nodes) it has. */
  publish(message: Message): number;
  /** What is known of a topic name. Kept by a channel for its last topic, so that publishing there again looks nothing up. */
  topicEntry(topic: string): TopicHandle;
  /**
   * `publish` of a message that came from a client, to the topic of an entry that `topicEntry` gave, however long ago. Below 0 when it is
   * acknowledged later, by what `acknowledgeLater` made.
   */
  publishReceived(publication: Publication, topic: TopicHandle, channel: Channel, packetId: number): number;
  /** The same for a QoS 2 message that its keeper remembers by its packet id: nobody gets it twice. */
  publishAgain(publication: Publication, topic: TopicHandle, channel: Channel, packetId: number): void;
  publishWill(session: Session): void;
  /** `message.puback` hook. */
  acknowledging(packetId: number, publication: Publication, receivers: number, reasonCode: number): number;
  /** `client.subscribe` / `client.unsubscribe` hooks, with filters that passed all checks. */
  subscribing(channel: Channel, properties: Properties, items: readonly SubscribeItem[]): readonly SubscribeItem[];
  unsubscribing(channel: Channel, properties: Properties, topicFilters: readonly string[]): readonly string[];
  /** Adds or replaces a subscription of a session and its route. True when it is new. An exclusive one that is taken is not added. */
  subscribe(session: Session, topicFilter: string, opts: SubOpts, subscriptionId: number | undefined): boolean;
  /** True when it existed. */
  unsubscribe(session: Session, topicFilter: string): boolean;
  /** Nobody else in the cluster holds `$exclusive/<topicFilter>`, as far as is known. */
  exclusiveIsFree(session: Session, topicFilter: string): boolean;
  /** The client is told that it holds an exclusive subscription. False when somebody else was first after all. */
  grantExclusive(session: Session, topicFilter: string): boolean;
  /** The client of a session with shared subscriptions came or went. */
  presenceChanged(session: Session): void;
  /** Calls `done` when every peer node that is up knows the routes written so far, and what the session has changed is safe. */
  routeBarrier(session: Session, done: () => void): void;
  /** Calls `done` when what the session has changed is safe. */
  written(session: Session, done: () => void): void;
  readonly retainer: RetainedSource;
  /** Runs a task in a later turn of the loop, so that long work leaves room for others. */
  defer(task: () => void): void;
  /** Whether that hook has anybody. */
  readonly hearsDelivered: boolean;
  /** `message.delivered` hook: may change what this receiver gets. */
  delivering(session: Session, publication: Publication): Publication;
  acked(session: Session, publication: Publication, sentAtMs: Millis): void;
  dropped(session: Session, publication: Publication, reason: string): void;
  /** The session is over: its routes go. */
  terminate(session: Session, reason: string): void;
}

export interface SubscribeItem {
  readonly topicFilter: string;
  readonly opts: SubOpts;
}
