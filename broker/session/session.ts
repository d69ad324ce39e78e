/**
 * session/: what a client is owed. session.ts outlives connections (subscriptions, inflight, queue, will); channel.ts is the
 * protocol state of one connection; handlers/<packet>.ts what each packet does; owed.ts the keeper of sessions that move between nodes.
 * In: packets, timers, deliveries. Out: calls on `Out` (one connection) and `NodePort` (the node), see ports.ts.
 * May import: base, topics, protocol, config, metrics. Must not: sockets, timers, ambient time or randomness.
 */
import type { Millis } from '../base/ids.ts';
import { METRIC } from '../metrics/metrics.ts';
import type { ClientInfo, ConnInfo } from '../protocol/clientInfo.ts';
import type { Qos, Will } from '../protocol/packet.ts';
import { isFailure } from '../protocol/reasonCodes.ts';
import type { MqttConfig } from '../config/config.ts';
import type { Channel } from './channel.ts';
import type { AwaitingRel } from './awaitingRel.ts';
import { Inflight, type InflightEntry } from './inflight.ts';
import { unmounted } from './mountpoint.ts';
import { MQueue, type Delivery, type DeliveryQueue } from './mqueue.ts';
import type { Owed, OwedPort } from './owed.ts';
import type { NodePort, Timer, TimerName, TimerOwner } from './ports.ts';
import { PriorityQueue } from './priorityQueue.ts';
import type { Publication } from './publication.ts';
import type { RetainedFeed } from './retainedFeed.ts';
import type { SubscriptionTable } from './subscriptionTable.ts';
import { withoutNoLocal, type Receiver, type Subscription } from './subscription.ts';
import { willDelayMs } from './will.ts';

/** Why a delivery did not happen, with its counter's last word. */
export type DropReason = 'no_local' | 'too_large' | 'qos0_msg' | 'queue_full' | 'expired';

/** How long others wait for a client that has too much in its queue to work off a part of it; less if it has never acknowledged anything. */
const PATIENCE_MS = 500;
const FIRST_PATIENCE_MS = 100;
const MESSAGES_DELIVERED = METRIC['messages.delivered'];
const DROP_METRIC: Readonly<Record<DropReason, number>> = {
  no_local: METRIC['delivery.dropped.no_local'],
  too_large: METRIC['delivery.dropped.too_large'],
  qos0_msg: METRIC['delivery.dropped.qos0_msg'],
  queue_full: METRIC['delivery.dropped.queue_full'],
  expired: METRIC['delivery.dropped.expired'],
};

/** What a session begins with: a connection, or what is known of a client that connected elsewhere or before a restart. */
export type SessionOrigin = Pick<Channel, 'identity' | 'connection' | 'sessionExpiryMs'>;

export class Session implements TimerOwner {
  readonly node: NodePort;
  readonly clientId: string;
  readonly createdAtMs: Millis;
  /** Of the latest connection. */
  identity: ClientInfo;
  connection: ConnInfo;
  disconnectedAtMs: Millis = 0;
  /** How long it outlives its connection; 0 = not at all, Infinity = for ever. */
  expiryMs: Millis;
  /** Null while the client is away. */
  channel: Channel | null = null;
  will: Will | null = null;
  /** That of the latest connection; empty for none. */
  mountpoint = '';
  /** By topic filter as subscribed. Null until the first one: idle clients are many. */
  subscriptions: SubscriptionTable | null = null;
  inflight: Inflight | null = null;
  mqueue: DeliveryQueue | null = null;
  awaitingRel: AwaitingRel | null = null;
  retainedFeeds: RetainedFeed[] | null = null;
  /** How many of the subscriptions are shared: their groups want to know when the client comes and goes. */
  sharedCount = 0;
  /** Who keeps what the client is owed; null when nobody but this object does. */
  keeper: OwedPort | null = null;
  mqueueDropped = 0;
  ended = false;
  /** Deliveries of an earlier connection that are to be sent again, in original order. */
  #resend: InflightEntry[] | null = null;
  /** QoS 1 and 2 PUBLISH that may still be sent on this connection before an acknowledgement (section 4.9); below 0 while old ones fill the window. */
  #quota = 0;
  #window = 0;
  /** The client of this connection acknowledges what it gets. */
  #settles = false;
  /** CONNACK is out, and what was open on earlier connections is known. */
  #resumed = false;
  expiryTimer: Timer | null = null;
  willTimer: Timer | null = null;

