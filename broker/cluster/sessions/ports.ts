/**
 * Durable sessions of the whole cluster, seen from one broker (cluster-protocol sections 7 to 9). `SessionsPort` is what the broker asks
 * of the engine, `SessionsHost` what the engine asks of the broker.
 *
 * The engine's copies are the single truth: the broker's session of a durable client is a delivery window over the copy of this node.
 * A session without expiry has no copy, only a registry entry, so that a take-over closes its connection wherever it is.
 *
 * Who matches what: the broker serves its own receivers without a durable session (its router as always); the engine matches durable
 * sessions itself, on every node, by the subscriptions told here. A broker leaves receivers with a durable session out when it
 * dispatches a message of QoS 1 or 2; QoS 0 is not the engine's business at all.
 */
import type { Millis, NodeName } from '../../base/ids.ts';
import type { SessionMessage } from './message.ts';

/** `memory`: nothing is written. `disk`: committed before it counts. `replicated`: held by a backup as well (R51). */
export type Durability = 'memory' | 'disk' | 'replicated';

export interface SessionSubscription {
  /** As subscribed, `$share/…` included. */
  readonly topicFilter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** 0 = none. */
  readonly subscriptionId: number;
}

/** Which message: the actor that accepted it, `<nodeId>/<incarnation>`, and its number there (R2). */
export interface SessionMid {
  readonly actor: string;
  readonly n: number;
}

/** What is known of a client without a connection. */
export interface SessionClient {
  readonly username: string | undefined;
  /** Stands before the topics of its will and subscriptions, which have it already. */
  readonly mountpoint: string;
}

export interface SessionWill {
  readonly message: SessionMessage;
  readonly delayMs: Millis;
}

/** One message for one durable session. */
export interface SessionItem {
  readonly mid: SessionMid;
  readonly message: SessionMessage;
  readonly qos: 1 | 2;
  /** RETAIN of the delivery. */
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[] | null;
  /** The shared group (`$share/<group>/<filter>`) that chose this session; null for a subscription of its own. */
  readonly sharedBy: string | null;
  /** `sent`: PUBLISH left under the packet id. `released`: PUBREC has come, PUBREL left or leaves. Changed by the engine only. */
  readonly state: 'queued' | 'sent' | 'released';
  /** 0 while queued. A sent or released item is repeated under it, with DUP; 0 when released: PUBREL under a new one. */
  readonly packetId: number;
  /** Hybrid time (stamp.ts) when it arrived at the owner of the session: message expiry is counted from there. */
  readonly ord: number;
}

/** A message for one session as its subscription makes it. */
export type SessionDelivery = Pick<SessionItem, 'qos' | 'retain' | 'subscriptionIds' | 'sharedBy'>;

/** A message that one member of a shared group is to get. Used again for the next one: read it at once. */
export interface ShareAttempt {
  /** `$share/<group>/<filter>` */
  readonly key: string;
  readonly message: SessionMessage;
  /** Of this node only: another one has chosen it. */
  readonly here: boolean;
  /** Nodes have refused it before: a member will do that is away or has a full queue. */
  readonly again: boolean;
  /** Only a member whose client is connected: it is taken from one whose client is not. */
  readonly onlyOnline: boolean;
  /** Not this one: it is taken from its session. */
  readonly notFor: string | null;
  /** Not these nodes. */
  readonly refusedBy: readonly NodeName[];
}

/** What a client finds when its session opens. The items follow through `deliver`. */
export interface OpenedSession {
  /** Session present. */
  readonly present: boolean;
  /** No copy: the session has no expiry and none was found. */
  readonly durable: boolean;
  readonly subscriptions: readonly SessionSubscription[];
  /** QoS 2 of the client that awaits PUBREL, by packet id. */
  readonly awaitingRel: readonly number[];
  readonly client: SessionClient;
  readonly expiryMs: Millis;
  /**
   * The first packet id of new messages to the client. Another one for each node that goes on with a session: two sides of a split that
   * count on from the same id would give one id to two messages, and a client that holds the one takes the other for a repetition.
   */
  readonly packetIdsFrom: number;
}

export interface ConnectOptions {
  readonly cleanStart: boolean;
  /** 0: ends with the connection. `Infinity`: never. */
  readonly expiryMs: Millis;
  readonly will: SessionWill | undefined;
  readonly client: SessionClient;
}

