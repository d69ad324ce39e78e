/** The users of an authenticator, as the administration sees them. Secrets go in and never come out. */
import type { ImportedUser } from '../../access/authn/userImport.ts';
import { BusbarError } from '../../base/errors.ts';
import type { UserTable } from './authnStore.ts';

export interface UserRow {
  readonly userId: string;
  readonly isSuperuser: boolean;
}

export interface UserDatabase {
  readonly userCount: number;
  find(userId: string): UserRow | undefined;
  /** Sorted by id. */
  list(): readonly UserRow[];
  /** The spelling under which an id is kept; undefined when it can be nobody's. */
  normalId(userId: string): string | undefined;
  /** Adds or replaces all, or none. Rejects with AUTHN_TOO_MANY_USERS, AUTHN_BAD_USER, AUTHN_BUSY. */
  put(users: readonly ImportedUser[]): Promise<void>;
  /** Leaves the password as it is. */
  change(userId: string, isSuperuser: boolean): void;
  remove(userId: string): boolean;
  clear(): void;
}

/** Users hashed at a time; between batches others have their turn. */
const BATCH = 200;

/** Makes the records of many users without holding up the loop or the pool of hashes. */
async function makeUsers<T>(
  users: readonly ImportedUser[],
  make: (user: ImportedUser) => Promise<T>,
): Promise<readonly (readonly [userId: string, record: T])[]> {
  const made: (readonly [string, T])[] = [];
  for (let first = 0; first < users.length; first += BATCH) {
    const batch = users.slice(first, first + BATCH);
    made.push(...(await Promise.all(batch.map(async (user) => [user.userId, await make(user)] as const))));
    if (users.length > BATCH) await new Promise((resolve) => setImmediate(resolve));
  }
  return made;
}

/** What both built-in databases do alike: users in a table, made by whoever knows the kind of secret. */
export abstract class KeptUsers<T extends { readonly isSuperuser: boolean }> implements UserDatabase {
  protected abstract readonly users: UserTable<T>;

  /** Rejects with AUTHN_BAD_USER, AUTHN_BUSY. */
  protected abstract make(user: ImportedUser): Promise<T>;

  abstract normalId(userId: string): string | undefined;

  get userCount(): number {
    return this.users.size;
  }

  find(userId: string): UserRow | undefined {
    const user = this.users.get(userId);
    return user === undefined ? undefined : { userId, isSuperuser: user.isSuperuser };
  }

  list(): readonly UserRow[] {
    return this.users.entries().map(([userId, { isSuperuser }]) => ({ userId, isSuperuser }));
  }

  async put(users: readonly ImportedUser[]): Promise<void> {
    this.users.put(await makeUsers(users, (user) => this.make(user)));
  }

  change(userId: string, isSuperuser: boolean): void {
    const user = this.users.get(userId);
    if (user !== undefined) this.users.put([[userId, { ...user, isSuperuser }]]);
  }

  remove(userId: string): boolean {
    return this.users.delete(userId);
  }

  clear(): void {
    this.users.clear();
  }
}

export function busy(): BusbarError {
  return new BusbarError('AUTHN_BUSY', 'Too many passwords are being hashed');
}
