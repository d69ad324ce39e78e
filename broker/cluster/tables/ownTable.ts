/** Rows this node owns, numbered change by change, with a ring of the latest changes for peers that reconnect (R26). */
import { DELTA_RING } from '../limits.ts';
import type { RowChange, TableMark } from '../wire/v1.ts';
import { rowHash, sameBytes } from './rowHash.ts';

export class OwnTable {
  readonly rows = new Map<string, Uint8Array>();
  #seq = 0;
  #hash = 0;
  readonly #ringSize: number;
  readonly #ring: RowChange[] = [];

  /** `ringSize`: changes kept; a peer further behind gets a snapshot. */
  constructor(ringSize = DELTA_RING) {
    this.#ringSize = ringSize;
  }

  /** Number of the last change; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  get mark(): TableMark {
    return { seq: this.#seq, hash: this.#hash };
  }

  /** True when the row is new or has another value. */
  put(key: string, value: Uint8Array): boolean {
    const before = this.rows.get(key);
    if (before !== undefined) {
      if (sameBytes(before, value)) return false;
      this.#hash = (this.#hash - rowHash(key, before)) >>> 0;
    }
    this.rows.set(key, value);
    this.#hash = (this.#hash + rowHash(key, value)) >>> 0;
    this.#record({ key, value });
    return true;
  }

  /** True when there was such a row. */
  remove(key: string): boolean {
    const before = this.rows.get(key);
    if (before === undefined) return false;
    this.rows.delete(key);
    this.#hash = (this.#hash - rowHash(key, before)) >>> 0;
    this.#record({ key, value: undefined });
    return true;
  }

  #record(change: RowChange): void {
    this.#ring[this.#seq % this.#ringSize] = change;
    this.#seq += 1;
  }

  /** The changes after `seq` in order; undefined when the ring no longer has them all. */
  changesAfter(seq: number): RowChange[] | undefined {
    if (seq > this.#seq || this.#seq - seq > this.#ringSize) return undefined;
    const changes: RowChange[] = [];
    for (let at = seq; at < this.#seq; at += 1) {
      const change = this.#ring[at % this.#ringSize];
      if (change === undefined) return undefined;
      changes.push(change);
    }
    return changes;
  }
}
