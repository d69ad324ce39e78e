/**
 * The rows of one peer as far as we have them (R26). Changes apply in order of seq; a gap asks for what is missing. A snapshot is
 * built beside the old rows, which serve until its last slice.
 *
 * Plain rows are many: their only copy is behind the sink. The others are few and are kept here too.
 */
import type { RowChange, Rows } from '../wire/v1.ts';
import { rowHash, sameBytes } from './rowHash.ts';

export interface RowSink {
  /** A row that the sink keeps itself. */
  isPlain(key: string): boolean;
  /** Puts a plain row. Returns the value it had, undefined if there was none. */
  put(key: string, value: Uint8Array): Uint8Array | undefined;
  /** Removes a plain row, likewise. */
  remove(key: string): Uint8Array | undefined;
  /** Plain rows are put anew from `begin` on; the old ones serve until `complete`, or stay with `abandon`. */
  snapshot(step: 'begin' | 'complete' | 'abandon'): void;
  /** Another row has a new value, or is gone. */
  changed(key: string, value: Uint8Array | undefined): void;
}

/** What a frame of rows led to. `gap`: rows are missing, pull from `seq`. */
export type ApplyResult = 'applied' | 'building' | 'gap';

interface Snapshot {
  readonly values: Map<string, Uint8Array>;
  hash: number;
}

export class PeerTable {
  readonly #sink: RowSink;
  /** Rows that are not plain. */
  readonly values = new Map<string, Uint8Array>();
  #seq = 0;
  #hash = 0;
  #building: Snapshot | undefined;

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

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

  apply(rows: Rows): ApplyResult {
    return rows.snapshot === undefined ? this.#applyChanges(rows) : this.#applySlice(rows, rows.snapshot);
  }

  #applyChanges(rows: Rows): ApplyResult {
    const building = this.#building;
    if (building !== undefined) {
      // The writer walks its live rows while it streams changes: each change is newer than what a slice has said of the row.
      for (const change of rows.rows) building.hash = this.#set(building.values, building.hash, change, false);
      return 'building';
    }
    if (rows.seq > this.#seq + 1) return 'gap';
    const known = this.#seq + 1 - rows.seq;
    for (const change of known > 0 ? rows.rows.slice(known) : rows.rows) {
      this.#hash = this.#set(this.values, this.#hash, change, true);
      this.#seq += 1;
    }
    return 'applied';
  }

  #applySlice(rows: Rows, { first, last }: { first: boolean; last: boolean }): ApplyResult {
    if (first) {
      this.#building = { values: new Map(), hash: 0 };
      this.#sink.snapshot('begin');
    }
    const building = this.#building;
    if (building === undefined) return 'gap';
    for (const row of rows.rows) if (row.value !== undefined) building.hash = this.#set(building.values, building.hash, row, false);
    if (!last) return 'building';
    this.#building = undefined;
    this.#sink.snapshot('complete');
    this.#takeValues(building.values);
    this.#seq = rows.seq;
    this.#hash = building.hash;
    return 'applied';
  }

  /** The other rows take the place of the old ones: what differs is told. */
  #takeValues(values: ReadonlyMap<string, Uint8Array>): void {
    for (const key of [...this.values.keys()]) if (!values.has(key)) this.#setValue(key, undefined);
    for (const [key, value] of values) this.#setValue(key, value);
  }

  #setValue(key: string, value: Uint8Array | undefined): void {
    const before = this.values.get(key);
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    if (value === undefined ? before !== undefined : before === undefined || !sameBytes(before, value)) this.#sink.changed(key, value);
  }

  /** Puts or removes one row and returns the hash with it. `tells`: rows that are not plain take effect. */
  #set(values: Map<string, Uint8Array>, hash: number, { key, value }: RowChange, tells: boolean): number {
    const before = this.#swap(values, key, value, tells);
    const without = before === undefined ? hash : hash - rowHash(key, before);
    return (value === undefined ? without : without + rowHash(key, value)) >>> 0;
  }

  /** Returns the value before. */
  #swap(values: Map<string, Uint8Array>, key: string, value: Uint8Array | undefined, tells: boolean): Uint8Array | undefined {
    if (this.#sink.isPlain(key)) return value === undefined ? this.#sink.remove(key) : this.#sink.put(key, value);
    const before = values.get(key);
    if (tells) this.#setValue(key, value);
    else if (value === undefined) values.delete(key);
    else values.set(key, value);
    return before;
  }

  /** The link broke in the middle of a snapshot: the next link begins anew. */
  abandonSnapshot(): void {
    if (this.#building === undefined) return;
    this.#building = undefined;
    this.#sink.snapshot('abandon');
  }

  /** Forgets everything without a word to the sink: the owner is down or has started again. */
  clear(): void {
    this.values.clear();
    this.#seq = 0;
    this.#hash = 0;
    this.#building = undefined;
  }
}
