/** The other members as the engine sees them: one step behind the core, since a peer is up here when its rows have come. */
import type { Millis, NodeId, NodeName } from '../../base/ids.ts';
import { protocolError } from '../wire/bytes.ts';
import type { SessionRow } from '../wire/v1SessionRows.ts';
import type { LinkState, Peer } from '../peer.ts';
import type { Desk } from './desk.ts';
import { DOWN_WAIT_MS } from './limits.ts';
import type { RemoteInterest } from './interest.ts';
import type { OpenPublish } from './publishes.ts';

/** A forward that is not acknowledged. */
export interface Pend {
  readonly publish: OpenPublish;
  /** A durable session of the peer may want it, so it becomes a late entry when the peer goes down (R29). */
  readonly durable: boolean;
  readonly frame: Buffer;
}

export type PeerStanding = 'new' | 'up' | 'suspect' | 'down';

export class SessionPeer {
  readonly nodeId: NodeId;
  name: string;
  incarnation: number;
  /** `new`: not heard of in this life of ours. */
  standing: PeerStanding = 'new';
  /** Our rows have been sent on it. */
  link: LinkState | undefined;
  /** Its rows have come on the present link: everything may be sent. */
  ready = false;
  /** It has handed in what is ours (R56). */
  synced = false;
  downSinceMs: Millis = 0;
  /** No member any more: replaced (R5), forgotten, or it has left. It stays here until its sessions are covered (C12). */
  gone = false;
  /** It hands its sessions out and wants no others (R72). */
  draining = false;
  readonly rows = new Map<string, SessionRow>();
  /** Sessions that it may have got from a node that has not told where they went, until it has answered the question of that number (C11). */
  readonly supposed = new Map<string, { readonly row: SessionRow; readonly asked: number }>();
  /** The number of the last such question. */
  asked = 0;
  /** A snapshot that is not complete. */
  building: SessionRow[] = [];
  readonly interests = new Map<string, RemoteInterest>();
  promoted: ReadonlySet<NodeId> = new Set();
  view: ReadonlySet<NodeId> = new Set();
  viewMs: Millis = -1;
  settled: ReadonlyMap<number, number> | undefined;
  /** The last that was heard of each of its lives. */
  readonly lives = new Map<number, number>();
  /** Forwards to it, by number: in the order in which they went out (R28). */
  readonly pend = new Map<number, Pend>();
  /** Forwards to it so far. */
  lastOut = 0;
  /** Highest number it has forwarded in its present life. */
  lastIn = 0;
  /** Its forwards that are not secured here. */
  readonly openIn = new Set<number>();
  acks: number[] = [];
  refused: number[] = [];
  /** Its forwards that were refused, and under which number it has each open: to be refused again if they come again. */
  readonly refusedIn = new Map<number, number>();
  replicateAcks: [string, number][] = [];
  /** The freeze for which it got our FLUSH on this link, by client id. */
  readonly flushed = new Map<string, number>();

  constructor(peer: Pick<Peer, 'nodeId' | 'name' | 'incarnation'>) {
    this.nodeId = peer.nodeId;
    this.name = peer.name;
    this.incarnation = peer.incarnation;
  }

  get isUp(): boolean {
    return this.standing === 'up';
  }

  /** R19: suspect counts as present. */
  get isPresent(): boolean {
    return this.standing === 'up' || this.standing === 'suspect';
  }
}

