/** CONNECTs on their way to a session: lock, find who has it, get it, secure it, answer (R40-R47). */
import type { Millis, NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import type { Frame } from '../wire/frameReader.ts';
import { decodeAsk, encodeAsk, encodeBegin, encodeWhoIs, hasIt, SessionKind } from '../wire/v1Sessions.ts';
import { compareRank } from './copy/copy.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import { BEGIN_RETRY_MS, CONNECT_MAX_MS, LOCK_RENEW_MS, NOT_HERE_MS, WHO_MS, WHOLE_MS } from './limits.ts';
import type { SessionPeer } from './peers.ts';
import type { ConnectOptions, ConnectResult, ConnectTicket } from './ports.ts';
import { NO_SESSION } from './registry.ts';

/** `open`: the session is here and is being secured. `hold`: the client is served; the lock is kept until the rest has come. */
type Phase = 'lock' | 'find' | 'begin' | 'ask' | 'open' | 'hold' | 'over';

export class Connect {
  readonly clientId: string;
  readonly request: number;
  readonly options: ConnectOptions;
  /** Undefined: nobody waits, the session is only to come here (R72). */
  done: ((result: ConnectResult) => void) | undefined;
  readonly startedMs: Millis;
  phase: Phase = 'lock';
  coordinator: NodeId | undefined;
  lockedMs: Millis = -1;
  fence = 0;
  lastOwner: NodeId | null = null;
  /** Nodes that said NOTHERE, and until when they are left alone (C9). */
  readonly excluded = new Map<NodeId, Millis>();
  target: NodeId | undefined;
  askedMs: Millis = 0;
  readonly asked = new Set<NodeId>();
  somebodyHas = false;
  isCancelled = false;

  constructor(clientId: string, request: number, options: ConnectOptions, done: Connect['done'], nowMs: Millis) {
    this.clientId = clientId;
    this.request = request;
    this.options = options;
    this.done = done;
    this.startedMs = nowMs;
  }
}

export class Connects {
  readonly #desk: Desk;
  readonly #connects = new Map<string, Connect>();
  #requests = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Without an answer yet. */
  get waiting(): number {
    let waiting = 0;
    for (const { phase } of this.#connects.values()) if (phase !== 'hold') waiting += 1;
    return waiting;
  }

  has(clientId: string): boolean {
    return this.#connects.has(clientId);
  }

  start(clientId: string, options: ConnectOptions, done: Connect['done']): ConnectTicket {
    this.#supersede(clientId);
    this.#requests += 1;
    const connect = new Connect(clientId, this.#requests, options, done, this.#desk.now());
    this.#connects.set(clientId, connect);
    this.#proceed(connect);
    return { cancel: () => this.#cancel(connect) };
  }

  /** A later CONNECT of this node goes first; its request takes the lock over (R40). */
  #supersede(clientId: string): void {
    const older = this.#connects.get(clientId);
    if (older === undefined) return;
    this.#connects.delete(clientId);
    const held = this.#desk.copies.get(clientId);
    if (held !== undefined) held.connecting = false;
    const { done, phase } = older;
    older.phase = 'over';
    older.done = undefined;
    if (phase !== 'hold') done?.({ kind: 'superseded' });
  }

  #cancel(connect: Connect): void {
    connect.isCancelled = true;
    connect.done = undefined;
    if (connect.phase === 'lock' || connect.phase === 'find' || connect.phase === 'ask') this.#end(connect);
  }

  /** The copy was taken from here by a later connect elsewhere. */
  lost(clientId: string): void {
    const connect = this.#connects.get(clientId);
    if (connect === undefined || (connect.phase !== 'open' && connect.phase !== 'hold')) return;
    const { done, phase } = connect;
    connect.done = undefined;
    this.#end(connect);
    if (phase === 'open') done?.({ kind: 'superseded' });
  }

  #end(connect: Connect): void {
    const { clientId, coordinator, request, phase } = connect;
    if (phase === 'over') return;
    connect.phase = 'over';
    if (this.#connects.get(clientId) === connect) this.#connects.delete(clientId);
    const { copies, registry, locks, self } = this.#desk;
    const isHere = copies.get(clientId)?.isOwner === true || registry.plain.has(clientId);
    if (coordinator !== undefined) locks.unlock(coordinator, clientId, request, isHere ? self : null);
  }

  // ---------------------------------------------------------------- lock

  #proceed(connect: Connect): void {
    if (this.#desk.isStarting) return;
    switch (connect.phase) {
      case 'lock':
        return this.#lock(connect);
      case 'find':
        return this.#find(connect);
      case 'begin':
        if (this.#desk.now() - connect.askedMs >= BEGIN_RETRY_MS || !this.#isUp(connect.target)) this.#find(connect);
        return;
      case 'ask':
        if (this.#desk.now() - connect.askedMs >= WHO_MS) this.#answered(connect);
        return;
      default:
    }
  }

  #isUp(node: NodeId | undefined): boolean {
    return node !== undefined && this.#desk.peers.get(node)?.isUp === true;
  }

  #lock(connect: Connect): void {
    const { locks, peers, options, now } = this.#desk;
    const { clientId, request } = connect;
    if (peers.count === 0) {
      connect.fence = options.clock.nextAt();
      return this.#find(connect);
    }
    const coordinator = locks.coordinatorOf(clientId);
    if (connect.coordinator === coordinator && now() - connect.lockedMs < LOCK_RENEW_MS) return;
    if (connect.coordinator !== undefined && connect.coordinator !== coordinator) locks.unlock(connect.coordinator, clientId, request, null);
    connect.coordinator = coordinator;
    connect.lockedMs = now();
    locks.lock(coordinator, clientId, request, false);
  }

  granted(clientId: string, request: number, fence: number, lastOwner: NodeId | null): void {
    const connect = this.#connects.get(clientId);
    if (connect === undefined || connect.request !== request || connect.phase !== 'lock') return;
    connect.fence = fence;
    connect.lastOwner = lastOwner;
    this.#find(connect);
  }

  /** The fence was not above that of the session: a new lock gives a higher one (R41). */
  stale(clientId: string, at: number): void {
    this.#desk.options.clock.heard(at);
    const connect = this.#connects.get(clientId);
    if (connect?.phase !== 'begin') return;
    connect.phase = 'lock';
    connect.lockedMs = -1;
    this.#proceed(connect);
  }

  // ---------------------------------------------------------------- who has it (R43)

  #find(connect: Connect): void {
    const { registry, copies, peers, takeover, now } = this.#desk;
    const { clientId, options } = connect;
    connect.phase = 'find';
    connect.target = undefined;
    const held = copies.get(clientId);
    const own = held?.isOwner === true ? registry.own(clientId) : undefined;
    const best = registry.best(clientId, (peer) => (peer.isUp && !this.#isExcluded(connect, peer)) || this.#isAwaited(clientId, peer));
    if (own !== undefined && (best === undefined || compareRank(own, best) > 0)) return takeover.openHere(connect, held);
    if (best !== undefined) {
      const peer = peers.get(best.owner);
      if (peer?.isUp === true) this.#begin(connect, peer);
      else this.#patience(connect);
      return;
    }
    const { lastOwner } = connect;
    const last = lastOwner === null ? undefined : peers.get(lastOwner);
    if (last?.isUp === true && !this.#isExcluded(connect, last)) return this.#begin(connect, last);
    for (const peer of peers.all()) {
      const row = peer.rows.get(clientId);
      if (peer.isUp && row !== undefined && row.role !== 'owner' && !this.#isExcluded(connect, peer)) return this.#begin(connect, peer);
    }
    // Rows tell of every session when all have been together for a while. Before, somebody may be about to go on with one (R44, C8).
    const isTold = held === undefined && connect.excluded.size === 0 && peers.wholeForMs() >= WHOLE_MS;
    if (options.cleanStart || peers.count === 0 || isTold) return takeover.openHere(connect, held);
    connect.phase = 'ask';
    connect.askedMs = now();
    connect.somebodyHas = false;
    this.#askAll(connect);
  }

  #isExcluded({ excluded }: Connect, { nodeId }: SessionPeer): boolean {
    return (excluded.get(nodeId) ?? Number.NEGATIVE_INFINITY) > this.#desk.now();
  }

  /** R43(c): a durable session there must be waited for, since its node, or whoever goes on for it, is about to be heard of. */
  #isAwaited(clientId: string, peer: SessionPeer): boolean {
    return !peer.isUp && peer.rows.get(clientId)?.durable === true && this.#desk.peers.mayReturn(peer);
  }

  #begin(connect: Connect, peer: SessionPeer): void {
    connect.phase = 'begin';
    connect.target = peer.nodeId;
    connect.askedMs = this.#desk.now();
    const { clientId, request, fence } = connect;
    this.#desk.peers.send(peer, encodeBegin({ clientId, request, at: fence }, connect.options.cleanStart));
  }

  /** The session could not be reached so far. */
  #patience(connect: Connect): void {
    if (this.#desk.now() - connect.startedMs < CONNECT_MAX_MS) return;
    const { done } = connect;
    connect.done = undefined;
    this.#end(connect);
    done?.({ kind: 'busy' });
  }

  notHere(clientId: string, node: NodeId): void {
    const connect = this.#connects.get(clientId);
    if (connect?.phase !== 'begin' || connect.target !== node) return;
    connect.excluded.set(node, this.#desk.now() + NOT_HERE_MS);
    if (connect.lastOwner === node) connect.lastOwner = null;
    this.#find(connect);
  }

  // ---------------------------------------------------------------- before creating from nothing (R44)

  #askAll(connect: Connect): void {
    const { peers, options } = this.#desk;
    const { clientId, request } = connect;
    connect.asked.clear();
    const frame = encodeAsk(SessionKind.who, { clientId, request, at: options.clock.nextAt() });
    for (const peer of peers.all()) if (peer.isUp && peers.send(peer, frame)) connect.asked.add(peer.nodeId);
    if (connect.asked.size === 0) this.#answered(connect);
  }

  onWho(link: LinkState, body: Buffer): void {
    const { peers, registry, copies } = this.#desk;
    const peer = peers.sender(link);
    const ask = decodeAsk(body);
    const held = copies.get(ask.clientId);
    const unsettled = (other: SessionPeer) => other !== peer && other.rows.get(ask.clientId)?.durable === true && !other.isUp && peers.mayReturn(other);
    const has = (held !== undefined && !held.isEnded) || registry.some(ask.clientId, unsettled);
    peers.send(peer, encodeWhoIs(ask, has));
  }

  onWhoIs(link: LinkState, { flags, body }: Frame): void {
    const peer = this.#desk.peers.sender(link);
    const { nodeId } = peer;
    const { clientId, request } = decodeAsk(body);
    if (clientId === NO_SESSION) return this.#desk.registry.told(peer, request);
    const connect = this.#connects.get(clientId);
    if (connect?.phase !== 'ask' || connect.request !== request) return;
    connect.asked.delete(nodeId);
    if (hasIt(flags)) connect.somebodyHas = true;
    if (connect.asked.size === 0 && !connect.somebodyHas) this.#answered(connect);
  }

  #answered(connect: Connect): void {
    const { copies, takeover, now } = this.#desk;
    if (connect.somebodyHas && now() - connect.startedMs < CONNECT_MAX_MS) {
      connect.phase = 'find';
      return this.#find(connect);
    }
    if (connect.somebodyHas) return this.#patience(connect);
    takeover.openHere(connect, copies.get(connect.clientId));
  }

  // ---------------------------------------------------------------- the session has come

  /** The connect for which a session has been sent here; undefined when nobody waits for it. */
  receiving(clientId: string, from: NodeId): Connect | undefined {
    const connect = this.#connects.get(clientId);
    return connect?.phase === 'begin' && connect.target === from ? connect : undefined;
  }

  /** There was a connection without a session, which has been closed. */
  nothingThere(connect: Connect): void {
    if (connect.target !== undefined) {
      connect.excluded.set(connect.target, this.#desk.now() + NOT_HERE_MS);
      if (connect.lastOwner === connect.target) connect.lastOwner = null;
    }
    this.#find(connect);
  }

  /** The client has been answered; the lock goes when the rest of the session is here. */
  served(connect: Connect, held: Held | undefined): void {
    if (connect.phase === 'over') return;
    connect.phase = 'hold';
    if (held?.hold === undefined) this.#end(connect);
  }

  holdEnded(clientId: string): void {
    const connect = this.#connects.get(clientId);
    if (connect?.phase === 'hold') this.#end(connect);
  }

  // ---------------------------------------------------------------- time and news

  /** A row, a peer or the start has changed: whoever waits looks again. */
  lookAgain(clientId: string): void {
    const connect = this.#connects.get(clientId);
    if (connect === undefined) return;
    if (connect.phase === 'ask' && connect.somebodyHas) this.#find(connect);
    else this.#proceed(connect);
  }

  tick(nowMs: Millis): void {
    for (const connect of [...this.#connects.values()]) {
      this.#proceed(connect);
      if (connect.phase === 'over') continue;
      this.#renew(connect, nowMs);
      if (connect.phase !== 'open' && connect.phase !== 'hold') this.#patience(connect);
    }
  }

  #renew(connect: Connect, nowMs: Millis): void {
    const { coordinator, phase, clientId, request } = connect;
    if (coordinator === undefined || phase === 'lock' || nowMs - connect.lockedMs < LOCK_RENEW_MS) return;
    connect.lockedMs = nowMs;
    const { locks } = this.#desk;
    const now = locks.coordinatorOf(clientId);
    connect.coordinator = now;
    locks.lock(now, clientId, request, true);
  }
}
