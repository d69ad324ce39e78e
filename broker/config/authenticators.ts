/**
 * One row of `authentication`, in EMQX's words (broker-contract 2.4, rest-api.md 5.2). The configuration file, the REST API and the
 * file of run-time changes all bring it as plain data and are read here, so they cannot disagree.
 */
import { expandPath } from './assignments.ts';

export type SaltPosition = 'disable' | 'prefix' | 'suffix';
export type DigestName = 'plain' | 'md5' | 'sha' | 'sha256' | 'sha512';
export type MacName = 'md5' | 'ripemd160' | 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How passwords are kept (broker-contract 2.3). */
export type PasswordHashConfig =
  | { readonly name: DigestName; readonly saltPosition: SaltPosition }
  | { readonly name: 'bcrypt'; readonly saltRounds: number }
  | { readonly name: 'pbkdf2'; readonly macFun: MacName; readonly iterations: number; readonly dkLength: number | undefined };

export interface PasswordDatabaseConfig {
  readonly id: 'password_based:built_in_database';
  readonly enable: boolean;
  readonly userIdType: 'username' | 'clientid';
  readonly passwordHash: PasswordHashConfig;
  /** Users to begin with; only read while there are none. */
  readonly bootstrapFile: string | undefined;
  readonly bootstrapType: 'plain' | 'hash';
}

export interface ScramDatabaseConfig {
  readonly id: 'scram:built_in_database';
  readonly enable: boolean;
  readonly algorithm: 'sha256' | 'sha512';
  readonly iterationCount: number;
}

export type AuthenticatorConfig = PasswordDatabaseConfig | ScramDatabaseConfig;
export type AuthenticatorId = AuthenticatorConfig['id'];

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  /** `unsupported`: EMQX knows it, Busbar does not yet. `problem` completes "authentication: …" and never holds a secret. */
  | { readonly ok: false; readonly problem: string; readonly unsupported: boolean };

/** A longer chain is nobody's wish: every id may occur once. */
const MAX_AUTHENTICATORS = 16;
const MAX_PATH_CHARS = 4096;
const SCRAM_ITERATIONS = { min: 4096, max: 1_000_000, default: 4096 } as const;
const PBKDF2_ITERATIONS = { min: 1, max: 10_000_000 } as const;
/** Octets of a derived key. */
const DK_LENGTH = { min: 1, max: 1024 } as const;
/** EMQX clamps what lies outside. */
const BCRYPT_ROUNDS = { min: 5, max: 10, default: 10 } as const;

const DIGESTS: readonly string[] = ['plain', 'md5', 'sha', 'sha256', 'sha512'] satisfies readonly DigestName[];
const MACS: readonly string[] = ['md5', 'ripemd160', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] satisfies readonly MacName[];
const SALT_POSITIONS: readonly string[] = ['disable', 'prefix', 'suffix'] satisfies readonly SaltPosition[];
const LATER_MECHANISMS = ['jwt', 'gssapi', 'cinfo'];
const LATER_BACKENDS = ['http', 'mysql', 'postgresql', 'mongodb', 'redis', 'ldap'];

class Refusal {
  readonly problem: string;
  readonly unsupported: boolean;

  constructor(problem: string, unsupported = false) {
    this.problem = problem;
    this.unsupported = unsupported;
  }
}

/** A whole chain: a list, or EMQX's shorthand of one authenticator. */
export function readAuthentication(given: unknown): Read<readonly AuthenticatorConfig[]> {
  const items = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  if (items.length > MAX_AUTHENTICATORS) return refused(`there are ${items.length} authenticators, more than ${MAX_AUTHENTICATORS}`);
  const configs: AuthenticatorConfig[] = [];
  for (const item of items) {
    const read = readAuthenticator(item);
    if (!read.ok) return read;
    if (configs.some(({ id }) => id === read.value.id)) return refused(`${read.value.id} is there twice`);
    configs.push(read.value);
  }
  return { ok: true, value: configs };
}

