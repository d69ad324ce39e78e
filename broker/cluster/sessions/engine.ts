/**
 * sessions/: durable sessions, one of each cluster-wide (cluster-protocol sections 7 to 9).
 * In: what clients do (`SessionsPort`), frames 0x50 to 0x6F of peers, links that come and go, ticks. Out: `SessionsHost`, frames, journal.
 * May import: base, topics, cluster. Knows no sockets, timers, disks, and nothing of the broker but its ports.
 * Begin here for what an event leads to. registry.ts says who has what; connects.ts, takeover.ts and handIns.ts move a session; publishes.ts,
 * forwards.ts, lateEntries.ts and lateMessages.ts bring a message to it, shares.ts to one member of a group; copies.ts, backups.ts and
 * promotion.ts keep it alive.
 */
import type { Millis, NodeId, NodeName } from '../../base/ids.ts';
import type { LinkState, Peer } from '../peer.ts';
import { STEPS_PER_MS } from '../stamp.ts';
import type { ClusterStream, StreamHost } from '../stream.ts';
import { protocolError } from '../wire/bytes.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeRowChange, decodeSnapshot } from '../wire/v1SessionRows.ts';
import { encodeSynced, SESSION_KINDS, SessionKind } from '../wire/v1Sessions.ts';
import { Backups } from './backups.ts';
import { Beats } from './beats.ts';
import { Connects } from './connects.ts';
import { Copies } from './copies.ts';
import { actorKey, lineageOf, type Mid } from './copy/identity.ts';
import type { LateEntry } from './copy/batch.ts';
import type { SessionCopy } from './copy/copy.ts';
import { isCoveredBy } from './covered.ts';
import { Delivery } from './delivery.ts';
import type { Desk, EngineOptions, StoredSessions } from './desk.ts';
import { Drain } from './drain.ts';
import { Endings } from './endings.ts';
import { newLeave } from './held.ts';
import { Forwards } from './forwards.ts';
import { HandIns } from './handIns.ts';
import { Interest } from './interest.ts';
import { LateEntries } from './lateEntries.ts';
import { LateMessages } from './lateMessages.ts';
import { AUDIT_MS, START_WAIT_MS } from './limits.ts';
import { Locks } from './locks.ts';
import { Peers, type SessionPeer } from './peers.ts';
import { newSessionsCounters } from './counters.ts';
import type { SessionMessage } from './message.ts';
import type {
  ConnectOptions,
  ConnectResult,
  ConnectTicket,
  PublishSource,
  PublishWaiter,
  SessionDelivery,
  ShareGroup,
  SessionItem,
  SessionMid,
  SessionsCounters,
  SessionsHost,
  SessionsPending,
  SessionsLeft,
  SessionsPort,
  SessionSubscription,
  SessionWill,
  Waiter,
} from './ports.ts';
import { Promotion } from './promotion.ts';
import { Publishes } from './publishes.ts';
import { Registry } from './registry.ts';
import { Shares } from './shares.ts';
import { sessionOf, Takeover } from './takeover.ts';

type Building = { -readonly [K in keyof Desk]: Desk[K] };

export class SessionEngine implements ClusterStream, SessionsPort {
  readonly kinds = SESSION_KINDS;
  readonly #desk: Desk;
  readonly #counters = newSessionsCounters();
  #lineages = 0;
  #isStarting: boolean;
  #auditedMs: Millis = 0;

