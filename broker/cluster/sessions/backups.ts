/** The second copy of each session: which node has it, what it is sent, and when it has confirmed (R51, R57, R63). */
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeAsk, decodeReplicate, decodeReplicateAcks, encodeAsk, encodeReplicate, encodeReplicateAcks, SessionKind, type Replicate } from '../wire/v1Sessions.ts';
import { BatchReader, BatchWriter, decodeCopy, encodeCopy } from './copy/batch.ts';
import { mergeInto } from './copy/merge.ts';
import { isCoveredBy } from './covered.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import type { SessionPeer } from './peers.ts';
import { rendezvous } from './rendezvous.ts';

export class Backups {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get #isOn(): boolean {
    return this.#desk.options.durability === 'replicated';
  }

  // ---------------------------------------------------------------- which node

  /** Sticky: another one only when it is down, leaves, or there was none (R57). */
  choose(held: Held): void {
    if (!this.#isOn || held.copy.role === 'backup') return;
    const { peers, copies, registry } = this.#desk;
    const present = held.copy.backup === null ? undefined : peers.get(held.copy.backup);
    if (present !== undefined && present.isPresent && !present.gone && !present.draining) return;
    const candidates: NodeId[] = [];
    for (const peer of peers.all()) if (peer.isUp && !peer.gone && !peer.draining) candidates.push(peer.nodeId);
    const backup = rendezvous(held.clientId, candidates) ?? null;
    if (backup === held.copy.backup) return;
    copies.setRole(held, held.copy.role, backup);
    held.backed = false;
    held.confirmed = 0;
    copies.wholeNext(held);
    registry.changed(held.clientId);
  }

  /** A node has come or gone. */
  chooseAll(): void {
    if (!this.#isOn) return;
    for (const held of this.#desk.copies.all()) this.choose(held);
  }

  /** What the node was sent on the link before may not have come. */
  linked(peer: SessionPeer): void {
    for (const held of this.#desk.copies.all()) {
      if (held.copy.role === 'backup' || held.copy.backup !== peer.nodeId) continue;
      if (!held.backed || held.confirmed < held.sent) this.#desk.copies.wholeNext(held);
    }
  }

  // ---------------------------------------------------------------- out

  /** All that has changed in this turn leaves together (R63). */
  flush(): void {
    const { toReplicate } = this.#desk.copies;
    if (toReplicate.size === 0) return;
    for (const held of toReplicate) if (this.#send(held)) toReplicate.delete(held);
  }

  /** True when there is nothing more to be sent for it now. */
  #send(held: Held): boolean {
    const { peers, options } = this.#desk;
    const { copy, clientId } = held;
    if (copy.role === 'backup' || !this.#isOn) return true;
    const peer = copy.backup === null ? undefined : peers.get(copy.backup);
    if (peer === undefined || !peer.ready) return false;
    const byOwner = held.isOwner;
    const whole = held.wholeNext || !byOwner;
    if (!whole && held.log.length === 0) return true;
    const payload = whole ? encodeCopy(copy) : this.#records(held);
    const after = held.sent;
    held.sent = held.seq;
    held.log = [];
    if (whole) held.wholeSeq = held.seq;
    held.wholeNext = !byOwner;
    peers.send(peer, encodeReplicate({ clientId, request: held.seq, at: options.clock.nextAt(), after, whole, byOwner, payload }));
    return true;
  }

  /** The whole copy, once, to a node that has an older one and is not our second node. */
  show(clientId: string, peer: SessionPeer): void {
    const { peers, copies, options } = this.#desk;
    const held = copies.get(clientId);
    if (held?.isOwner !== true) return;
    peers.send(peer, encodeReplicate({ clientId, request: held.seq, at: options.clock.nextAt(), after: 0, whole: true, byOwner: true, payload: encodeCopy(held.copy) }));
  }

  #records({ clientId, log }: Held): Buffer {
    const writer = new BatchWriter();
    for (const record of log) writer.addRecord(clientId, record);
    return writer.take();
  }

  onAcks(link: LinkState, body: Buffer): void {
    const { peers, copies, registry } = this.#desk;
    const peer = peers.sender(link);
    for (const [clientId, seq] of decodeReplicateAcks(body)) {
      const held = copies.get(clientId);
      // What was confirmed before the whole copy went out was confirmed of another one.
      if (held === undefined || held.copy.backup !== peer.nodeId || held.copy.role === 'backup' || seq < held.wholeSeq || seq > held.sent) continue;
      if (seq > held.confirmed) held.confirmed = seq;
      if (!held.backed) {
        held.backed = true;
        registry.changed(clientId);
      }
      copies.settle(held);
    }
  }

  onNeed(link: LinkState, body: Buffer): void {
    const { peers, copies } = this.#desk;
    const peer = peers.sender(link);
    const held = copies.get(decodeAsk(body).clientId);
    if (held !== undefined && held.copy.role !== 'backup' && held.copy.backup === peer.nodeId) copies.wholeNext(held);
  }

  // ---------------------------------------------------------------- in

  onReplicate(link: LinkState, { flags, body }: Frame): void {
    const { peers, copies, options } = this.#desk;
    const peer = peers.sender(link);
    const replicate = decodeReplicate(flags, body);
    options.clock.heard(replicate.at);
    const held = copies.get(replicate.clientId);
    const taken = replicate.whole ? this.#takeWhole(peer, held, replicate) : this.#takeRecords(peer, held, replicate);
    if (!taken) return;
    peer.replicateAcks.push([replicate.clientId, replicate.request]);
    this.#desk.stream.touch();
  }

  #takeRecords(peer: SessionPeer, held: Held | undefined, { clientId, after, request, payload }: Replicate): boolean {
    if (held?.isOwner === true) return false;
    if (held === undefined || held.source !== peer.nodeId || held.sourceSeq !== after) {
      this.ask(clientId, peer);
      return false;
    }
    for (const entry of new BatchReader().read(payload)) if (entry.type === 'session') this.#desk.copies.apply(held, entry.record, true);
    held.sourceSeq = request;
    // A copy on its way out has a row, which must not want what the session has given up: nobody would send FLUSH for it.
    if (held.leave !== undefined) this.#desk.registry.changed(clientId);
    return true;
  }

  #takeWhole(peer: SessionPeer, held: Held | undefined, { byOwner, request, payload }: Replicate): boolean {
    const { copies, takeover } = this.#desk;
    const incoming = decodeCopy(payload);
    if (held === undefined) {
      incoming.role = 'backup';
      incoming.backup = null;
      this.#follow(copies.add(incoming), peer, request);
      return true;
    }
    if (held.copy.role === 'backup') {
      if (byOwner && this.#isBest(peer, held)) this.#becomeOf(peer, held, incoming, request);
      else if (!isCoveredBy(incoming, held.copy)) this.#keepFor(held, incoming);
      return true;
    }
    // R57, C21: of two nodes the old owner is the only one that can confirm what the new one has, and the other way round.
    if (held.isOwner) {
      if (byOwner) return false;
      if (!isCoveredBy(incoming, held.copy)) takeover.merge(held, incoming);
      return true;
    }
    copies.apply(held, { type: 'merge', copy: incoming }, byOwner);
    this.#desk.registry.changed(held.clientId);
    if (byOwner) this.#follow(held, peer, request);
    return true;
  }

  /** C20: of two owners that have us as second node, the one that will give way is merged and confirmed, and not followed. */
  #isBest({ nodeId, rows }: SessionPeer, { clientId }: Held): boolean {
    const best = this.#desk.registry.bestUp(clientId);
    return best === undefined || best.owner === nodeId || !rows.has(clientId);
  }

  #follow(held: Held, peer: SessionPeer, seq: number): void {
    held.source = peer.nodeId;
    held.sourceSeq = seq;
  }

  /** The copy of another owner takes the place of ours; what ours has beyond it goes to that owner (R55). */
  #becomeOf(peer: SessionPeer, held: Held, incoming: Held['copy'], seq: number): void {
    const { copies, handIns } = this.#desk;
    const hasMore = !isCoveredBy(held.copy, incoming);
    if (hasMore) {
      mergeInto(incoming, held.copy);
      this.#desk.counters.handIns += 1;
    }
    incoming.role = 'backup';
    incoming.backup = null;
    const next = copies.replace(held, incoming);
    this.#follow(next, peer, seq);
    if (hasMore) handIns.sync(next, peer);
  }

  /** From a frozen or yielding holder: merged and confirmed, but that one is not who we follow (C20). Its owner is to have it too. */
  #keepFor(held: Held, incoming: Held['copy']): void {
    const { copies, peers, handIns } = this.#desk;
    copies.apply(held, { type: 'merge', copy: incoming });
    const owner = held.source === undefined ? undefined : peers.get(held.source);
    held.source = undefined;
    if (owner !== undefined && owner.isUp) handIns.sync(held, owner);
  }

  ask(clientId: string, peer: SessionPeer): void {
    const { peers, options } = this.#desk;
    peers.send(peer, encodeAsk(SessionKind.needCopy, { clientId, request: 0, at: options.clock.nextAt() }));
  }

  flushAcks(): void {
    for (const peer of this.#desk.peers.all()) {
      if (peer.replicateAcks.length === 0 || !peer.ready) continue;
      const acks = peer.replicateAcks;
      peer.replicateAcks = [];
      this.#desk.peers.send(peer, encodeReplicateAcks(acks));
    }
  }

  /** Rows that name us as second node though we have no such copy (R57). */
  audit(): void {
    if (!this.#isOn) return;
    const { peers, copies, self } = this.#desk;
    this.chooseAll();
    for (const peer of peers.all()) {
      if (!peer.isUp) continue;
      for (const [clientId, row] of peer.rows) {
        if (row.backup !== self || row.role !== 'owner') continue;
        const held = copies.get(clientId);
        if (held === undefined || (!held.isOwner && held.source !== peer.nodeId)) this.ask(clientId, peer);
      }
    }
  }
}
