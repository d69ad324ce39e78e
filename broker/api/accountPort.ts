/** What the routes of /users and /api_key may do (rest-api.md 1.2, 1.3). The same users and keys on every node of the cluster. */
import type { Millis } from '../base/ids.ts';
import type { Role } from './schema/login.ts';

export type UserRole = Exclude<Role, 'publisher'>;

/** Who may log in. */
export interface UserRow {
  readonly username: string;
  readonly role: UserRole;
  readonly description: string;
}

export interface UserPort {
  /** Sorted by name. */
  list(): readonly UserRow[];
  /** Rejects with ACCOUNT_EXISTS, ACCOUNT_LIMIT, ACCOUNT_BUSY. */
  create(user: UserRow & { readonly password: string }): Promise<UserRow>;
  /** Throws ACCOUNT_UNKNOWN, ACCOUNT_INVALID for the last administrator. */
  update(username: string, change: Partial<Pick<UserRow, 'role' | 'description'>>): UserRow;
  /** Throws ACCOUNT_UNKNOWN, ACCOUNT_INVALID for the last administrator. */
  remove(username: string): void;
  /** Rejects with ACCOUNT_UNKNOWN, ACCOUNT_WRONG_PASSWORD, ACCOUNT_BUSY. */
  changePassword(username: string, before: string, after: string): Promise<void>;
}

export interface KeyRow {
  readonly name: string;
  /** What is sent as user name of Basic authentication. */
  readonly apiKey: string;
  readonly description: string;
  readonly enable: boolean;
  readonly role: Role;
  /** Wall clock. */
  readonly createdAtMs: Millis;
  /** Infinity: never. */
  readonly expiredAtMs: Millis;
  readonly expired: boolean;
}

export type KeySettings = Pick<KeyRow, 'description' | 'enable' | 'role' | 'expiredAtMs'>;

export interface KeyPort {
  /** Sorted by name. */
  list(): readonly KeyRow[];
  get(name: string): KeyRow | undefined;
  /** The secret is told here and never again. Throws ACCOUNT_EXISTS, ACCOUNT_LIMIT. */
  create(name: string, settings: KeySettings): { readonly key: KeyRow; readonly secret: string };
  /** Throws ACCOUNT_UNKNOWN. */
  update(name: string, change: Partial<KeySettings>): KeyRow;
  /** False when there is none. */
  remove(name: string): boolean;
}
