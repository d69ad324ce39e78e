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
import { BulkBacklog } from './bulkBacklog.ts';
import { Replica } from './replica.ts';
import { rowOf, type RowMap, type SharedRow, type TableRows, type UnstampedRow } from './sharedRows.ts';
import { SharedSync } from './sharedSync.ts';
import { storedRow, type GoneRow, type StoredRow } from './storedRow.ts';

export type { GoneRow, StoredRow } from './storedRow.ts';

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

export interface BulkTable {
  put(key: string, row: UnstampedRow): void;
  /** Writes a delete, also for a key that has no row here: one that is on its way from another node is older. */
  remove(key: string): void;
  /** The user has dropped a row whose time was over, as all nodes do by themselves. */
  ended(key: string): void;
}

/** Rows of bulk tables: many, which may be kept as a journal. */
export interface BulkBatch {
  readonly rows: readonly StoredRow[];
  readonly gone: readonly GoneRow[];
  /** All rows are written once more, beginning with these: when `ends` has come, what was stored before is not needed. */
  readonly begins: boolean;
  readonly ends: boolean;
}

/** What changes together on disk: rows and what they let this node have seen. */
export interface StoreBatch {
  /** All that was stored before is dropped first. */
  readonly anew: boolean;
  readonly rows: readonly StoredRow[];
  readonly gone: readonly GoneRow[];
  readonly bulk: BulkBatch;
  readonly have: readonly HaveEntry[];
  /** Present life of this node as a writer. */
  readonly life: number;
  /** Somebody waits for it: it outlives a failure of power. */
  readonly durable: boolean;
}

/** Where the copy of this node outlives its process. */
export interface SharedStorePort {
  /** In the order in which they were written: of several of one key the last counts. */
  load(): { readonly rows: Iterable<StoredRow | GoneRow>; readonly have: Iterable<HaveEntry>; readonly life: number };
  /** All or nothing. May throw: the batch is tried again later. */
  append(batch: StoreBatch): void;
  /** The journal of bulk tables is much longer than what lives: all of it should be written once more. */
  readonly isLong: boolean;
}

/** All rows of a copy, tombstones too, and what it had seen. */
export interface SharedSnapshot {
  readonly rows: readonly StoredRow[];
  readonly have: readonly HaveEntry[];
}

/** A copy that ends with the process. */
export const noStore: SharedStorePort = { load: () => ({ rows: [], have: [], life: 0 }), append() {}, isLong: false };

export interface SharedTablesOptions {
  readonly identity: { readonly nodeId: NodeId; readonly incarnation: number };
  readonly clock: HybridClock;
  readonly store: SharedStorePort;
  readonly log: Log;
  readonly ring?: number;
}

/** What one batch takes. `settled`: the marks that it takes away when it is stored. */
interface Taken {
  readonly rows: StoredRow[];
  readonly gone: GoneRow[];
  readonly bulkRows: StoredRow[];
  readonly bulkGone: GoneRow[];
  readonly settled: { readonly keys: Set<string>; readonly key: string }[];
  more: boolean;
}

type Notify = (key: string, row: SharedRow | undefined, origin: 'local' | 'remote') => void;

/** Rows written to disk in one batch; the rest follow with the next. */
const BATCH_ROWS = 10_000;
/** The same for rows of bulk tables: a few hundredths of the time between two batches, and less while more than `FLOOD` come meanwhile. */
const BULK_ROWS = 2_000;
const BULK_ROWS_IN_FLOOD = 500;
const FLOOD = 2_000;
/** After a failure the disk is tried again when so much time has passed. */
const RETRY_MS: Millis = 5_000;

export class SharedTables {
  readonly replica: Replica;
  readonly #options: SharedTablesOptions;
  readonly #listeners = new Map<TableRows, Notify>();
  readonly #dirty = new Map<TableRows, Set<string>>();
  readonly #backlog: BulkBacklog;
  #storedHave = 0;
  #storedLife: number;
  #anew = false;
  #retryAtMs: Millis = 0;
  #writtenAtTick = 0;
  #touch: () => void = () => {};
  #wasReset: () => void = () => {};
  /** Nobody else can have a row: see `SharedSync.isAlone`. */
  #isAlone: () => boolean = () => false;
  /** Rows that their table could not apply (R39). */
  notApplied = 0;

