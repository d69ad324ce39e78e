/** Late entries: messages for nodes that cannot be reached, kept here until every member has had them (R32, R33). */
import type { Millis, NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import { decodeLateAck, encodeLate } from '../wire/v1Sessions.ts';
import type { LateEntry } from './copy/batch.ts';
import { incarnationOfActor, nodeOfActor, type Mid } from './copy/identity.ts';
import { MidMap } from './copy/midMap.ts';
import type { Accepted } from './delivery.ts';
import type { Desk } from './desk.ts';
import { midOf, wireMid } from './forwards.ts';
import { COVER_WAIT_MS, LATE_MAX_BYTES, LATE_RESEND_MS } from './limits.ts';
import type { SessionPeer } from './peers.ts';
import type { OpenPublish } from './publishes.ts';
import { Share } from './shares.ts';

/** One of ours. */
export class LateOut {
  readonly accepted: Accepted;
  /** Of this life; absent for an entry of an earlier life under its own name. */
  readonly open: OpenPublish | undefined;
  /** Nodes that had sessions for it without a confirmed second copy: only they themselves can have it. */
  readonly unprotected = new Set<NodeId>();
  /** Who has applied it, and whose sessions that node continued then (C10). */
  readonly acks = new Map<NodeId, ReadonlySet<NodeId>>();
  readonly frame: Buffer;
  readonly createdMs: Millis;
  sentMs: Millis;
  isWritten = false;
  /** The publisher has its answer. */
  parked = false;

  constructor(accepted: Accepted, open: OpenPublish | undefined, carrier: { incarnation: number; n: number }, nowMs: Millis) {
    this.accepted = accepted;
    this.open = open;
    this.frame = encodeLate({ mid: wireMid(accepted.mid), carrier, at: accepted.at, publish: accepted.message });
    this.createdMs = nowMs;
    this.sentMs = nowMs;
  }
}

export class LateEntries {
  readonly #desk: Desk;
  readonly #entries = new MidMap<LateOut>();
  #bytes = 0;
  #written: LateOut[] = [];

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** In the order in which they were accepted: that of their publishers, also where some were accepted first by another node (R65). */
  #all(): LateOut[] {
    return this.#entries.sorted().map(([, entry]) => entry).sort((a, b) => a.accepted.at - b.accepted.at);
  }

  /** A publish has a part that cannot be reached. It waits until the entry is settled or parked. */
  make(open: OpenPublish, unprotected: readonly NodeId[]): void {
    const { counters, incarnation } = this.#desk;
    let entry = open.late;
    if (entry === undefined) {
      entry = new LateOut(open, open, { incarnation, n: open.n }, this.#desk.now());
      open.late = entry;
      open.parts += 1;
      counters.lateMade += 1;
      this.#keep(entry);
    }
    for (const node of unprotected) entry.unprotected.add(node);
    this.#write(entry);
    this.#desk.lateMessages.applyOwn(entry.accepted);
    for (const peer of this.#desk.peers.all()) if (peer.isUp) this.#desk.peers.send(peer, entry.frame);
  }

  #keep(entry: LateOut): void {
    this.#entries.set(entry.accepted.mid, entry);
    this.#bytes += entry.frame.length;
  }

  #write(entry: LateOut): void {
    const { mid, at, message } = entry.accepted;
    if (!this.#desk.copies.journal({ type: 'late', late: { mid, at, message, targets: [...entry.unprotected] } })) {
      entry.isWritten = true;
      return;
    }
    this.#written.push(entry);
    this.#desk.stream.touch();
  }

  /** As the journal is to have them, each when it is asked for. */
  *written(): Generator<LateEntry, void, undefined> {
    for (const { accepted, unprotected } of this.#all()) {
      const { mid, at, message } = accepted;
      if (this.#entries.has(mid)) yield { mid, at, message, targets: [...unprotected] };
    }
  }

  /** Of an earlier life. */
  restore({ mid, at, message, targets }: LateEntry): void {
    const { self, publishes, now } = this.#desk;
    const accepted = { mid, at, message };
    const own = nodeOfActor(mid.actor) === self;
    const open = own ? undefined : publishes.reopen(accepted);
    const carrier = { incarnation: own ? incarnationOfActor(mid.actor) : this.#desk.incarnation, n: open?.n ?? mid.n };
    const entry = new LateOut(accepted, open, carrier, now());
    if (open !== undefined) {
      open.late = entry;
      open.parts = 0;
    }
    entry.isWritten = true;
    entry.parked = true;
    for (const target of targets) entry.unprotected.add(target);
    this.#keep(entry);
  }

  /** Entries of the journal batch that is about to be committed. */
  takeWritten(): LateOut[] {
    return this.#written.splice(0);
  }

  committed(entries: readonly LateOut[]): void {
    for (const entry of entries) entry.isWritten = true;
  }

  /** By earlier life of this node: what is below is settled. */
  earlierLives(): [number, number][] {
    const { self, incarnation } = this.#desk;
    const lowest = new Map<number, number>();
    this.#entries.forEach(({ actor, n }) => {
      if (nodeOfActor(actor) !== self) return;
      const life = incarnationOfActor(actor);
      if (life !== incarnation) lowest.set(life, Math.min(n, lowest.get(life) ?? n));
    });
    return [...lowest].sort((a, b) => a[0] - b[0]);
  }

  /** Messages that a copy may want which comes to be owned here. */
  accepted(): Accepted[] {
    return this.#all().map((entry) => entry.accepted);
  }

  // ---------------------------------------------------------------- peers

  /** A node has come, or goes on with the sessions of another: what it has not had goes there, in order. */
  sendAll(peer: SessionPeer): void {
    for (const entry of this.#all()) {
      if (this.#isUseful(entry, peer)) continue;
      this.#desk.peers.send(peer, entry.frame);
    }
  }

  /** R59: what a node has not acknowledged goes to the one that continues its sessions, before any row of that one is heeded. */
  sendPending(lost: SessionPeer, to: SessionPeer): void {
    const { incarnation, peers } = this.#desk;
    for (const { publish } of lost.pend.values()) {
      // That of a shared group goes to whoever is chosen next.
      if (publish instanceof Share) continue;
      const carrier = { incarnation, n: publish.n };
      peers.send(to, encodeLate({ mid: wireMid(publish.mid), carrier, at: publish.at, publish: publish.message }));
    }
  }

  /** What the node said does not hold any more: it may have lost what it had, or the sessions it continued. */
  forgetAcks(peer: SessionPeer): void {
    this.#entries.forEach((_mid, entry) => entry.acks.delete(peer.nodeId));
  }

  onAck(link: LinkState, body: Buffer): void {
    const peer = this.#desk.peers.sender(link);
    const { mid, promoted } = decodeLateAck(body);
    const entry = this.#entries.get(midOf(mid));
    if (entry === undefined) return;
    entry.acks.set(peer.nodeId, new Set(promoted));
    this.#check(entry);
  }

  /** It has said all that it could say by now. */
  #isUseful(entry: LateOut, peer: SessionPeer): boolean {
    const said = entry.acks.get(peer.nodeId);
    if (said === undefined) return false;
    for (const promoted of peer.promoted) if (!said.has(promoted)) return false;
    return true;
  }

  // ---------------------------------------------------------------- settled

  #check(entry: LateOut): boolean {
    for (const member of this.#desk.peers.all()) if (!this.#hasHad(entry, member)) return false;
    this.#settle(entry);
    return true;
  }

  /** R33: the member itself has applied it, or all others have while they continued its sessions. */
  #hasHad(entry: LateOut, member: SessionPeer): boolean {
    if (entry.acks.has(member.nodeId)) return true;
    if (member.isPresent || (entry.unprotected.has(member.nodeId) && !member.gone)) return false;
    if (!this.#desk.promotion.has(member.nodeId)) return false;
    for (const other of this.#desk.peers.all()) {
      if (other !== member && !other.gone && entry.acks.get(other.nodeId)?.has(member.nodeId) !== true) return false;
    }
    return true;
  }

  #settle(entry: LateOut): void {
    const { copies, publishes, stream } = this.#desk;
    this.#entries.delete(entry.accepted.mid);
    this.#bytes -= entry.frame.length;
    copies.journal({ type: 'lateDone', mid: entry.accepted.mid });
    const { open } = entry;
    if (open !== undefined) {
      open.late = undefined;
      if (!entry.parked) open.secured();
      publishes.close(open);
    }
    stream.touch();
  }

  tick(nowMs: Millis): void {
    if (this.#entries.size === 0) return;
    for (const entry of this.#all()) {
      if (this.#check(entry)) continue;
      if (!entry.parked && entry.isWritten && nowMs - entry.createdMs >= COVER_WAIT_MS && this.#bytes <= LATE_MAX_BYTES) this.#park(entry);
      if (nowMs - entry.sentMs < LATE_RESEND_MS) continue;
      entry.sentMs = nowMs;
      for (const peer of this.#desk.peers.all()) if (peer.isUp && !this.#isUseful(entry, peer)) this.#desk.peers.send(peer, entry.frame);
    }
  }

  #park(entry: LateOut): void {
    entry.parked = true;
    this.#desk.counters.parked += 1;
    entry.open?.secured();
  }

  has(mid: Mid): boolean {
    return this.#entries.has(mid);
  }
}