  constructor(node: NodePort, origin: SessionOrigin, nowMs: Millis) {
    this.node = node;
    this.clientId = origin.identity.clientId;
    this.identity = origin.identity;
    this.connection = origin.connection;
    this.createdAtMs = nowMs;
    this.expiryMs = origin.sessionExpiryMs;
  }

  get subscriptionCount(): number {
    return this.subscriptions?.size ?? 0;
  }

  get inflightMax(): number {
    return this.#window;
  }

  get mqueueLength(): number {
    return this.mqueue?.length ?? 0;
  }

  // ---------------------------------------------------------------- connections

  /** A connection takes this session; `resume` sends what is due, after CONNACK. */
  attach(channel: Channel): void {
    this.channel = channel;
    this.identity = channel.identity;
    this.connection = channel.connection;
    this.expiryMs = channel.sessionExpiryMs;
    this.will = channel.will;
    this.mountpoint = channel.mountpoint;
    // [MQTT-3.3.4-9]: the window is the smaller of what both sides allow, and starts fresh on every connection.
    this.#window = Math.min(channel.clientReceiveMaximum, this.node.mqtt.maxInflight);
    this.#quota = this.#window;
    this.inflight?.fit(this.#window);
    this.#settles = false;
    this.awaitingRel?.connectionOpened();
    cancel(this.expiryTimer);
    cancel(this.willTimer);
    this.expiryTimer = this.willTimer = null;
    if (this.sharedCount > 0) this.node.presenceChanged(this);
  }

  /** Sends again what was not acknowledged, in original order [MQTT-4.4.0-1], [MQTT-4.6.0-1], then what waits in the queue. */
  resume(): void {
    this.#resumed = true;
    if (this.keeper !== null && this.mqueueLength > 0) this.#sendOwnLater();
    if (this.inflight !== null && this.inflight.count > 0) {
      const publishes: InflightEntry[] = [];
      for (const entry of this.inflight.entries()) {
        if (entry.released) this.channel?.sendAck('pubrel', entry.packetId);
        else publishes.push(entry);
      }
      // An unfinished QoS 2 delivery holds its slot until PUBCOMP, on this connection as on the last [MQTT-3.3.4-9].
      this.#quota -= this.inflight.count - publishes.length;
      this.#resend = publishes.length === 0 ? null : publishes;
    }
    this.pump();
  }

  /** The connection is gone, for another one or for good. */
  detach(nowMs: Millis): void {
    this.channel = null;
    this.disconnectedAtMs = nowMs;
    this.retainedFeeds = null;
    this.#resend = null;
    this.#resumed = false;
    if (this.keeper !== null) this.#forgetOwed();
    if (this.sharedCount > 0) this.node.presenceChanged(this);
  }

  /** QoS 0 that waited here goes behind what the keeper brings, which may come only now. */
  #sendOwnLater(): void {
    const { channel, mqueue } = this;
    const own: Delivery[] = [];
    const owed: Delivery[] = [];
    for (let next = mqueue?.shift(); next !== undefined; next = mqueue?.shift()) (next.item === null ? own : owed).push(next);
    for (const delivery of owed) this.#enqueue(delivery);
    if (own.length === 0) return;
    this.node.defer(() => {
      for (const delivery of own) this.#enqueue(delivery);
      if (this.channel === channel) this.pump();
    });
  }

