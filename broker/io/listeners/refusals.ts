/** Connections that a listener turned away before MQTT began: counted by kind and told. */
import type { Log } from '../../base/log.ts';

export type RefusalKind = 'max_connections' | 'too_many_handshakes' | 'tls_handshake_failed' | 'websocket_upgrade_failed' | 'handshake_timeout';

export class Refusals {
  readonly #listener: string;
  readonly #log: Log;
  readonly #counts = new Map<RefusalKind, number>();

  constructor(listener: string, log: Log) {
    this.#listener = listener;
    this.#log = log;
  }

  get counts(): ReadonlyMap<RefusalKind, number> {
    return this.#counts;
  }

  add(kind: RefusalKind, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.#log.warn(kind, { listener: this.#listener, ...fields });
  }
}
