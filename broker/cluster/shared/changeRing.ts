/** Which keys one actor wrote last, by number, for peers that missed some of it (R35). */
import type { TableRows } from './sharedRows.ts';

export interface RingEntry {
  readonly seq: number;
  readonly table: TableRows;
  readonly key: string;
}

export class ChangeRing {
  readonly #size: number;
  #entries: RingEntry[] = [];
  /** Writes behind this one are complete here, but for those overwritten meanwhile. */
  #from: number;

  /** Keeps `size` writes at least, twice as many at most. */
  constructor(size: number, from: number) {
    this.#size = size;
    this.#from = from;
  }

  get from(): number {
    return this.#from;
  }

  push(seq: number, table: TableRows, key: string): void {
    const entries = this.#entries;
    entries.push({ seq, table, key });
    if (entries.length < 2 * this.#size) return;
    this.#entries = entries.slice(-this.#size);
    this.#from = Math.max(this.#from, (this.#entries[0]?.seq ?? seq) - 1);
  }

  /** What was written up to `seq` cannot be told by number any more. */
  trim(seq: number): void {
    this.#from = Math.max(this.#from, seq);
  }

  /** The next writes behind `seq` in order, `limit` at most; undefined when the ring no longer has them all. */
  after(seq: number, limit: number): readonly RingEntry[] | undefined {
    if (seq < this.#from) return undefined;
    const entries = this.#entries;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return entries.slice(low, low + limit);
  }
}
