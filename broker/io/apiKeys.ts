/**
 * API keys, the same on every node: a shared table with salted hashes of their secrets. `api_key.bootstrap_file` (one `key:secret` or
 * `key:secret:role` a line) is read at every start and put over what is there (rest-api.md 1.3).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { KeyPort, KeyRow, KeySettings } from '../api/accountPort.ts';
import { ROLES, type Role } from '../api/schema/login.ts';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../cluster/shared/sharedTables.ts';

/** Name of the shared table; its keys are names of keys. */
const TABLE = 'api_keys';
/** Most keys of a cluster, and of one file; a longer file is refused whole. */
export const MAX_API_KEYS = 10_000;

interface StoredKey extends Omit<KeyRow, 'expired'> {
  readonly salt: string;
  readonly secretHash: string;
}

export interface ApiKeysOptions {
  readonly tables: SharedTables;
  readonly bootstrapFile: string | undefined;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly log: Log;
}

interface BootstrapKey {
  readonly apiKey: string;
  readonly secret: string;
  readonly role: Role;
}

export class ApiKeys implements KeyPort {
  readonly #options: ApiKeysOptions;
  readonly #rows: SharedTable<StoredKey>;
  /** By what is sent. */
  readonly #byApiKey = new Map<string, StoredKey>();
  /** By name: a row that is gone does not say what it was. */
  readonly #byName = new Map<string, StoredKey>();

  /** Rejects with CONFIG_FILE_UNREADABLE, CONFIG_BAD_VALUE naming the line, never its content. */
  static async open(options: ApiKeysOptions): Promise<ApiKeys> {
    const { bootstrapFile } = options;
    const listed = bootstrapFile === undefined ? [] : parseBootstrap(await readKeyFile(bootstrapFile), bootstrapFile);
    const keys = new ApiKeys(options);
    keys.#bootstrap(listed);
    return keys;
  }

  private constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#rows = options.tables.open(TABLE, jsonCodec(readKey), (name, key) => this.#changed(name, key));
    for (const [name, key] of this.#rows.entries()) this.#changed(name, key);
  }

