/**
 * Own writes to bulk tables that are not on disk yet. They are found by number in the ring of own writes, so that a write costs
 * nothing here; when more of them wait than the ring holds, all rows of bulk tables are written once, piece by piece.
 */
import type { Replica } from './replica.ts';
import type { SharedRow, TableRows } from './sharedRows.ts';
import { storedRow, type GoneRow, type StoredRow } from './storedRow.ts';

/** Bytes of values written at one time; one that is larger goes alone. */
const BATCH_BYTES = 4 * 1024 * 1024;

interface BacklogRow {
  readonly table: TableRows;
  readonly key: string;
  readonly row: SharedRow;
}

/** Rows for one batch, up to a number of them and of bytes. */
class Batch {
  readonly #rows: StoredRow[];
  readonly #gone: GoneRow[];
  readonly #limit: number;
  #bytes = 0;

  constructor(rows: StoredRow[], gone: GoneRow[], limit: number) {
    this.#rows = rows;
    this.#gone = gone;
    this.#limit = rows.length + gone.length + limit;
  }

  get full(): boolean {
    return this.#rows.length + this.#gone.length >= this.#limit || this.#bytes >= BATCH_BYTES;
  }

  add({ table, key, row }: BacklogRow): void {
    const stored = storedRow(table.name, key, row);
    this.#bytes += stored.value?.length ?? 0;
    this.#rows.push(stored);
  }

  addGone(table: TableRows, key: string): void {
    this.#gone.push({ table: table.name, key, gone: true });
  }
}

/** Whether all rows are written once more from here on, and whether that ends here. */
export interface WalkSteps {
  readonly begins: boolean;
  readonly ends: boolean;
}

const NO_STEPS: WalkSteps = { begins: false, ends: false };

export class BulkBacklog {
  readonly #replica: Replica;
  /** Own writes up to this one are on disk, or will be met by the walk. */
  #seq: number;
  #walk: Iterator<BacklogRow, undefined> | undefined;
  /** The walk has begun, and nothing of it has been taken. */
  #begins = false;

  constructor(replica: Replica) {
    this.#replica = replica;
    this.#seq = replica.have.seq(replica.own);
  }

  get isEmpty(): boolean {
    return this.#walk === undefined && this.#seq === this.#replica.have.seq(this.#replica.own);
  }

  /** Whether a write will be looked at, at the latest when it is on the ring no more. */
  awaits({ actor, seq }: SharedRow): boolean {
    return actor === this.#replica.own && seq > this.#seq;
  }

  /** About how many rows wait. */
  get size(): number {
    return this.#replica.have.seq(this.#replica.own) - this.#seq + (this.#walk === undefined ? 0 : 1);
  }

  /** Adds the next rows to be written, `limit` at most. When they cannot be written, say so by `failed`. */
  take(limit: number, rows: StoredRow[], gone: GoneRow[]): WalkSteps {
    if (limit === 0 || this.isEmpty) return NO_STEPS;
    const batch = new Batch(rows, gone, limit);
    if (this.#walk === undefined && this.#replica.ring(this.#replica.own)?.unwritten(this.#seq, 1) === undefined) this.#beginWalk();
    if (this.#walk === undefined) {
      this.#takeWrites(batch, limit);
      return NO_STEPS;
    }
    const begins = this.#begins;
    this.#begins = false;
    this.#takeWalked(this.#walk, batch);
    return { begins, ends: this.#walk === undefined };
  }

  /** Writes all rows once more, unless that is under way. */
  rewrite(): void {
    if (this.#walk === undefined) this.#beginWalk();
  }

  #takeWrites(batch: Batch, limit: number): void {
    const { own, rows, have } = this.#replica;
    const entries = this.#replica.ring(own)?.unwritten(this.#seq, limit) ?? [];
    for (const { seq, table, key } of entries) {
      if (batch.full) return;
      this.#seq = seq;
      if (!table.bulk) continue;
      const row = rows.get(table, key);
      // Of several writes of one key the last is enough.
      if (row === undefined) batch.addGone(table, key);
      else if (row.actor === own && row.seq === seq) batch.add({ table, key, row });
    }
    if (entries.length < limit) this.#seq = have.seq(own);
  }

  #takeWalked(walk: Iterator<BacklogRow, undefined>, batch: Batch): void {
    while (!batch.full) {
      const { done, value } = walk.next();
      if (done === true) {
        this.#walk = undefined;
        return;
      }
      batch.add(value);
    }
  }

  #beginWalk(): void {
    this.#seq = this.#replica.have.seq(this.#replica.own);
    this.#walk = allRows(this.#replica);
    this.#begins = true;
  }

  /** What was taken is not on disk: everything is written once more. */
  failed(): void {
    this.#beginWalk();
  }

  /** The copy was dropped; there is a new life. */
  reset(): void {
    this.#walk = undefined;
    this.#begins = false;
    this.#seq = 0;
  }
}

function* allRows({ rows }: Replica): Generator<BacklogRow, undefined> {
  for (const table of rows.all()) {
    if (!table.bulk) continue;
    for (const source of [table.tombstones, table.rows]) for (const [key, row] of source.entries()) yield { table, key, row };
  }
  return undefined;
}
