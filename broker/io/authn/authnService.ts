/**
 * Authentication of one node: the chains in force (`chains`, which connections ask), and their administration. A chain that the
 * configuration gives wins at every start; one that it leaves out is what run-time changes made of it (broker-contract 3.1).
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AuthnChains } from '../../access/authn/chains.ts';
import type { AuthnFigures } from '../../access/authn/authnCounters.ts';
import { parseUsers, readUsers, type ImportType, type UserImport } from '../../access/authn/userImport.ts';
import type { AuthenticatorRow, AuthnPort, AuthnUserRow, ImportResult, ImportSource } from '../../api/authnPort.ts';
import type { Disposable } from '../../base/disposable.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Millis } from '../../base/ids.ts';
import type { SharedTables } from '../../cluster/shared/sharedTables.ts';
import { printAuthenticator, readAuthentication, type AuthenticatorConfig } from '../../config/authenticators.ts';
import type { BrokerConfig } from '../../config/config.ts';
import type { ListenerConfig } from '../../config/listenerConfig.ts';
import { AUTHN_FILE, AuthnStore } from './authnStore.ts';
import { HashPool } from './hashPool.ts';
import { ManagedChain, type AuthnTools, type Entry } from './managedChain.ts';
import { PasswordHasher } from './passwordHasher.ts';
import type { UserDatabase, UserRow } from './userDatabase.ts';

export const GLOBAL_CHAIN = 'global';
/** Largest file of users to begin with. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

type Listener = Pick<ListenerConfig, 'id' | 'enableAuthn' | 'authentication'>;

export interface AuthnServiceOptions {
  readonly config: Pick<BrokerConfig, 'authentication' | 'node'> & { readonly listeners: readonly Listener[] };
  readonly tables: SharedTables;
  readonly clock: { now(): Millis };
  readonly log: Log;
}

export class AuthnService implements AuthnPort, Disposable {
  readonly chains: AuthnChains;
  readonly #tools: AuthnTools;
  readonly #managed = new Map<string, ManagedChain>();
  readonly #modes = new Map<string, Listener['enableAuthn']>();
  /** Listener id → the chain its configuration gave it last, as text. */
  readonly #told = new Map<string, string | undefined>();
  /** Changes happen one after the other: what one has checked no other may change before it is done. */
  #last: Promise<unknown> = Promise.resolve();

  /** Rejects with DATA_DIR_UNUSABLE, AUTHN_BAD_FILE. */
  static async open(options: AuthnServiceOptions): Promise<AuthnService> {
    const store = new AuthnStore(join(options.config.node.dataDir, AUTHN_FILE), options.tables);
    const hasher = new PasswordHasher(new HashPool());
    const service = new AuthnService({ store, hasher, clock: options.clock, log: options.log }, options.config.authentication);
    try {
      await service.#bootstrap(GLOBAL_CHAIN);
      for (const listener of options.config.listeners) await service.setListener(listener);
    } catch (error) {
      service.dispose();
      throw error;
    }
    return service;
  }

  private constructor(tools: AuthnTools, configured: readonly AuthenticatorConfig[] | undefined) {
    this.#tools = tools;
    const global = this.#load(GLOBAL_CHAIN, configured);
    this.chains = new AuthnChains(global.toChain());
    tools.store.onChainChanged((name) => void this.#inTurn(async () => this.#follow(name)));
  }

  /** Another node has changed a chain: it is in force here too, unless it cannot be read (R39). */
  #follow(name: string): void {
    const chain = this.#managed.get(name);
    if (chain === undefined) return;
    try {
      chain.become(this.#stored(name) ?? []);
      this.#putInForce(name);
      this.#tools.log.info('authentication_changed', { chain: name, authenticators: chain.entries.map(({ config }) => config.id) });
    } catch (error) {
      this.#tools.log.error('authentication_not_applied', { chain: name, reason: messageOf(error) });
    }
  }

  /** A listener is there, or was told something else. What was changed at run time stays unless it was told other authenticators. */
  setListener({ id, enableAuthn, authentication }: Listener): Promise<void> {
    return this.#inTurn(async () => {
      const told = authentication && JSON.stringify(authentication.map(printAuthenticator));
      if (!this.#managed.has(id) || told !== this.#told.get(id)) this.#load(id, authentication);
      this.#told.set(id, told);
      this.#modes.set(id, enableAuthn);
      await this.#bootstrap(id);
      this.#putInForce(id);
    });
  }

  /** The listener is gone; its chain and users stay for one of the same id. */
  removeListener(id: string): void {
    this.#managed.delete(id);
    this.#modes.delete(id);
    this.#told.delete(id);
    this.chains.listeners.delete(id);
  }

  dispose(): void {
    this.#tools.hasher.dispose();
    this.#tools.store.dispose();
  }

  #load(name: string, configured: readonly AuthenticatorConfig[] | undefined): ManagedChain {
    const stored = this.#stored(name);
    if (configured !== undefined && stored !== undefined && !isSame(configured, stored)) {
      this.#tools.log.warn('authentication_of_configuration_in_force', { chain: name, message: 'changes made at run time are not' });
    }
    const chain = new ManagedChain(name, configured ?? stored ?? [], this.#tools);
    this.#managed.set(name, chain);
    return chain;
  }

  #stored(name: string): readonly AuthenticatorConfig[] | undefined {
    const stored = this.#tools.store.chain(name);
    if (stored === undefined) return undefined;
    const read = readAuthentication(stored);
    if (!read.ok) throw new BusbarError('DATA_DIR_UNUSABLE', `The chain kept for ${name} cannot be used: ${read.problem}`);
    return read.value;
  }

  #putInForce(name: string): void {
    const chain = this.#chain(name);
    if (name === GLOBAL_CHAIN) {
      this.chains.global = chain.toChain();
      return;
    }
    const enableAuthn = this.#modes.get(name) ?? true;
    const mode = enableAuthn === true ? 'on' : enableAuthn === false ? 'off' : 'quickDeny';
    this.chains.listeners.set(name, { mode, chain: chain.entries.length === 0 ? null : chain.toChain() });
  }

  #chain(name: string): ManagedChain {
    const chain = this.#managed.get(name);
    if (chain === undefined) throw new BusbarError('AUTHN_NOT_FOUND', `There is no listener ${name.slice(0, 128)}`);
    return chain;
  }

  /** Runs one change after those before it, and puts its chain in force. */
  #change<T>(name: string, task: (chain: ManagedChain) => T | Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const result = await task(this.#chain(name));
      this.#putInForce(name);
      return result;
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task, task);
    this.#last = done.catch(() => undefined);
    return done;
  }

  // ---------------------------------------------------------------- authenticators

  list(name: string): readonly AuthenticatorRow[] {
    return this.#chain(name).entries.map(({ config }) => printAuthenticator(config));
  }

  get(name: string, id: string): AuthenticatorRow {
    return printAuthenticator(this.#chain(name).find(id).config);
  }

  create(name: string, body: unknown): Promise<AuthenticatorRow> {
    return this.#change(name, async (chain) => {
      const entry = chain.add(body);
      try {
        await this.#bootstrapEntry(entry);
      } catch (error) {
        chain.remove(entry.config.id);
        throw error;
      }
      return printAuthenticator(entry.config);
    });
  }

  update(name: string, id: string, body: unknown): Promise<AuthenticatorRow> {
    return this.#change(name, (chain) => printAuthenticator(chain.replace(id, body).config));
  }

  remove(name: string, id: string): Promise<void> {
    return this.#change(name, (chain) => chain.remove(id));
  }

  move(name: string, id: string, position: string): Promise<void> {
    return this.#change(name, (chain) => chain.move(id, position));
  }

  reorder(name: string, ids: readonly string[]): Promise<void> {
    return this.#change(name, (chain) => chain.reorder(ids));
  }

  figures(name: string, id: string): AuthnFigures {
    return this.#chain(name).find(id).counters.figures(this.#tools.clock.now());
  }

  // ---------------------------------------------------------------- users

  users(name: string, id: string): readonly AuthnUserRow[] {
    return this.#users(name, id).list().map(rowOf);
  }

  user(name: string, id: string, userId: string): AuthnUserRow {
    return rowOf(existing(this.#users(name, id), userId));
  }

  addUser(name: string, id: string, user: { userId: string; password: string; isSuperuser: boolean }): Promise<AuthnUserRow> {
    return this.#change(name, async (chain) => {
      const users = chain.find(id).authenticator;
      const userId = users.normalId(user.userId);
      if (userId === undefined) throw new BusbarError('AUTHN_BAD_USER', 'The user id holds characters that SASLprep (RFC 4013) does not allow');
      if (users.find(userId) !== undefined) throw new BusbarError('AUTHN_USER_EXISTS', `There is a user ${userId} already`);
      await users.put([{ userId, secret: { type: 'plain', password: user.password }, isSuperuser: user.isSuperuser }]);
      return { user_id: userId, is_superuser: user.isSuperuser };
    });
  }

  changeUser(name: string, id: string, userId: string, change: { password: string | undefined; isSuperuser: boolean | undefined }): Promise<AuthnUserRow> {
    return this.#change(name, async (chain) => {
      const users = chain.find(id).authenticator;
      const user = existing(users, userId);
      const isSuperuser = change.isSuperuser ?? user.isSuperuser;
      if (change.password === undefined) users.change(user.userId, isSuperuser);
      else await users.put([{ userId: user.userId, secret: { type: 'plain', password: change.password }, isSuperuser }]);
      return { user_id: user.userId, is_superuser: isSuperuser };
    });
  }

  removeUser(name: string, id: string, userId: string): Promise<void> {
    return this.#change(name, (chain) => {
      const users = chain.find(id).authenticator;
      users.remove(existing(users, userId).userId);
    });
  }

  importUsers(name: string, id: string, source: ImportSource, type: ImportType): Promise<ImportResult> {
    return this.#change(name, (chain) => {
      const read = source.format === 'rows' ? readUsers(source.rows, type) : parseUsers(source.text, source.format, type);
      if (read === undefined) throw new BusbarError('AUTHN_BAD_FILE', `The file is no ${source.format === 'csv' ? 'CSV with a header row' : 'JSON array'} of users`);
      return importInto(chain.find(id).authenticator, read, 'override');
    });
  }

  #users(name: string, id: string): UserDatabase {
    return this.#chain(name).find(id).authenticator;
  }

  async #bootstrap(name: string): Promise<void> {
    for (const entry of this.#chain(name).entries) await this.#bootstrapEntry(entry);
  }

  /** Users that are there already stay as they are. */
  async #bootstrapEntry({ config, authenticator }: Entry): Promise<void> {
    if (config.id !== 'password_based:built_in_database' || config.bootstrapFile === undefined) return;
    const { bootstrapFile: path, bootstrapType } = config;
    const read = parseUsers(await readUserFile(path), path.endsWith('.json') ? 'json' : 'csv', bootstrapType);
    if (read === undefined) throw new BusbarError('AUTHN_BAD_FILE', `${path} is no list of users`, { details: { path } });
    const result = await importInto(authenticator, read, 'skip');
    this.#tools.log.info('authentication_users_loaded', { authenticator: config.id, path, ...result });
  }
}