  /** The key's role if the secret is right and it holds; takes as long for an unknown key. */
  verify(apiKey: string, secret: string): { readonly name: string; readonly role: Role } | undefined {
    const key = this.#byApiKey.get(apiKey);
    const given = hashOf(key?.salt ?? '', secret);
    const expected = key === undefined ? given : Buffer.from(key.secretHash, 'hex');
    const right = expected.length === given.length && timingSafeEqual(given, expected);
    if (!right || key === undefined || !key.enable || key.expiredAtMs <= this.#options.now()) return undefined;
    return { name: key.name, role: key.role };
  }

  list(): readonly KeyRow[] {
    return [...this.#byName.values()].map((key) => this.#shown(key)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): KeyRow | undefined {
    const key = this.#byName.get(name);
    return key && this.#shown(key);
  }

  create(name: string, settings: KeySettings): { readonly key: KeyRow; readonly secret: string } {
    if (this.#byName.has(name)) throw new BusbarError('ACCOUNT_EXISTS', `There is a key ${name} already`);
    if (this.#byName.size >= MAX_API_KEYS) throw new BusbarError('ACCOUNT_LIMIT', `There are ${MAX_API_KEYS} keys`);
    const secret = randomBytes(32).toString('base64url');
    const key = { name, apiKey: randomBytes(8).toString('hex'), ...settings, createdAtMs: this.#options.now(), ...salted(secret) };
    this.#put(key, 'created');
    return { key: this.#shown(key), secret };
  }

  update(name: string, change: Partial<KeySettings>): KeyRow {
    const before = this.#byName.get(name);
    if (before === undefined) throw new BusbarError('ACCOUNT_UNKNOWN', `There is no key ${name}`);
    const key = { ...before, ...change };
    this.#put(key, 'changed');
    return this.#shown(key);
  }

  remove(name: string): boolean {
    if (!this.#rows.remove(name)) return false;
    this.#options.tables.persist();
    this.#options.log.info('api_key_changed', { name, change: 'removed' });
    return true;
  }

  /** What the file says holds on all nodes; a key that is as it says is not written again. */
  #bootstrap(listed: readonly BootstrapKey[]): void {
    for (const { apiKey, secret, role } of listed) {
      const known = this.#byApiKey.get(apiKey);
      if (known?.role === role && known.enable && this.verify(apiKey, secret) !== undefined) continue;
      const name = known?.name ?? `from_bootstrap_file_${createHash('sha256').update(apiKey).digest('hex').slice(0, 16)}`;
      const description = 'From api_key.bootstrap_file';
      this.#put({ name, apiKey, description, enable: true, role, createdAtMs: this.#options.now(), expiredAtMs: Number.POSITIVE_INFINITY, ...salted(secret) }, 'bootstrapped');
    }
  }

  #shown({ name, apiKey, description, enable, role, createdAtMs, expiredAtMs }: StoredKey): KeyRow {
    return { name, apiKey, description, enable, role, createdAtMs, expiredAtMs, expired: expiredAtMs <= this.#options.now() };
  }

  #put(key: StoredKey, change: string): void {
    this.#rows.put(key.name, key);
    this.#options.tables.persist();
    this.#options.log.info('api_key_changed', { name: key.name, change });
  }

  #changed(name: string, key: StoredKey | undefined): void {
    const before = this.#byName.get(name);
    if (before !== undefined) this.#byApiKey.delete(before.apiKey);
    this.#byName.delete(name);
    if (key === undefined) return;
    this.#byName.set(name, key);
    this.#byApiKey.set(key.apiKey, key);
  }
}

/** Lines that are empty or begin with # are passed over; of two lines for one key the later counts. Throws CONFIG_BAD_VALUE. */
export function parseBootstrap(text: string, fileName: string): readonly BootstrapKey[] {
  const keys = new Map<string, BootstrapKey>();
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const refused = (why: string) =>
      new BusbarError('CONFIG_BAD_VALUE', `${fileName}:${index + 1}: ${why}`, { hint: 'Write key:secret or key:secret:role, one a line.' });
    if (keys.size >= MAX_API_KEYS) throw refused(`more than ${MAX_API_KEYS} keys`);
    const [apiKey = '', secret = '', roleText = 'administrator', ...scopes] = trimmed.split(':');
    const role = ROLES.find((known) => known === roleText);
    if (apiKey === '' || secret === '') throw refused('expected key:secret or key:secret:role');
    if (!role) throw refused(`expected one of ${ROLES.join(', ')} as role`);
    // Passing over a restriction would give the key more than its owner meant.
    if (scopes.length > 0) throw refused('scopes are not supported yet');
    keys.set(apiKey, { apiKey, secret, role });
  });
  return [...keys.values()];
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new BusbarError('CONFIG_FILE_UNREADABLE', `api_key.bootstrap_file ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** A plain fast hash will do: unlike passwords, secrets are long and random. The salt keeps equal ones apart. */
function hashOf(salt: string, secret: string): Buffer {
  return createHash('sha256').update(salt).update(secret).digest();
}

function salted(secret: string): Pick<StoredKey, 'salt' | 'secretHash'> {
  const salt = randomBytes(16).toString('hex');
  return { salt, secretHash: hashOf(salt, secret).toString('hex') };
}

/** A row as JSON; "never" is null there. */
function readKey(value: unknown): StoredKey {
  const { name, apiKey, description, enable, role: roleText, createdAtMs, expiredAtMs, salt, secretHash } = value as Record<keyof StoredKey, unknown>;
  const role = ROLES.find((known) => known === roleText);
  const texts = [name, apiKey, salt, secretHash];
  if (role === undefined || texts.some((text) => typeof text !== 'string') || typeof createdAtMs !== 'number') throw new Error('the row is no API key');
  return {
    name: String(name),
    apiKey: String(apiKey),
    description: String(description),
    enable: enable === true,
    role,
    createdAtMs,
    expiredAtMs: typeof expiredAtMs === 'number' ? expiredAtMs : Number.POSITIVE_INFINITY,
    salt: String(salt),
    secretHash: String(secretHash),
  };
}
