/**
 * The registry: one row per session and node, told to all (R26). A row says who has the session, how high that ranks (R50), and what
 * it wants, so that registry and routes of durable sessions can never differ. Rows of a node that is not up stay: dormant (R29).
 */
import type { NodeId } from '../../base/ids.ts';
import { encodeRowChange, encodeSnapshot, type RowChange, type SessionRow } from '../wire/v1SessionRows.ts';
import { encodeAsk, SessionKind } from '../wire/v1Sessions.ts';
import { compareRank } from './copy/copy.ts';
import type { Desk } from './desk.ts';
import { ROWS_PER_FRAME } from './limits.ts';
import type { SessionPeer } from './peers.ts';

interface Leaving {
  readonly movedTo: NodeId | undefined;
  readonly endedAt: number;
}

/** No client has this identifier: whoever sends none is given one. */
export const NO_SESSION = '';

export class Registry {
  readonly #desk: Desk;
  /** Connections without a durable session: since when. */
  readonly plain = new Map<string, number>();
  /** Sessions whose rows have changed, here or elsewhere: what follows from that is looked at when the event at hand is done. */
  readonly toCheck = new Set<string>();
  /** Rows of durable sessions as they were last told; those of the others are made when somebody asks: idle clients are many. */
  readonly #told = new Map<string, SessionRow>();
  readonly #dirty = new Map<string, Leaving | undefined>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  // ---------------------------------------------------------------- own rows

  /** Something that the row of a session tells has changed. */
  changed(clientId: string): void {
    this.#dirty.set(clientId, undefined);
    this.#desk.stream.touch();
  }

  /** The session has ended, or its connection has. */
  gone(clientId: string, endedAt = 0): void {
    this.#dirty.set(clientId, { movedTo: undefined, endedAt });
    this.#desk.stream.touch();
  }

  /** The session is at another node now. */
  moved(clientId: string, movedTo: NodeId): void {
    this.#dirty.set(clientId, { movedTo, endedAt: 0 });
    this.#desk.stream.touch();
  }

  get ownRows(): number {
    return this.#told.size + this.plain.size;
  }

