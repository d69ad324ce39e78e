/** API keys from `api_key.bootstrap_file`: one `key:secret` or `key:secret:role` a line, read at every start (rest-api.md 1.3). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ROLES, type Role } from '../api/schema/login.ts';
import { BusbarError, messageOf } from '../base/errors.ts';

interface ApiKey {
  readonly name: string;
  readonly role: Role;
  readonly secretHash: Buffer;
}

/** Most keys of one file; a longer file is refused whole. */
export const MAX_API_KEYS = 10_000;

/** Secrets are kept as hashes. A plain fast hash will do: unlike passwords they are long and random. */
const hashOf = (secret: string) => createHash('sha256').update(secret).digest();

export class ApiKeys {
  readonly #keys: ReadonlyMap<string, ApiKey>;

  constructor(keys: readonly ApiKey[] = []) {
    this.#keys = new Map(keys.map((key) => [key.name, key]));
  }

  get size(): number {
    return this.#keys.size;
  }

  /**
   * Lines that are empty or begin with # are passed over; of two lines for one key the later counts.
   * @throws BusbarError CONFIG_BAD_VALUE naming the line, never its content.
   */
  static parse(text: string, fileName: string): ApiKeys {
    const keys: ApiKey[] = [];
    text.split(/\r?\n/).forEach((line, index) => {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) return;
      const refused = (why: string) =>
        new BusbarError('CONFIG_BAD_VALUE', `${fileName}:${index + 1}: ${why}`, {
          hint: 'Write key:secret or key:secret:role, one a line.',
        });
      if (keys.length >= MAX_API_KEYS) throw refused(`more than ${MAX_API_KEYS} keys`);
      const [name = '', secret = '', roleText = 'administrator', ...scopes] = trimmed.split(':');
      const role = ROLES.find((known) => known === roleText);
      if (name === '' || secret === '') throw refused('expected key:secret or key:secret:role');
      if (!role) throw refused(`expected one of ${ROLES.join(', ')} as role`);
      // Passing over a restriction would give the key more than its owner meant.
      if (scopes.length > 0) throw refused('scopes are not supported yet');
      keys.push({ name, role, secretHash: hashOf(secret) });
    });
    return new ApiKeys(keys);
  }

  /** @throws BusbarError CONFIG_FILE_UNREADABLE, CONFIG_BAD_VALUE */
  static async load(path: string): Promise<ApiKeys> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw new BusbarError('CONFIG_FILE_UNREADABLE', `api_key.bootstrap_file ${path} cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return ApiKeys.parse(text, path);
  }

  /** The key's role if the secret is right; takes as long for an unknown key. */
  verify(name: string, secret: string): { readonly name: string; readonly role: Role } | undefined {
    const key = this.#keys.get(name);
    const given = hashOf(secret);
    return timingSafeEqual(given, key?.secretHash ?? given) && key ? { name: key.name, role: key.role } : undefined;
  }
}
