/** Messages of client panes in SQLite. Synchronous: it runs in a worker thread (workspaceWorker.ts) and in tests. */
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { ClientMessage } from '../contract/clients.ts';

/** Messages kept of one connection; beyond, the oldest go first and the totals say so. */
export const MAX_MESSAGES = 100_000;
/** Payload bytes kept of one connection, likewise. */
export const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;
/** Payload bytes in one answer: it holds fewer messages than asked for rather than more than this, but at least one. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface StoredTotals {
  readonly lastSeq: number;
  readonly received: number;
  readonly sent: number;
}

export interface PageQuery {
  readonly afterSeq?: number | undefined;
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

interface Kept {
  lastSeq: number;
  received: number;
  sent: number;
  bytes: number;
}

interface Row {
  seq: number;
  time_ms: number;
  outgoing: number;
  topic: string;
  payload: Uint8Array;
  qos: number;
  retain: number;
  dup: number;
  matched: string;
  ack: number | null;
  properties: string;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
CREATE TABLE message (
  client TEXT NOT NULL, seq INTEGER NOT NULL, time_ms REAL NOT NULL, outgoing INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
  qos INTEGER NOT NULL, retain INTEGER NOT NULL, dup INTEGER NOT NULL, matched TEXT NOT NULL, ack INTEGER, properties TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_by_seq ON message (client, seq);
CREATE TABLE counter (client TEXT PRIMARY KEY, last_seq INTEGER NOT NULL) STRICT;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

export interface StoreLimits {
  readonly messages: number;
  readonly payloadBytes: number;
}

export class WorkspaceStore {
  readonly #database: DatabaseSync;
  readonly #limits: StoreLimits;
  readonly #kept = new Map<string, Kept>();
  readonly #insert: StatementSync;
  readonly #count: StatementSync;

  /** Opens or creates the file. Throws when it is not a database or of a newer Busbar. */
  constructor(path: string, limits: StoreLimits = { messages: MAX_MESSAGES, payloadBytes: MAX_PAYLOAD_BYTES }) {
    this.#limits = limits;
    this.#database = new DatabaseSync(path);
    // NORMAL in WAL mode: a power cut may lose the last second of message history, never the file.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = Number(this.#database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > SCHEMA_VERSION) throw new Error(`it was written by a newer Busbar (format ${version})`);
    if (version === 0) this.#database.exec(SCHEMA);
    this.#insert = this.#database.prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#count = this.#database.prepare('INSERT INTO counter VALUES (?, ?) ON CONFLICT (client) DO UPDATE SET last_seq = excluded.last_seq');
    this.#load();
  }

  totals(client: string): StoredTotals {
    const { lastSeq, received, sent } = this.#of(client);
    return { lastSeq, received, sent };
  }

  /** Stores messages of one connection, in order of seq, in one transaction. Returns the totals after it. */
  append(client: string, messages: readonly ClientMessage[]): StoredTotals {
    // A copy: a transaction that is rolled back must not have been counted.
    const kept = { ...this.#of(client) };
    this.#inTransaction(() => {
      for (const message of messages) {
        const outgoing = message.direction === 'out';
        this.#insert.run(
          ...[client, message.seq, message.timeMs, Number(outgoing), message.topic, message.payload, message.qos],
          ...[Number(message.retain), Number(message.dup), JSON.stringify(message.matched), message.ack, JSON.stringify(message.properties)],
        );
        kept[outgoing ? 'sent' : 'received'] += 1;
        kept.bytes += message.payload.length;
        kept.lastSeq = message.seq;
      }
      this.#count.run(client, kept.lastSeq);
      this.#shrink(client, kept);
    });
    this.#kept.set(client, kept);
    return this.totals(client);
  }

  setAck(client: string, seq: number, ack: number): void {
    this.#database.prepare('UPDATE message SET ack = ? WHERE client = ? AND seq = ?').run(ack, client, seq);
  }

  /** Messages in order of seq: after `afterSeq` the oldest, else the newest before `beforeSeq`. */
  read(client: string, query: PageQuery): ClientMessage[] {
    const forward = query.afterSeq !== undefined;
    const statement = this.#database.prepare(
      `SELECT * FROM message WHERE client = ? AND seq > ? AND seq < ? ORDER BY seq ${forward ? 'ASC' : 'DESC'} LIMIT ?`,
    );
    const rows = statement.iterate(client, query.afterSeq ?? -1, query.beforeSeq ?? Number.MAX_SAFE_INTEGER, query.limit);
    const messages: ClientMessage[] = [];
    let bytes = 0;
    for (const row of rows) {
      const message = messageOfRow(row as unknown as Row);
      bytes += message.payload.length;
      if (messages.length > 0 && bytes > MAX_ANSWER_BYTES) break;
      messages.push(message);
    }
    return forward ? messages : messages.reverse();
  }

  /** Forgets the messages of one connection; seq goes on where it was. */
  clear(client: string): void {
    this.#database.prepare('DELETE FROM message WHERE client = ?').run(client);
    Object.assign(this.#of(client), { received: 0, sent: 0, bytes: 0 });
  }

  close(): void {
    this.#database.close();
  }

  #of(client: string): Kept {
    const kept = this.#kept.get(client) ?? { lastSeq: 0, received: 0, sent: 0, bytes: 0 };
    this.#kept.set(client, kept);
    return kept;
  }

  #load(): void {
    for (const { client, last_seq } of this.#database.prepare('SELECT client, last_seq FROM counter').all()) {
      this.#of(String(client)).lastSeq = Number(last_seq);
    }
    const sums = 'SELECT client, sum(outgoing) AS sent, count(*) AS stored, sum(length(payload)) AS bytes FROM message GROUP BY client';
    for (const { client, sent, stored, bytes } of this.#database.prepare(sums).all()) {
      Object.assign(this.#of(String(client)), { sent: Number(sent), received: Number(stored) - Number(sent), bytes: Number(bytes) });
    }
  }

  #shrink(client: string, kept: Kept): void {
    if (kept.received + kept.sent <= this.#limits.messages && kept.bytes <= this.#limits.payloadBytes) return;
    const oldest = this.#database.prepare('SELECT seq, outgoing, length(payload) AS bytes FROM message WHERE client = ? ORDER BY seq').iterate(client);
    let last = -1;
    for (const { seq, outgoing, bytes } of oldest) {
      // A tenth more than needed, so that the next batches do not each have to shrink.
      if (kept.received + kept.sent <= this.#limits.messages * 0.9 && kept.bytes <= this.#limits.payloadBytes * 0.9) break;
      last = Number(seq);
      kept[outgoing ? 'sent' : 'received'] -= 1;
      kept.bytes -= Number(bytes);
    }
    this.#database.prepare('DELETE FROM message WHERE client = ? AND seq <= ?').run(client, last);
  }

  #inTransaction(work: () => void): void {
    this.#database.exec('BEGIN');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function messageOfRow(row: Row): ClientMessage {
  return {
    seq: row.seq,
    timeMs: row.time_ms,
    direction: row.outgoing ? 'out' : 'in',
    topic: row.topic,
    payload: row.payload,
    qos: row.qos as 0 | 1 | 2,
    retain: row.retain !== 0,
    dup: row.dup !== 0,
    matched: JSON.parse(row.matched) as string[],
    ack: row.ack,
    properties: JSON.parse(row.properties) as Record<string, unknown>,
  };
}
