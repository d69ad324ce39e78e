/**
 * What authentication keeps in `<data_dir>/authn.db`: the users of the built-in databases, the chains that were changed at run time, and
 * a secret. Reads come from memory; a write is in the file before it is in memory.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Disposable } from '../../base/disposable.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import { openDatabase } from '../database.ts';

export const AUTHN_FILE = 'authn.db';
const VERSION = 1;
const SECRET_BYTES = 32;
/** Users of one authenticator; more are refused. All of them are in memory. */
export const MAX_USERS = 1_000_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS chains (name TEXT PRIMARY KEY, authenticators TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS users (
    chain TEXT NOT NULL, authenticator TEXT NOT NULL, user_id TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (chain, authenticator, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** The users of one authenticator, as JSON text in the file and as records here. */
export interface UserTable<T> {
  readonly size: number;
  get(userId: string): T | undefined;
  /** All or none. Throws AUTHN_TOO_MANY_USERS. */
  put(users: readonly (readonly [userId: string, user: T])[]): void;
  /** False when there is no such user. */
  delete(userId: string): boolean;
  clear(): void;
  /** Sorted by user id. */
  entries(): readonly (readonly [userId: string, user: T])[];
}

export class AuthnStore implements Disposable {
  readonly #db: DatabaseSync;

  /** Throws DATA_DIR_UNUSABLE. */
  constructor(path: string) {
    this.#db = openDatabase(path, SCHEMA, VERSION);
  }

  /** Random bytes of this node that never change, made at the first call. */
  secret(name: string): Buffer {
    this.#db.prepare('INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)').run(name, randomBytes(SECRET_BYTES));
    const { value } = this.#db.prepare('SELECT value FROM secrets WHERE name = ?').get(name) as { value: Uint8Array };
    return Buffer.from(value);
  }

  /** The chain as it was last changed at run time, as JSON; undefined when it never was. */
  chain(name: string): unknown {
    const row = this.#db.prepare('SELECT authenticators FROM chains WHERE name = ?').get(name) as { authenticators: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.authenticators) as unknown);
  }

  putChain(name: string, authenticators: readonly Record<string, unknown>[]): void {
    this.#db.prepare('INSERT OR REPLACE INTO chains (name, authenticators) VALUES (?, ?)').run(name, JSON.stringify(authenticators));
  }

  /** `parse` reads a record of the file; `print` makes one that JSON can hold. */
  users<T>(chain: string, authenticator: string, parse: (record: unknown) => T, print: (user: T) => unknown): UserTable<T> {
    return new MemoryTable(this.#db, chain, authenticator, parse, print);
  }

  dispose(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

class MemoryTable<T> implements UserTable<T> {
  readonly #db: DatabaseSync;
  readonly #place: readonly [chain: string, authenticator: string];
  readonly #print: (user: T) => unknown;
  readonly #users = new Map<string, T>();
  /** Ids in order, for lists; null after a change. */
  #order: readonly string[] | null = null;

  constructor(db: DatabaseSync, chain: string, authenticator: string, parse: (record: unknown) => T, print: (user: T) => unknown) {
    this.#db = db;
    this.#place = [chain, authenticator];
    this.#print = print;
    const rows = db.prepare('SELECT user_id, record FROM users WHERE chain = ? AND authenticator = ?').iterate(chain, authenticator);
    for (const row of rows as IterableIterator<{ user_id: string; record: string }>) this.#users.set(row.user_id, parse(JSON.parse(row.record)));
  }

  get size(): number {
    return this.#users.size;
  }

  get(userId: string): T | undefined {
    return this.#users.get(userId);
  }

  put(users: readonly (readonly [string, T])[]): void {
    const added = new Set(users.map(([userId]) => userId).filter((userId) => !this.#users.has(userId))).size;
    if (this.#users.size + added > MAX_USERS) throw new BusbarError('AUTHN_TOO_MANY_USERS', `An authenticator has at most ${MAX_USERS} users`);
    const insert = this.#db.prepare('INSERT OR REPLACE INTO users (chain, authenticator, user_id, record) VALUES (?, ?, ?, ?)');
    this.#db.exec('BEGIN');
    try {
      for (const [userId, user] of users) insert.run(...this.#place, userId, JSON.stringify(this.#print(user)));
      this.#db.exec('COMMIT');
    } catch (cause) {
      this.#db.exec('ROLLBACK');
      throw new BusbarError('DATA_DIR_UNUSABLE', `${AUTHN_FILE} cannot be written: ${messageOf(cause)}`, { cause });
    }
    for (const [userId, user] of users) this.#users.set(userId, user);
    if (added > 0) this.#order = null;
  }

  delete(userId: string): boolean {
    if (!this.#users.has(userId)) return false;
    this.#db.prepare('DELETE FROM users WHERE chain = ? AND authenticator = ? AND user_id = ?').run(...this.#place, userId);
    this.#order = null;
    return this.#users.delete(userId);
  }

  clear(): void {
    this.#db.prepare('DELETE FROM users WHERE chain = ? AND authenticator = ?').run(...this.#place);
    this.#users.clear();
    this.#order = null;
  }

  entries(): readonly (readonly [string, T])[] {
    this.#order ??= [...this.#users.keys()].sort();
    return this.#order.map((userId) => [userId, this.#users.get(userId) as T] as const);
  }
}
