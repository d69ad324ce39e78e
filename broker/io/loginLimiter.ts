/**
 * Slows down guessing of passwords: an address that failed too often waits. Counting is by address and not by user, so that
 * nobody can lock the administrator out from elsewhere.
 */
import { isIPv6 } from 'node:net';
import type { Millis } from '../base/ids.ts';

/** Failures an address has before it must wait. */
export const MAX_LOGIN_FAILURES = 10;
/** How long failures are remembered after the last one, and how long the wait is. */
export const LOGIN_LOCK_MS = 60_000;
/** Addresses remembered; a further one displaces the one that failed longest ago. */
export const MAX_TRACKED_ADDRESSES = 1024;

export class LoginLimiter {
  readonly #failures = new Map<string, { readonly count: number; readonly lastMs: Millis }>();

  /** Milliseconds this address has to wait; 0 when it may try. */
  waitMs(peerHost: string, nowMs: Millis): Millis {
    const entry = this.#failures.get(keyOf(peerHost));
    if (!entry || entry.count < MAX_LOGIN_FAILURES) return 0;
    return Math.max(0, entry.lastMs + LOGIN_LOCK_MS - nowMs);
  }

  failed(peerHost: string, nowMs: Millis): void {
    const key = keyOf(peerHost);
    const entry = this.#failures.get(key);
    const remembered = entry && nowMs - entry.lastMs < LOGIN_LOCK_MS ? entry.count : 0;
    this.#failures.delete(key);
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size < MAX_TRACKED_ADDRESSES) break;
      this.#failures.delete(oldest);
    }
    this.#failures.set(key, { count: remembered + 1, lastMs: nowMs });
  }

  succeeded(peerHost: string): void {
    this.#failures.delete(keyOf(peerHost));
  }
}

/** One household has a whole /64 of IPv6, so its first four groups are the address that counts. */
function keyOf(peerHost: string): string {
  if (!isIPv6(peerHost) || peerHost.startsWith('::')) return peerHost;
  return peerHost.split(':').slice(0, 4).join(':');
}
