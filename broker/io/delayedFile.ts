/**
 * Delayed messages on disk, so that they survive a restart:
 *
 *     <node.data_dir>/delayed.db   one row a message; what was published is kept as an MQTT 5 PUBLISH packet
 *
 * Rows are written in batches a moment later, off the way of the message. A crash of the process loses at most the last batch.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { DelayedRecord, DelayedStore } from '../core/services/delayed.ts';
import type { Message } from '../protocol/message.ts';
import type { PublishPacket } from '../protocol/packet.ts';
import { decodePublished, encodePublished } from '../protocol/publishBytes.ts';

const FILE = 'delayed.db';
const FORMAT = 1;
/** How long a record may wait for its batch. */
const BATCH_MS = 50;
/** After a failure, the next attempt. What waits is bounded by `delayed.max_delayed_messages`, as what is in memory is. */
const RETRY_MS = 5_000;

interface Row {
  readonly id: string;
  readonly due_at_ms: number;
  readonly delay_s: number;
  readonly timestamp_ms: number;
  readonly from_clientid: string;
  readonly from_username: string | null;
  readonly packet: Uint8Array;
}

export class DelayedFile implements DelayedStore {
  readonly #path: string;
  readonly #log: Log;
  #db: DatabaseSync | undefined;
  #added = new Map<string, DelayedRecord>();
  #removed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  readonly records: readonly DelayedRecord[];

  /** Reads what an earlier life left. Throws DATA_DIR_UNUSABLE when the file cannot be read. */
  static open(dataDir: string, log: Log): DelayedFile {
    return new DelayedFile(join(dataDir, FILE), log);
  }

  private constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    try {
      // A node that never delays a message has no file for them.
      this.records = existsSync(path) ? this.#read() : [];
    } catch (cause) {
      this.#db?.close();
      throw new BusbarError('DATA_DIR_UNUSABLE', `${path} cannot be read: ${messageOf(cause)}`, {
        hint: 'Restore the file from a backup, or move it away to start without the delayed messages in it.',
        details: { path },
        cause,
      });
    }
  }

  add(record: DelayedRecord): void {
    this.#added.set(record.id, record);
    this.#schedule(BATCH_MS);
  }

  remove(id: string): void {
    // One that was never written need not be deleted either.
    if (!this.#added.delete(id)) this.#removed.add(id);
    this.#schedule(BATCH_MS);
  }

  /** Writes what waits and lets go of the file. */
  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#db?.close();
    this.#db = undefined;
  }

  #schedule(afterMs: number): void {
    this.#timer ??= setTimeout(() => this.#flush(), afterMs).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#added.size === 0 && this.#removed.size === 0) return;
    try {
      this.#write();
      this.#added = new Map();
      this.#removed = new Set();
    } catch (error) {
      this.#log.error('delayed_messages_not_written', { path: this.#path, waiting: this.#added.size + this.#removed.size, reason: messageOf(error) });
      this.#schedule(RETRY_MS);
    }
  }

  #write(): void {
    const db = (this.#db ??= this.#create());
    const insert = db.prepare('INSERT OR REPLACE INTO delayed VALUES (?, ?, ?, ?, ?, ?, ?)');
    const remove = db.prepare('DELETE FROM delayed WHERE id = ?');
    db.exec('BEGIN');
    try {
      for (const { id, dueAtMs, delaySeconds, message } of this.#added.values()) {
        insert.run(id, dueAtMs, delaySeconds, message.timestampMs, message.fromClientId, message.fromUsername ?? null, encodePublished(message));
      }
      for (const id of this.#removed) remove.run(id);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }

  #create(): DatabaseSync {
    const db = new DatabaseSync(this.#path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const version = (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    if (version !== 0 && version !== FORMAT) {
      db.close();
      throw new Error(`it has format ${version}, and this version of Busbar reads format ${FORMAT}`);
    }
    db.exec(`CREATE TABLE IF NOT EXISTS delayed (id TEXT PRIMARY KEY, due_at_ms INTEGER NOT NULL, delay_s INTEGER NOT NULL,
      timestamp_ms INTEGER NOT NULL, from_clientid TEXT NOT NULL, from_username TEXT, packet BLOB NOT NULL) WITHOUT ROWID;
      PRAGMA user_version = ${FORMAT}`);
    return db;
  }

  #read(): DelayedRecord[] {
    this.#db = this.#create();
    const rows = this.#db.prepare('SELECT * FROM delayed ORDER BY due_at_ms, id').all() as unknown as readonly Row[];
    return rows.map((row) => ({ id: row.id, dueAtMs: row.due_at_ms, delaySeconds: row.delay_s, message: messageOfRow(row) }));
  }
}

function messageOfRow(row: Row): Message {
  const { topic, payload, qos, retain, properties } = publishOf(row);
  return {
    topic,
    payload,
    qos,
    retain,
    properties,
    fromClientId: row.from_clientid,
    fromUsername: row.from_username ?? undefined,
    timestampMs: row.timestamp_ms,
  };
}

function publishOf({ id, packet }: Row): PublishPacket {
  try {
    return decodePublished(packet);
  } catch (cause) {
    throw new Error(`the message ${id} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
