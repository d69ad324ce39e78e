/** One chain as it is administered: authenticators with their configuration and users, in order. */
import { AuthnChain } from '../../access/authn/chain.ts';
import { AuthnCounters } from '../../access/authn/authnCounters.ts';
import type { Authenticator } from '../../access/authn/authenticator.ts';
import { BusbarError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Millis } from '../../base/ids.ts';
import { printAuthenticator, readAuthenticator, type AuthenticatorConfig, type AuthenticatorId } from '../../config/authenticators.ts';
import type { AuthnStore } from './authnStore.ts';
import { PasswordDatabase } from './passwordDatabase.ts';
import type { PasswordHasher } from './passwordHasher.ts';
import { ScramDatabase } from './scramDatabase.ts';
import type { UserDatabase } from './userDatabase.ts';

export interface AuthnTools {
  readonly store: AuthnStore;
  readonly hasher: PasswordHasher;
  readonly clock: { now(): Millis };
  readonly log: Log;
}

export interface Entry {
  readonly config: AuthenticatorConfig;
  readonly authenticator: Authenticator & UserDatabase;
  readonly counters: AuthnCounters;
}

export class ManagedChain {
  /** As in the store: `global`, or the id of a listener. */
  readonly name: string;
  readonly #tools: AuthnTools;
  #entries: readonly Entry[];

  constructor(name: string, configs: readonly AuthenticatorConfig[], tools: AuthnTools) {
    this.name = name;
    this.#tools = tools;
    this.#entries = configs.map((config) => this.#open(config, new AuthnCounters()));
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** What clients are asked by: enabled ones only. */
  toChain(): AuthnChain {
    const links = this.#entries.filter(({ config }) => config.enable);
    return new AuthnChain({ links, clock: this.#tools.clock, log: this.#tools.log });
  }

  /** Throws AUTHN_NOT_FOUND. */
  find(id: string): Entry {
    const entry = this.#entries.find(({ config }) => config.id === id);
    if (entry === undefined) throw new BusbarError('AUTHN_NOT_FOUND', `There is no authenticator ${id.slice(0, 128)}`);
    return entry;
  }

  // ---------------------------------------------------------------- changes: kept in the store before they are in force

  /** Throws AUTHN_BAD_CONFIG, AUTHN_UNSUPPORTED, AUTHN_EXISTS. */
  add(body: unknown): Entry {
    const config = readBody(body);
    if (this.#entries.some((other) => other.config.id === config.id)) throw new BusbarError('AUTHN_EXISTS', `${config.id} is in the chain already`);
    const entry = this.#open(config, new AuthnCounters());
    this.#save([...this.#entries, entry]);
    return entry;
  }

  replace(id: string, body: unknown): Entry {
    const old = this.find(id);
    const config = readBody(body);
    if (config.id !== old.config.id) throw new BusbarError('AUTHN_BAD_CONFIG', `change_of_authentication_type_is_not_allowed: ${id} cannot become ${config.id}`);
    const entry = this.#open(config, old.counters);
    this.#save(this.#entries.map((other) => (other === old ? entry : other)));
    return entry;
  }

  remove(id: string): void {
    const entry = this.find(id);
    this.#save(this.#entries.filter((other) => other !== entry));
    entry.authenticator.clear();
  }

  /** Throws AUTHN_BAD_POSITION. */
  move(id: string, position: string): void {
    const entry = this.find(id);
    const others = this.#entries.filter((other) => other !== entry);
    const [, side, neighbour] = /^(before|after):(.+)$/.exec(position) ?? [];
    const at = others.findIndex(({ config }) => config.id === neighbour);
    const index = position === 'front' ? 0 : position === 'rear' ? others.length : at === -1 ? -1 : side === 'after' ? at + 1 : at;
    if (index === -1) throw new BusbarError('AUTHN_BAD_POSITION', `${position.slice(0, 128)} is no position in the chain`);
    this.#save(others.toSpliced(index, 0, entry));
  }

  reorder(ids: readonly string[]): void {
    const ordered = ids.map((id) => this.find(id));
    if (new Set(ordered).size !== this.#entries.length || ordered.length !== this.#entries.length) {
      throw new BusbarError('AUTHN_BAD_POSITION', 'The order must name every authenticator of the chain once');
    }
    this.#save(ordered);
  }

  /** What another node has made of the chain. Authenticators that are the same go on. */
  become(configs: readonly AuthenticatorConfig[]): void {
    this.#entries = configs.map((config) => {
      const old = this.#entries.find((entry) => entry.config.id === config.id);
      const same = old !== undefined && JSON.stringify(printAuthenticator(old.config)) === JSON.stringify(printAuthenticator(config));
      return same ? old : this.#open(config, old?.counters ?? new AuthnCounters());
    });
  }

  #save(entries: readonly Entry[]): void {
    this.#tools.store.putChain(
      this.name,
      entries.map(({ config }) => printAuthenticator(config)),
    );
    this.#entries = entries;
    this.#tools.log.info('authentication_changed', { chain: this.name, authenticators: entries.map(({ config }) => config.id) });
  }

  #open(config: AuthenticatorConfig, counters: AuthnCounters): Entry {
    const { store, hasher } = this.#tools;
    return { config, counters, authenticator: openAuthenticator(config, this.name, store, hasher) };
  }
}

function openAuthenticator(config: AuthenticatorConfig, chain: string, store: AuthnStore, hasher: PasswordHasher): Authenticator & UserDatabase {
  switch (config.id) {
    case 'password_based:built_in_database':
      return new PasswordDatabase(config, chain, store, hasher);
    case 'scram:built_in_database':
      return new ScramDatabase(config, chain, store, hasher.pool);
  }
}

function readBody(body: unknown): AuthenticatorConfig & { readonly id: AuthenticatorId } {
  const read = readAuthenticator(body);
  if (read.ok) return read.value;
  throw new BusbarError(read.unsupported ? 'AUTHN_UNSUPPORTED' : 'AUTHN_BAD_CONFIG', read.problem);
}