  constructor(options: SharedTablesOptions) {
    this.#options = options;
    const { identity, clock, store, ring } = options;
    const stored = store.load();
    this.#storedLife = stored.life;
    const life = Math.max(identity.incarnation, stored.life + 1);
    const changed = (table: TableRows, key: string, row: SharedRow | undefined, origin: 'local' | 'remote') => this.#changed(table, key, row, origin);
    this.replica = new Replica({ nodeId: identity.nodeId, life, clock, changed, swept: (table, key, row) => this.#swept(table, key, row), ...(ring === undefined ? {} : { ring }) });
    const { replica } = this;
    for (const row of stored.rows) {
      const table = replica.rows.table(row.table);
      if ('gone' in row) replica.rows.drop(table, row.key);
      else replica.restore(table, row.key, rowOf(row.value, row.at, replica.actors.of(row.nodeId, row.life), row.seq));
    }
    for (const { nodeId, life: seenLife, seq } of stored.have) replica.have.raise(replica.actors.of(nodeId, seenLife), seq);
    this.#storedHave = replica.have.changes;
    this.#backlog = new BulkBacklog(replica);
  }

  /** The part of the cluster that keeps the copies of all nodes equal. */
  attach(host: StreamHost): ClusterStream & { readonly sync: SharedSync } {
    const sync = new SharedSync(this.replica, host);
    this.#touch = host.touch;
    this.#wasReset = () => sync.wasReset();
    this.#isAlone = () => sync.isAlone;
    return Object.assign(sync.stream((nowMs) => this.#persistWhenDue(nowMs)), { sync });
  }

  /**
   * One user per table. `onChange` hears of every later change, not of rows that are there already.
   */
  open<V>(name: string, codec: RowCodec<V>, onChange: TableListener<V>): SharedTable<V> {
    const table = this.#claim(name, (key, row, origin) => {
      const stamp = row === undefined ? undefined : stampOf(row);
      onChange(key, row?.value === undefined ? undefined : codec.decode(row.value), origin, stamp);
    });
    return new OpenTable(table, codec, this.replica, (error) => this.#unreadable(table, error));
  }

  #claim(name: string, notify: Notify): TableRows {
    const table = this.replica.rows.table(name);
    if (this.#listeners.has(table)) throw new Error(`The shared table ${name} is open already`);
    this.#listeners.set(table, notify);
    return table;
  }

  /**
   * A table of many rows that are kept by their user in a form of its own, change often and may end by themselves: retained messages.
   * They go to disk behind all others. `onRemote` hears that another node has changed a row.
   */
  openBulk(name: string, rows: RowMap, onRemote: () => void): BulkTable {
    const table = this.#claim(name, (_key, _row, origin) => {
      if (origin === 'remote') onRemote();
    });
    table.bulk = true;
    for (const [key, row] of table.rows.entries()) {
      try {
        rows.set(key, row);
      } catch (error) {
        this.#unreadable(table, error);
      }
    }
    table.rows = rows;
    return {
      put: (key, row) => this.replica.writeRow(table, key, row),
      remove: (key) => {
        const row = this.replica.write(table, key, undefined);
        if (this.#isAlone()) this.replica.dropTombstone(table, key, row);
      },
      ended: (key) => this.#markDirty(table, key),
    };
  }

  #unreadable(table: TableRows, error: unknown): void {
    this.notApplied += 1;
    this.#options.log.warn('shared_row_not_applied', { table: table.name, reason: messageOf(error) });
  }

  /** Of a delete that is not on disk yet the backlog will say that nothing is there. */
  #swept(table: TableRows, key: string, row: SharedRow): void {
    if (!table.bulk || !this.#backlog.awaits(row)) this.#markDirty(table, key);
  }

  #markDirty(table: TableRows, key: string): void {
    let keys = this.#dirty.get(table);
    if (keys === undefined) this.#dirty.set(table, (keys = new Set()));
    keys.add(key);
  }

  #changed(table: TableRows, key: string, row: SharedRow | undefined, origin: 'local' | 'remote'): void {
    if (!table.bulk || origin === 'remote') this.#markDirty(table, key);
    this.#touch();
    if (table.bulk && origin === 'local') return;
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
      const written = this.replica.have.seq(this.replica.own);
      const isFlood = written - this.#writtenAtTick > FLOOD;
      this.#writtenAtTick = written;
      this.#append({ rows: BATCH_ROWS, bulk: isFlood ? BULK_ROWS_IN_FLOOD : BULK_ROWS, durable: false });
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
    let waiting = this.#backlog.size;
    for (const keys of this.#dirty.values()) waiting += keys.size;
    return waiting;
  }

