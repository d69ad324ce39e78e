/** Whoever has second copies of a node that is down goes on with its sessions (R58-R60). */
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import { decodePromoted, encodePromoted } from '../wire/v1Sessions.ts';
import type { Desk, ExternalSessionsPort } from './desk.ts';
import type { Held } from './held.ts';
import { PROMOTED_WILL_MS, PROMOTE_UNSEEN_MS, REPLACED_MAX } from './limits.ts';
import type { SessionPeer } from './peers.ts';
import { rendezvous } from './rendezvous.ts';

export class Promotion {
  readonly #desk: Desk;
  readonly #promoted = new Set<NodeId>();
  /**
   * Nodes that are no members any more and whose sessions are covered. They stay in the list: a member that has forgotten one is
   * otherwise missed by another that has not, and would be waited for without end.
   */
  readonly #replaced = new Set<NodeId>();
  readonly #fetching = new Set<NodeId>();
  readonly #fetched = new Set<NodeId>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  has(node: NodeId): boolean {
    return this.#promoted.has(node) || this.#replaced.has(node);
  }

  /** Nodes whose sessions go on here. */
  list(): NodeId[] {
    return [...this.#promoted, ...this.#replaced].sort();
  }

  /** The node is back (R60). */
  returned(peer: SessionPeer): void {
    this.#fetched.delete(peer.nodeId);
    const wasReplaced = this.#replaced.delete(peer.nodeId);
    if (this.#promoted.delete(peer.nodeId) || wasReplaced) this.#desk.beats.beatAll();
  }

  tick(): void {
    this.#learn();
    for (const peer of [...this.#desk.peers.all()]) {
      if (peer.isPresent) continue;
      if (!this.has(peer.nodeId) && this.#isAgreed(peer)) this.#promote(peer);
      if (peer.gone && this.#desk.peers.isCovered(peer) && this.#desk.lateEntries.count === 0) this.#forget(peer);
    }
  }

  /** A node that was lost before we met it: others wait until we say that its sessions go on, and copies of them may be on our disk. */
  #learn(): void {
    const { peers, self } = this.#desk;
    for (const peer of [...peers.all()]) {
      if (!peer.isUp) continue;
      for (const lost of peer.promoted) if (lost !== self && !this.#replaced.has(lost)) peers.learnLost(lost);
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

  /** R71: what the lost node kept in the store is read before anybody says that its sessions go on. */
  #fetch(lost: SessionPeer, store: ExternalSessionsPort): void {
    if (this.#fetching.has(lost.nodeId)) return;
    this.#fetching.add(lost.nodeId);
    const { peers, registry, copies, self } = this.#desk;
    const candidates = [self, ...[...peers.all()].filter((peer) => peer.isUp && !peer.gone).map(({ nodeId }) => nodeId)];
    const wants = (clientId: string): boolean => rendezvous(clientId, candidates) === self && !registry.hasLiveOwner(clientId) && copies.get(clientId) === undefined;
    store.fetch([lost.nodeId], [...lost.rows.keys()], wants, (found) => {
      this.#fetching.delete(lost.nodeId);
      for (const copy of found) {
        if (copies.get(copy.clientId) !== undefined) continue;
        copy.role = 'backup';
        copy.owner = lost.nodeId;
        copies.add(copy);
      }
      this.#fetched.add(lost.nodeId);
    });
  }

  #promote(lost: SessionPeer): void {
    const { external } = this.#desk.options;
    if (external !== undefined && !this.#fetched.delete(lost.nodeId)) return this.#fetch(lost, external);
    const { peers, copies, registry, takeover, log, counters, beats } = this.#desk;
    this.#promoted.add(lost.nodeId);
    // R59: the others send us what waits for that node when they read this, and heed our rows afterwards.
    peers.broadcast(encodePromoted(lost.nodeId));
    let sessions = 0;
    for (const held of [...copies.all()]) {
      if (held.copy.role !== 'backup' || !this.#isOf(held, lost)) continue;
      if (registry.hasLiveOwner(held.clientId)) continue;
      sessions += 1;
      counters.promotions += 1;
      this.#planWill(held);
      takeover.adopt(held);
      held.handsOn = true;
    }
    beats.beatAll();
    if (sessions > 0) log.warn('cluster_sessions_continued', { peer: lost.name, sessions });
  }

  #isOf({ clientId, copy, source }: Held, { nodeId, rows }: SessionPeer): boolean {
    return copy.owner === nodeId || source === nodeId || rows.get(clientId)?.backup === this.#desk.self;
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
    this.#replaced.add(peer.nodeId);
    const [oldest] = this.#replaced;
    if (this.#replaced.size > REPLACED_MAX && oldest !== undefined) this.#replaced.delete(oldest);
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
