/** How sessions end: kicked, expired, or with their connection (R49, R69), and how the mark of that goes away; wills (R70). */
import type { Millis } from '../../base/ids.ts';
import { remainingMs } from './copy/copy.ts';
import type { Desk } from './desk.ts';
import type { Held } from './held.ts';
import { WHOLE_MS } from './limits.ts';

export class Endings {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /**
   * The session is over. Its copy stays as a mark, with a row, until every node has been there long enough to have heard: a copy of
   * before, wherever it comes from, dies when it meets it.
   */
  end(held: Held): void {
    const { copies, delivery, registry, options, self } = this.#desk;
    const at = options.clock.nextAt();
    delivery.offline(held);
    this.fireWill(held);
    copies.apply(held, { type: 'claim', owner: self, epoch: at, connectedAt: 0, disconnectedAt: at });
    copies.apply(held, { type: 'reset', at: options.clock.nextAt() });
    registry.changed(held.clientId);
  }

  /** A node has dropped the mark: copies from before it are of no use. */
  ended(clientId: string, endedAt: number): void {
    const { copies, host } = this.#desk;
    const held = copies.get(clientId);
    if (held === undefined || held.copy.lastConn >= endedAt) return;
    if (held.isOwner) host.released(clientId);
    copies.drop(held);
    this.#desk.registry.gone(clientId);
  }

  audit(nowMs: Millis): void {
    const { copies, options, isStarting } = this.#desk;
    if (isStarting) return;
    const now = options.clock.nextAt();
    const isWhole = this.#desk.peers.wholeForMs() >= WHOLE_MS || this.#desk.peers.count === 0;
    for (const held of [...copies.all()]) {
      if (!held.isOwner || held.online || held.connecting) {
        held.expiresAtMs = undefined;
        continue;
      }
      if (held.isEnded) {
        if (isWhole) this.#forget(held);
      } else {
        this.#fireWill(held, nowMs);
        // R69: a duration of this process from here on. Another node's clock, or a step of one, ends no session.
        held.expiresAtMs ??= nowMs + Math.min(remainingMs(held.copy, now), held.copy.expiryMs);
        const isOver = nowMs >= held.expiresAtMs;
        // What groups gave it must be safe elsewhere before the session goes.
        if ((isOver || held.handsOn) && this.#desk.shares.handOn(held, !isOver) > 0) continue;
        if (isOver) {
          const items = [...held.copy.items];
          this.end(held);
          this.#desk.host.expired(held.clientId, items);
        }
      }
    }
  }

  #forget(held: Held): void {
    const { registry, copies } = this.#desk;
    const { clientId, copy } = held;
    if (registry.some(clientId, () => true)) return;
    copies.drop(held);
    registry.gone(clientId, copy.resetAt);
  }

  #fireWill(held: Held, nowMs: Millis): void {
    if (held.willAtMs !== undefined && nowMs >= held.willAtMs) this.fireWill(held);
  }

  /** A will that waits goes out now: its time has come, or its session ends [MQTT-3.1.2-8]. */
  fireWill(held: Held): void {
    const { will } = held.copy;
    if (held.willAtMs === undefined) return;
    held.willAtMs = undefined;
    if (will === null) return;
    this.#desk.copies.apply(held, { type: 'will', will: null });
    this.#desk.host.fireWill(held.clientId, will);
  }
}
