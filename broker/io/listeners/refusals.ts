/** Connections that a listener turned away before MQTT began: counted by kind, and told without letting a flood fill the log. */
import type { Log } from '../../base/log.ts';

export type RefusalKind = 'max_connections' | 'too_many_handshakes' | 'tls_handshake_failed' | 'websocket_upgrade_failed' | 'handshake_timeout';

const LOG_INTERVAL_MS = 1_000;

export class Refusals {
  readonly #listener: string;
  readonly #log: Log;
  readonly #counts = new Map<RefusalKind, number>();
  /** Per kind: when a line was last written, and how many have been counted since. */
  readonly #told = new Map<RefusalKind, { atMs: number; unsaid: number }>();

  constructor(listener: string, log: Log) {
    this.#listener = listener;
    this.#log = log;
  }

  get counts(): ReadonlyMap<RefusalKind, number> {
    return this.#counts;
  }

  /** At most one line per second and kind; `unsaid` in it says how many there were that have no line. */
  add(kind: RefusalKind, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const nowMs = performance.now();
    const told = this.#told.get(kind);
    if (told !== undefined && nowMs - told.atMs < LOG_INTERVAL_MS) {
      told.unsaid += 1;
      return;
    }
    this.#told.set(kind, { atMs: nowMs, unsaid: 0 });
    this.#log.warn(kind, { listener: this.#listener, ...fields, ...(told && told.unsaid > 0 ? { unsaid: told.unsaid } : {}) });
  }
}
