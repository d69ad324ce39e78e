/** The rows of all shared tables on this node: the newest write of each key wins (R34), whatever the order in which they come. */
import type { NodeId } from '../../base/ids.ts';
import { BUCKETS } from '../wire/v1Shared.ts';
import type { SharedActor } from './have.ts';

/** One write as it is in force. */
export interface SharedRow {
  /** False for a tombstone. */
  readonly live: boolean;
  /** undefined for a tombstone. A table with rows of its own form makes it when it is asked for. */
  readonly value: Uint8Array | undefined;
  /** Stamp: hybrid time; the node of the stamp is that of the actor. */
  readonly at: number;
  readonly actor: SharedActor;
  /** Number of the write among those of its actor. */
  readonly seq: number;
}

/** A row of a table with a form of its own, before it bears its numbers. */
export interface UnstampedRow extends SharedRow {
  readonly key: string;
  /** It may be kept a while after it was replaced. */
  readonly isSmall: boolean;
  stamp(at: number, actor: SharedActor, seq: number): void;
}

export function rowOf(value: Uint8Array | undefined, at: number, actor: SharedActor, seq: number): SharedRow {
  return { live: value !== undefined, value, at, actor, seq };
}

/** Where the live rows of one table are; a user of a table may keep them in a form of its own. */
export interface RowMap {
  readonly size: number;
  get(key: string): SharedRow | undefined;
  set(key: string, row: SharedRow): void;
  delete(key: string): void;
  /** May be changed while it is walked; what is there all the time is met. */
  entries(): IterableIterator<[string, SharedRow]>;
}

export interface TableRows {
  readonly name: string;
  rows: RowMap;
  /** Many rows that change often, and end by themselves: not audited, and written to disk behind all others. */
  bulk: boolean;
  readonly tombstones: Map<string, SharedRow>;
}

/** Above 0 when `a` is the newer write. */
export function compareRows(a: SharedRow, b: SharedRow): number {
  if (a.at !== b.at) return a.at - b.at;
  const [left, right]: [NodeId, NodeId] = [a.actor.nodeId, b.actor.nodeId];
  if (left !== right) return left < right ? -1 : 1;
  return a.actor.life - b.actor.life || a.seq - b.seq;
}

/** Table and key as 32 bits. */
export function keyHash(table: string, key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < table.length; index += 1) hash = Math.imul(hash ^ table.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ 0x1ff, 0x01000193);
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export function bucketOf(table: string, key: string): number {
  return keyHash(table, key) % BUCKETS;
}

/** A row as 32 bits: its stamp stands for its value. */
function rowHash(hash: number, { at, actor }: SharedRow): number {
  let mixed = Math.imul(hash ^ (at >>> 0), 0xc2b2ae35) ^ Math.floor(at / 0x1_0000_0000);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f) ^ Number.parseInt(actor.nodeId.slice(0, 8), 16);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x85ebca6b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export class SharedRows {
  readonly #tables = new Map<string, TableRows>();
  #tombstones = 0;

  /** Made at its first use: a node may hold rows of tables that it does not know (R39). */
  table(name: string): TableRows {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = { name, rows: new Map<string, SharedRow>(), bulk: false, tombstones: new Map<string, SharedRow>() };
      this.#tables.set(name, table);
    }
    return table;
  }

  all(): IterableIterator<TableRows> {
    return this.#tables.values();
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  get size(): number {
    let size = 0;
    for (const { rows } of this.#tables.values()) size += rows.size;
    return size;
  }

  get(table: TableRows, key: string): SharedRow | undefined {
    return table.rows.get(key) ?? table.tombstones.get(key);
  }

  /** The row is in force now. Returns the one before it, tombstones included. */
  set(table: TableRows, key: string, row: SharedRow): void {
    if (!row.live) {
      table.rows.delete(key);
      // Set anew: tombstones are kept in the order in which they came.
      if (!table.tombstones.delete(key)) this.#tombstones += 1;
      table.tombstones.set(key, row);
      return;
    }
    if (table.tombstones.size > 0 && table.tombstones.delete(key)) this.#tombstones -= 1;
    table.rows.set(key, row);
  }

  /** The key has a tombstone, and so no row. */
  dropTombstone(table: TableRows, key: string): void {
    if (table.tombstones.delete(key)) this.#tombstones -= 1;
  }

  /** The key has no row any more, and no tombstone. */
  drop(table: TableRows, key: string): void {
    table.rows.delete(key);
    if (table.tombstones.delete(key)) this.#tombstones -= 1;
  }

  clear(): void {
    for (const table of this.#tables.values()) {
      for (const [key] of table.rows.entries()) table.rows.delete(key);
      table.tombstones.clear();
    }
    this.#tombstones = 0;
  }

  /**
   * One sum for each bucket. Tombstones belong into it: a copy that lacks one would take an older write that it has not seen. Only
   * copies that have seen the same are compared without them, and without bulk tables: nodes drop those at different times.
   */
  digest(withTombstones: boolean): Uint32Array {
    const sums = new Uint32Array(BUCKETS);
    for (const { name, rows, tombstones, bulk } of this.#tables.values()) {
      if (bulk && !withTombstones) continue;
      for (const source of withTombstones ? [rows, tombstones] : [rows]) {
        for (const [key, row] of source.entries()) {
          const hash = keyHash(name, key);
          sums[hash % BUCKETS] = (sums[hash % BUCKETS] ?? 0) + rowHash(hash, row);
        }
      }
    }
    return sums;
  }
}
