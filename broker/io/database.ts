/** A small SQLite file of the data directory, written by its owner alone. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BusbarError, messageOf } from '../base/errors.ts';

const OWNER_READS = 0o600;
const OWNER_ONLY = 0o700;

/**
 * `schema` creates what is not there yet. `pageBytes`: of a new file, where large values are usual. @throws BusbarError DATA_DIR_UNUSABLE,
 * also for a file of a newer version.
 */
export function openDatabase(path: string, schema: string, version: number, pageBytes = 4096): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY });
    db = new DatabaseSync(path);
    chmodSync(path, OWNER_READS);
    // The folder's lock keeps other nodes out, so nobody else has this file open.
    db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (found > version) throw new Error(`it was written by a newer Busbar (version ${found})`);
    db.exec(`BEGIN; ${schema} PRAGMA user_version = ${version}; COMMIT`);
    return db;
  } catch (cause) {
    db?.close();
    throw new BusbarError('DATA_DIR_UNUSABLE', `${path} cannot be used: ${messageOf(cause)}`, { details: { path }, cause });
  }
}