  constructor(options: EngineOptions, host: SessionsHost, stream: StreamHost, stored: StoredSessions | undefined) {
    const { identity, clock } = stream;
    const actor = actorKey(identity);
    this.#isStarting = options.hasSeeds || (stored !== undefined && stored.copies.length > 0 && options.hasSeeds);
    const isStarting = () => this.#isStarting;
    const desk = {
      options,
      host,
      stream,
      log: stream.log,
      self: identity.nodeId,
      actor,
      incarnation: identity.incarnation,
      startedMs: clock.monotonicMs(),
      get isStarting() {
        return isStarting();
      },
      counters: this.#counters,
      now: () => clock.monotonicMs(),
      drawLineage: () => lineageOf(actor, (this.#lineages += 1)),
    } as Building;
    this.#desk = desk;
    desk.interest = new Interest();
    desk.peers = new Peers(desk);
    desk.registry = new Registry(desk);
    desk.copies = new Copies(desk);
    desk.delivery = new Delivery(desk);
    desk.publishes = new Publishes(desk);
    desk.forwards = new Forwards(desk);
    desk.shares = new Shares(desk);
    desk.lateEntries = new LateEntries(desk);
    desk.lateMessages = new LateMessages(desk);
    desk.locks = new Locks(desk);
    desk.connects = new Connects(desk);
    desk.takeover = new Takeover(desk);
    desk.handIns = new HandIns(desk);
    desk.backups = new Backups(desk);
    desk.promotion = new Promotion(desk);
    desk.endings = new Endings(desk);
    desk.beats = new Beats(desk);
    desk.drain = new Drain(desk);
    if (stored !== undefined) this.#restore(stored);
  }

  /** What the disk has. Owners keep their rank of before; what was on its way out still is (R60). */
  #restore({ copies, late }: StoredSessions): void {
    for (const copy of copies) {
      copy.lineage = null;
      const held = this.#desk.copies.restore(copy);
      if (copy.role === 'backup') continue;
      const at = this.#desk.options.clock.nextAt();
      this.#desk.copies.apply(held, { type: 'claim', owner: this.#desk.self, epoch: copy.epoch, connectedAt: 0, disconnectedAt: copy.disconnectedAt || at });
      this.#desk.copies.setRole(held, copy.role, null);
      if (copy.role !== 'owner') held.leave = newLeave(at, null, this.#desk.startedMs);
      else if (!held.isEnded) this.#desk.host.adopted(held.clientId, { ...sessionOf(held), present: true });
      this.#desk.registry.changed(held.clientId);
    }
    for (const entry of late) this.#desk.lateEntries.restore(entry);
    for (const held of this.#desk.copies.all()) if (held.isOwner) this.#desk.lateMessages.applyTo(held);
  }

  // ---------------------------------------------------------------- links and peers

  opened(link: LinkState): void {
    const peer = this.#desk.peers.opened(link);
    link.control(this.#desk.beats.encode(SessionKind.hello));
    this.#desk.registry.sendSnapshot(peer);
  }

  /** The core has it up; here it is when its rows have come. */
  up(): void {}

  #synced(peer: SessionPeer): void {
    const { peers, forwards, handIns, lateEntries, registry, promotion, beats, backups } = this.#desk;
    const rows = peer.building;
    peer.building = [];
    peer.standing = 'up';
    peer.ready = true;
    peers.adopt();
    peers.learnSeen(peer);
    forwards.resend(peer);
    handIns.syncTo(peer);
    peers.send(peer, encodeSynced());
    promotion.returned(peer);
    registry.replace(peer, rows);
    lateEntries.sendAll(peer);
    backups.linked(peer);
    backups.chooseAll();
    beats.beatAll();
  }

  dropped(link: LinkState): void {
    this.#desk.peers.dropped(link);
    this.#settle();
  }

  down(lost: Peer): void {
    const { peers, forwards, lateEntries, locks, backups, copies, registry, beats } = this.#desk;
    const peer = peers.of(lost);
    peer.standing = peer.standing === 'new' ? 'new' : 'down';
    peer.downSinceMs = this.#desk.now();
    // A link that was lost has been told of. One that is there begins only now, behind an episode that the other side tells of (R20).
    peer.ready = false;
    peer.synced = false;
    locks.down(peer.nodeId);
    lateEntries.forgetAcks(peer);
    forwards.down(peer);
    backups.chooseAll();
    copies.settleAll();
    this.#desk.publishes.news();
    for (const clientId of peer.rows.keys()) registry.toCheck.add(clientId);
    beats.beatAll();
    this.#settle();
  }

  frame(link: LinkState, frame: Frame): void {
    this.#frame(link, frame);
    this.#settle();
  }

  #frame(link: LinkState, frame: Frame): void {
    const { peers, registry, beats, forwards, lateEntries, lateMessages, locks, connects, takeover, handIns, backups, promotion, drain } = this.#desk;
    const { kind, flags, body } = frame;
    switch (kind) {
      case SessionKind.hello:
        return beats.read(peers.of(link.peer), frame);
      case SessionKind.snapshot:
        return this.#onSnapshot(link, flags, body);
      case SessionKind.row:
        return registry.change(peers.sender(link), decodeRowChange(flags, body, link.peer.nodeId));
      case SessionKind.synced:
        peers.sender(link).synced = true;
        return;
      case SessionKind.beat:
        return beats.onBeat(link, frame);
      case SessionKind.forward:
        return forwards.onForward(link, frame);
      case SessionKind.forwardAck:
        return forwards.onAck(link, body);
      case SessionKind.late:
        return lateMessages.onLate(link, frame);
      case SessionKind.lateAck:
        return lateEntries.onAck(link, body);
      case SessionKind.lock:
        return locks.onLock(link, frame);
      case SessionKind.grant:
        return locks.onGrant(link, body);
      case SessionKind.unlock:
        return locks.onUnlock(link, body);
      case SessionKind.who:
        return connects.onWho(link, body);
      case SessionKind.whoIs:
        return connects.onWhoIs(link, frame);
      case SessionKind.begin:
        return takeover.onBegin(link, frame);
      case SessionKind.state:
        return takeover.onState(link, frame);
      case SessionKind.refused:
        return takeover.onRefused(link, body);
      case SessionKind.flush:
        return takeover.onFlush(link, body);
      case SessionKind.handIn:
        return handIns.onHandIn(link, frame);
      case SessionKind.handInAck:
        return handIns.onAck(link, body);
      case SessionKind.replicate:
        return backups.onReplicate(link, frame);
      case SessionKind.replicateAck:
        return backups.onAcks(link, body);
      case SessionKind.needCopy:
        return backups.onNeed(link, body);
      case SessionKind.promoted:
        return promotion.onPromoted(link, body);
      case SessionKind.offer:
        return drain.onOffer(link, body);
      default:
        throw protocolError(`Frame kind ${kind} is not one of sessions`);
    }
  }

  #onSnapshot(link: LinkState, flags: number, body: Buffer): void {
    const peer = this.#desk.peers.of(link.peer);
    if (peer.link !== link || peer.ready) throw protocolError('A snapshot of sessions out of turn');
    const { rows, last, at } = decodeSnapshot(flags, body, peer.nodeId);
    this.#desk.options.clock.heard(at);
    for (const row of rows) peer.building.push(row);
    if (last) this.#synced(peer);
  }

  /** Follows up what rows say until nothing more follows. */
  #settle(): void {
    const { registry, takeover } = this.#desk;
    registry.flush();
    while (registry.toCheck.size > 0) {
      for (const clientId of [...registry.toCheck]) {
        registry.toCheck.delete(clientId);
        takeover.check(clientId);
      }
      registry.flush();
    }
  }

