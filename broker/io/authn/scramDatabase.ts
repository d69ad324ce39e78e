/**
 * `scram:built_in_database`: users who prove their password by SCRAM (RFC 5802, RFC 7677) in an exchange of AUTH packets. An unknown
 * user is asked as a known one is, with a salt that stays the same, and fails in the same step.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Authenticator } from '../../access/authn/authenticator.ts';
import { saslPrep } from '../../access/authn/saslPrep.ts';
import type { ImportedUser } from '../../access/authn/userImport.ts';
import { BusbarError } from '../../base/errors.ts';
import type { ScramDatabaseConfig } from '../../config/authenticators.ts';
import type { AuthExchange, AuthnResult } from '../../protocol/authentication.ts';
import type { AuthnStore, UserTable } from './authnStore.ts';
import type { HashPool } from './hashPool.ts';
import { ScramExchange, scramKeys, type ScramKeys } from './scramExchange.ts';
import { busy, KeptUsers } from './userDatabase.ts';

interface ScramUser extends ScramKeys {
  readonly isSuperuser: boolean;
}

const METHODS = { sha256: 'SCRAM-SHA-256', sha512: 'SCRAM-SHA-512' } as const;
const SALT_BYTES = 16;
const NONCE_BYTES = 18;

export class ScramDatabase extends KeptUsers<ScramUser> implements Authenticator {
  readonly id = 'scram:built_in_database';
  readonly #config: ScramDatabaseConfig;
  readonly #pool: HashPool;
  protected override readonly users: UserTable<ScramUser>;
  /** Makes the salts of those who do not exist. */
  readonly #secret: Buffer;

  constructor(config: ScramDatabaseConfig, chain: string, store: AuthnStore, pool: HashPool) {
    super();
    this.#config = config;
    this.#pool = pool;
    this.users = store.users(chain, `${this.id}:${config.algorithm}`, parse, print);
    this.#secret = store.secret('scram');
  }

  /** Asks nobody who names no method. */
  authenticate(): AuthnResult {
    return { result: 'ignore' };
  }

  begin(method: string): AuthExchange | undefined {
    const { algorithm } = this.#config;
    if (method !== METHODS[algorithm]) return undefined;
    const nonce = randomBytes(NONCE_BYTES).toString('base64');
    return new ScramExchange({ hash: algorithm, nonce, find: (username) => this.#keysOf(username) });
  }

  #keysOf(username: string): { keys: ScramKeys; isSuperuser: boolean | null } {
    const nobody = this.#keysOfNobody(username);
    const user = this.users.get(username);
    return user === undefined ? { keys: nobody, isSuperuser: null } : { keys: user, isSuperuser: user.isSuperuser };
  }

  #keysOfNobody(username: string): ScramKeys {
    const { algorithm, iterationCount } = this.#config;
    const made = (what: string) => createHmac(algorithm, this.#secret).update(`${what} ${username}`).digest();
    return { storedKey: made('stored'), serverKey: made('server'), salt: made('salt').subarray(0, SALT_BYTES), iterationCount };
  }

  // ---------------------------------------------------------------- users

  override normalId(userId: string): string | undefined {
    const prepared = saslPrep(userId);
    return prepared === '' ? undefined : prepared;
  }

  protected override async make({ userId, secret, isSuperuser }: ImportedUser): Promise<ScramUser> {
    if (secret.type === 'hash') throw new BusbarError('AUTHN_BAD_USER', 'SCRAM users are imported with their passwords, not with hashes');
    const password = saslPrep(secret.password);
    if (password === undefined) throw new BusbarError('AUTHN_BAD_USER', `The password of ${userId} holds characters that SASLprep (RFC 4013) does not allow`);
    const { iterationCount, algorithm } = this.#config;
    const keys = this.#pool.run(() => scramKeys(password, randomBytes(SALT_BYTES), iterationCount, algorithm));
    if (keys === undefined) throw busy();
    return { ...(await keys), isSuperuser };
  }
}

function print({ storedKey, serverKey, salt, iterationCount, isSuperuser }: ScramUser): unknown {
  const text = (bytes: Buffer) => bytes.toString('base64');
  return { stored_key: text(storedKey), server_key: text(serverKey), salt: text(salt), iteration_count: iterationCount, is_superuser: isSuperuser };
}

/** Written by `print`. */
function parse(record: unknown): ScramUser {
  const fields = record as { stored_key: string; server_key: string; salt: string; iteration_count: number; is_superuser: boolean };
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return {
    storedKey: bytes(fields.stored_key),
    serverKey: bytes(fields.server_key),
    salt: bytes(fields.salt),
    iterationCount: fields.iteration_count,
    isSuperuser: fields.is_superuser,
  };
}