/**
 * `opened`: answer CONNACK now. `busy`: nobody who knows the session answered in time (R44): refuse with "server busy". `superseded`:
 * a later CONNECT of the client id goes first: close as taken over.
 */
export type ConnectResult = { readonly kind: 'opened'; readonly session: OpenedSession } | { readonly kind: 'busy' | 'superseded' };

export interface ConnectTicket {
  /** The connection went away before its answer. The old session stays where it is by then. */
  cancel(): void;
}

/** Waits for a write to be secured; one object serves a whole exchange, so that nothing is made per message. */
export interface Waiter {
  secured(): void;
}

export interface PublishWaiter {
  /** All parts are secured: answer PUBACK or PUBREC. `receivers`: durable sessions and nodes that got it. */
  published(receivers: number): void;
}

/** Where a publish comes from, if its QoS 2 must be the same message when it is sent again to another node (R65). */
export interface PublishSource {
  readonly clientId: string;
  readonly packetId: number;
}

/** What would have to go before a node can be stopped without loss (R72). */
export interface SessionsLeft {
  /** Sessions that are here, or are on their way from here. */
  readonly sessions: number;
  /** Second copies of sessions of other nodes that a third node could have. */
  readonly secondCopies: number;
  /** Messages that wait here for a node that is away. */
  readonly lateMessages: number;
}

/** What the engine has to know of a shared group. */
export interface ShareGroup {
  /** `$share/<group>/<filter>` */
  readonly key: string;
}

/** The broker asks the engine. Nothing throws; what does not fit the state of a session is ignored. */
export interface SessionsPort {
  /**
   * Opens the session of a client id, whoever has it now, and closes its older connection wherever it is. `done` is called once, at
   * once when nothing has to be asked or secured.
   */
  connect(clientId: string, options: ConnectOptions, done: (result: ConnectResult) => void): ConnectTicket;
  /**
   * `connect` of a session without expiry where nobody has to be asked and nothing is kept: true, and the client may be answered. Nothing
   * is made for it but an entry of the registry. False: use `connect`.
   */
  connectAtOnce(clientId: string, cleanStart: boolean): boolean;
  /** The connection has ended, by itself: never told of one that `closeClient` ended. `will`: what is still to be published, if anything. */
  disconnected(clientId: string, expiryMs: Millis, will: SessionWill | undefined): void;
  /** Adds or replaces a subscription; SUBACK waits for it. Also of sessions without expiry, which need not be told here. */
  subscribed(clientId: string, subscription: SessionSubscription, done: Waiter): void;
  unsubscribed(clientId: string, topicFilter: string, done: Waiter): void;

  /** False: nothing to do for a QoS 1 or 2 publish that matched no remote node. One cheap test on the hot path. */
  readonly engaged: boolean;
  /**
   * A QoS 1 or 2 message of this node. The broker has served, or will serve in this turn, its own receivers without durable session;
   * `targets` are the nodes of its route table that have receivers (durable sessions need not be in it), `groups` the shared groups of its
   * topic, of which one member each gets it (`SessionsHost.share`). Answers when all is secured (R52).
   */
  publish(message: SessionMessage, targets: readonly NodeName[], groups: readonly ShareGroup[], source: PublishSource | undefined, waiter: PublishWaiter): void;
  /** A message that a session had from a shared group, and that it will not finish, goes to another member. */
  share(message: SessionMessage, key: string): void;
  /**
   * A message for one durable session of this node alone: retained, or, within `SessionsHost.share`, chosen by a shared group. It comes
   * back by `deliver`.
   */
  offer(clientId: string, message: SessionMessage, delivery: SessionDelivery): void;
  /** PUBREL of the publisher has come: the packet id is free. */
  release(clientId: string, packetId: number): void;

  /** PUBLISH of an item leaves under this packet id. QoS 2: it may leave when the waiter is called (R64); QoS 1: at once. */
  sent(clientId: string, mid: SessionMid, packetId: number, waiter: Waiter | undefined): void;
  /** PUBREC has come; PUBREL leaves when the waiter is called (R64, C22). */
  received(clientId: string, mid: SessionMid, waiter: Waiter): void;
  /** PUBACK or PUBCOMP has come, or the item was dropped (expired, refused). */
  finish(clientId: string, mid: SessionMid): void;

