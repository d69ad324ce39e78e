/**
 * This node's copy of the shared tables on disk:
 *
 *     <node.data_dir>/shared.db   rows and tombstones, segments of bulk tables, what was seen of whom, the bound of the hybrid clock
 *
 * Rows come in batches; each batch is there whole or not at all. Those of bulk tables (retained messages) are kept as a journal, one blob
 * a batch, which is written anew when most of it is history. A file that is damaged is moved aside: the rows come back from the
 * other nodes.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { NodeId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { MEMBER_TABLE } from '../cluster/shared/memberTable.ts';
import type { ClockBoundPort } from '../cluster/hybridClock.ts';
import type { BulkBatch, GoneRow, SharedStorePort, StoreBatch, StoredRow } from '../cluster/shared/sharedTables.ts';
import type { HaveEntry } from '../cluster/wire/v1Shared.ts';
import { openDatabase } from './database.ts';
import { decodeSegment, encodeSegment } from './sharedSegments.ts';

export const SHARED_FILE = 'shared.db';
const VERSION = 2;
/** A segment is written page by page: with few of them for a third of what it costs with many. */
const PAGE_BYTES = 16_384;
/** A journal of bulk tables that is shorter is left alone; a longer one may be so many times what it held when it was last written anew. */
const LONG_BYTES = 16 * 1024 * 1024;
const GROWTH = 3;
/** Old segments that are dropped with one batch. */
const DROPPED_AT_ONCE = 8;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rows (
    tab TEXT NOT NULL, key TEXT NOT NULL, value BLOB, at INTEGER NOT NULL, node TEXT NOT NULL, life INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (tab, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS segments (position INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS have (node TEXT NOT NULL, life INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (node, life)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGED = new Set([11, 26]);

interface RowOnDisk {
  readonly tab: string;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly at: number;
  readonly node: string;
  readonly life: number;
  readonly seq: number;
}

export class SharedStore implements SharedStorePort {
  readonly #db: DatabaseSync;
  readonly #log: Log;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #see: StatementSync;
  readonly #number: StatementSync;
  readonly #addSegment: StatementSync;
  readonly #dropSegments: StatementSync;
  #durable = true;
  /** Position of the next segment, and bytes of all of them. */
  #end: number;
  #bytes: number;
  /** Where the rewriting of all rows began; undefined when none is under way. */
  #rewrittenFrom: number | undefined;
  /** Bytes at the end of the last one, and what stands before it and is dropped little by little. */
  #rewrittenBytes = 0;
  #dropBefore = 0;

  /** `nowMs` names a damaged file that is moved aside. Throws DATA_DIR_UNUSABLE. */
  static open(dataDir: string, log: Log, nowMs: number): SharedStore {
    const path = join(dataDir, SHARED_FILE);
    try {
      return new SharedStore(checked(path), log);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      const aside = `${path}.damaged-${nowMs}`;
      for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
      const hint = 'The rows come back from the other nodes of the cluster; what only this node knew is in the file that was moved.';
      log.error('shared_tables_damaged', { path, moved_to: aside, reason: messageOf(error), hint });
      return new SharedStore(checked(path), log);
    }
  }

  private constructor(db: DatabaseSync, log: Log) {
    this.#log = log;
    this.#db = db;
    this.#put = db.prepare('INSERT OR REPLACE INTO rows (tab, key, value, at, node, life, seq) VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM rows WHERE tab = ? AND key = ?');
    this.#addSegment = db.prepare('INSERT INTO segments (position, body) VALUES (?, ?)');
    this.#dropSegments = db.prepare('DELETE FROM segments WHERE position IN (SELECT position FROM segments WHERE position < ? ORDER BY position LIMIT ?)');
    const { end, bytes } = db.prepare('SELECT coalesce(max(position) + 1, 0) AS end, coalesce(sum(length(body)), 0) AS bytes FROM segments').get() as { end: number; bytes: number };
    this.#end = end;
    this.#bytes = bytes;
    this.#see = db.prepare('INSERT OR REPLACE INTO have (node, life, seq) VALUES (?, ?, ?)');
    this.#number = db.prepare('INSERT OR REPLACE INTO numbers (name, value) VALUES (?, ?)');
  }

  /** Forgets who is a member and what was seen of whom: it was said of the node whose folder this was (R4). The other nodes say it anew. */
  forgetMembers(): void {
    this.#db.exec(`BEGIN; DELETE FROM rows WHERE tab = '${MEMBER_TABLE}'; DELETE FROM have; COMMIT`);
  }

  load(): { rows: Iterable<StoredRow | GoneRow>; have: Iterable<HaveEntry>; life: number } {
    const have = this.#db.prepare('SELECT node, life, seq FROM have').all() as { node: string; life: number; seq: number }[];
    return {
      rows: this.#rows(),
      have: have.map(({ node, life, seq }) => ({ nodeId: node as NodeId, life, seq })),
      life: this.#stored('life'),
    };
  }

  *#rows(): Generator<StoredRow | GoneRow> {
    for (const row of this.#db.prepare('SELECT tab, key, value, at, node, life, seq FROM rows').iterate()) {
      const { tab, key, value, at, node, life, seq } = row as unknown as RowOnDisk;
      yield { table: tab, key, value: value ?? undefined, at, nodeId: node as NodeId, life, seq };
    }
    for (const row of this.#db.prepare('SELECT position, body FROM segments ORDER BY position').iterate()) {
      const { position, body } = row as { position: number; body: Uint8Array };
      try {
        yield* decodeSegment(body);
      } catch (error) {
        this.#log.error('shared_segment_not_readable', { position, reason: messageOf(error), hint: 'The rows come back from the other nodes of the cluster.' });
      }
    }
  }

  #stored(name: string): number {
    const row = this.#db.prepare('SELECT value FROM numbers WHERE name = ?').get(name) as { value: number } | undefined;
    return row?.value ?? 0;
  }

  append({ anew, rows, gone, bulk, have, life, durable }: StoreBatch): void {
    this.#sync(durable);
    this.#db.exec('BEGIN');
    try {
      if (anew) this.#db.exec('DELETE FROM rows; DELETE FROM segments; DELETE FROM have');
      const segmentBytes = this.#appendBulk(bulk);
      for (const { table, key, value, at, nodeId, life: rowLife, seq } of rows) this.#put.run(table, key, value ?? null, at, nodeId, rowLife, seq);
      for (const { table, key } of gone) this.#remove.run(table, key);
      for (const { nodeId, life: seenLife, seq } of have) this.#see.run(nodeId, seenLife, seq);
      this.#number.run('life', life);
      this.#db.exec('COMMIT');
      this.#appended(anew, bulk, segmentBytes);
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw new BusbarError('DATA_DIR_UNUSABLE', `${SHARED_FILE} cannot be written: ${messageOf(cause)}`, { cause });
    }
  }

  /** Returns the bytes of the new segment. */
  #appendBulk({ rows, gone }: BulkBatch): number {
    if (this.#dropBefore > 0 && this.#dropSegments.run(this.#dropBefore, DROPPED_AT_ONCE).changes === 0) this.#dropBefore = 0;
    if (rows.length + gone.length === 0) return 0;
    const segment = encodeSegment(rows, gone);
    this.#addSegment.run(this.#end, segment);
    return segment.length;
  }

  #appended(anew: boolean, { begins, ends }: BulkBatch, segmentBytes: number): void {
    if (anew) this.#bytes = 0;
    if (begins) {
      this.#rewrittenFrom = this.#end;
      this.#rewrittenBytes = 0;
    }
    if (segmentBytes > 0) this.#end += 1;
    this.#bytes += segmentBytes;
    if (this.#rewrittenFrom === undefined) return;
    this.#rewrittenBytes += segmentBytes;
    if (!ends) return;
    this.#dropBefore = this.#rewrittenFrom;
    this.#rewrittenFrom = undefined;
    this.#bytes = this.#rewrittenBytes;
  }

  get isLong(): boolean {
    return this.#rewrittenFrom === undefined && this.#bytes > Math.max(LONG_BYTES, this.#rewrittenBytes * GROWTH);
  }

  /** Power may fail behind a durable batch; the others survive the end of the process. */
  #sync(durable: boolean): void {
    if (durable === this.#durable) return;
    this.#durable = durable;
    this.#db.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
  }

  readonly bound: ClockBoundPort = {
    load: () => this.#stored('clock'),
    save: (bound) => void this.#number.run('clock', bound),
  };

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/** Opened, and read through once: damage shows now, not in the middle of the day. */
function checked(path: string): DatabaseSync {
  const db = openDatabase(path, SCHEMA, VERSION, PAGE_BYTES);
  const [result] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (result?.quick_check === 'ok') return db;
  db.close();
  throw new DamagedFile(result?.quick_check ?? 'it cannot be checked');
}

class DamagedFile extends Error {}

function isDamaged(error: unknown): boolean {
  if (error instanceof DamagedFile) return true;
  const cause: unknown = error instanceof BusbarError ? error.cause : error;
  return cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number' && DAMAGED.has(cause.errcode & 0xff);
}
