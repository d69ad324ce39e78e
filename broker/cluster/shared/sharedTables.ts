/**
 * Tables that every node of the cluster has whole and may write (R34-R39): bans, users, retained messages, settings, members.
 * In: `put` and `remove` of their users, rows of other nodes. Out: changes to their users, batches to the disk, frames to links.
 * Pure. Begin here for how a table is used; replica.ts has the rules by which copies become equal, sharedSync.ts the way rows travel.
 */
import type { Log } from '../../base/log.ts';
import type { Millis, NodeId } from '../../base/ids.ts';
import type { HybridClock } from '../hybridClock.ts';
import { SHARED_KEY_BYTES } from '../limits.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Stamp } from '../stamp.ts';
import type { ClusterStream, StreamHost } from '../stream.ts';
import type { HaveEntry } from '../wire/v1Shared.ts';
import { Replica } from './replica.ts';
import type { RowMap, SharedRow, TableRows } from './sharedRows.ts';
import { SharedSync } from './sharedSync.ts';

/** How the rows of one table look on the wire and on disk. */
export interface RowCodec<V> {
  encode(value: V): Uint8Array;
  /** Throws when the bytes are none of this table: the row is kept, and reported as not applied (R39). */
  decode(bytes: Uint8Array): V;
}

export const jsonCodec = <V>(check: (value: unknown) => V): RowCodec<V> => ({
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => check(JSON.parse(Buffer.from(bytes).toString('utf8'))),
});

/** Who hears of a change. `local`: it was written on this node. */
export type TableListener<V> = (key: string, value: V | undefined, origin: 'local' | 'remote', stamp: Stamp | undefined) => void;

export interface SharedTable<V> {
  readonly name: string;
  readonly size: number;
  /** Throws SHARED_ROW_INVALID for a key that is too long. In force at once, on disk and on the other nodes soon after. */
  put(key: string, value: V): Stamp;
  /** False when there was no such row. */
  remove(key: string): boolean;
  get(key: string): V | undefined;
  stamp(key: string): Stamp | undefined;
  /** Rows that cannot be read are left out. */
  entries(): IterableIterator<[string, V]>;
}

export interface StoredRow {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly at: number;
  readonly nodeId: NodeId;
  readonly life: number;
  readonly seq: number;
}

/** What changes together on disk: rows and what they let this node have seen. */
export interface StoreBatch {
  /** All that was stored before is dropped first. */
  readonly anew: boolean;
  readonly rows: readonly StoredRow[];
  readonly gone: readonly { readonly table: string; readonly key: string }[];
  readonly have: readonly HaveEntry[];
  /** Present life of this node as a writer. */
  readonly life: number;
  /** Somebody waits for it: it outlives a failure of power. */
  readonly durable: boolean;
}

/** Where the copy of this node outlives its process. */
export interface SharedStorePort {
  load(): { readonly rows: Iterable<StoredRow>; readonly have: Iterable<HaveEntry>; readonly life: number };
  /** All or nothing. May throw: the batch is tried again later. */
  append(batch: StoreBatch): void;
}

/** All rows of a copy, tombstones too, and what it had seen. */
export interface SharedSnapshot {
  readonly rows: readonly StoredRow[];
  readonly have: readonly HaveEntry[];
}

/** A copy that ends with the process. */
export const noStore: SharedStorePort = { load: () => ({ rows: [], have: [], life: 0 }), append() {} };

export interface SharedTablesOptions {
  readonly identity: { readonly nodeId: NodeId; readonly incarnation: number };
  readonly clock: HybridClock;
  readonly store: SharedStorePort;
  readonly log: Log;
  readonly ring?: number;
}

type Notify = (key: string, row: SharedRow | undefined, origin: 'local' | 'remote') => void;

/** Rows written to disk in one batch; the rest follow with the next. */
const BATCH_ROWS = 10_000;
/** After a failure the disk is tried again when so much time has passed. */
const RETRY_MS: Millis = 5_000;

export class SharedTables {
  readonly replica: Replica;
  readonly #options: SharedTablesOptions;
  readonly #listeners = new Map<TableRows, Notify>();
  readonly #dirty = new Map<TableRows, Set<string>>();
  #storedHave = 0;
  #storedLife: number;
  #anew = false;
  #retryAtMs: Millis = 0;
  #touch: () => void = () => {};
  #wasReset: () => void = () => {};
  /** Rows that their table could not apply (R39). */
  notApplied = 0;

