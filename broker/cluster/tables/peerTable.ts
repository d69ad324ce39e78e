/**
 * The rows of one peer as far as we have them (R26). Changes apply in order of seq; a gap asks for what is missing. A snapshot is
 * built beside the old rows, which serve until its last slice.
 */
import type { RowChange, Rows } from '../wire/v1.ts';
import { rowHash, sameBytes } from './rowHash.ts';

export interface RowSink {
  added(key: string, value: Uint8Array): void;
  /** The row has another value than before. */
  changed(key: string, value: Uint8Array): void;
  removed(key: string): void;
}

/** What a frame of rows led to. `gap`: rows are missing, pull from `seq`. */
export type ApplyResult = 'applied' | 'building' | 'gap';

export class PeerTable {
  readonly rows = new Map<string, Uint8Array>();
  #seq = 0;
  #hash = 0;
  #building: Map<string, Uint8Array> | undefined;

  /** Last change applied. */
  get seq(): number {
    return this.#seq;
  }

  get hash(): number {
    return this.#hash;
  }

  /** A snapshot has begun and is not complete. */
  get isBuilding(): boolean {
    return this.#building !== undefined;
  }

  apply(rows: Rows, sink: RowSink): ApplyResult {
    return rows.snapshot === undefined ? this.#applyChanges(rows, sink) : this.#applySlice(rows, rows.snapshot, sink);
  }

  #applyChanges(rows: Rows, sink: RowSink): ApplyResult {
    const building = this.#building;
    if (building !== undefined) {
      // The writer walks its live rows while it streams changes: each change is newer than what a slice has said of the row.
      for (const { key, value } of rows.rows) {
        if (value === undefined) building.delete(key);
        else building.set(key, value);
      }
      return 'building';
    }
    if (rows.seq > this.#seq + 1) return 'gap';
    const known = this.#seq + 1 - rows.seq;
    for (const change of known > 0 ? rows.rows.slice(known) : rows.rows) {
      this.#set(change, sink);
      this.#seq += 1;
    }
    return 'applied';
  }

  #applySlice(rows: Rows, { first, last }: { first: boolean; last: boolean }, sink: RowSink): ApplyResult {
    if (first) this.#building = new Map();
    const building = this.#building;
    if (building === undefined) return 'gap';
    for (const { key, value } of rows.rows) if (value !== undefined) building.set(key, value);
    if (!last) return 'building';
    this.#building = undefined;
    for (const key of [...this.rows.keys()]) if (!building.has(key)) this.#set({ key, value: undefined }, sink);
    for (const [key, value] of building) this.#set({ key, value }, sink);
    this.#seq = rows.seq;
    return 'applied';
  }

  #set({ key, value }: RowChange, sink: RowSink): void {
    const before = this.rows.get(key);
    if (before !== undefined) this.#hash = (this.#hash - rowHash(key, before)) >>> 0;
    if (value === undefined) {
      if (this.rows.delete(key)) sink.removed(key);
      return;
    }
    this.#hash = (this.#hash + rowHash(key, value)) >>> 0;
    this.rows.set(key, value);
    if (before === undefined) sink.added(key, value);
    else if (!sameBytes(before, value)) sink.changed(key, value);
  }

  /** The link broke in the middle of a snapshot: the next link begins anew. */
  abandonSnapshot(): void {
    this.#building = undefined;
  }

  /** Forgets everything without a word to the sink: the owner is down or has started again. */
  clear(): void {
    this.rows.clear();
    this.#seq = 0;
    this.#hash = 0;
    this.#building = undefined;
  }
}