export function readAuthenticator(given: unknown): Read<AuthenticatorConfig> {
  try {
    return { ok: true, value: read(new Fields(given, 'an authenticator')) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(error.problem, error.unsupported);
  }
}

function refused(problem: string, unsupported = false): Read<never> {
  return { ok: false, problem, unsupported };
}

function read(fields: Fields): AuthenticatorConfig {
  const mechanism = fields.word('mechanism', ['password_based', 'scram'], undefined, LATER_MECHANISMS);
  fields.word('backend', ['built_in_database'], undefined, LATER_BACKENDS);
  const enable = fields.flag('enable', true);
  const config = mechanism === 'scram' ? readScram(fields, enable) : readPassword(fields, enable);
  fields.end(['id']);
  return config;
}

function readScram(fields: Fields, enable: boolean): ScramDatabaseConfig {
  return {
    id: 'scram:built_in_database',
    enable,
    algorithm: fields.word('algorithm', ['sha256', 'sha512'], 'sha256') as ScramDatabaseConfig['algorithm'],
    iterationCount: fields.integer('iteration_count', SCRAM_ITERATIONS.min, SCRAM_ITERATIONS.max, SCRAM_ITERATIONS.default),
  };
}

function readPassword(fields: Fields, enable: boolean): PasswordDatabaseConfig {
  return {
    id: 'password_based:built_in_database',
    enable,
    userIdType: fields.word('user_id_type', ['username', 'clientid'], 'username') as PasswordDatabaseConfig['userIdType'],
    passwordHash: readHash(fields.inner('password_hash_algorithm')),
    bootstrapFile: fields.text('bootstrap_file', MAX_PATH_CHARS),
    bootstrapType: fields.word('bootstrap_type', ['plain', 'hash'], 'plain') as PasswordDatabaseConfig['bootstrapType'],
  };
}

function readHash(fields: Fields | undefined): PasswordHashConfig {
  if (fields === undefined) return { name: 'sha256', saltPosition: 'prefix' };
  const name = fields.word('name', [...DIGESTS, 'bcrypt', 'pbkdf2'], 'sha256');
  const hash = readHashOf(name, fields);
  fields.end([]);
  return hash;
}

function readHashOf(name: string, fields: Fields): PasswordHashConfig {
  if (name === 'bcrypt') {
    const rounds = fields.integer('salt_rounds', 0, 99, BCRYPT_ROUNDS.default);
    return { name, saltRounds: Math.min(Math.max(rounds, BCRYPT_ROUNDS.min), BCRYPT_ROUNDS.max) };
  }
  if (name === 'pbkdf2') {
    return {
      name,
      macFun: fields.word('mac_fun', MACS, undefined, ['md4']) as MacName,
      iterations: fields.integer('iterations', PBKDF2_ITERATIONS.min, PBKDF2_ITERATIONS.max),
      dkLength: fields.has('dk_length') ? fields.integer('dk_length', DK_LENGTH.min, DK_LENGTH.max) : undefined,
    };
  }
  return { name: name as DigestName, saltPosition: fields.word('salt_position', SALT_POSITIONS, 'prefix') as SaltPosition };
}

/** Expands what stands for a folder in the paths of a file. */
export function withPaths(
  configs: readonly AuthenticatorConfig[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly AuthenticatorConfig[] | undefined {
  return configs?.map((config) =>
    'bootstrapFile' in config && config.bootstrapFile !== undefined ? { ...config, bootstrapFile: expandPath(config.bootstrapFile, env) } : config,
  );
}

/** As REST answers and run-time changes are kept: EMQX's field names, read back by `readAuthenticator`. */
export function printAuthenticator(config: AuthenticatorConfig): Record<string, unknown> {
  const [mechanism, backend] = config.id.split(':');
  const common = { id: config.id, mechanism, backend, enable: config.enable };
  if (config.id === 'scram:built_in_database') {
    return { ...common, algorithm: config.algorithm, iteration_count: config.iterationCount };
  }
  const bootstrap = config.bootstrapFile === undefined ? {} : { bootstrap_file: config.bootstrapFile, bootstrap_type: config.bootstrapType };
  return { ...common, user_id_type: config.userIdType, password_hash_algorithm: printHash(config.passwordHash), ...bootstrap };
}

function printHash(hash: PasswordHashConfig): Record<string, unknown> {
  if (hash.name === 'bcrypt') return { name: hash.name, salt_rounds: hash.saltRounds };
  if (hash.name !== 'pbkdf2') return { name: hash.name, salt_position: hash.saltPosition };
  const { name, macFun, iterations, dkLength } = hash;
  return { name, mac_fun: macFun, iterations, ...(dkLength !== undefined && { dk_length: dkLength }) };
}

/** The fields of one object, each read once; numbers and switches may be text, as a configuration file has them. */
class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #what: string;
  readonly #seen = new Set<string>();

  constructor(given: unknown, what: string) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Refusal(`${what} is a group of fields in braces`);
    this.#fields = new Map(Object.entries(given));
    this.#what = what;
  }

  has(name: string): boolean {
    return this.#fields.get(name) !== undefined && this.#fields.get(name) !== null;
  }

  /** One of some words. `later` are words of EMQX that Busbar does not know yet. */
  word(name: string, words: readonly string[], otherwise?: string, later: readonly string[] = []): string {
    const value = this.#take(name) ?? otherwise;
    if (typeof value === 'string' && words.includes(value)) return value;
    if (typeof value === 'string' && later.includes(value)) throw new Refusal(`${name} ${value} is not supported yet`, true);
    throw new Refusal(`${name} of ${this.#what} must be one of ${words.join(', ')}`);
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#take(name) ?? otherwise;
    if (value === true || value === 'true' || value === 'on') return true;
    if (value === false || value === 'false' || value === 'off') return false;
    throw new Refusal(`${name} of ${this.#what} must be true or false`);
  }

  integer(name: string, min: number, max: number, otherwise?: number): number {
    const value = this.#take(name) ?? otherwise;
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max) return number;
    throw new Refusal(`${name} of ${this.#what} must be a whole number from ${min} to ${max}`);
  }

  text(name: string, maxChars: number): string | undefined {
    const value = this.#take(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string' && value.length <= maxChars) return value;
    throw new Refusal(`${name} of ${this.#what} must be text of at most ${maxChars} characters`);
  }

  inner(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new Fields(value, name);
  }

  /** Refuses what nobody has asked for; `silent` may be there all the same. */
  end(silent: readonly string[]): void {
    const unknown = [...this.#fields.keys()].find((name) => !this.#seen.has(name) && !silent.includes(name));
    if (unknown === undefined) return;
    const later = unknown === 'precondition';
    throw new Refusal(later ? 'precondition is not supported yet' : `${this.#what} has no field ${unknown.slice(0, 64)}`, later);
  }

  #take(name: string): unknown {
    this.#seen.add(name);
    const value = this.#fields.get(name);
    return value === null ? undefined : value;
  }
}