  tick(nowMs: Millis): void {
    const { peers, connects, locks, takeover, handIns, lateEntries, shares, promotion, beats } = this.#desk;
    peers.adopt();
    this.#start(nowMs);
    peers.wholeForMs();
    promotion.tick();
    locks.tick(nowMs);
    connects.tick(nowMs);
    takeover.tick(nowMs);
    handIns.tick();
    lateEntries.tick(nowMs);
    shares.tick();
    beats.tick(nowMs);
    if (nowMs - this.#auditedMs >= AUDIT_MS) this.#audit(nowMs);
    this.#settle();
  }

  #start(nowMs: Millis): void {
    if (!this.#isStarting) return;
    const { peers, startedMs, publishes } = this.#desk;
    if (nowMs - startedMs < START_WAIT_MS && (peers.count === 0 || !peers.isWhole)) return;
    this.#isStarting = false;
    publishes.started();
  }

  #audit(nowMs: Millis): void {
    this.#auditedMs = nowMs;
    this.#desk.backups.audit();
    this.#desk.endings.audit(nowMs);
    this.#desk.publishes.audit();
    this.#desk.beats.audit();
    this.#desk.drain.audit();
  }

  turnEnd(): void {
    this.#settle();
    const { copies, backups, forwards } = this.#desk;
    copies.commit();
    backups.flush();
    backups.flushAcks();
    forwards.flush();
  }

