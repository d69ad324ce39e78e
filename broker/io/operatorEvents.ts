/**
 * The event log of this node (cluster-protocol R74): what an operator should know of the last time, in plain words. It reads along in the
 * log, so that whatever is told there in fields is told here in a sentence; other lines are no events.
 */
import type { EventRow } from '../api/eventQuestions.ts';
import type { Millis } from '../base/ids.ts';
import type { Log, LogFields, LogLevel } from '../base/log.ts';
import { SENTENCES } from './operatorSentences.ts';

/** Events that are kept; a further one ends the oldest, which is counted. */
export const MAX_EVENTS = 1_000;

export class OperatorEvents {
  readonly #node: string;
  readonly #now: () => Millis;
  #rows: EventRow[] = [];
  /** Peer → since when it is not linked. */
  readonly #awaySinceMs = new Map<string, Millis>();
  readonly #listeners: ((event: string, fields: LogFields) => void)[] = [];
  /** Events that are not kept any more. */
  forgotten = 0;

  /** `now`: wall clock. */
  constructor(node: string, now: () => Millis) {
    this.#node = node;
    this.#now = now;
  }

  /** A log that is read along. */
  watch(log: Log): Log {
    const tell = (level: LogLevel, msg: string, fields: LogFields = {}): void => this.#read(level, msg, fields);
    return {
      debug: (msg, fields) => log.debug(msg, fields),
      info: (msg, fields) => (log.info(msg, fields), tell('info', msg, fields)),
      warn: (msg, fields) => (log.warn(msg, fields), tell('warning', msg, fields)),
      error: (msg, fields) => (log.error(msg, fields), tell('error', msg, fields)),
    };
  }

  /** Hears of every event with its fields. */
  onEvent(listener: (event: string, fields: LogFields) => void): void {
    this.#listeners.push(listener);
  }

  /** Newest first. */
  list(limit: number): readonly EventRow[] {
    return this.#rows.slice(-limit).reverse();
  }

  get size(): number {
    return this.#rows.length;
  }

  #read(level: LogLevel, event: string, fields: LogFields): void {
    const sentence = SENTENCES[event];
    if (sentence === undefined) return;
    const known = this.#withPause(event, fields);
    this.#rows.push({ node: this.#node, at: new Date(this.#now()).toISOString(), level, event, message: sentence(known), ...hintOf(known) });
    if (this.#rows.length > MAX_EVENTS + MAX_EVENTS / 8) {
      this.forgotten += this.#rows.length - MAX_EVENTS;
      this.#rows = this.#rows.slice(-MAX_EVENTS);
    }
    for (const listener of this.#listeners) listener(event, known);
  }

  /** A node that is back was away for some time. */
  #withPause(event: string, fields: LogFields): LogFields {
    const { peer } = fields;
    if (typeof peer !== 'string') return fields;
    if (event === 'cluster_link_lost' || event === 'cluster_node_down') {
      if (!this.#awaySinceMs.has(peer)) this.#awaySinceMs.set(peer, this.#now());
      return fields;
    }
    const sinceMs = event === 'cluster_node_up' ? this.#awaySinceMs.get(peer) : undefined;
    if (sinceMs === undefined) return fields;
    this.#awaySinceMs.delete(peer);
    return { ...fields, after_ms: this.#now() - sinceMs };
  }
}

function hintOf({ hint }: LogFields): { hint?: string } {
  return typeof hint === 'string' ? { hint } : {};
}
