/** The users of an authenticator, as the administration sees them. Secrets go in and never come out. */
import type { ImportedUser } from '../../access/authn/userImport.ts';
import { BusbarError } from '../../base/errors.ts';

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
export async function makeUsers<T>(
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

export function busy(): BusbarError {
  return new BusbarError('AUTHN_BUSY', 'Too many passwords are being hashed');
}
