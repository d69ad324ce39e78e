/** Which keys one actor wrote last, by number, for peers that missed some of it (R35). Three flat arrays: a write costs no object. */
import type { TableRows } from './sharedRows.ts';

/** What knows its key and lives on anyway: the key as a string of its own would live only for the ring. */
export interface Keyed {
  readonly key: string;
}

export interface RingEntry {
  readonly seq: number;
  readonly table: TableRows;
  readonly key: string;
}

export class ChangeRing {
  readonly #size: number;
  readonly #seqs: number[] = [];
  readonly #tables: TableRows[] = [];
  readonly #keys: (string | Keyed)[] = [];
  /** Where the oldest entry is. */
  #first = 0;
  /** Writes behind this one are complete here, but for those overwritten meanwhile. */
  #from: number;

  /** Keeps `size` writes. */
  /** The latest write that was overwritten. */
  #overwritten: number;

  constructor(size: number, from: number) {
    this.#size = size;
    this.#from = this.#overwritten = from;
  }

  get from(): number {
    return this.#from;
  }

  push(seq: number, table: TableRows, key: string | Keyed): void {
    const at = this.#first;
    if (this.#seqs.length < this.#size) {
      this.#seqs.push(seq);
      this.#tables.push(table);
      this.#keys.push(key);
      return;
    }
    this.#overwritten = this.#seqs[at] ?? seq;
    this.trim(this.#overwritten);
    this.#seqs[at] = seq;
    this.#tables[at] = table;
    this.#keys[at] = key;
    this.#first = at + 1 === this.#size ? 0 : at + 1;
  }

  /** What was written up to `seq` cannot be told by number any more. */
  trim(seq: number): void {
    this.#from = Math.max(this.#from, seq);
  }

  /** The next writes behind `seq` in order, `limit` at most; undefined when the ring no longer has them all. */
  after(seq: number, limit: number): readonly RingEntry[] | undefined {
    return seq < this.#from ? undefined : this.#next(seq, limit);
  }

  /** The same for this node's own disk, for which writes that cannot be told to peers any more count too. */
  unwritten(seq: number, limit: number): readonly RingEntry[] | undefined {
    return seq < this.#overwritten ? undefined : this.#next(seq, limit);
  }

  #next(seq: number, limit: number): readonly RingEntry[] {
    const count = this.#seqs.length;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seqs[(this.#first + middle) % count] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    const entries: RingEntry[] = [];
    for (let place = low; place < count && entries.length < limit; place += 1) {
      const at = (this.#first + place) % count;
      const [found, table, key] = [this.#seqs[at], this.#tables[at], this.#keys[at]];
      if (found !== undefined && table !== undefined && key !== undefined) entries.push({ seq: found, table, key: typeof key === 'string' ? key : key.key });
    }
    return entries;
  }
}
