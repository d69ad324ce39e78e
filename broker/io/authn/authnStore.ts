/**
 * What authentication keeps. Shared by all nodes: the users of the built-in databases, and the chains that were changed at run time.
 * Of this node alone, in `<data_dir>/authn.db`: a secret. Reads come from memory.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Disposable } from '../../base/disposable.ts';
import { BusbarError } from '../../base/errors.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../../cluster/shared/sharedTables.ts';
import { openDatabase } from '../database.ts';

export const AUTHN_FILE = 'authn.db';
const VERSION = 1;
const SECRET_BYTES = 32;
/** Users of one authenticator; more are refused. All of them are in memory. */
export const MAX_USERS = 1_000_000;

const SCHEMA = 'CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;';
/** Names of the shared tables. */
const CHAINS = 'authn_chains';
const USERS = 'authn_users';

/** The users of one authenticator, as JSON text in the shared table and as records here. */
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

type Records = SharedTable<unknown>;

export class AuthnStore implements Disposable {
  readonly #db: DatabaseSync;
  readonly #tables: SharedTables;
  readonly #chains: SharedTable<readonly Record<string, unknown>[]>;
  readonly #users: Records;
  /** Chain and authenticator → the table in use. */
  readonly #open = new Map<string, MemoryTable<unknown>>();
  #chainChanged: (name: string) => void = () => {};

  /** Throws DATA_DIR_UNUSABLE. */
  constructor(path: string, tables: SharedTables) {
    this.#db = openDatabase(path, SCHEMA, VERSION);
    this.#tables = tables;
    this.#chains = tables.open(CHAINS, jsonCodec(readChain), (name, _chain, origin) => {
      if (origin === 'remote') this.#chainChanged(name);
    });
    this.#users = tables.open(USERS, jsonCodec((record) => record), (key, record, origin) => {
      const { place, userId } = placeOf(key);
      if (origin === 'remote') this.#open.get(place)?.changed(userId, record);
    });
  }

  /** Another node has changed a chain. */
  onChainChanged(listener: (name: string) => void): void {
    this.#chainChanged = listener;
  }

  /** Random bytes of this node that never change, made at the first call. */
  secret(name: string): Buffer {
    this.#db.prepare('INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)').run(name, randomBytes(SECRET_BYTES));
    const { value } = this.#db.prepare('SELECT value FROM secrets WHERE name = ?').get(name) as { value: Uint8Array };
    return Buffer.from(value);
  }

  /** The chain as it was last changed at run time, as JSON; undefined when it never was. */
  chain(name: string): unknown {
    return this.#chains.get(name);
  }

  putChain(name: string, authenticators: readonly Record<string, unknown>[]): void {
    this.#chains.put(name, authenticators);
    this.#tables.persist();
  }

  /** `parse` reads a record; `print` makes one that JSON can hold. A table opened before for the same place is used no more. */
  users<T>(chain: string, authenticator: string, parse: (record: unknown) => T, print: (user: T) => unknown): UserTable<T> {
    const place = `${chain} ${authenticator}`;
    const table = new MemoryTable(this.#users, place, { parse, print, persist: () => this.#tables.persist() });
    this.#open.set(place, table as unknown as MemoryTable<unknown>);
    return table;
  }

  dispose(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/** Neither the id of a listener nor that of an authenticator has spaces; that of a user may. */
function placeOf(key: string): { readonly place: string; readonly userId: string } {
  const end = key.indexOf(' ', key.indexOf(' ') + 1);
  return { place: key.slice(0, end), userId: key.slice(end + 1) };
}

function readChain(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value)) throw new Error('the row is no chain');
  return value as readonly Record<string, unknown>[];
}

interface MemoryTableOptions<T> {
  readonly parse: (record: unknown) => T;
  readonly print: (user: T) => unknown;
  readonly persist: () => void;
}

class MemoryTable<T> implements UserTable<T> {
  readonly #rows: Records;
  readonly #place: string;
  readonly #options: MemoryTableOptions<T>;
  readonly #users = new Map<string, T>();
  /** Ids in order, for lists; null after a change. */
  #order: readonly string[] | null = null;

  constructor(rows: Records, place: string, options: MemoryTableOptions<T>) {
    this.#rows = rows;
    this.#place = place;
    this.#options = options;
    for (const [key, record] of rows.entries()) {
      const { place: of, userId } = placeOf(key);
      if (of === place) this.#users.set(userId, options.parse(record));
    }
  }

  #key(userId: string): string {
    return `${this.#place} ${userId}`;
  }

  /** What another node has made of a user. */
  changed(userId: string, record: unknown): void {
    this.#order = null;
    if (record === undefined) this.#users.delete(userId);
    else this.#users.set(userId, this.#options.parse(record));
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
    for (const [userId, user] of users) {
      this.#rows.put(this.#key(userId), this.#options.print(user));
      this.#users.set(userId, user);
    }
    this.#options.persist();
    if (added > 0) this.#order = null;
  }

  delete(userId: string): boolean {
    if (!this.#users.delete(userId)) return false;
    this.#rows.remove(this.#key(userId));
    this.#options.persist();
    this.#order = null;
    return true;
  }

  clear(): void {
    for (const userId of this.#users.keys()) this.#rows.remove(this.#key(userId));
    this.#options.persist();
    this.#users.clear();
    this.#order = null;
  }

  entries(): readonly (readonly [string, T])[] {
    this.#order ??= [...this.#users.keys()].sort();
    return this.#order.map((userId) => [userId, this.#users.get(userId) as T] as const);
  }
}
