/** Segments in a file of SQLite: `segment(position, crc, body)`, one row a commit, each with a checksum of its own. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { StoredSegment } from '../../storage/segmentStore.ts';

const OWNER_READS = 0o600;
const OWNER_ONLY = 0o700;
const FORMAT = 1;
/** Result codes of SQLite for files that are damaged, or no database at all. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** After damage in the middle, rows behind it are looked for one by one, up to here in a row without finding any. */
const MAX_MISSES = 10_000;

/** `full`: a commit survives the loss of power. `normal`: it survives the death of the process. */
export type Synchronous = 'full' | 'normal';

interface Row {
  readonly position: number;
  readonly crc: number;
  readonly body: Uint8Array;
}

/** What could not be read. */
export interface ReadProblem {
  /** Undefined: the whole file. */
  readonly position: number | undefined;
  readonly reason: string;
}

export class SegmentTable {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #deleteSome: StatementSync;

  /** Creates the file if it is not there. @throws BusbarError DATA_DIR_UNUSABLE; a damaged file as SQLite has it, see `isDamage`. */
  static open(path: string, synchronous: Synchronous): SegmentTable {
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY });
      db = new DatabaseSync(path);
      chmodSync(path, OWNER_READS);
      // One process has the folder (R3), so the file needs no locks of its own, and no file that is shared by processes.
      db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = ${synchronous}`);
      const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (found > FORMAT) throw new Error(`it was written by a newer Busbar (format ${found})`);
      if (found === 0) db.exec(`BEGIN; CREATE TABLE segment (position INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL); PRAGMA user_version = ${FORMAT}; COMMIT`);
      return new SegmentTable(db);
    } catch (cause) {
      db?.close();
      if (isDamage(cause)) throw cause;
      throw new BusbarError('DATA_DIR_UNUSABLE', `${path} cannot be used: ${messageOf(cause)}`, { details: { path }, cause });
    }
  }

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insert = db.prepare('INSERT INTO segment VALUES (?, ?, ?)');
    this.#deleteSome = db.prepare('DELETE FROM segment WHERE position IN (SELECT position FROM segment WHERE position < ? ORDER BY position LIMIT ?)');
  }

  /** Safe when it returns. */
  append(position: number, bytes: Uint8Array): void {
    this.#insert.run(position, crc32(bytes), bytes);
  }

  /** Many at once; safe when it returns, all or none of them. */
  appendAll(segments: readonly Uint8Array[]): void {
    this.#db.exec('BEGIN');
    for (const [position, bytes] of segments.entries()) this.append(position, bytes);
    this.#db.exec('COMMIT');
  }

  /** The oldest first, so that what is left has no hole. False when there was nothing to delete. */
  dropSome(before: number, count: number): boolean {
    return this.#deleteSome.run(before, count).changes !== 0;
  }

  moveLog(): void {
    this.#db.exec('PRAGMA wal_checkpoint(RESTART)');
  }

  /** Segments in order, read when they are asked for; those that are unsound are left out and told to `problem`. */
  *read(problem: (problem: ReadProblem) => void): Generator<StoredSegment, void, undefined> {
    let last = -1;
    /** Positions in a row, behind damage, at which nothing could be read. */
    let misses = 0;
    const after = this.#db.prepare('SELECT position, crc, body FROM segment WHERE position > ? ORDER BY position LIMIT 1');
    const exactly = this.#db.prepare('SELECT position, crc, body FROM segment WHERE position = ?');
    while (misses < MAX_MISSES) {
      let row: Row | undefined;
      try {
        row = (misses === 0 ? after.get(last) : exactly.get(last + 1)) as Row | undefined;
        if (row === undefined && misses === 0) return;
      } catch (error) {
        if (!isDamage(error)) throw error;
        if (misses === 0) problem({ position: last + 1, reason: messageOf(error) });
      }
      if (row === undefined) {
        // Behind a page that cannot be read the next row cannot be found, but one of those after it may be there.
        misses += 1;
        last += 1;
        continue;
      }
      misses = 0;
      last = row.position;
      const bytes = Buffer.from(row.body.buffer, row.body.byteOffset, row.body.length);
      if (crc32(bytes) === row.crc) yield { position: row.position, bytes };
      else problem({ position: row.position, reason: 'its checksum is wrong' });
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** SQLite says that a file is damaged, not that the world is in its way. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  // Extended codes have more in their upper bits.
  const code = error.errcode & 0xff;
  return code === CORRUPT || code === NOT_A_DATABASE;
}
