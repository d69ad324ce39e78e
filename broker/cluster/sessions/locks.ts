/** One CONNECT of a client id at a time, cluster-wide, as far as nodes see each other (R40-R42). A lock that fails costs time, not messages. */
import type { Millis, NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeAsk, decodeAskNode, encodeAskNode, encodeLock, isRenewal, SessionKind } from '../wire/v1Sessions.ts';
import type { Desk } from './desk.ts';
import { LAST_OWNERS_MAX, LOCK_LEASE_MS } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

interface Wish {
  readonly node: NodeId;
  readonly request: number;
}

interface Lock {
  holder: Wish;
  renewedMs: Millis;
  readonly queue: Wish[];
}

export class Locks {
  readonly #desk: Desk;
  /** As coordinator. */
  readonly #locks = new Map<string, Lock>();
  /** Told by UNLOCK, oldest first: rows may be slower. */
  readonly #lastOwners = new Map<string, NodeId>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get count(): number {
    return this.#locks.size;
  }

  // ---------------------------------------------------------------- asking

  coordinatorOf(clientId: string): NodeId {
    const { peers, self } = this.#desk;
    const up: NodeId[] = [self];
    for (const peer of peers.all()) if (peer.isUp) up.push(peer.nodeId);
    return rendezvous(clientId, up) ?? self;
  }

  /** Asks for the lock, or renews it. The answer is `Connects.granted`. */
  lock(coordinator: NodeId, clientId: string, request: number, renew: boolean): void {
    const { self, peers, options } = this.#desk;
    if (coordinator === self) return this.#wanted(clientId, { node: self, request }, renew);
    const peer = peers.get(coordinator);
    if (peer !== undefined) peers.send(peer, encodeLock({ clientId, request, at: options.clock.nextAt() }, renew));
  }

  unlock(coordinator: NodeId, clientId: string, request: number, owner: NodeId | null): void {
    const { self, peers, options } = this.#desk;
    if (coordinator === self) return this.#released(clientId, { node: self, request }, owner);
    const peer = peers.get(coordinator);
    if (peer !== undefined) peers.send(peer, encodeAskNode(SessionKind.unlock, { clientId, request, at: options.clock.nextAt() }, owner));
  }

  onGrant(link: LinkState, body: Buffer): void {
    this.#desk.peers.sender(link);
    const { clientId, request, at, node } = decodeAskNode(body);
    this.#desk.options.clock.heard(at);
    this.#desk.connects.granted(clientId, request, at, node);
  }

  // ---------------------------------------------------------------- coordinating

  onLock(link: LinkState, { flags, body }: Frame): void {
    const { nodeId } = this.#desk.peers.sender(link);
    const { clientId, request, at } = decodeAsk(body);
    this.#desk.options.clock.heard(at);
    this.#wanted(clientId, { node: nodeId, request }, isRenewal(flags));
  }

  onUnlock(link: LinkState, body: Buffer): void {
    const { nodeId } = this.#desk.peers.sender(link);
    const { clientId, request, node } = decodeAskNode(body);
    this.#released(clientId, { node: nodeId, request }, node);
  }

  #wanted(clientId: string, wish: Wish, renew: boolean): void {
    const lock = this.#locks.get(clientId);
    if (lock === undefined) return this.#give(clientId, wish, []);
    const { holder, queue } = lock;
    if (holder.node === wish.node) {
      if (holder.request > wish.request) return;
      // C3: the newest request of a node stands for its older ones; the answer to it may have been lost with a link.
      if (holder.request === wish.request && renew) lock.renewedMs = this.#desk.now();
      else this.#give(clientId, wish, queue);
      return;
    }
    const at = queue.findIndex(({ node }) => node === wish.node);
    if (at === -1) queue.push(wish);
    else if ((queue[at]?.request ?? 0) < wish.request) queue[at] = wish;
  }

  #give(clientId: string, holder: Wish, queue: Wish[]): void {
    const { self, peers, connects, options, now } = this.#desk;
    this.#locks.set(clientId, { holder, renewedMs: now(), queue });
    const fence = options.clock.nextAt();
    const owner = this.#lastOwners.get(clientId) ?? null;
    if (holder.node === self) return connects.granted(clientId, holder.request, fence, owner);
    const peer = peers.get(holder.node);
    if (peer !== undefined) peers.send(peer, encodeAskNode(SessionKind.grant, { clientId, request: holder.request, at: fence }, owner));
  }

  #released(clientId: string, wish: Wish, owner: NodeId | null): void {
    const lock = this.#locks.get(clientId);
    if (lock === undefined) return;
    if (lock.holder.node === wish.node && lock.holder.request === wish.request) {
      if (owner !== null) this.#remember(clientId, owner);
      this.#next(clientId, lock);
      return;
    }
    const at = lock.queue.findIndex(({ node, request }) => node === wish.node && request === wish.request);
    if (at !== -1) lock.queue.splice(at, 1);
  }

  #remember(clientId: string, owner: NodeId): void {
    this.#lastOwners.delete(clientId);
    this.#lastOwners.set(clientId, owner);
    if (this.#lastOwners.size <= LAST_OWNERS_MAX) return;
    for (const oldest of this.#lastOwners.keys()) {
      this.#lastOwners.delete(oldest);
      return;
    }
  }

  #next(clientId: string, { queue }: Lock): void {
    const next = queue.shift();
    if (next === undefined) {
      this.#locks.delete(clientId);
      return;
    }
    this.#desk.counters.lockWaits += 1;
    this.#give(clientId, next, queue);
  }

  /** A node is down: what it held or wanted is void. */
  down(node: NodeId): void {
    for (const [clientId, lock] of [...this.#locks]) {
      const at = lock.queue.findIndex((wish) => wish.node === node);
      if (at !== -1) lock.queue.splice(at, 1);
      if (lock.holder.node === node) this.#next(clientId, lock);
    }
  }

  tick(nowMs: Millis): void {
    for (const [clientId, lock] of [...this.#locks]) if (nowMs - lock.renewedMs >= LOCK_LEASE_MS) this.#next(clientId, lock);
  }
}