export class Peers {
  readonly #desk: Desk;
  readonly #peers = new Map<NodeId, SessionPeer>();
  /** Since when every member is up and synced; undefined while it is not so. */
  #wholeSinceMs: Millis | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get(nodeId: NodeId): SessionPeer | undefined {
    return this.#peers.get(nodeId);
  }

  named(name: NodeName): SessionPeer | undefined {
    const peer = this.#desk.stream.members.byName(name);
    return peer && this.#peers.get(peer.nodeId);
  }

  all(): IterableIterator<SessionPeer> {
    return this.#peers.values();
  }

  get count(): number {
    return this.#peers.size;
  }

  /** The record of a peer of the core, made when it is first met. */
  of(peer: Peer): SessionPeer {
    let known = this.#peers.get(peer.nodeId);
    if (known === undefined) {
      known = new SessionPeer(peer);
      this.#peers.set(peer.nodeId, known);
      this.#wholeSinceMs = undefined;
    }
    known.name = peer.name;
    return known;
  }

  /** A node that others have lost and that we never met. */
  learnLost(nodeId: NodeId): void {
    if (this.#peers.has(nodeId) || this.#desk.stream.members.get(nodeId) !== undefined) return;
    const peer = new SessionPeer({ nodeId, name: nodeId as string as NodeName, incarnation: 0 });
    peer.standing = 'down';
    peer.gone = true;
    peer.downSinceMs = this.#desk.now();
    this.#peers.set(nodeId, peer);
  }

  /**
   * Nodes that a peer sees and that we know nothing of: one that replaces a node which we still take for the bearer of its name (R5). It counts
   * at once, for what we park is to reach it, too, and its sessions may be those that have left the peer (R27, R32).
   */
  learnSeen({ isUp, view }: SessionPeer): void {
    if (!isUp) return;
    const { self, stream } = this.#desk;
    for (const nodeId of view) {
      if (nodeId === self || this.#peers.has(nodeId) || stream.members.get(nodeId) !== undefined || stream.members.isGone(nodeId)) continue;
      this.#peers.set(nodeId, new SessionPeer({ nodeId, name: nodeId as string as NodeName, incarnation: 0 }));
    }
  }

  #isSeen(nodeId: NodeId): boolean {
    for (const { isUp, view } of this.#peers.values()) if (isUp && view.has(nodeId)) return true;
    return false;
  }

  /** Sends a frame behind the rows that were changed before it. False without a link over which the peer is known. */
  send(peer: SessionPeer, frame: Buffer): boolean {
    if (!peer.ready || peer.link === undefined) return false;
    this.#desk.registry.flush();
    peer.link.control(frame);
    this.#desk.stream.touch();
    return true;
  }

  /** To every peer that is linked; those that are not will ask, or hear with the next snapshot. */
  broadcast(frame: Buffer): void {
    this.#desk.registry.flush();
    for (const peer of this.#peers.values()) if (peer.ready) peer.link?.control(frame);
    this.#desk.stream.touch();
  }

  /** The peer behind a link whose frames may be acted upon. */
  sender(link: LinkState): SessionPeer {
    const peer = this.#peers.get(link.peer.nodeId);
    if (peer === undefined || peer.link !== link || !peer.ready) throw protocolError('A frame of sessions before the snapshot of sessions');
    return peer;
  }

  opened(link: LinkState): SessionPeer {
    const peer = this.of(link.peer);
    if (peer.incarnation !== link.peer.incarnation) {
      peer.incarnation = link.peer.incarnation;
      peer.lastIn = 0;
      peer.openIn.clear();
      peer.refusedIn.clear();
      peer.settled = undefined;
    }
    peer.link = link;
    peer.ready = false;
    peer.synced = false;
    peer.gone = false;
    peer.building = [];
    peer.acks = [];
    peer.refused = [];
    peer.replicateAcks = [];
    peer.flushed.clear();
    return peer;
  }

  dropped(link: LinkState): SessionPeer | undefined {
    const peer = this.#peers.get(link.peer.nodeId);
    if (peer === undefined || peer.link !== link) return undefined;
    peer.link = undefined;
    peer.ready = false;
    peer.synced = false;
    if (peer.standing === 'up') peer.standing = 'suspect';
    this.#desk.registry.dropped(peer);
    return peer;
  }

  /** Members by the core's table; those that vanished from it stay until they are covered. */
  adopt(): void {
    const { members } = this.#desk.stream;
    for (const peer of members.all()) if (peer.member) this.of(peer);
    for (const peer of [...this.#peers.values()]) {
      if (members.get(peer.nodeId) === undefined && !(peer.standing === 'new' && this.#isSeen(peer.nodeId))) this.#leave(peer);
    }
  }

  #leave(peer: SessionPeer): void {
    peer.gone = true;
    if (peer.standing === 'new') this.remove(peer);
  }

  remove(peer: SessionPeer): void {
    this.#desk.registry.forget(peer);
    this.#peers.delete(peer.nodeId);
  }

  /** How long all members have been up and synced, ms; 0 when they are not. */
  wholeForMs(): Millis {
    for (const peer of this.#peers.values()) {
      if (peer.standing === 'up' && peer.synced) continue;
      this.#wholeSinceMs = undefined;
      return 0;
    }
    const now = this.#desk.now();
    this.#wholeSinceMs ??= now;
    return now - this.#wholeSinceMs;
  }

  get isWhole(): boolean {
    for (const peer of this.#peers.values()) if (peer.standing !== 'up' || !peer.synced) return false;
    return true;
  }

  /** Somebody who could hold a second copy (R51). */
  get somePresent(): boolean {
    for (const peer of this.#peers.values()) if (peer.isPresent && !peer.gone) return true;
    return false;
  }

  /** R33: its sessions go on elsewhere, and all members that could tell have told. */
  isCovered(lost: SessionPeer): boolean {
    if (!this.#desk.promotion.has(lost.nodeId)) return false;
    for (const peer of this.#peers.values()) {
      // Of several lost nodes each would wait for the others.
      if (peer === lost || peer.gone) continue;
      if (!peer.isUp || !peer.promoted.has(lost.nodeId)) return false;
    }
    return true;
  }

  /** Its rows must be waited for: it is about to come back, or somebody is about to go on with its sessions (R43, C18). */
  mayReturn(peer: SessionPeer): boolean {
    if (peer.standing === 'suspect') return true;
    if (peer.standing !== 'down') return false;
    return this.#desk.now() - peer.downSinceMs < DOWN_WAIT_MS && !this.isCovered(peer);
  }
}