async function readUserFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new BusbarError('AUTHN_BAD_FILE', `Cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

async function importInto(users: UserDatabase, read: UserImport, known: 'override' | 'skip'): Promise<ImportResult> {
  const chosen = new Map<string, UserImport['users'][number]>();
  let { failed } = read;
  let skipped = 0;
  for (const user of read.users) {
    const userId = users.normalId(user.userId);
    if (userId === undefined) failed += 1;
    else if (known === 'skip' && users.find(userId) !== undefined) skipped += 1;
    else {
      if (chosen.has(userId)) skipped += 1; // of two rows for one user the later counts
      chosen.set(userId, { ...user, userId });
    }
  }
  const override = [...chosen.keys()].filter((userId) => users.find(userId) !== undefined).length;
  await users.put([...chosen.values()]);
  return { total: read.users.length + read.failed, success: chosen.size - override, override, skipped, failed };
}

/** Throws AUTHN_USER_NOT_FOUND. */
function existing(users: UserDatabase, userId: string): UserRow {
  const user = users.find(users.normalId(userId) ?? userId);
  if (user === undefined) throw new BusbarError('AUTHN_USER_NOT_FOUND', `There is no user ${userId.slice(0, 128)}`);
  return user;
}

function rowOf({ userId, isSuperuser }: UserRow): AuthnUserRow {
  return { user_id: userId, is_superuser: isSuperuser };
}

function isSame(left: readonly AuthenticatorConfig[], right: readonly AuthenticatorConfig[]): boolean {
  return JSON.stringify(left.map(printAuthenticator)) === JSON.stringify(right.map(printAuthenticator));
}
