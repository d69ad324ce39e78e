/** Whoever has second copies of a node that is down goes on with its sessions (R58-R60). */
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import { decodePromoted, encodePromoted } from '../wire/v1Sessions.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import { PROMOTED_WILL_MS, PROMOTE_UNSEEN_MS } from './limits.ts';
import type { SessionPeer } from './peers.ts';

export class Promotion {
  readonly #desk: Desk;
  readonly #promoted = new Set<NodeId>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  has(node: NodeId): boolean {
    return this.#promoted.has(node);
  }

  /** Nodes whose sessions go on here. */
  list(): NodeId[] {
    return [...this.#promoted].sort();
  }

  /** The node is back (R60). */
  returned(peer: SessionPeer): void {
    if (this.#promoted.delete(peer.nodeId)) this.#desk.beats.beatAll();
  }

  tick(): void {
    for (const peer of [...this.#desk.peers.all()]) {
      if (peer.isPresent) continue;
      if (!this.#promoted.has(peer.nodeId) && this.#isAgreed(peer)) this.#promote(peer);
      if (peer.gone && this.#desk.peers.isCovered(peer) && this.#desk.lateEntries.count === 0) this.#forget(peer);
    }
  }

  /** Nobody who can be asked sees the node any more, as of a moment after we lost it (R58). */
  #isAgreed(lost: SessionPeer): boolean {
    const { peers, now, startedMs } = this.#desk;
    if (lost.standing === 'new' && now() - startedMs < PROMOTE_UNSEEN_MS) return false;
    for (const peer of peers.all()) {
      if (peer === lost || !peer.isUp) continue;
      if (peer.viewMs < lost.downSinceMs || peer.view.has(lost.nodeId)) return false;
    }
    return true;
  }

  #promote(lost: SessionPeer): void {
    const { peers, copies, registry, takeover, log, counters, beats } = this.#desk;
    this.#promoted.add(lost.nodeId);
    // R59: the others send us what waits for that node when they read this, and heed our rows afterwards.
    peers.broadcast(encodePromoted(lost.nodeId));
    let sessions = 0;
    for (const held of [...copies.all()]) {
      if (held.copy.role !== 'backup' || (held.copy.owner !== lost.nodeId && held.source !== lost.nodeId)) continue;
      if (registry.hasLiveOwner(held.clientId)) continue;
      sessions += 1;
      counters.promotions += 1;
      this.#planWill(held);
      takeover.adopt(held);
    }
    beats.beatAll();
    if (sessions > 0) log.warn('cluster_sessions_continued', { peer: lost.name, sessions });
  }

  /** R70: unless the client is back by then. */
  #planWill(held: Held): void {
    const { will, connectedAt } = held.copy;
    if (will === null) return;
    const leastMs = connectedAt > 0 ? PROMOTED_WILL_MS : 0;
    held.willAtMs = this.#desk.now() + Math.max(will.delayMs, leastMs);
  }

  #forget(peer: SessionPeer): void {
    this.#promoted.delete(peer.nodeId);
    this.#desk.lateMessages.settle(peer, true);
    this.#desk.peers.remove(peer);
  }

  /** A member goes on with the sessions of another. */
  onPromoted(link: LinkState, body: Buffer): void {
    const { peers, lateEntries } = this.#desk;
    const by = peers.sender(link);
    const lost = peers.get(decodePromoted(body));
    if (lost !== undefined && lost !== by) lateEntries.sendPending(lost, by);
    lateEntries.sendAll(by);
  }
}
