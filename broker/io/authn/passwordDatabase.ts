/** `password_based:built_in_database`: user names or client ids with a password that this node keeps. */
import type { Authenticator } from '../../access/authn/authenticator.ts';
import type { ImportedUser } from '../../access/authn/userImport.ts';
import type { MaybeLater } from '../../base/maybeLater.ts';
import type { PasswordDatabaseConfig } from '../../config/authenticators.ts';
import type { AuthnResult, Credentials } from '../../protocol/authentication.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { AuthnStore, UserTable } from './authnStore.ts';
import type { PasswordHasher, StoredPassword } from './passwordHasher.ts';
import { busy, KeptUsers } from './userDatabase.ts';

interface PasswordUser extends StoredPassword {
  readonly isSuperuser: boolean;
}

const IGNORE: AuthnResult = { result: 'ignore' };
const WRONG: AuthnResult = { result: 'error', reasonCode: ReasonCode.BadUserNameOrPassword };
const BUSY: AuthnResult = { result: 'error', reasonCode: ReasonCode.ServerBusy };

export class PasswordDatabase extends KeptUsers<PasswordUser> implements Authenticator {
  readonly id = 'password_based:built_in_database';
  readonly #config: PasswordDatabaseConfig;
  readonly #hasher: PasswordHasher;
  protected override readonly users: UserTable<PasswordUser>;

  constructor(config: PasswordDatabaseConfig, chain: string, store: AuthnStore, hasher: PasswordHasher) {
    super();
    this.#config = config;
    this.#hasher = hasher;
    this.users = store.users(chain, this.id, parse, print);
  }

  authenticate({ username, clientId, password }: Credentials): MaybeLater<AuthnResult> {
    const userId = this.#config.userIdType === 'username' ? username : clientId;
    const user = userId === undefined ? undefined : this.users.get(userId);
    if (user === undefined) return IGNORE;
    if (password === undefined) return WRONG;
    const answer = this.#hasher.matches(password, user, this.#config.passwordHash);
    if (answer === undefined) return BUSY;
    return typeof answer === 'boolean' ? verdict(user, answer) : answer.then((matches) => verdict(user, matches));
  }

  /** Passwords in CONNECT know no exchange. */
  begin(): undefined {
    return undefined;
  }

  // ---------------------------------------------------------------- users

  override normalId(userId: string): string {
    return userId;
  }

  protected override async make({ secret, isSuperuser }: ImportedUser): Promise<PasswordUser> {
    if (secret.type === 'hash') return { hash: secret.hash, salt: secret.salt, isSuperuser };
    const made = this.#hasher.create(Buffer.from(secret.password), this.#config.passwordHash);
    if (made === undefined) throw busy();
    return { ...(await made), isSuperuser };
  }
}

function verdict({ isSuperuser }: PasswordUser, matches: boolean): AuthnResult {
  return matches ? { result: 'ok', isSuperuser } : WRONG;
}

function print({ hash, salt, isSuperuser }: PasswordUser): unknown {
  return { password_hash: hash, salt, is_superuser: isSuperuser };
}

/** Written by `print`. */
function parse(record: unknown): PasswordUser {
  const { password_hash: hash, salt, is_superuser: isSuperuser } = record as { password_hash: string; salt: string; is_superuser: boolean };
  return { hash, salt, isSuperuser };
}
