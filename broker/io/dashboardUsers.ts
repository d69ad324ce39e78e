/**
 * The people who may log in to the dashboard and the API, the same on every node: a shared table with salted slow hashes.
 * While nobody was ever added or changed there is the administrator of the configuration alone, who is no row: a node that joins
 * must not bring a password that the cluster has replaced long ago.
 */
import { Check } from 'typebox/value';
import Type, { type Static } from 'typebox';
import type { UserPort, UserRow } from '../api/accountPort.ts';
import { BusbarError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../cluster/shared/sharedTables.ts';
import { DEFAULT_PASSWORD } from '../config/schema.ts';
import { hashPassword, PasswordHash, passwordMatches, unmatchableHash } from './passwordHash.ts';

/** Name of the shared table; its keys are user names. */
const TABLE = 'dashboard_users';
/** Most users of a cluster. */
export const MAX_USERS = 1_000;
/** Passwords that are hashed at a time for the routes of /users; further ones are told to try again. */
const MAX_HASHES = 4;

const User = Type.Object({
  role: Type.Union([Type.Literal('administrator'), Type.Literal('viewer')]),
  description: Type.String({ maxLength: 1024 }),
  /** Null: still the one of the configuration of the node that is asked. */
  password: Type.Union([PasswordHash, Type.Null()]),
});
type User = Static<typeof User>;

export interface DashboardUsersOptions {
  readonly tables: SharedTables;
  /** The administrator of the first start. */
  readonly defaultUsername: string;
  readonly defaultPassword: string;
  readonly log: Log;
}

export interface VerifiedUser {
  readonly username: string;
  readonly role: 'administrator' | 'viewer';
  /** Logged in with the password that everybody knows; good on loopback only. */
  readonly shippedPassword: boolean;
}

export class DashboardUsers implements UserPort {
  readonly #tables: SharedTables;
  readonly #rows: SharedTable<User>;
  readonly #defaultUsername: string;
  /** Of `dashboard.default_password`; undefined while that is the shipped one. */
  readonly #configured: PasswordHash | undefined;
  readonly #log: Log;
  /** What the last change of a row left: not every change ends logins. */
  readonly #known = new Map<string, User>();
  /** Compared with where there is no hash, so that every answer takes as long. */
  readonly #nobody = unmatchableHash();
  #hashing = 0;

  /** Called with the name of a user whose logins hold no more: gone, another role, another password, on whatever node. */
  onChanged: (username: string) => void = () => {};

  static async open(options: DashboardUsersOptions): Promise<DashboardUsers> {
    const { defaultPassword } = options;
    return new DashboardUsers(options, defaultPassword === DEFAULT_PASSWORD ? undefined : await hashPassword(defaultPassword));
  }

  private constructor({ tables, defaultUsername, log }: DashboardUsersOptions, configured: PasswordHash | undefined) {
    this.#tables = tables;
    this.#defaultUsername = defaultUsername;
    this.#configured = configured;
    this.#log = log;
    this.#rows = tables.open(TABLE, jsonCodec(readUser), (username, user) => this.#changed(username, user));
    for (const [username, user] of this.#rows.entries()) this.#known.set(username, user);
  }

  /** The user, if the password is right. Takes as long for a wrong password as for an unknown user. */
  async verify(username: string, password: string): Promise<VerifiedUser | undefined> {
    const user = this.#get(username);
    const hash = user?.password ?? this.#configured;
    const matchesHash = await passwordMatches(password, (user && hash) ?? this.#nobody);
    if (user === undefined) return undefined;
    const shippedPassword = hash === undefined;
    const matches = shippedPassword ? password === DEFAULT_PASSWORD : matchesHash;
    return matches ? { username, role: user.role, shippedPassword } : undefined;
  }

  list(): readonly UserRow[] {
    return this.#all().map(([username, { role, description }]) => ({ username, role, description })).sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  async create({ username, role, description, password }: UserRow & { readonly password: string }): Promise<UserRow> {
    const hash = await this.#hash(password);
    if (this.#get(username) !== undefined) throw new BusbarError('ACCOUNT_EXISTS', `There is a user ${username} already`);
    if (this.#rows.size >= MAX_USERS) throw new BusbarError('ACCOUNT_LIMIT', `There are ${MAX_USERS} users`);
    this.#put(username, { role, description, password: hash }, 'created');
    return { username, role, description };
  }

  update(username: string, change: Partial<Pick<UserRow, 'role' | 'description'>>): UserRow {
    const user = { ...this.#existing(username), ...change };
    if (user.role !== 'administrator') this.#keepAdministrator(username);
    this.#put(username, user, 'changed');
    return { username, role: user.role, description: user.description };
  }

  remove(username: string): void {
    this.#existing(username);
    this.#keepAdministrator(username);
    this.#settle();
    this.#rows.remove(username);
    this.#written(username, 'removed');
  }

  async changePassword(username: string, before: string, after: string): Promise<void> {
    this.#existing(username);
    if ((await this.#slowly(() => this.verify(username, before))) === undefined) {
      throw new BusbarError('ACCOUNT_WRONG_PASSWORD', 'The old password is not right');
    }
    const hash = await this.#hash(after);
    this.#put(username, { ...this.#existing(username), password: hash }, 'password_changed');
  }

  #changed(username: string, user: User | undefined): void {
    const before = this.#known.get(username) ?? (username === this.#defaultUsername ? this.#first() : undefined);
    if (user === undefined) this.#known.delete(username);
    else this.#known.set(username, user);
    if (before?.role !== user?.role || before?.password?.key !== user?.password?.key) this.onChanged(username);
  }

  #get(username: string): User | undefined {
    if (this.#rows.size > 0) return this.#rows.get(username);
    return username === this.#defaultUsername ? this.#first() : undefined;
  }

  #all(): readonly (readonly [string, User])[] {
    return this.#rows.size > 0 ? [...this.#rows.entries()] : [[this.#defaultUsername, this.#first()]];
  }

  #first(): User {
    return { role: 'administrator', description: 'Administrator of the first start', password: null };
  }

  #existing(username: string): User {
    const user = this.#get(username);
    if (user === undefined) throw new BusbarError('ACCOUNT_UNKNOWN', `There is no user ${username}`);
    return user;
  }

  /** Without an administrator nobody could ever add one. */
  #keepAdministrator(without: string): void {
    if (this.#all().some(([username, { role }]) => role === 'administrator' && username !== without)) return;
    throw new BusbarError('ACCOUNT_INVALID', `${without} is the last administrator`);
  }

  /** The administrator of the configuration becomes a user like others with the first change. */
  #settle(): void {
    if (this.#rows.size === 0) this.#rows.put(this.#defaultUsername, this.#first());
  }

  #put(username: string, user: User, change: string): void {
    this.#settle();
    this.#rows.put(username, user);
    this.#written(username, change);
  }

  #written(username: string, change: string): void {
    this.#tables.persist();
    this.#log.info('dashboard_user_changed', { username, change });
  }

  #hash(password: string): Promise<PasswordHash> {
    return this.#slowly(() => hashPassword(password));
  }

  async #slowly<T>(task: () => Promise<T>): Promise<T> {
    if (this.#hashing >= MAX_HASHES) throw new BusbarError('ACCOUNT_BUSY', 'Too many passwords are being hashed');
    this.#hashing += 1;
    try {
      return await task();
    } finally {
      this.#hashing -= 1;
    }
  }
}

function readUser(value: unknown): User {
  if (!Check(User, value)) throw new Error('the row is no user');
  return value;
}