  own(clientId: string): SessionRow | undefined {
    const held = this.#desk.copies.get(clientId);
    if (held !== undefined && held.copy.role !== 'backup') return held.row();
    const connectedAt = this.plain.get(clientId);
    if (connectedAt === undefined) return undefined;
    const nothing = { epoch: 0, lastConn: 0, resetAt: 0, freeze: 0, to: null, backup: null, backed: false, filters: [] };
    return { clientId, role: 'owner', durable: false, owner: this.#desk.self, connectedAt, ...nothing };
  }

  /** Tells what has changed. Called before any other frame leaves, so that rows and frames keep their order. */
  flush(): void {
    if (this.#dirty.size === 0) return;
    const changes = [...this.#dirty];
    this.#dirty.clear();
    for (const [clientId, leaving] of changes) this.#tell(clientId, leaving);
    for (const [clientId] of changes) this.toCheck.add(clientId);
  }

  #tell(clientId: string, leaving: Leaving | undefined): void {
    const row = this.own(clientId);
    const lastRow = this.#told.get(clientId);
    if (row === undefined && lastRow === undefined && leaving === undefined) return;
    if (row?.durable === true) this.#told.set(clientId, row);
    else this.#told.delete(clientId);
    let frame: Buffer | undefined;
    for (const { link } of this.#desk.peers.all()) {
      frame ??= encodeRowChange({ clientId, row, movedTo: leaving?.movedTo, lastRow, endedAt: leaving?.endedAt ?? 0, at: this.#desk.options.clock.nextAt() });
      link?.control(frame);
    }
  }

  /** All rows, to a new link; what changes from here on follows as changes (C5). */
  sendSnapshot(peer: SessionPeer): void {
    this.flush();
    const rows = [...this.#told.values()];
    for (const clientId of this.plain.keys()) {
      const row = this.#told.has(clientId) ? undefined : this.own(clientId);
      if (row !== undefined) rows.push(row);
    }
    for (let at = 0; at === 0 || at < rows.length; at += ROWS_PER_FRAME) {
      peer.link?.control(encodeSnapshot(rows.slice(at, at + ROWS_PER_FRAME), at + ROWS_PER_FRAME >= rows.length, this.#desk.options.clock.nextAt()));
    }
  }

  // ---------------------------------------------------------------- rows of peers

  /** A snapshot replaces what was known (C11: a session that moved while nobody told us may be at any node that is not up). */
  replace(peer: SessionPeer, rows: readonly SessionRow[]): void {
    const now = new Map(rows.map((row) => [row.clientId, row]));
    this.dropped(peer);
    const vanished = [...peer.rows.values()].filter((row) => !now.has(row.clientId));
    for (const row of rows) this.#put(peer, row);
    for (const row of vanished) {
      this.#put(peer, row.clientId);
      this.#desk.forwards.left(peer, row);
      if (row.durable && !this.#isAlive(row.clientId)) this.#suppose(row, peer);
    }
    this.#askAll();
    for (const row of rows) this.toCheck.add(row.clientId);
    for (const row of vanished) this.toCheck.add(row.clientId);
  }

  change(peer: SessionPeer, { clientId, row, movedTo, lastRow, endedAt, at }: RowChange): void {
    this.#desk.options.clock.heard(at);
    this.#put(peer, row ?? clientId);
    if (movedTo !== undefined && lastRow !== undefined) this.#moved(movedTo, lastRow);
    if (endedAt > 0) this.#desk.endings.ended(clientId, endedAt);
    this.toCheck.add(clientId);
  }

  /** R31: who is not up cannot say that it has the session, and what one that is up says of it may be under way. */
  #moved(movedTo: NodeId, lastRow: SessionRow): void {
    const target = this.#desk.peers.get(movedTo);
    if (target === undefined) return;
    this.#supposeAt(target, lastRow);
    this.#ask(target);
  }

  #suppose(row: SessionRow, unlessAt: SessionPeer): void {
    for (const peer of this.#desk.peers.all()) if (peer !== unlessAt) this.#supposeAt(peer, row);
  }

  /**
   * At a node that is up only until it has had the time to tell, so that it counts for messages alone: to forward one to a node that has not
   * got the session does no harm, but nobody may think that it owns it.
   */
  #supposeAt(peer: SessionPeer, row: SessionRow): void {
    if (peer.rows.has(row.clientId) || peer.supposed.has(row.clientId)) return;
    const supposed: SessionRow = { ...row, role: 'owner', owner: peer.nodeId, to: null };
    if (!peer.isUp) return this.#put(peer, supposed);
    peer.supposed.set(row.clientId, { row: supposed, asked: peer.asked + 1 });
    for (const filter of supposed.filters) this.#desk.interest.addRemote(peer, filter, supposed.backed);
  }

  #askAll(): void {
    for (const peer of this.#desk.peers.all()) this.#ask(peer);
  }

  /** What a node says of no session comes behind all that it had to say of any. */
  #ask(peer: SessionPeer): void {
    const request = peer.asked + 1;
    if (![...peer.supposed.values()].some(({ asked }) => asked === request)) return;
    peer.asked = request;
    this.#desk.peers.send(peer, encodeAsk(SessionKind.who, { clientId: NO_SESSION, request, at: this.#desk.options.clock.nextAt() }));
  }

  /** What was supposed of the node before it was asked and is not in its rows is not so. */
  told(peer: SessionPeer, request: number): void {
    for (const [clientId, { asked }] of [...peer.supposed]) if (asked <= request) this.#unsuppose(peer, clientId);
  }

  #unsuppose(peer: SessionPeer, clientId: string): void {
    const supposed = peer.supposed.get(clientId);
    if (supposed === undefined) return;
    peer.supposed.delete(clientId);
    for (const filter of supposed.row.filters) this.#desk.interest.removeRemote(peer, filter, supposed.row.backed);
  }

  /** The node cannot say any more what it has: it is supposed to have it like any other that is not up. */
  dropped(peer: SessionPeer): void {
    for (const { row } of [...peer.supposed.values()]) this.#put(peer, row);
  }

  #isAlive(clientId: string): boolean {
    const own = this.#desk.copies.get(clientId);
    if (own !== undefined && own.copy.role === 'owner') return true;
    for (const peer of this.#desk.peers.all()) if (peer.isUp && peer.rows.get(clientId)?.role === 'owner') return true;
    return false;
  }

  #put(peer: SessionPeer, row: SessionRow | string): void {
    const clientId = typeof row === 'string' ? row : row.clientId;
    const before = peer.rows.get(clientId);
    const { interest } = this.#desk;
    if (typeof row !== 'string') {
      for (const filter of row.filters) interest.addRemote(peer, filter, row.backed);
      peer.rows.set(clientId, row);
    } else peer.rows.delete(clientId);
    this.#unsuppose(peer, clientId);
    if (before !== undefined) for (const filter of before.filters) interest.removeRemote(peer, filter, before.backed);
  }

  /** The node is no member any more and its sessions are covered. */
  forget(peer: SessionPeer): void {
    for (const clientId of [...peer.rows.keys(), ...peer.supposed.keys()]) this.#put(peer, clientId);
  }

  // ---------------------------------------------------------------- who has a session

  /** The highest rank among owner rows of the peers that pass. */
  best(clientId: string, passes: (peer: SessionPeer) => boolean): SessionRow | undefined {
    let best: SessionRow | undefined;
    for (const peer of this.#desk.peers.all()) {
      const row = peer.rows.get(clientId);
      if (row === undefined || row.role !== 'owner' || !passes(peer)) continue;
      if (best === undefined || compareRank(row, best) > 0) best = row;
    }
    return best;
  }

  /** Of nodes that are up. */
  bestUp(clientId: string): SessionRow | undefined {
    return this.best(clientId, isUp);
  }

  /** Some node that is present has the session as its owner. */
  hasLiveOwner(clientId: string): boolean {
    if (this.#desk.copies.get(clientId)?.copy.role === 'owner') return true;
    return this.best(clientId, isPresent) !== undefined;
  }

  /** Any row of any kind at a node that passes. */
  some(clientId: string, passes: (peer: SessionPeer, row: SessionRow) => boolean): boolean {
    for (const peer of this.#desk.peers.all()) {
      const row = peer.rows.get(clientId);
      if (row !== undefined && passes(peer, row)) return true;
    }
    return false;
  }

  get dormant(): number {
    let rows = 0;
    for (const peer of this.#desk.peers.all()) if (!peer.isPresent) rows += peer.rows.size;
    return rows;
  }
}

function isUp(peer: SessionPeer): boolean {
  return peer.isUp;
}

function isPresent(peer: SessionPeer): boolean {
  return peer.isPresent;
}
