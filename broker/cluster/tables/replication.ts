/**
 * Streams one own table to all links and keeps the peers' tables complete (R25, R26). Changes of a turn leave as one frame per
 * link, encoded once. Whoever misses rows pulls; the writer answers with changes or, if its ring is too short, with a snapshot in
 * slices, of which the peer has a few at most that it has not applied: it goes on serving between them, and so do we.
 */
import type { Log } from '../../base/log.ts';
import { SLICE_AHEAD_BYTES, SLICE_BYTES, SLICES_AHEAD } from '../limits.ts';
import type { LinkState } from '../peer.ts';
import { encodePull, encodeRows, encodeRowsTaken, type RowChange, type Rows, type TableMark } from '../wire/v1.ts';
import type { OwnTable } from './ownTable.ts';
import type { ApplyResult } from './peerTable.ts';
import type { RowStream } from './rowStream.ts';

interface EncodedChanges {
  readonly after: number;
  readonly until: number;
  readonly frames: readonly Buffer[];
}

export class TableReplication {
  readonly own: OwnTable;
  readonly #log: Log;
  #encoded: EncodedChanges | undefined;

  constructor(own: OwnTable, log: Log) {
    this.own = own;
    this.#log = log;
  }

  /** Our SNAP leaves now: from here on every change is streamed, whether or not the peer's SNAP has come (R25, C5). */
  snapSent(link: LinkState): void {
    link.rows = { sentSeq: this.own.seq, snapshot: undefined, pulling: false };
  }

  /** The peer's SNAP says where its table stands. */
  peerSnap(link: LinkState, mark: TableMark): void {
    const { table } = link.peer;
    table.abandonSnapshot();
    if (mark.seq !== table.seq) this.#pull(link, mark.seq < table.seq ? 0 : table.seq);
    else this.#synced(link);
  }

  /** The heartbeat carries seq and hash of the peer's table: at equal seq a difference is a fault of ours, repaired and reported. */
  peerBeat(link: LinkState, mark: TableMark): void {
    const { peer, rows } = link;
    const { table } = peer;
    if (rows === undefined || rows.pulling || table.isBuilding || !link.snapped) return;
    if (mark.seq === table.seq && mark.hash === table.hash) return;
    this.#log.error('cluster_table_differs', { peer: peer.name, seq: table.seq, peer_seq: mark.seq });
    this.#pull(link, 0);
  }

  /** Rows of a peer. */
  onRows(link: LinkState, rows: Rows): ApplyResult {
    const result = link.peer.table.apply(rows);
    if (rows.snapshot?.last === false) link.control(encodeRowsTaken());
    const stream = link.rows;
    switch (result) {
      case 'applied':
        if (stream) stream.pulling = false;
        this.#synced(link);
        break;
      case 'gap':
        // While a PULL is under way its answer covers this gap too.
        if (stream && !stream.pulling) this.#pull(link, link.peer.table.seq);
        break;
      case 'building':
        break;
    }
    return result;
  }

  #synced(link: LinkState): void {
    if (link.snapped) link.peer.synced = true;
  }

  #pull(link: LinkState, from: number): void {
    if (link.rows) link.rows.pulling = true;
    link.control(encodePull(from));
  }

  /** The peer asks for what it misses after `from`. */
  onPull(link: LinkState, from: number): void {
    const stream = link.rows;
    if (stream === undefined) return;
    this.stream(link);
    const changes = from === 0 ? undefined : this.own.changesAfter(from);
    if (changes === undefined) {
      this.#startSnapshot(link, stream);
      return;
    }
    for (const frame of framesOf(from + 1, changes)) link.control(frame);
    // An empty answer ends the wait of a peer that asked too late.
    if (changes.length === 0) link.control(encodeRows({ seq: from + 1, snapshot: undefined, rows: [] }));
  }

  #startSnapshot(link: LinkState, stream: RowStream): void {
    stream.snapshot = { rows: this.own.rows.entries(), first: true, untaken: 0 };
    this.#pump(link, stream, stream.snapshot);
  }

  /** The peer has applied a slice: it is ready for another one. */
  onRowsTaken(link: LinkState): void {
    const snapshot = link.rows?.snapshot;
    // Of a snapshot that was begun anew, the slices before count too: at worst a few more are under way.
    if (snapshot !== undefined && snapshot.untaken > 0) snapshot.untaken -= 1;
  }

  /** Sends what this link has not been told yet, as far as the network takes it. Called at the end of a turn. */
  stream(link: LinkState): void {
    const stream = link.rows;
    if (stream === undefined) return;
    if (stream.sentSeq < this.own.seq) {
      const encoded = this.#encode(stream.sentSeq);
      stream.sentSeq = this.own.seq;
      if (encoded === undefined) {
        this.#startSnapshot(link, stream);
        return;
      }
      for (const frame of encoded.frames) link.control(frame);
    }
    if (stream.snapshot !== undefined) this.#pump(link, stream, stream.snapshot);
  }

  #encode(after: number): EncodedChanges | undefined {
    const cached = this.#encoded;
    if (cached !== undefined && cached.after === after && cached.until === this.own.seq) return cached;
    const changes = this.own.changesAfter(after);
    if (changes === undefined) return undefined;
    this.#encoded = { after, until: this.own.seq, frames: framesOf(after + 1, changes) };
    return this.#encoded;
  }

  #pump(link: LinkState, stream: RowStream, snapshot: NonNullable<RowStream['snapshot']>): void {
    while (link.controlBytes < SLICE_AHEAD_BYTES && snapshot.untaken < SLICES_AHEAD) {
      const rows: RowChange[] = [];
      let bytes = 0;
      let last = false;
      while (bytes < SLICE_BYTES) {
        const next = snapshot.rows.next();
        if (next.done === true) {
          last = true;
          break;
        }
        const [key, value] = next.value;
        rows.push({ key, value });
        bytes += rowBytes(key, value);
      }
      link.control(encodeRows({ seq: stream.sentSeq, snapshot: { first: snapshot.first, last }, rows }));
      snapshot.first = false;
      snapshot.untaken += 1;
      if (last) {
        stream.snapshot = undefined;
        return;
      }
    }
  }

  /** Forgets the encoded changes of the turn. */
  turnEnded(): void {
    this.#encoded = undefined;
  }
}

/** An upper bound of a row's bytes in a frame. */
function rowBytes(key: string, value: Uint8Array | undefined): number {
  return 8 + key.length * 3 + (value?.length ?? 0);
}

/** Consecutive changes from `firstSeq` as frames of at most about 256 KiB. */
function framesOf(firstSeq: number, changes: readonly RowChange[]): Buffer[] {
  const frames: Buffer[] = [];
  let from = 0;
  let bytes = 0;
  for (let index = 0; index < changes.length; index += 1) {
    const change = changes[index];
    if (change !== undefined) bytes += rowBytes(change.key, change.value);
    if (bytes < SLICE_BYTES && index < changes.length - 1) continue;
    frames.push(encodeRows({ seq: firstSeq + from, snapshot: undefined, rows: changes.slice(from, index + 1) }));
    from = index + 1;
    bytes = 0;
  }
  return frames;
}