  constructor(options: SharedTablesOptions) {
    this.#options = options;
    const { identity, clock, store, ring } = options;
    const stored = store.load();
    this.#storedLife = stored.life;
    const life = Math.max(identity.incarnation, stored.life + 1);
    const changed = (table: TableRows, key: string, row: SharedRow | undefined, origin: 'local' | 'remote') => this.#changed(table, key, row, origin);
    this.replica = new Replica({ nodeId: identity.nodeId, life, clock, changed, swept: (table, key) => this.#markDirty(table, key), ...(ring === undefined ? {} : { ring }) });
    const { replica } = this;
    for (const { table, key, value, at, nodeId, life: rowLife, seq } of stored.rows) {
      replica.restore(replica.rows.table(table), key, { value, at, actor: replica.actors.of(nodeId, rowLife), seq });
    }
    for (const { nodeId, life: seenLife, seq } of stored.have) replica.have.raise(replica.actors.of(nodeId, seenLife), seq);
    this.#storedHave = replica.have.changes;
  }

  /** The part of the cluster that keeps the copies of all nodes equal. */
  attach(host: StreamHost): ClusterStream & { readonly sync: SharedSync } {
    const sync = new SharedSync(this.replica, host);
    this.#touch = host.touch;
    this.#wasReset = () => sync.wasReset();
    return Object.assign(sync.stream((nowMs) => this.#persistWhenDue(nowMs)), { sync });
  }

  /**
   * One user per table. `onChange` hears of every later change, not of rows that are there already. `rows`: a form of its own in
   * which the table's live rows are kept.
   */
  open<V>(name: string, codec: RowCodec<V>, onChange: TableListener<V>, rows?: RowMap): SharedTable<V> {
    const table = this.replica.rows.table(name);
    if (this.#listeners.has(table)) throw new Error(`The shared table ${name} is open already`);
    if (rows !== undefined) {
      for (const [key, row] of table.rows.entries()) rows.set(key, row);
      table.rows = rows;
    }
    this.#listeners.set(table, (key, row, origin) => {
      const stamp = row === undefined ? undefined : stampOf(row);
      onChange(key, row?.value === undefined ? undefined : codec.decode(row.value), origin, stamp);
    });
    return new OpenTable(table, codec, this.replica, (error) => this.#unreadable(table, error));
  }

  #unreadable(table: TableRows, error: unknown): void {
    this.notApplied += 1;
    this.#options.log.warn('shared_row_not_applied', { table: table.name, reason: messageOf(error) });
  }

  #markDirty(table: TableRows, key: string): void {
    let keys = this.#dirty.get(table);
    if (keys === undefined) this.#dirty.set(table, (keys = new Set()));
    keys.add(key);
  }

  #changed(table: TableRows, key: string, row: SharedRow | undefined, origin: 'local' | 'remote'): void {
    this.#markDirty(table, key);
    this.#touch();
    try {
      this.#listeners.get(table)?.(key, row, origin);
    } catch (error) {
      this.#unreadable(table, error);
    }
  }

  // ---------------------------------------------------------------- disk

  #persistWhenDue(nowMs: Millis): void {
    if (nowMs < this.#retryAtMs) return;
    try {
      this.#append(BATCH_ROWS, false);
    } catch (error) {
      this.#retryAtMs = nowMs + RETRY_MS;
      this.#options.log.error('shared_tables_not_written', { waiting: this.waiting, reason: messageOf(error) });
    }
  }

  /** Ten times a second where there is no cluster that does it. */
  tick(nowMs: Millis): void {
    this.#persistWhenDue(nowMs);
  }

  /** Rows that are not on disk yet. */
  get waiting(): number {
    let waiting = 0;
    for (const keys of this.#dirty.values()) waiting += keys.size;
    return waiting;
  }

  /** Everything written so far is on disk when it returns. Throws what the store throws; nothing is lost then. */
  flush(): void {
    while (this.#append(BATCH_ROWS, true));
  }

  /** `flush` for those who have told somebody that it is so: when the disk fails that is logged, and tried again later. */
  persist(): void {
    try {
      this.flush();
    } catch (error) {
      this.#options.log.error('shared_tables_not_written', { waiting: this.waiting, reason: messageOf(error) });
    }
  }

  /** True when there is more to write. */
  #append(limit: number, durable: boolean): boolean {
    const { replica } = this;
    const haveChanged = replica.have.changes !== this.#storedHave || replica.own.life !== this.#storedLife;
    if (this.#dirty.size === 0 && !haveChanged && !this.#anew) return false;
    const { rows, gone, taken } = this.#take(limit);
    const whole = taken === this.waiting;
    // What was seen is stored behind the rows it speaks of: with the last of them.
    const have = whole ? replica.have.since(this.#anew ? 0 : this.#storedHave) : [];
    const { changes } = replica.have;
    this.#options.store.append({ anew: this.#anew, rows, gone, have, life: replica.own.life, durable });
    this.#anew = false;
    this.#storedLife = replica.own.life;
    if (whole) this.#storedHave = changes;
    this.#settle(rows, gone);
    return !whole;
  }

  #take(limit: number): { rows: StoredRow[]; gone: { table: string; key: string }[]; taken: number } {
    const rows: StoredRow[] = [];
    const gone: { table: string; key: string }[] = [];
    for (const [table, keys] of this.#dirty) {
      for (const key of keys) {
        if (rows.length + gone.length >= limit) return { rows, gone, taken: limit };
        const row = this.replica.rows.get(table, key);
        if (row === undefined) gone.push({ table: table.name, key });
        else rows.push(storedRow(table.name, key, row));
      }
    }
    return { rows, gone, taken: rows.length + gone.length };
  }

  #settle(rows: readonly { table: string; key: string }[], gone: readonly { table: string; key: string }[]): void {
    for (const list of [rows, gone]) {
      for (const { table: name, key } of list) {
        const table = this.replica.rows.table(name);
        const keys = this.#dirty.get(table);
        if (keys?.delete(key) && keys.size === 0) this.#dirty.delete(table);
      }
    }
  }

  // ---------------------------------------------------------------- joining

  /** All rows, tombstones left out, for a backup. */
  *all(): Generator<StoredRow> {
    for (const table of this.replica.rows.all()) for (const [key, row] of table.rows.entries()) yield storedRow(table.name, key, row);
  }

  /** Everything as it is, to be put back by `restore`. */
  snapshot(): SharedSnapshot {
    const rows: StoredRow[] = [];
    for (const table of this.replica.rows.all()) {
      for (const source of [table.rows, table.tombstones]) for (const [key, row] of source.entries()) rows.push(storedRow(table.name, key, row));
    }
    return { rows, have: this.replica.have.since(0) };
  }

  /** Puts everything back as it was. */
  restore({ rows, have }: SharedSnapshot, wallMs: Millis): void {
    const { replica } = this;
    this.reset(wallMs);
    for (const { table, key, value, at, nodeId, life, seq } of rows) {
      replica.accept(replica.rows.table(table), key, { value, at, actor: replica.actors.of(nodeId, life), seq }, true);
    }
    replica.sawAll(have);
  }

  /** Drops all rows, to be taken from other nodes (R11, R14). Their tables hear of each. `wallMs`: now. */
  reset(wallMs: Millis): void {
    this.#anew = true;
    this.replica.reset(Math.max(this.replica.own.life + 1, wallMs));
    this.#wasReset();
    this.#touch();
  }
}

function storedRow(table: string, key: string, { value, at, actor, seq }: SharedRow): StoredRow {
  return { table, key, value, at, nodeId: actor.nodeId, life: actor.life, seq };
}

function stampOf({ at, actor }: SharedRow): Stamp {
  return { at, node: actor.nodeId };
}

class OpenTable<V> implements SharedTable<V> {
  readonly #table: TableRows;
  readonly #codec: RowCodec<V>;
  readonly #replica: Replica;
  readonly #unreadable: (error: unknown) => void;

  constructor(table: TableRows, codec: RowCodec<V>, replica: Replica, unreadable: (error: unknown) => void) {
    this.#table = table;
    this.#codec = codec;
    this.#replica = replica;
    this.#unreadable = unreadable;
  }

  get name(): string {
    return this.#table.name;
  }

  get size(): number {
    return this.#table.rows.size;
  }

  put(key: string, value: V): Stamp {
    if (key.length > SHARED_KEY_BYTES / 3 && Buffer.byteLength(key) > SHARED_KEY_BYTES) {
      throw new BusbarError('SHARED_ROW_INVALID', `A key of ${Buffer.byteLength(key)} bytes is longer than ${SHARED_KEY_BYTES}`);
    }
    return stampOf(this.#replica.write(this.#table, key, this.#codec.encode(value)));
  }

  remove(key: string): boolean {
    if (this.#table.rows.get(key) === undefined) return false;
    this.#replica.write(this.#table, key, undefined);
    return true;
  }

  get(key: string): V | undefined {
    const value = this.#table.rows.get(key)?.value;
    return value === undefined ? undefined : this.#read(value);
  }

  stamp(key: string): Stamp | undefined {
    const row = this.#replica.rows.get(this.#table, key);
    return row === undefined ? undefined : stampOf(row);
  }

  *entries(): IterableIterator<[string, V]> {
    for (const [key, row] of this.#table.rows.entries()) {
      const value = row.value === undefined ? undefined : this.#read(row.value);
      if (value !== undefined) yield [key, value];
    }
  }

  #read(bytes: Uint8Array): V | undefined {
    try {
      return this.#codec.decode(bytes);
    } catch (error) {
      this.#unreadable(error);
      return undefined;
    }
  }
}
