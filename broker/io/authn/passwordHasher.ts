/** Passwords of MQTT clients as EMQX's databases keep them (broker-contract 2.3): made, and compared in constant time. */
import { createHash, hash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Disposable } from '../../base/disposable.ts';
import type { DigestName, MacName, PasswordHashConfig, SaltPosition } from '../../config/authenticators.ts';
import { Bcrypt } from './bcrypt.ts';
import type { HashPool } from './hashPool.ts';

/** As kept: `hash` is hex text (the password itself for `plain`), the salt goes in as the text it is. */
export interface StoredPassword {
  readonly hash: string;
  readonly salt: string;
}

type Pbkdf2Config = Extract<PasswordHashConfig, { name: 'pbkdf2' }>;

const SALT_BYTES = 16;
const MAC_BYTES: Readonly<Record<MacName, number>> = { md5: 16, ripemd160: 20, sha: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 };
const derive = promisify(pbkdf2);

export class PasswordHasher implements Disposable {
  /** Shared by everything slow of this node. */
  readonly pool: HashPool;
  readonly #bcrypt = new Bcrypt();

  constructor(pool: HashPool) {
    this.pool = pool;
  }

  /** Undefined when too many wait already. */
  create(password: Uint8Array, algorithm: PasswordHashConfig): Promise<StoredPassword> | undefined {
    if (algorithm.name === 'bcrypt') return this.pool.run(async () => ({ hash: await this.#bcrypt.hash(password, algorithm.saltRounds), salt: '' }));
    const salt = randomBytes(SALT_BYTES).toString('hex');
    if (algorithm.name === 'pbkdf2') return this.pool.run(async () => ({ hash: await derived(password, salt, algorithm), salt }));
    const { name, saltPosition } = algorithm;
    const used = name === 'plain' || saltPosition === 'disable' ? '' : salt;
    return Promise.resolve({ hash: digest(name, salted(password, used, saltPosition)), salt: used });
  }

  /** At once where the algorithm is fast. Undefined when too many wait already. */
  matches(password: Uint8Array, stored: StoredPassword, algorithm: PasswordHashConfig): boolean | Promise<boolean> | undefined {
    if (algorithm.name === 'bcrypt') return this.pool.run(() => this.#bcrypt.matches(password, stored.hash));
    if (algorithm.name === 'plain') return isSame(digest('plain', salted(password, stored.salt, algorithm.saltPosition)), stored.hash);
    const kept = stored.hash.toLowerCase();
    if (algorithm.name === 'pbkdf2') return this.pool.run(async () => isSame(await derived(password, stored.salt, algorithm), kept));
    return isSame(digest(algorithm.name, salted(password, stored.salt, algorithm.saltPosition)), kept);
  }

  dispose(): void {
    this.#bcrypt.dispose();
  }
}

async function derived(password: Uint8Array, salt: string, { macFun, iterations, dkLength = MAC_BYTES[macFun] }: Pbkdf2Config): Promise<string> {
  return (await derive(password, salt, iterations, dkLength, opensslName(macFun))).toString('hex');
}

function salted(password: Uint8Array, salt: string, position: SaltPosition): Uint8Array {
  if (position === 'disable' || salt === '') return password;
  const text = Buffer.from(salt);
  return Buffer.concat(position === 'prefix' ? [text, password] : [password, text]);
}

function digest(name: DigestName, bytes: Uint8Array): string {
  return name === 'plain' ? Buffer.from(bytes).toString('utf8') : hash(opensslName(name), bytes, 'hex');
}

/** Erlang's `sha` is SHA-1. */
function opensslName(name: Exclude<DigestName, 'plain'> | MacName): string {
  return name === 'sha' ? 'sha1' : name;
}

/** Takes as long whatever the texts are; their hashes have one length. */
function isSame(left: string, right: string): boolean {
  const fixed = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(fixed(left), fixed(right));
}