  /** Ends a session of this node for good: kicked, or expired by the administrator. False when it is not here. */
  end(clientId: string): boolean;
  /** What a session of this node is owed, in order. */
  items(clientId: string): readonly SessionItem[];
  /** Its queue is full: the next message pushes the oldest one out. */
  isFull(clientId: string): boolean;
  /** How many items a session of this node has that wait to be sent. */
  queued(clientId: string): number;
  /** Hands every session without a client to another node, until `cancelDrain` (R72). `done` when none is left here and all is secured elsewhere. */
  drain(done: () => void): void;
  /** This node keeps what it still has, and takes sessions again. */
  cancelDrain(): void;
  left(): SessionsLeft;

  /** How long ago an item was put into its session (`ord`). */
  ageMs(at: number): Millis;

  /** R66: nothing is under way. With `replicated` any one node may die now and nothing acknowledged is lost: rolling restarts wait for it. */
  readonly isProtected: boolean;
  /** Everything that must be 0 when all is quiet. */
  pending(): SessionsPending;
  counters(): SessionsCounters;
}

/** The engine asks the broker. Called from inside engine calls: the broker must not call back into the engine before it returns, `deliver` and `share` (which calls `offer`) excepted. */
export interface SessionsHost {
  /** A message of another node: to own receivers without a durable session. */
  dispatch(message: SessionMessage): void;
  /**
   * Chooses a member of a shared group: true when a session of this node has got it (a durable one by `offer`), the name of the node
   * that is to choose among its own, or false when nobody is left.
   */
  share(attempt: ShareAttempt): NodeName | boolean;
  /** Nobody of its group could be reached: it is dropped. */
  unshared(message: SessionMessage): void;
  /** The item is secured and next in order: send it, or keep it until the window has room. Only between `opened` and the end of the connection. */
  deliver(clientId: string, item: SessionItem): void;
  /** A session without client is owned here from now on (promotion, hand-over, restart). */
  adopted(clientId: string, session: OpenedSession): void;
  /** The session is not ours any more: it moved. Its object and timers vanish, no will is sent. */
  released(clientId: string): void;
  /** Its Session Expiry Interval has run out here: it has ended for good. `items`: what it was owed, in order. */
  expired(clientId: string, items: readonly SessionItem[]): void;
  /**
   * Close the connection of the client: DISCONNECT 0x8E. `disconnected` must not follow. `cleanStart` of the newcomer decides whether the
   * will goes out.
   */
  closeClient(clientId: string, cleanStart: boolean): void;
  /** The client is gone with its old node and has not come back in time (R70). */
  fireWill(clientId: string, will: SessionWill): void;
  /** The queue of a session is full: its oldest queued item was dropped. */
  dropped(clientId: string, item: SessionItem): void;
}

export interface SessionsPending {
  /** Own publishes with open parts. */
  readonly publishes: number;
  readonly connects: number;
  /** Locks granted or wanted, as coordinator. */
  readonly locks: number;
  /** Take-overs that wait for the rest of a session. */
  readonly holds: number;
  /** Copies to be handed in: frozen, yielding, or backups of nobody. */
  readonly handIns: number;
  /** Late entries of ours, and those of others that are not settled. */
  readonly lateOut: number;
  readonly lateIn: number;
  /** Writes that are not secured. */
  readonly unsecured: number;
  /** Rows of nodes that are not up. */
  readonly dormantRows: number;
  /** Finished message ids that are remembered. */
  readonly done: number;
}

/** Cumulative since the start (R75). */
export interface SessionsCounters {
  forwardsOut: number;
  forwardsIn: number;
  resent: number;
  lateMade: number;
  lateApplied: number;
  parked: number;
  /** Messages of shared groups: given to another node, refused there, taken from a session that will not finish them. */
  sharesOut: number;
  sharesRefused: number;
  sharesHandedOn: number;
  takeOvers: number;
  handIns: number;
  forksMerged: number;
  promotions: number;
  duplicatesSuppressed: number;
  lockWaits: number;
  flushTimeouts: number;
  holdTimeouts: number;
  doneForgotten: number;
  queueDropped: number;
}