  // ---------------------------------------------------------------- clients

  connect(clientId: string, options: ConnectOptions, done: (result: ConnectResult) => void): ConnectTicket {
    const ticket = this.#desk.connects.start(clientId, options, done);
    this.#settle();
    return ticket;
  }

  connectAtOnce(clientId: string, cleanStart: boolean): boolean {
    const { registry, copies, connects, host, options } = this.#desk;
    if (!this.#isAlone || this.#isStarting || copies.get(clientId) !== undefined || connects.has(clientId)) return false;
    if (registry.plain.delete(clientId)) host.closeClient(clientId, cleanStart);
    registry.plain.set(clientId, options.clock.nextAt());
    return true;
  }

  /** Nobody knows of this node, so that its registry is told to nobody: the first peer gets it whole (R26). */
  get #isAlone(): boolean {
    return this.#desk.peers.count === 0;
  }

  disconnected(clientId: string, expiryMs: Millis, will: SessionWill | undefined): void {
    const { registry, copies, takeover, endings, now } = this.#desk;
    const held = copies.get(clientId);
    if (registry.plain.delete(clientId)) {
      if (held === undefined && this.#isAlone) return;
      registry.gone(clientId);
    }
    if (held?.isOwner === true && held.online) {
      if (expiryMs === 0) endings.end(held);
      else {
        if (held.copy.expiryMs !== expiryMs) copies.apply(held, { type: 'expiry', expiryMs });
        if (held.copy.will !== null || will !== undefined) copies.apply(held, { type: 'will', will: will ?? null });
        if (will !== undefined) held.willAtMs = now() + will.delayMs;
        takeover.disconnected(held);
      }
    }
    this.#settle();
  }

  subscribed(clientId: string, subscription: SessionSubscription, done: Waiter): void {
    const { copies, registry, options } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true) return done.secured();
    const before = held.copy.subscriptions.get(subscription.topicFilter);
    const sinceAt = before?.on === true ? before.sinceAt : options.clock.nextAt();
    const stamp = this.#desk.takeover.stampFor(held, subscription.topicFilter);
    copies.apply(held, { type: 'subscribe', subscription: { ...subscription, stamp, sinceAt, on: true } });
    registry.changed(clientId);
    this.#settle();
    copies.whenSecured(held, done);
  }

  unsubscribed(clientId: string, topicFilter: string, done: Waiter): void {
    const { copies, registry } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true) return done.secured();
    copies.apply(held, { type: 'unsubscribe', topicFilter, stamp: this.#desk.takeover.stampFor(held, topicFilter) });
    registry.changed(clientId);
    this.#settle();
    copies.whenSecured(held, done);
  }

  end(clientId: string): boolean {
    const { copies, host, endings } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true || held.isEnded) return false;
    if (held.online) host.closeClient(clientId, false);
    endings.end(held);
    this.#settle();
    return true;
  }

  // ---------------------------------------------------------------- messages

  get engaged(): boolean {
    return !this.#desk.interest.isEmpty || this.#desk.peers.count > 0 || this.#isStarting;
  }

  publish(message: SessionMessage, targets: readonly NodeName[], groups: readonly ShareGroup[], source: PublishSource | undefined, waiter: PublishWaiter): void {
    this.#desk.publishes.publish(message, targets, groups, source, waiter);
  }

  share(message: SessionMessage, key: string): void {
    this.#desk.shares.share(message, key);
  }

  offer(clientId: string, message: SessionMessage, delivery: SessionDelivery): void {
    const held = this.#desk.copies.get(clientId);
    if (held?.isOwner !== true) return;
    if (!this.#desk.shares.take(held, message, delivery)) this.#desk.publishes.offer(held, message, delivery);
  }

  release(clientId: string, packetId: number): void {
    const held = this.#desk.copies.get(clientId);
    if (held?.isOwner === true) this.#desk.copies.apply(held, { type: 'release', packetId });
  }

  sent(clientId: string, mid: SessionMid, packetId: number, waiter: Waiter | undefined): void {
    const { copies } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true) return;
    if (held.copy.items.get(mid as Mid)?.state === 'queued') held.tookPacketId(packetId);
    copies.apply(held, { type: 'state', mid: mid as Mid, state: 'sent', packetId });
    if (waiter !== undefined) copies.whenSecured(held, waiter);
  }

