/**
 * A session moves (R45-R50): the old owner freezes its copy and sends it, the new one serves the client from it at once, and what reached
 * the old one meanwhile follows by hand-in, when every node has said that nothing more goes there (FLUSH).
 */
import type { Millis, NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Stamp } from '../stamp.ts';
import type { Frame } from '../wire/frameReader.ts';
import type { SessionRow } from '../wire/v1SessionRows.ts';
import { decodeAsk, decodeCopyFrame, encodeAsk, encodeCopyFrame, isClean, SessionKind } from '../wire/v1Sessions.ts';
import type { Connect } from './connects.ts';
import { decodeCopy, encodeCopy } from './copy/batch.ts';
import { compareRank, nextDot, type SessionCopy } from './copy/copy.ts';
import type { Mid } from './copy/identity.ts';
import type { Desk } from './desk.ts';
import { newLeave, type Held } from './held.ts';
import { HOLD_MS, MAX_PACKET_ID } from './limits.ts';
import type { SessionPeer } from './peers.ts';
import type { OpenedSession } from './ports.ts';

export class Takeover {
  readonly #desk: Desk;
  readonly #holds = new Set<Held>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get holds(): number {
    return this.#holds.size;
  }

  // ---------------------------------------------------------------- here

  /** The session is here, or is to be made here: it becomes that of the connection, and the client is answered when this is secured. */
  openHere(connect: Connect, known: Held | undefined): void {
    const { copies, registry, host } = this.#desk;
    const { clientId, options } = connect;
    if (registry.plain.delete(clientId)) host.closeClient(clientId, options.cleanStart);
    connect.phase = 'open';
    if (known === undefined && options.expiryMs === 0) return this.#openPlain(connect);
    const held = known ?? this.#create(clientId);
    if (!held.isOwner) this.own(held);
    const wasThere = known !== undefined && held.copy.lastConn > 0 && !held.isEnded;
    if (held.online) {
      host.closeClient(clientId, options.cleanStart);
      this.#desk.delivery.offline(held);
    }
    if (connect.isCancelled || connect.done === undefined) return this.#openForNobody(connect, held);
    held.connecting = true;
    if (options.cleanStart) this.#desk.endings.fireWill(held);
    held.willAtMs = undefined;
    const { fence } = connect;
    if (options.cleanStart) {
      this.#desk.shares.release(held);
      copies.apply(held, { type: 'reset', at: fence });
    }
    this.#claim(held, { connectedAt: fence, disconnectedAt: 0 });
    if (held.copy.expiryMs !== options.expiryMs) copies.apply(held, { type: 'expiry', expiryMs: options.expiryMs });
    if (held.copy.will !== null || options.will !== undefined) copies.apply(held, { type: 'will', will: options.will ?? null });
    const { username, mountpoint } = options.client;
    if (held.copy.client.username !== username || held.copy.client.mountpoint !== mountpoint) copies.apply(held, { type: 'client', client: { username, mountpoint } });
    this.#desk.backups.choose(held);
    registry.changed(clientId);
    copies.whenSecured(held, { secured: () => this.#answer(connect, held, wasThere && !options.cleanStart) });
  }

  /** Another node may have a session of this client that cannot be reached: that one and this one must not give one packet id to two messages. */
  #create(clientId: string): Held {
    const { copies, peers } = this.#desk;
    const held = copies.create(clientId);
    if (peers.count > 0) held.packetIdsFrom = this.#somePacketId();
    return held;
  }

  #somePacketId(): number {
    return 1 + (this.#desk.options.clock.nextAt() % MAX_PACKET_ID);
  }

  #openPlain(connect: Connect): void {
    const { registry } = this.#desk;
    const { done, clientId, fence } = connect;
    connect.done = undefined;
    if (done !== undefined) {
      registry.plain.set(clientId, fence);
      registry.changed(clientId);
    }
    this.#desk.connects.served(connect, undefined);
    done?.({ kind: 'opened', session: { present: false, durable: false, subscriptions: [], awaitingRel: [], client: connect.options.client, expiryMs: 0, packetIdsFrom: 1 } });
  }

  /** The connection went away meanwhile, or the session is only handed here. */
  #openForNobody(connect: Connect, held: Held): void {
    this.#desk.connects.served(connect, held);
    this.#adopted(held);
  }

  #answer(connect: Connect, held: Held, present: boolean): void {
    const { copies, delivery, connects } = this.#desk;
    const { done } = connect;
    connect.done = undefined;
    if (connect.phase !== 'open' || copies.get(held.clientId) !== held) return;
    held.connecting = false;
    connects.served(connect, held);
    if (done === undefined) {
      this.disconnected(held);
      return;
    }
    held.online = true;
    held.handsOn = false;
    done({ kind: 'opened', session: { ...sessionOf(held), present } });
    delivery.open(held);
  }

  /** The client has gone: the epoch ranks the copy among those without a client (R50). */
  disconnected(held: Held): void {
    const at = this.#desk.options.clock.nextAt();
    this.#desk.delivery.offline(held);
    this.#claim(held, { connectedAt: 0, disconnectedAt: at, epoch: at });
    this.#desk.registry.changed(held.clientId);
  }

  /**
   * The stamp of a change of a subscription (R53.3): by the connection that asks for it first, and only then by time. A node that stood still
   * reads from the client's old connection what the client has taken back on a later one elsewhere since.
   */
  stampFor(held: Held, topicFilter: string): Stamp {
    const { self, options } = this.#desk;
    const { connectedAt, subscriptions } = held.copy;
    const asked = connectedAt === 0 ? options.clock.nextAt() : connectedAt;
    held.changedAt = Math.max(held.changedAt, asked, subscriptions.get(topicFilter)?.stamp.at ?? 0) + 1;
    return { at: held.changedAt, node: self };
  }

  #claim(held: Held, claim: { connectedAt: number; disconnectedAt: number; epoch?: number }): void {
    const { copies, self } = this.#desk;
    held.expiresAtMs = undefined;
    copies.apply(held, { type: 'claim', owner: self, epoch: held.copy.epoch, ...claim });
  }

  /** The copy becomes the one that counts. Dots of the object start anew, since it may not have seen all of its earlier ones (C13). */
  own(held: Held): void {
    const { copies, registry, lateMessages, self } = this.#desk;
    const { copy } = held;
    held.leave = undefined;
    held.source = undefined;
    held.offered = -1;
    copy.lineage = null;
    copies.setRole(held, 'owner', copy.backup === self ? null : copy.backup);
    this.#claim(held, { connectedAt: 0, disconnectedAt: copy.disconnectedAt === 0 ? this.#desk.options.clock.nextAt() : copy.disconnectedAt });
    held.packetIdsFrom = this.#somePacketId();
    held.backed = false;
    held.confirmed = 0;
    copies.wholeNext(held);
    registry.changed(held.clientId);
    lateMessages.applyTo(held);
  }

  /** Owned here without a client, with a rank of now: promotion, or nobody else has it. */
  adopt(held: Held): void {
    const at = this.#desk.options.clock.nextAt();
    this.own(held);
    this.#claim(held, { connectedAt: 0, disconnectedAt: held.copy.disconnectedAt || at, epoch: at });
    this.#adopted(held);
  }

  #adopted(held: Held): void {
    this.#desk.backups.choose(held);
    this.#desk.registry.changed(held.clientId);
    if (!held.isEnded) this.#desk.host.adopted(held.clientId, { ...sessionOf(held), present: true });
  }

  // ---------------------------------------------------------------- away

  /** A later connect elsewhere asks for the session (R45). */
  onBegin(link: LinkState, { flags, body }: Frame): void {
    const { peers, copies, registry, host, options } = this.#desk;
    const peer = peers.sender(link);
    const ask = decodeAsk(body);
    const { clientId, at } = ask;
    options.clock.heard(at);
    const held = copies.get(clientId);
    const plainSince = registry.plain.get(clientId);
    if (held?.isOwner === true) {
      if (at <= Math.max(held.copy.connectedAt, held.copy.lastConn)) return this.#refuse(peer, ask.clientId, ask.request, held.copy.lastConn);
      this.freeze(held, 'frozen', peer.nodeId, isClean(flags));
      return this.#sendState(peer, ask.request, held);
    }
    if (plainSince !== undefined) {
      if (at <= plainSince) return this.#refuse(peer, clientId, ask.request, plainSince);
      registry.plain.delete(clientId);
      host.closeClient(clientId, isClean(flags));
      registry.gone(clientId);
      return this.#sendState(peer, ask.request, undefined, clientId);
    }
    if (held?.leave !== undefined && (held.leave.to === peer.nodeId || registry.bestUp(clientId) === undefined)) {
      held.leave.to = peer.nodeId;
      registry.changed(clientId);
      return this.#sendState(peer, ask.request, held);
    }
    this.#refuse(peer, clientId, ask.request, 0);
  }

  #refuse(peer: SessionPeer, clientId: string, request: number, at: number): void {
    this.#desk.peers.send(peer, encodeAsk(SessionKind.refused, { clientId, request, at }));
  }

  #sendState(peer: SessionPeer, request: number, held: Held | undefined, clientId = held?.clientId ?? ''): void {
    const { peers, options } = this.#desk;
    const copy = held && encodeCopy(held.copy);
    peers.send(peer, encodeCopyFrame(SessionKind.state, { clientId, request, at: options.clock.nextAt(), copy, sync: false }));
  }

  onRefused(link: LinkState, body: Buffer): void {
    const { nodeId } = this.#desk.peers.sender(link);
    const { clientId, at } = decodeAsk(body);
    if (at > 0) this.#desk.connects.stale(clientId, at);
    else this.#desk.connects.notHere(clientId, nodeId);
  }

  /** The copy is on its way out: to the node that asked, or to whoever ranks higher. */
  freeze(held: Held, role: 'frozen' | 'yield', to: NodeId | null, clean = false): void {
    const { copies, registry, host, delivery, connects, options, now } = this.#desk;
    const wasOnline = held.online;
    if (wasOnline) host.closeClient(held.clientId, clean);
    delivery.offline(held);
    held.connecting = false;
    if (clean) this.#desk.endings.fireWill(held);
    held.willAtMs = undefined;
    this.#holds.delete(held);
    held.hold = undefined;
    connects.lost(held.clientId);
    held.leave = newLeave(options.clock.nextAt(), to, now());
    held.offered = -1;
    copies.setRole(held, role);
    if (held.copy.connectedAt > 0) this.#claim(held, { connectedAt: 0, disconnectedAt: options.clock.nextAt() });
    copies.wholeNext(held);
    host.released(held.clientId);
    registry.changed(held.clientId);
  }

  /** The session, from its old owner (R47). */
  onState(link: LinkState, { flags, body }: Frame): void {
    const { peers, connects, copies, options, now, counters } = this.#desk;
    const peer = peers.sender(link);
    const { clientId, at, copy } = decodeCopyFrame(flags, body);
    options.clock.heard(at);
    const connect = connects.receiving(clientId, peer.nodeId);
    if (copy === undefined) {
      if (connect !== undefined) connects.nothingThere(connect);
      return;
    }
    const incoming = decodeCopy(copy);
    let held = copies.get(clientId);
    if (held?.isOwner === true) this.merge(held, incoming);
    else {
      counters.takeOvers += 1;
      held = this.#receive(held, incoming);
      held.hold = { from: peer.nodeId, untilMs: now() + HOLD_MS, arrived: [] };
      this.#holds.add(held);
      this.own(held);
      this.#claim(held, { connectedAt: 0, disconnectedAt: options.clock.nextAt(), epoch: options.clock.nextAt() });
    }
    if (connect !== undefined) return this.openHere(connect, held);
    // An answer to a connect that has found the session elsewhere meanwhile: it may be served from here by now.
    if (!held.online && !held.connecting) this.#adopted(held);
    connects.lookAgain(clientId);
  }

  /** What the owner sent is right about connection, will and packet ids, whatever a copy of before says. */
  #receive(held: Held | undefined, incoming: SessionCopy): Held {
    const { copies } = this.#desk;
    if (held === undefined) return copies.add(incoming);
    this.#claim(held, { connectedAt: 0, disconnectedAt: 0, epoch: 0 });
    copies.apply(held, { type: 'merge', copy: incoming });
    return held;
  }

  /**
   * Merges a copy that does not count itself. Whatever connection it remembers is over; and ours stays ours: who of two owners gives way is
   * decided by rows, not by a merge (R50).
   */
  merge(held: Held, incoming: SessionCopy): void {
    const { copies, delivery, lateMessages, registry } = this.#desk;
    incoming.connectedAt = 0;
    const { owner, connectedAt, epoch, disconnectedAt } = held.copy;
    copies.apply(held, { type: 'merge', copy: incoming });
    const { copy, hold } = held;
    // What has reached both has its place by the other: it is not newer than the rest.
    if (hold !== undefined) hold.arrived = hold.arrived.filter((mid) => !incoming.items.has(mid));
    if (copy.owner !== owner || copy.connectedAt !== connectedAt || copy.epoch !== epoch) this.#claim(held, { connectedAt, disconnectedAt, epoch });
    lateMessages.applyTo(held);
    delivery.refresh(held);
    registry.changed(held.clientId);
  }

  // ---------------------------------------------------------------- hold

  /** The rest has come, or will not come this way (R47, R48). What arrived meanwhile goes behind it (C16). */
  endHold(held: Held, restHasCome: boolean): void {
    const { hold } = held;
    if (hold === undefined) return;
    held.hold = undefined;
    this.#holds.delete(held);
    if (restHasCome) this.#restamp(held, hold.arrived);
    else this.#desk.counters.holdTimeouts += 1;
    this.#desk.delivery.refresh(held);
    this.#desk.connects.holdEnded(held.clientId);
  }

  #restamp(held: Held, arrived: readonly Mid[]): void {
    const { copies, options } = this.#desk;
    for (const mid of arrived) {
      const item = held.copy.items.get(mid);
      if (item === undefined || item.state !== 'queued') continue;
      copies.apply(held, { type: 'finish', mid, at: 0 });
      const dot = nextDot(held.copy, () => this.#desk.drawLineage());
      copies.apply(held, { type: 'enqueue', item: { ...item, dot, ord: options.clock.nextAt() } });
    }
  }

  tick(nowMs: Millis): void {
    for (const held of [...this.#holds]) {
      const { hold } = held;
      if (hold === undefined || this.#desk.copies.get(held.clientId) !== held) {
        this.#holds.delete(held);
        continue;
      }
      const from = this.#desk.peers.get(hold.from);
      if (nowMs >= hold.untilMs || from?.isPresent !== true) this.endHold(held, false);
    }
  }

  // ---------------------------------------------------------------- what rows say

  /** Rows of a session have changed: who must give way (R50), who must be flushed (R48), what can go on. */
  check(clientId: string): void {
    this.#giveWay(clientId);
    this.#flush(clientId);
    const held = this.#desk.copies.get(clientId);
    if (held !== undefined) this.#desk.handIns.check(held);
    this.#desk.connects.lookAgain(clientId);
  }

  /** R50: of two live owners the lower rank closes its client and hands its copy in. */
  #giveWay(clientId: string): void {
    const { registry, copies, host, counters } = this.#desk;
    const own = registry.own(clientId);
    if (own?.role !== 'owner') return;
    const best = registry.bestUp(clientId);
    if (best === undefined || compareRank(best, own) <= 0) return;
    const held = copies.get(clientId);
    if (held === undefined) {
      registry.plain.delete(clientId);
      host.closeClient(clientId, false);
      registry.gone(clientId);
    } else if (best.durable) {
      counters.forksMerged += 1;
      this.freeze(held, 'yield', null);
    } else if (held.online) {
      host.closeClient(clientId, false);
      this.disconnected(held);
    }
  }

  #flush(clientId: string): void {
    const { peers, registry, copies, options, self } = this.#desk;
    const held = copies.get(clientId);
    const live = held?.isOwner === true ? registry.own(clientId) : registry.best(clientId, (peer) => peer.isPresent);
    for (const peer of peers.all()) {
      const row = peer.rows.get(clientId);
      if (!peer.isUp || row === undefined || row.role === 'owner' || peer.flushed.get(clientId) === row.freeze) continue;
      if (live === undefined || !mayFlush(row, live)) continue;
      peer.flushed.set(clientId, row.freeze);
      peers.send(peer, encodeAsk(SessionKind.flush, { clientId, request: row.freeze, at: options.clock.nextAt() }));
    }
    const own = registry.own(clientId);
    if (held?.leave !== undefined && live !== undefined && own !== undefined && mayFlush(own, live)) held.leave.flushed.add(self);
  }

  onFlush(link: LinkState, body: Buffer): void {
    const { peers, copies, handIns } = this.#desk;
    const peer = peers.sender(link);
    const { clientId, request } = decodeAsk(body);
    const held = copies.get(clientId);
    if (held?.leave?.freeze !== request) return;
    held.leave.flushed.add(peer.nodeId);
    handIns.check(held);
  }
}

/**
 * From the FLUSH on, what is for the session goes to its live owner alone. So that one must want all that the other wanted: a fork that
 * knew nothing of its subscriptions first gets them by a hand-in, or messages in between would go nowhere.
 */
function mayFlush(leaving: SessionRow, live: SessionRow): boolean {
  if (leaving.role !== 'yield' || live.resetAt > leaving.lastConn) return true;
  const wanted = new Set(live.filters);
  return leaving.filters.every((filter) => wanted.has(filter));
}

export function sessionOf({ copy, packetIdsFrom }: Held): Omit<OpenedSession, 'present'> {
  const subscriptions = [...copy.subscriptions.values()].filter(({ on }) => on);
  return { durable: true, subscriptions, awaitingRel: [...copy.awaitingRel.keys()], client: copy.client, expiryMs: copy.expiryMs, packetIdsFrom };
}
