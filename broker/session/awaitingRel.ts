/** QoS 2 packet ids that were received and not yet released by PUBREL. A repeat of one of them is the same message. */
import type { Millis } from '../base/ids.ts';
import { METRIC } from '../metrics/metrics.ts';
import type { Session } from './session.ts';
import type { Timer } from './ports.ts';

export class AwaitingRel {
  /** Id → when it came; insertion order is order of arrival. */
  readonly #received = new Map<number, Millis>();
  /** Those of them that an earlier connection left: they take no room in the window of the present one. Null = none. */
  #left: Set<number> | null = null;
  readonly #session: Session;
  #timer: Timer | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  get size(): number {
    return this.#received.size;
  }

  has(packetId: number): boolean {
    return this.#received.has(packetId);
  }

  /** Held since an earlier connection. */
  isLeft(packetId: number): boolean {
    return this.#left?.has(packetId) === true;
  }

  /** A new connection announces its own Receive Maximum, and counts from 0 (section 4.9). */
  connectionOpened(): void {
    this.#left = this.#received.size === 0 ? null : new Set(this.#received.keys());
  }

  /** An id that an earlier connection left, maybe to another node. */
  restore(packetId: number, nowMs: Millis): void {
    this.#received.set(packetId, nowMs);
    if (this.#timer === null) this.#schedule(nowMs);
  }

  /** Remembers a new id; false when this connection holds `window` already, or the session `max`. */
  add(packetId: number, window: number, max: number, nowMs: Millis): boolean {
    if (this.#received.size >= max || this.#received.size - (this.#left?.size ?? 0) >= window) return false;
    this.#received.set(packetId, nowMs);
    if (this.#timer === null) this.#schedule(nowMs);
    return true;
  }

  /** PUBREL: the id is free. False when it was not held. */
  release(packetId: number): boolean {
    this.#left?.delete(packetId);
    return this.#received.delete(packetId);
  }

  /** Frees ids whose PUBREL never came, so that a forgetful client does not lock itself out. */
  expire(nowMs: Millis): void {
    this.#timer = null;
    const { node, channel } = this.#session;
    for (const [packetId, receivedAtMs] of this.#received) {
      if (receivedAtMs + node.mqtt.awaitRelTimeoutMs > nowMs) break;
      this.release(packetId);
      this.#session.keeper?.release(this.#session, packetId);
      node.metrics.inc(METRIC['messages.dropped']);
      node.metrics.inc(METRIC['messages.dropped.await_pubrel_timeout']);
      if (channel === null) continue;
      channel.counters.countReceivedDrop(true);
    }
    const oldest = this.#received.values().next().value;
    if (oldest !== undefined) this.#schedule(oldest);
  }

  cancel(): void {
    if (this.#timer !== null) this.#timer.cancelled = true;
  }

  #schedule(sinceMs: Millis): void {
    const { node } = this.#session;
    const limitMs = node.mqtt.awaitRelTimeoutMs;
    if (limitMs !== Number.POSITIVE_INFINITY) this.#timer = node.timers.schedule(this.#session, 'awaitRelExpiry', sinceMs + limitMs);
  }
}
