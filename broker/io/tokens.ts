/** Bearer tokens of this node: 256 random bits each, kept as hashes only, gone with the process. */
import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../api/schema/login.ts';
import type { Millis } from '../base/ids.ts';

export interface TokenOwner {
  readonly username: string;
  readonly role: Role;
}

export type TokenCheck =
  { readonly ok: true; readonly owner: TokenOwner } | { readonly ok: false; readonly code: 'BAD_TOKEN' | 'TOKEN_TIME_OUT' };

/** Most tokens at a time; a further login ends the session that was idle longest. */
export const MAX_TOKENS = 1000;

export class TokenTable {
  readonly #expiryMs: Millis;
  /** Hash of the token → owner; the one used longest ago comes first. */
  readonly #entries = new Map<string, { readonly owner: TokenOwner; expiresAtMs: Millis }>();

  constructor(expiryMs: Millis) {
    this.#expiryMs = expiryMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  issue(owner: TokenOwner, nowMs: Millis): string {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MAX_TOKENS) break;
      this.#entries.delete(oldest);
    }
    const token = randomBytes(32).toString('base64url');
    this.#entries.set(hashOf(token), { owner, expiresAtMs: nowMs + this.#expiryMs });
    return token;
  }

  /**
   * A token that is used lives on, as in EMQX: only an idle session ends. Tokens are looked up by hash, so the time this takes
   * says nothing about how much of a guess is right.
   */
  check(token: string, nowMs: Millis): TokenCheck {
    const hash = hashOf(token);
    const entry = this.#entries.get(hash);
    if (!entry) return { ok: false, code: 'BAD_TOKEN' };
    if (nowMs >= entry.expiresAtMs) return { ok: false, code: 'TOKEN_TIME_OUT' };
    this.#entries.delete(hash);
    this.#entries.set(hash, { owner: entry.owner, expiresAtMs: nowMs + this.#expiryMs });
    return { ok: true, owner: entry.owner };
  }

  /** Ends all logins of a user. */
  revokeAll(username: string): void {
    for (const [hash, { owner }] of this.#entries) if (owner.username === username) this.#entries.delete(hash);
  }

  /** Whether the token was one of this user's; it is void then. */
  revoke(username: string, token: string): boolean {
    const hash = hashOf(token);
    if (this.#entries.get(hash)?.owner.username !== username) return false;
    return this.#entries.delete(hash);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
