/** The people who may log in to this node's dashboard and API, with salted slow hashes in `<data_dir>/dashboard_users.json`. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { DEFAULT_PASSWORD } from '../config/schema.ts';
import { writeFileAtomically } from './atomicFile.ts';
import { hashPassword, PasswordHash, passwordMatches, unmatchableHash } from './passwordHash.ts';

const User = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 100 }),
  role: Type.Union([Type.Literal('administrator'), Type.Literal('viewer')]),
  description: Type.String({ maxLength: 1024 }),
  /** Null: still the shipped password, which everybody knows; good on loopback only. */
  password: Type.Union([PasswordHash, Type.Null()]),
});
type User = Static<typeof User>;

const UsersFile = Type.Object({ version: Type.Literal(1), users: Type.Array(User, { maxItems: 1000 }) });

export const USERS_FILE = 'dashboard_users.json';

export interface DashboardUsersOptions {
  readonly dataDir: string;
  /** The administrator of the first start. */
  readonly defaultUsername: string;
  readonly defaultPassword: string;
  readonly log: Log;
}

export interface VerifiedUser {
  readonly username: string;
  readonly role: 'administrator' | 'viewer';
  /** Logged in with the password that everybody knows. */
  readonly shippedPassword: boolean;
}

export class DashboardUsers {
  readonly #users: ReadonlyMap<string, User>;
  /** Compared with where there is no hash, so that every answer takes as long. */
  readonly #nobody = unmatchableHash();

  private constructor(users: readonly User[]) {
    this.#users = new Map(users.map((user) => [user.username, user]));
  }

  /**
   * Reads the file, or writes the first one with the administrator of the configuration. An administrator who still has the
   * shipped password gets the configured one as soon as that is another: nobody who sets `dashboard.default_password` expects
   * `public` to go on working.
   * @throws BusbarError DATA_DIR_UNUSABLE when the folder cannot be written or the file is not ours to understand.
   */
  static async open({ dataDir, defaultUsername, defaultPassword, log }: DashboardUsersOptions): Promise<DashboardUsers> {
    const path = join(dataDir, USERS_FILE);
    const stored = await readUsers(path);
    const isShipped = defaultPassword === DEFAULT_PASSWORD;
    let users = stored;
    if (users.length === 0) {
      const password = isShipped ? null : await hashPassword(defaultPassword);
      users = [{ username: defaultUsername, role: 'administrator', description: 'Administrator of the first start', password }];
      log.info('dashboard_user_created', { username: defaultUsername, role: 'administrator' });
    } else if (!isShipped && users.some((user) => user.password === null)) {
      const password = await hashPassword(defaultPassword);
      users = users.map((user) => ({ ...user, password: user.password ?? password }));
      log.info('shipped_password_replaced', { username: defaultUsername });
    }
    if (users !== stored) await writeUsers(path, dataDir, users);
    return new DashboardUsers(users);
  }

  /** The user, if the password is right. Takes as long for a wrong password as for an unknown user. */
  async verify(username: string, password: string): Promise<VerifiedUser | undefined> {
    const user = this.#users.get(username);
    const hash = user?.password ?? this.#nobody;
    const matchesHash = await passwordMatches(password, hash);
    if (!user) return undefined;
    const shippedPassword = user.password === null;
    const matches = shippedPassword ? password === DEFAULT_PASSWORD : matchesHash;
    return matches ? { username: user.username, role: user.role, shippedPassword } : undefined;
  }
}

async function readUsers(path: string): Promise<readonly User[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new BusbarError('DATA_DIR_UNUSABLE', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const content = parseJson(text);
  if (!Check(UsersFile, content)) {
    throw new BusbarError('DATA_DIR_UNUSABLE', `${path} is not a list of dashboard users as Busbar writes it`, {
      hint: 'Restore the file from a backup, or move it away to begin with the administrator of the configuration.',
    });
  }
  return content.users;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writeUsers(path: string, dataDir: string, users: readonly User[]): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify({ version: 1, users }, undefined, 2)}\n`, 0o600);
  } catch (error) {
    throw new BusbarError('DATA_DIR_UNUSABLE', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
