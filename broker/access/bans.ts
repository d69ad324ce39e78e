/**
 * Who may not connect (broker-contract 2.8): by client id, user name or address, one by one or by a pattern. Single ones are tested
 * before patterns. What has expired bans nobody, whether or not it was swept away already.
 */
import type { Millis } from '../base/ids.ts';
import { inNetwork, parseAddress, parseNetwork, type Network } from './acl/address.ts';
import { compileRegex, type CompiledRegex } from '../base/regex/regexRun.ts';

export const BAN_KINDS = ['clientid', 'username', 'peerhost', 'clientid_re', 'username_re', 'peerhost_net'] as const;
export type BanKind = (typeof BAN_KINDS)[number];

export interface Ban {
  readonly as: BanKind;
  readonly who: string;
  readonly by: string;
  readonly reason: string;
  readonly atMs: Millis;
  /** Infinity = for ever. */
  readonly untilMs: Millis;
}

/** Who asks to be let in. */
export interface BanSubject {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly peerHost: string;
}

/** Bans in all. */
export const MAX_BANS = 100_000;
/** Bans by pattern: each is tried for every client that connects. */
export const MAX_PATTERN_BANS = 100;

type Pattern = { readonly ban: Ban; fits(subject: BanSubject): boolean };

export class BanTable {
  readonly #single: Readonly<Record<'clientid' | 'username' | 'peerhost', Map<string, Ban>>> = {
    clientid: new Map(),
    username: new Map(),
    peerhost: new Map(),
  };
  readonly #patterns = new Map<string, Pattern>();

  get size(): number {
    const { clientid, username, peerhost } = this.#single;
    return clientid.size + username.size + peerhost.size + this.#patterns.size;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The ban that keeps a client out; undefined when none does. */
  find(subject: BanSubject, nowMs: Millis): Ban | undefined {
    const { clientid, username, peerhost } = this.#single;
    const single = [
      clientid.get(subject.clientId),
      subject.username === undefined ? undefined : username.get(subject.username),
      peerhost.get(subject.peerHost),
    ].find((ban) => ban !== undefined && ban.untilMs > nowMs);
    if (single !== undefined) return single;
    for (const { ban, fits } of this.#patterns.values()) if (ban.untilMs > nowMs && fits(subject)) return ban;
    return undefined;
  }

  /** The ban of exactly this kind and text, expired or not. */
  get(as: BanKind, who: string): Ban | undefined {
    return isSingle(as) ? this.#single[as].get(normalWho(as, who)) : this.#patterns.get(keyOf(as, who))?.ban;
  }

  /** Adds or replaces. The problem when it cannot be one; undefined when it is in force. */
  put(ban: Ban): string | undefined {
    if (this.get(ban.as, ban.who) === undefined && this.size >= MAX_BANS) return `there are ${MAX_BANS} bans already`;
    if (isSingle(ban.as)) {
      this.#single[ban.as].set(normalWho(ban.as, ban.who), ban);
      return undefined;
    }
    const fits = compile(ban.as, ban.who);
    if (typeof fits === 'string') return fits;
    if (!this.#patterns.has(keyOf(ban.as, ban.who)) && this.#patterns.size >= MAX_PATTERN_BANS) return `there are ${MAX_PATTERN_BANS} bans by pattern already`;
    this.#patterns.set(keyOf(ban.as, ban.who), { ban, fits });
    return undefined;
  }

  /** False when there is none. */
  delete(as: BanKind, who: string): boolean {
    return isSingle(as) ? this.#single[as].delete(normalWho(as, who)) : this.#patterns.delete(keyOf(as, who));
  }

  clear(): void {
    for (const bans of Object.values(this.#single)) bans.clear();
    this.#patterns.clear();
  }

  /** Forgets what has expired, and says what that was. */
  sweep(nowMs: Millis): readonly Ban[] {
    const expired = this.list().filter(({ untilMs }) => untilMs <= nowMs);
    for (const { as, who } of expired) this.delete(as, who);
    return expired;
  }

  /** Sorted by kind, then text. */
  list(): readonly Ban[] {
    const { clientid, username, peerhost } = this.#single;
    const bans = [...clientid.values(), ...username.values(), ...peerhost.values(), ...[...this.#patterns.values()].map(({ ban }) => ban)];
    const order = (ban: Ban) => BAN_KINDS.indexOf(ban.as);
    return bans.sort((left, right) => order(left) - order(right) || (left.who < right.who ? -1 : Number(left.who > right.who)));
  }
}

function isSingle(as: BanKind): as is 'clientid' | 'username' | 'peerhost' {
  return as === 'clientid' || as === 'username' || as === 'peerhost';
}

/** An address has many spellings, and a client comes with one. */
export function normalWho(as: BanKind, who: string): string {
  return as === 'peerhost' && who.startsWith('::ffff:') ? who.slice('::ffff:'.length) : who;
}

function keyOf(as: BanKind, who: string): string {
  return `${as} ${who}`;
}

/** How a pattern tells who is meant, or what is wrong with it. */
function compile(as: BanKind, who: string): ((subject: BanSubject) => boolean) | string {
  if (as === 'peerhost_net') {
    const network = parseNetwork(who);
    return network === undefined ? `${who.slice(0, 64)} is no network such as 10.0.0.0/8` : (subject) => isIn(subject.peerHost, network);
  }
  const regex = compileRegex(who);
  if ('fault' in regex) return `the regular expression is not valid: ${regex.fault}`;
  return as === 'clientid_re' ? ({ clientId }) => regex.test(clientId) : ({ username }) => username !== undefined && regexTest(regex, username);
}

function regexTest(regex: CompiledRegex, text: string): boolean {
  return regex.test(text);
}

function isIn(peerHost: string, network: Network): boolean {
  const address = parseAddress(peerHost);
  return address !== undefined && inNetwork(address, network);
}
