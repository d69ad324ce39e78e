/** Whoever holds a copy it should not hold gives it to the owner, and drops it when that one has secured it (R55). */
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import type { SessionRow } from '../wire/v1SessionRows.ts';
import { decodeAsk, decodeCopyFrame, encodeAsk, encodeCopyFrame, SessionKind } from '../wire/v1Sessions.ts';
import { decodeCopy, encodeCopy } from './copy/batch.ts';
import type { SessionCopy } from './copy/copy.ts';
import { isCoveredBy } from './covered.ts';
import type { Desk } from './desk.ts';
import type { Held, Leave } from './held.ts';
import { DOWN_WAIT_MS, FLUSH_MS, HAND_IN_RETRY_MS } from './limits.ts';
import type { SessionPeer } from './peers.ts';

export class HandIns {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Copies on their way out, and second copies that nobody wants here. */
  get count(): number {
    let count = 0;
    for (const held of this.#desk.copies.all()) if (held.leave !== undefined || this.#isOrphan(held)) count += 1;
    return count;
  }

  tick(): void {
    for (const held of [...this.#desk.copies.all()]) if (!held.isOwner) this.check(held);
  }

  check(held: Held): void {
    const { leave } = held;
    if (leave !== undefined) this.#checkLeaving(held, leave);
    else if (this.#isOrphan(held)) this.#offerTo(held, this.#desk.registry.bestUp(held.clientId)?.owner);
  }

  /** The owner has another second copy by now, and it is confirmed. */
  #isOrphan({ copy, leave }: Held): boolean {
    if (copy.role !== 'backup' || leave !== undefined) return false;
    const best = this.#desk.registry.bestUp(copy.clientId);
    return best !== undefined && best.durable && best.backup !== this.#desk.self && best.backed;
  }

  #checkLeaving(held: Held, leave: Leave): void {
    const best = this.#desk.registry.bestUp(held.clientId);
    if (best === undefined || !best.durable) return this.#checkOwnerless(held, leave);
    if (this.#isFlushed(leave)) this.#offerTo(held, best.owner);
    else this.#tell(held, leave, best);
  }

  /**
   * Somebody may still send what is for the session here, and nowhere else: a node that does not see the live owner, as long as it does not.
   * So the copy stays and hands on what comes. A fork does so at once, since the owner may not know what the session has subscribed to, which
   * it must before anybody sends there alone; a frozen copy when nodes take too long.
   */
  #tell(held: Held, leave: Leave, best: SessionRow): void {
    const { peers, now, counters } = this.#desk;
    const peer = peers.get(best.owner);
    const isOverdue = now() - leave.sinceMs >= FLUSH_MS;
    if (isOverdue && !leave.isOverdue) {
      leave.isOverdue = true;
      counters.flushTimeouts += 1;
    }
    const isNews = leave.toldChanges !== held.changes || leave.toldTo !== best.owner;
    if ((held.copy.role !== 'yield' && !isOverdue) || peer === undefined || now() - leave.toldMs < (isNews ? HAND_IN_RETRY_MS : FLUSH_MS)) return;
    leave.toldMs = now();
    leave.toldChanges = held.changes;
    leave.toldTo = best.owner;
    this.#send(peer, held, true);
  }

  /** Every node from which something may still come for this copy has said that nothing will (R48). */
  #isFlushed({ flushed }: Leave): boolean {
    if (!flushed.has(this.#desk.self)) return false;
    for (const { isPresent, link, gone, nodeId } of this.#desk.peers.all()) {
      // Who has been sent our rows forwards by them, though we have not heard its own yet.
      if ((isPresent || link !== undefined) && !gone && !flushed.has(nodeId)) return false;
    }
    return true;
  }

  /** Nobody has the session whose node is there: it is ours again, unless its node, or who goes on for it, is to be heard of (C18). */
  #checkOwnerless(held: Held, { to, sinceMs }: Leave): void {
    const { registry, peers, takeover, now, isStarting } = this.#desk;
    if (isStarting) return;
    const own = held.row();
    const goesOn = (peer: SessionPeer, row: SessionRow) =>
      row.durable && (row.role === 'owner' ? peer.isPresent || peers.mayReturn(peer) : peer.isPresent && isNewerLeaver(row, own));
    if (registry.some(held.clientId, goesOn)) return;
    const target = to === null ? undefined : peers.get(to);
    if (target?.isPresent === true && now() - sinceMs < DOWN_WAIT_MS) return;
    takeover.adopt(held);
  }

  #offerTo(held: Held, owner: NodeId | undefined): void {
    const { peers, now } = this.#desk;
    const peer = owner === undefined ? undefined : peers.get(owner);
    if (peer === undefined || (held.offered === held.changes && now() - held.offeredMs < HAND_IN_RETRY_MS)) return;
    held.offered = held.changes;
    held.offeredMs = now();
    this.#send(peer, held, false);
  }

  #send(peer: SessionPeer, held: Held, sync: boolean): void {
    const { peers, options } = this.#desk;
    const ask = { clientId: held.clientId, request: held.changes, at: options.clock.nextAt() };
    peers.send(peer, encodeCopyFrame(SessionKind.handIn, { ...ask, copy: encodeCopy(held.copy), sync }));
  }