  received(clientId: string, mid: SessionMid, waiter: Waiter): void {
    const { copies } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true) return;
    const item = held.copy.items.get(mid as Mid);
    if (item !== undefined) copies.apply(held, { type: 'state', mid: mid as Mid, state: 'released', packetId: item.packetId });
    copies.whenSecured(held, waiter);
  }

  finish(clientId: string, mid: SessionMid): void {
    const { copies, delivery } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner === true) delivery.finish(held, mid as Mid);
  }

  items(clientId: string): readonly SessionItem[] {
    const held = this.#desk.copies.get(clientId);
    return held?.isOwner === true ? [...held.copy.items] : [];
  }

  isFull(clientId: string): boolean {
    const { copies, options } = this.#desk;
    return (copies.get(clientId)?.copy.items.size ?? 0) >= options.maxQueued;
  }

  queued(clientId: string): number {
    const held = this.#desk.copies.get(clientId);
    if (held === undefined) return 0;
    let queued = 0;
    for (const { state } of held.copy.items) if (state === 'queued') queued += 1;
    return queued;
  }

  drain(done: () => void): void {
    this.#desk.drain.start(done);
    this.#settle();
  }

  cancelDrain(): void {
    this.#desk.drain.cancel();
    this.#settle();
  }

  left(): SessionsLeft {
    return this.#desk.drain.left();
  }

  // ---------------------------------------------------------------- views

  ageMs(at: number): Millis {
    return Math.max(0, (this.#desk.options.clock.shows() - at) / STEPS_PER_MS);
  }

  get isProtected(): boolean {
    const { peers, copies, takeover, lateEntries, options } = this.#desk;
    if (!peers.isWhole || takeover.holds > 0 || lateEntries.count > 0) return false;
    if (options.durability === 'replicated' && peers.count === 0) return false;
    for (const held of copies.all()) {
      if (held.leave !== undefined) return false;
      if (held.isOwner && !(copies.isSecured(held) && (options.durability !== 'replicated' || held.backed))) return false;
    }
    return true;
  }

  pending(): SessionsPending {
    const { publishes, connects, locks, takeover, handIns, lateEntries, lateMessages, copies, registry } = this.#desk;
    let done = 0;
    for (const held of copies.all()) done += held.copy.done.size;
    return {
      publishes: publishes.open,
      connects: connects.waiting,
      locks: locks.count,
      holds: takeover.holds,
      handIns: handIns.count,
      lateOut: lateEntries.count,
      lateIn: lateMessages.count,
      unsecured: copies.unsecured,
      dormantRows: registry.dormant,
      done,
    };
  }

  counters(): SessionsCounters {
    return { ...this.#counters };
  }

  /** R33: the sessions of a node go on elsewhere, as far as they had a second copy. */
  covers(nodeId: NodeId): boolean {
    const { peers } = this.#desk;
    const peer = peers.get(nodeId);
    return peer === undefined || peers.isCovered(peer);
  }

  /**
   * What a checkpoint of the journal writes: each as it is when its turn comes. What was dropped or replaced meanwhile must not come back
   * behind the record of that.
   */
  get live(): { copies(): Iterable<SessionCopy>; late(): Iterable<LateEntry> } {
    const { copies, lateEntries } = this.#desk;
    return { copies: () => copies.written(), late: () => lateEntries.written() };
  }

  copyOf(clientId: string): SessionCopy | undefined {
    return this.#desk.copies.get(clientId)?.copy;
  }

  /** R71: another node has written this for a session that is served here, too. */
  mergeStored(clientId: string, copy: SessionCopy): void {
    const held = this.#desk.copies.get(clientId);
    if (held?.isOwner === true && !isCoveredBy(copy, held.copy)) this.#desk.takeover.merge(held, copy);
    this.#settle();
  }

  /** For inspection: every copy of this node. */
  get inspection(): Pick<Desk, 'copies' | 'registry' | 'peers'> {
    return this.#desk;
  }
}
