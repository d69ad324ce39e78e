/** Another node as this one sees it: how it stands (up, suspect, down: R16-R20), its rows, and the link to it while there is one. */
import type { Millis, NodeId, NodeName } from '../base/ids.ts';
import type { LinkRole } from './handshake.ts';
import { REFUSED_MS, SILENT_MS } from './limits.ts';
import { LinkQueue, newCounters } from './linkQueue.ts';
import type { Address, LinkId, TransportPort } from './ports.ts';
import { PeerTable, type RowSink } from './tables/peerTable.ts';
import type { RowStream } from './tables/rowStream.ts';

export type PeerState = 'up' | 'suspect' | 'down';

export class Peer {
  readonly nodeId: NodeId;
  name: NodeName;
  incarnation: number;
  nonce = '';
  address: Address | undefined;
  state: PeerState = 'down';
  link: LinkState | undefined;
  /** Up once in our life, or named by another member; otherwise only a connection that may yet be refused. */
  member = false;
  /** We declared it down since it was last up (R20). */
  gaveUp = false;
  /** Its rows are complete on the present link (R10: "synced"). */
  synced = false;
  heardMs: Millis = 0;
  /** Since when every dial was actively refused; undefined after any other outcome. */
  refusedSinceMs: Millis | undefined;
  reason: string | null = null;
  rttMs: number | null = null;
  /** How far it has applied our routes. */
  ackedSeq = 0;
  readonly table: PeerTable;
  readonly counters = newCounters();

  constructor(nodeId: NodeId, name: NodeName, incarnation: number, sinkOf: (peer: Peer) => RowSink) {
    this.nodeId = nodeId;
    this.name = name;
    this.incarnation = incarnation;
    this.table = new PeerTable(sinkOf(this));
  }

  /** Forwards sent to, and received from, this life of the peer; and how many of them are known to be lost. */
  #sentBefore = 0;
  #receivedBefore = 0;
  #lostForwards = 0;

  get sentForwards(): number {
    return this.counters.forwardsOut - this.#sentBefore;
  }

  get receivedForwards(): number {
    return this.counters.forwardsIn - this.#receivedBefore;
  }

  /** The peer has started again: neither of us counts what was before. */
  newLife(incarnation: number, nonce: string): void {
    this.incarnation = incarnation;
    this.nonce = nonce;
    this.#sentBefore = this.counters.forwardsOut;
    this.#receivedBefore = this.counters.forwardsIn;
    this.#lostForwards = 0;
  }

  /** Of `sent` before the present link the peer has got so many (R24). Returns how many more are lost than was known. */
  lostForwards(sent: number, received: number): number {
    const lost = Math.max(0, sent - received);
    const more = Math.max(0, lost - this.#lostForwards);
    this.#lostForwards += more;
    return more;
  }

  get running(): boolean {
    return this.state === 'up' && this.synced;
  }

  /** Why it must be declared down now, in words; undefined while it need not (R17). */
  overdue(nowMs: Millis): string | undefined {
    if (nowMs - this.heardMs >= SILENT_MS) return `${this.name} does not answer for ${SILENT_MS / 1_000} s`;
    const refused = this.link === undefined && this.refusedSinceMs !== undefined && nowMs - this.refusedSinceMs >= REFUSED_MS;
    return refused ? `${this.name} has stopped: its port refuses connections` : undefined;
  }
}

/** One proven link to a peer. */
export class LinkState extends LinkQueue {
  readonly role: LinkRole;
  readonly peer: Peer;
  /** SNAP of the peer has come. */
  snapped = false;
  lastBeatMs: Millis = 0;
  /** What the peer's heartbeat said, to be echoed. */
  echo: { readonly theirUs: number; readonly heardMs: Millis } | undefined;
  rows: RowStream | undefined;
  /** Highest route seq the peer was asked to confirm on this link. */
  barrierAsked = 0;
  /** Forwards sent to this life of the peer before this link. */
  sentForwards = 0;
  /** The peer waits for a confirmation of its routes up to here; 0 when it does not. */
  barrierOwed = 0;
  /** Questions of the peer that are being answered. */
  answering = 0;

  constructor(id: LinkId, role: LinkRole, peer: Peer, transport: TransportPort) {
    super(id, peer.counters, transport);
    this.role = role;
    this.peer = peer;
  }
}