  /** R56: an owner that comes back gets what its unsynced end has lost. */
  syncTo(peer: SessionPeer): void {
    for (const held of this.#desk.copies.all()) if (held.copy.role === 'backup' && held.copy.owner === peer.nodeId) this.#send(peer, held, true);
  }

  /** What a second copy has beyond the owner's goes there; it stays here too. */
  sync(held: Held, owner: SessionPeer): void {
    this.#send(owner, held, true);
  }

  // ---------------------------------------------------------------- the other side

  onHandIn(link: LinkState, { flags, body }: Frame): void {
    const { peers, copies, takeover, counters, options } = this.#desk;
    const peer = peers.sender(link);
    const { clientId, request, at, copy, sync } = decodeCopyFrame(flags, body);
    options.clock.heard(at);
    if (copy === undefined) return;
    const incoming = decodeCopy(copy);
    const held = copies.get(clientId);
    if (held === undefined || held.copy.role === 'backup') {
      if (sync && held === undefined && !this.#desk.registry.hasLiveOwner(clientId)) takeover.adopt(copies.add(incoming));
      return;
    }
    counters.handIns += 1;
    if (!isCoveredBy(incoming, held.copy)) takeover.merge(held, incoming);
    if (sync) return this.#answerSync(held, incoming, peer);
    if (held.hold?.from === peer.nodeId) takeover.endHold(held, true);
    copies.whenSecured(held, {
      secured: () => {
        if (copies.get(clientId)?.isOwner === true) peers.send(peer, encodeAsk(SessionKind.handInAck, { clientId, request, at: options.clock.nextAt() }));
      },
    });
  }

  /** A copy that still wants what the session has given up since learns it: nobody sends FLUSH for it as long as it wants more than the owner. */
  #answerSync({ copy, clientId }: Held, incoming: SessionCopy, peer: SessionPeer): void {
    const isBehind = [...incoming.subscriptions.values()].some(({ topicFilter, on }) => on && copy.subscriptions.get(topicFilter)?.on !== true);
    if (isBehind && copy.role === 'owner') this.#desk.backups.show(clientId, peer);
  }

  onAck(link: LinkState, body: Buffer): void {
    const { peers, copies, registry, self } = this.#desk;
    const peer = peers.sender(link);
    const { clientId, request } = decodeAsk(body);
    const held = copies.get(clientId);
    if (held === undefined || held.isOwner || held.changes !== request) return;
    const row = peer.rows.get(clientId);
    if (row?.role !== 'owner') return;
    const { leave } = held;
    // Somebody may have come since it was handed in, and may send here by our rows.
    if (leave !== undefined && !this.#isFlushed(leave)) return;
    if (row.backup === self) this.#stay(held, peer);
    else if (leave !== undefined || this.#isOrphan(held)) copies.drop(held);
    if (leave !== undefined) registry.moved(clientId, peer.nodeId);
  }

  /** It is the second copy of the new owner now. */
  #stay(held: Held, owner: SessionPeer): void {
    held.leave = undefined;
    held.offered = -1;
    this.#desk.copies.setRole(held, 'backup', null);
    this.#desk.copies.handedOver(held);
    if (held.source !== owner.nodeId) this.#desk.backups.ask(held.clientId, owner);
  }
}

/**
 * Of several copies on their way out without an owner the last owner's is the one that counts: its STATE may be under way, and what it says
 * of the client's packet ids must not be outranked by an older copy that makes itself owner meanwhile.
 */
function isNewerLeaver(row: SessionRow, own: SessionRow): boolean {
  return row.role === own.role ? row.freeze > own.freeze : row.role === 'frozen';
}