  /** The keeper has it all and brings it again on the next connection; only QoS 0 that waits is ours. */
  #forgetOwed(): void {
    this.inflight = null;
    const waiting = this.mqueue;
    this.mqueue = null;
    for (let next = waiting?.shift(); next !== undefined; next = waiting?.shift()) if (next.item === null) this.#enqueue(next);
  }

  /** The session goes on at another node: QoS 0 that waits here is not a part of it (section 4.1 leaves that open). */
  leaveBehind(): void {
    for (let next = this.mqueue?.shift(); next !== undefined; next = this.mqueue?.shift()) if (next.item === null) this.#drop(next.publication, 'qos0_msg');
  }

  /** Nobody takes over: will and session end now or on their timers [MQTT-3.1.2-8], [MQTT-3.1.2-23]; those of a kept session with its keeper. */
  startWaiting(nowMs: Millis): void {
    const willMs = this.will === null ? 0 : willDelayMs(this.will, this.expiryMs);
    if (this.will !== null && willMs === 0) this.node.publishWill(this);
    if (this.expiryMs === 0) return this.node.terminate(this, 'normal');
    if (this.keeper !== null) return this.#leaveToKeeper(this.keeper);
    if (this.will !== null) this.willTimer = this.node.timers.schedule(this, 'willDelay', nowMs + willMs);
    if (this.expiryMs !== Number.POSITIVE_INFINITY) {
      this.expiryTimer = this.node.timers.schedule(this, 'sessionExpiry', nowMs + this.expiryMs);
    }
  }

  #leaveToKeeper(keeper: OwedPort): void {
    keeper.disconnected(this, this.expiryMs);
    this.will = null;
  }

  // ---------------------------------------------------------------- deliveries

  /** The next message that has to wait pushes another one out. */
  get isFull(): boolean {
    if (this.keeper !== null) return this.keeper.isFull(this);
    const { mqueue } = this;
    return mqueue !== null && mqueue.length > 0 && mqueue.length >= mqueue.max;
  }

  /** A message that matched a subscription of this session. */
  deliver(publication: Publication, receiver: Receiver): void {
    if (receiver.noLocal && publication.fromClientId === this.clientId) {
      const rest = withoutNoLocal(receiver); // [MQTT-3.8.3-3]
      if (rest === undefined) return this.#drop(publication, 'no_local');
      receiver = rest;
    }
    const qos = this.node.mqtt.upgradeQos ? receiver.qos : publication.qos < receiver.qos ? publication.qos : receiver.qos;
    // What it is owed comes from its keeper, but for what a shared group has chosen it for.
    if (qos > 0 && this.keeper !== null && publication.qos > 0 && publication.sharedBy === null) return;
    // RETAIN says "this was stored before you came", unless the subscriber asked for it as published [MQTT-3.3.1-12], [MQTT-3.3.1-13].
    this.#accept(publication, qos, publication.retain && receiver.retainAsPublished, receiver.subscriptionIds);
  }

  /** A retained message for a new subscription: RETAIN is 1 whatever Retain As Published says [MQTT-3.3.1-8]. */
  deliverRetained(publication: Publication, subscription: Subscription): void {
    const qos = publication.qos < subscription.qos ? publication.qos : subscription.qos;
    this.#accept(publication, qos, true, subscription.subscriptionIds);
  }

  /** Whether retained messages may go on: the client reads, and live messages keep half of the queue. */
  get takesRetained(): boolean {
    return this.channel !== null && !this.channel.out.congested && this.mqueueLength * 2 < Math.max(this.node.mqtt.maxMqueueLen, 1);
  }

  startFeed(feed: RetainedFeed): void {
    this.retainedFeeds = (this.retainedFeeds ?? []).filter((other) => other.subscription.topicFilter !== feed.subscription.topicFilter);
    this.retainedFeeds.push(feed);
    feed.run();
  }

  endFeed(feed: RetainedFeed): void {
    const left = this.retainedFeeds?.filter((other) => other !== feed) ?? [];
    this.retainedFeeds = left.length === 0 ? null : left;
  }

  #accept(original: Publication, qos: Qos, retain: boolean, subscriptionIds: readonly number[] | null): void {
    if (qos > 0 && this.keeper !== null) return this.keeper.offer(this, original, qos as 1 | 2, retain, subscriptionIds);
    const node = this.node;
    const channel = this.channel;
    node.metrics.inc(MESSAGES_DELIVERED);
    const publication = node.delivering(this, original);
    if (channel === null) {
      if (qos === 0 && !node.mqtt.mqueueStoreQos0) return this.#drop(publication, 'qos0_msg');
      return this.#enqueue({ publication, qos, retain, subscriptionIds, item: null });
    }
    const nowMs = node.clock.now();
    if (qos === 0) return this.#send0(channel, publication, retain, subscriptionIds, nowMs);
    // Nothing newer may overtake what is to be sent again or waits (section 4.6).
    if (this.#quota <= 0 || this.#resend !== null || this.mqueueLength > 0) {
      return this.#enqueue({ publication, qos, retain, subscriptionIds, item: null });
    }
    this.#sendWindowed(channel, publication, qos, retain, subscriptionIds, nowMs, null);
  }

  #enqueue(delivery: Delivery): void {
    delivery.publication.keep();
    const { maxMqueueLen } = this.node.mqtt;
    this.mqueue ??= newQueue(this.node.mqtt, this.keeper !== null);
    // The keeper bounds what it keeps, and says what had to go.
    const full = this.keeper !== null && delivery.item === null && this.mqueue.length >= maxMqueueLen;
    const evicted = full ? delivery : this.mqueue.push(delivery);
    if (this.channel !== null && this.mqueue.length * 2 >= maxMqueueLen) {
      this.channel.out.full(this.#settles ? PATIENCE_MS : FIRST_PATIENCE_MS);
    }
    if (evicted === undefined) return;
    this.mqueueDropped += 1;
    this.#drop(evicted.publication, 'queue_full');
  }

  #send0(channel: Channel, publication: Publication, retain: boolean, ids: readonly number[] | null, nowMs: Millis): void {
    if (publication.expired(nowMs, this.node.mqtt.messageExpiryIntervalMs)) return this.#drop(publication, 'expired');
    const result = channel.out.deliver(this.#shown(publication), 0, retain, false, 0, ids, nowMs);
    if (result === 'sent') channel.countSent(0);
    else this.#drop(publication, result === 'tooLarge' ? 'too_large' : 'queue_full');
  }

  /** What the client is to see of it. */
  #shown(publication: Publication): Publication {
    return this.mountpoint === '' ? publication : unmounted(publication, this.mountpoint);
  }

  #sendWindowed(channel: Channel, publication: Publication, qos: Qos, retain: boolean, ids: readonly number[] | null, nowMs: Millis, item: Owed | null): void {
    if (publication.expired(nowMs, this.node.mqtt.messageExpiryIntervalMs)) return this.#giveUp(publication, item, 'expired'); // [MQTT-3.3.2-5]
    this.inflight ??= new Inflight(this.#window);
    const entry = this.inflight.add(publication, qos, retain, ids, nowMs, item);
    this.#quota -= 1;
    if (item === null || qos === 1) return this.#sendFirst(channel, entry, nowMs);
    this.keeper?.sent(this, item, entry.packetId, {
      secured: () => {
        if (this.channel === channel && this.inflight?.get(entry.packetId) === entry) this.#sendFirst(channel, entry, this.node.clock.now());
      },
    });
  }

  #sendFirst(channel: Channel, entry: InflightEntry, nowMs: Millis): void {
    const { publication, qos, retain, packetId, subscriptionIds, item } = entry;
    if (channel.out.deliver(this.#shown(publication), qos, retain, false, packetId, subscriptionIds, nowMs) === 'sent') {
      channel.countSent(qos);
      if (item !== null && qos === 1) this.keeper?.sent(this, item, packetId, undefined);
      return;
    }
    this.#quota += 1;
    this.inflight?.remove(entry); // [MQTT-3.1.2-25]: dropped as if it had been sent.
    this.#giveUp(publication, item, 'too_large');
  }

  #giveUp(publication: Publication, item: Owed | null, reason: DropReason): void {
    if (item !== null) this.keeper?.finish(this, item);
    this.#drop(publication, reason);
  }

  // ---------------------------------------------------------------- what the keeper owes

  /** New messages get packet ids from this one on. */
  countPacketIdsFrom(packetId: number): void {
    this.inflight ??= new Inflight(this.#window);
    this.inflight.countFrom(packetId);
  }

  /** A delivery that is safe: a new one, or one of an earlier connection in the state it has reached. In order. */
  deliverOwed(item: Owed, publication: Publication): void {
    const { channel } = this;
    if (item.state === 'queued') return this.#deliverNew(channel, item, this.node.delivering(this, publication));
    this.inflight ??= new Inflight(this.#window);
    const entry = this.inflight.restore(publication, item, this.node.clock.now());
    // Before `resume` it is one of those that are sent again then.
    if (!this.#resumed || channel === null) return;
    if (entry.released) {
      this.#quota -= 1;
      channel.sendAck('pubrel', entry.packetId);
      return;
    }
    (this.#resend ??= []).push(entry);
    this.pump();
  }

  #deliverNew(channel: Channel | null, item: Owed, publication: Publication): void {
    this.node.metrics.inc(MESSAGES_DELIVERED);
    const { qos, retain, subscriptionIds } = item;
    if (channel === null || !this.#resumed || this.#quota <= 0 || this.#resend !== null || this.mqueueLength > 0) {
      return this.#enqueue({ publication, qos, retain, subscriptionIds, item });
    }
    this.#sendWindowed(channel, publication, qos, retain, subscriptionIds, this.node.clock.now(), item);
  }

  /** The keeper has dropped it, for want of room, while it waited here. */
  dropOwed(item: Owed): void {
    const dropped = this.mqueue?.remove(item);
    if (dropped === undefined) return;
    this.mqueueDropped += 1;
    this.#drop(dropped.publication, 'queue_full');
  }

  /** Sends again, in original order, what the client has not acknowledged and what is due by when it was sent on this connection. */
  redeliver(isDue: (sentAtMs: Millis) => boolean, nowMs: Millis): void {
    const channel = this.channel;
    if (channel === null || this.inflight === null || this.inflight.count === 0 || channel.out.congested) return;
    // From here on nothing was sent on this connection yet.
    const unsent = this.#resend?.[0]?.order ?? Number.POSITIVE_INFINITY;
    for (const { publication, qos, retain, packetId, subscriptionIds, sentAtMs, order, released } of this.inflight.entries()) {
      if (!isDue(Math.max(sentAtMs, this.connection.connectedAtMs))) continue;
      if (released) channel.sendAck('pubrel', packetId);
      else if (order < unsent && channel.out.deliver(this.#shown(publication), qos, retain, true, packetId, subscriptionIds, nowMs) === 'sent') channel.countSent(qos);
    }
  }

  /** Sends what waits as far as the window allows: re-sends first, then the queue, then retained messages. */
  pump(): void {
    const channel = this.channel;
    if (channel === null) return;
    const nowMs = this.node.clock.now();
    while (this.#quota > 0 && this.#resend !== null) {
      const entry = this.#resend.shift() as InflightEntry;
      if (this.#resend.length === 0) this.#resend = null;
      if (this.inflight?.get(entry.packetId) !== entry) continue;
      const { publication, qos, retain, packetId, subscriptionIds } = entry;
      // [MQTT-3.3.1-1]: DUP marks a re-send; the same packet id [MQTT-4.4.0-1].
      if (channel.out.deliver(this.#shown(publication), qos, retain, true, packetId, subscriptionIds, nowMs) === 'sent') {
        this.#quota -= 1;
        channel.countSent(qos);
      } else {
        this.inflight.remove(entry);
        this.#giveUp(publication, entry.item, 'too_large');
      }
    }
    if (this.mqueue !== null && this.#resend === null) {
      this.#drainQueue(channel, this.mqueue, nowMs);
      if (this.mqueue.length * 4 <= this.node.mqtt.maxMqueueLen) channel.out.eased();
    }
    if (this.retainedFeeds !== null && this.takesRetained) for (const feed of this.retainedFeeds) feed.run();
  }

  #drainQueue(channel: Channel, queue: DeliveryQueue, nowMs: Millis): void {
    for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
      if (next.qos > 0 && this.#quota <= 0) return;
      queue.shift();
      if (next.qos === 0) this.#send0(channel, next.publication, next.retain, next.subscriptionIds, nowMs);
      else this.#sendWindowed(channel, next.publication, next.qos, next.retain, next.subscriptionIds, nowMs, next.item);
    }
  }

  #drop(publication: Publication, reason: DropReason): void {
    const { metrics } = this.node;
    metrics.inc(METRIC['delivery.dropped']);
    metrics.inc(DROP_METRIC[reason]);
    this.channel?.counters.countDrop(reason);
    this.node.dropped(this, publication, reason);
  }

  // ---------------------------------------------------------------- acknowledgements of the client

  /** PUBACK of a QoS 1 delivery. False when no such delivery is open. */
  puback(packetId: number): boolean {
    const entry = this.inflight?.get(packetId);
    if (entry === undefined || entry.qos !== 1) return false;
    this.#settle(entry);
    return true;
  }

  /** PUBREC of a QoS 2 delivery: the message is the client's now; PUBREL follows [MQTT-4.3.3-4]. */
  pubrec(packetId: number, reasonCode: number): boolean {
    const entry = this.inflight?.get(packetId);
    if (entry === undefined || entry.qos !== 2) return false;
    if (isFailure(reasonCode)) {
      // The flow ends here: no PUBREL, id and slot are free (section 4.3.3).
      this.#settle(entry);
      return true;
    }
    if (!entry.released) {
      entry.released = true;
      this.node.acked(this, entry.publication, entry.sentAtMs);
    }
    const { channel } = this;
    if (entry.item === null) channel?.sendAck('pubrel', packetId);
    else this.keeper?.received(this, entry.item, { secured: () => this.channel === channel && channel?.sendAck('pubrel', packetId) });
    return true;
  }

  pubcomp(packetId: number): boolean {
    const entry = this.inflight?.get(packetId);
    if (entry === undefined || entry.qos !== 2 || !entry.released) return false;
    this.#free(entry);
    return true;
  }

  #settle(entry: InflightEntry): void {
    this.node.acked(this, entry.publication, entry.sentAtMs);
    this.#free(entry);
  }

  #free(entry: InflightEntry): void {
    this.inflight?.remove(entry);
    if (entry.item !== null) this.keeper?.finish(this, entry.item);
    this.#settles = true;
    if (this.#quota < this.#window) this.#quota += 1;
    this.pump();
  }

  // ---------------------------------------------------------------- timers and end

  onTimer(name: TimerName): void {
    if (this.ended) return;
    if (name === 'awaitRelExpiry') this.awaitingRel?.expire(this.node.clock.now());
    else if (name === 'willDelay') this.node.publishWill(this);
    else if (name === 'sessionExpiry') this.node.terminate(this, 'expired');
  }

  /** Called by the node when the session is over; nothing of it may fire later. */
  end(): void {
    this.ended = true;
    cancel(this.expiryTimer);
    cancel(this.willTimer);
    this.awaitingRel?.cancel();
    this.retainedFeeds = null;
  }
}

/** `kept`: what waits in it is bounded by its keeper. */
function newQueue({ maxMqueueLen, mqueuePriorities }: MqttConfig, kept: boolean): DeliveryQueue {
  const max = kept ? Number.POSITIVE_INFINITY : maxMqueueLen;
  return mqueuePriorities === null ? new MQueue(max) : new PriorityQueue(max, mqueuePriorities);
}

function cancel(timer: Timer | null): void {
  if (timer !== null) timer.cancelled = true;
}