  /** Everything written so far is on disk when it returns. Throws what the store throws; nothing is lost then. */
  flush(): void {
    while (this.#append({ rows: BATCH_ROWS, bulk: BATCH_ROWS, durable: true }));
  }

  /** The same but for bulk tables, for those who have told somebody that it is so. When the disk fails that is logged, and tried again later. */
  persist(): void {
    try {
      while (this.#append({ rows: BATCH_ROWS, bulk: 0, durable: true }));
    } catch (error) {
      this.#options.log.error('shared_tables_not_written', { waiting: this.waiting, reason: messageOf(error) });
    }
  }

  /** True when there is more to write of what this call may write. */
  #append(limits: { readonly rows: number; readonly bulk: number; readonly durable: boolean }): boolean {
    const { replica } = this;
    const haveChanged = replica.have.changes !== this.#storedHave || replica.own.life !== this.#storedLife;
    if (this.#dirty.size === 0 && this.#backlog.isEmpty && !haveChanged && !this.#anew) return false;
    const { rows, gone, bulkRows, bulkGone, settled, more } = this.#take(limits);
    if (limits.bulk > 0 && this.#options.store.isLong) this.#backlog.rewrite();
    const { begins, ends } = this.#backlog.take(limits.bulk, bulkRows, bulkGone);
    // What was seen is stored behind the rows it speaks of: with the last of them.
    const whole = !more && this.#backlog.isEmpty && (limits.bulk > 0 || !this.#bulkIsDirty);
    if (settled.length + bulkRows.length + bulkGone.length === 0 && !begins && !ends && !whole && !this.#anew) return false;
    const have = whole ? replica.have.since(this.#anew ? 0 : this.#storedHave) : [];
    const { changes } = replica.have;
    try {
      const bulk = { rows: bulkRows, gone: bulkGone, begins, ends };
      this.#options.store.append({ anew: this.#anew, rows, gone, bulk, have, life: replica.own.life, durable: limits.durable });
    } catch (error) {
      if (bulkRows.length + bulkGone.length > 0 || begins || ends) this.#backlog.failed();
      throw error;
    }
    this.#anew = false;
    this.#storedLife = replica.own.life;
    if (whole) this.#storedHave = changes;
    this.#settle(settled);
    return more || (limits.bulk > 0 && !this.#backlog.isEmpty);
  }

  get #bulkIsDirty(): boolean {
    for (const table of this.#dirty.keys()) if (table.bulk) return true;
    return false;
  }

  /** Rows that are marked, of each table as many as its limit says. */
  #take(limits: { readonly rows: number; readonly bulk: number }): Taken {
    const taken: Taken = { rows: [], gone: [], bulkRows: [], bulkGone: [], settled: [], more: false };
    for (const [table, keys] of this.#dirty) {
      const limit = table.bulk ? limits.bulk : limits.rows;
      taken.more ||= keys.size > limit && limit > 0;
      const [rows, gone] = table.bulk ? [taken.bulkRows, taken.bulkGone] : [taken.rows, taken.gone];
      let left = limit;
      for (const key of keys) {
        if (left === 0) break;
        left -= 1;
        const row = this.replica.rows.get(table, key);
        if (row === undefined) gone.push({ table: table.name, key, gone: true });
        else rows.push(storedRow(table.name, key, row));
        taken.settled.push({ keys, key });
      }
    }
    return taken;
  }

  #settle(settled: Taken['settled']): void {
    for (const { keys, key } of settled) keys.delete(key);
    for (const [table, keys] of this.#dirty) if (keys.size === 0) this.#dirty.delete(table);
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
      replica.accept(replica.rows.table(table), key, rowOf(value, at, replica.actors.of(nodeId, life), seq), true);
    }
    replica.sawAll(have);
  }

  /** Drops all rows, to be taken from other nodes (R11, R14). Their tables hear of each. `wallMs`: now. */
  reset(wallMs: Millis): void {
    this.#anew = true;
    this.replica.reset(Math.max(this.replica.own.life + 1, wallMs));
    this.#backlog.reset();
    this.#wasReset();
    this.#touch();
  }
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
