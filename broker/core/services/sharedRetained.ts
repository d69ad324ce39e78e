/**
 * Retained messages as a shared table (R38): the store itself holds the rows, so that each is in memory once. A message is stamped
 * when its node accepts it; of two for one topic the newer stands on all nodes, an empty payload being a delete.
 */
import { messageOf } from '../../base/errors.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { SharedTables } from '../../cluster/shared/sharedTables.ts';
import type { RowMap, SharedRow } from '../../cluster/shared/sharedRows.ts';
import { decodeRetained } from '../../router/retainedCodec.ts';
import type { RetainedStore } from '../../router/retained.ts';
import { StoredMessage } from '../../router/storedMessage.ts';
import type { Retainer } from './retainer.ts';

/** Name of the shared table; its keys are topics. */
const TABLE = 'retained';
/** Messages read from the store at a time while all of them are walked. */
const WALKED = 1_000;

/**
 * What was retained before is in force when it returns; from then on what this node retains is written for all nodes. `localMs`: when something
 * was stamped, by the clock of the retainer: wall clocks of nodes may be minutes apart, but not how long ago it was.
 */
export function shareRetained(tables: SharedTables, retainer: Retainer, log: Log, localMs: (at: number) => Millis): void {
  const { store } = retainer;
  store.share = tables.openBulk(TABLE, new RetainedRows(store, log, localMs), () => retainer.measure());
  retainer.measure();
}

class RetainedRows implements RowMap {
  readonly #store: RetainedStore;
  readonly #log: Log;
  readonly #localMs: (at: number) => Millis;

  constructor(store: RetainedStore, log: Log, localMs: (at: number) => Millis) {
    this.#store = store;
    this.#log = log;
    this.#localMs = localMs;
  }

  get size(): number {
    return this.#store.size;
  }

  get(topic: string): SharedRow | undefined {
    const message = this.#store.get(topic);
    return message?.isStamped === true ? message : undefined;
  }

  set(topic: string, row: SharedRow): void {
    try {
      this.#store.hold(topic, row instanceof StoredMessage ? row : storedOf(row, this.#localMs));
    } catch (error) {
      // R39: what cannot be read here is left out; the other nodes and the other messages are not held up.
      this.#log.error('retained_message_not_readable', { topic, reason: messageOf(error) });
    }
  }

  delete(topic: string): void {
    this.#store.drop(topic);
  }

  *entries(): IterableIterator<[string, SharedRow]> {
    const cursor = this.#store.all();
    for (let ended = false; !ended; ) {
      const found: StoredMessage[] = [];
      ended = cursor.advance(WALKED, (message) => found.push(message) > 0);
      for (const message of found) if (message.isStamped) yield [message.topic, message];
    }
  }
}

/** A row of another node, or of the disk. Throws when it cannot be read. */
function storedOf({ value, at, actor, seq }: SharedRow, localMs: (at: number) => Millis): StoredMessage {
  const message = decodeRetained(value ?? new Uint8Array());
  const { topic, qos, fromClientId, fromUsername, payload, properties } = message;
  const timestampMs = properties.messageExpiryInterval === undefined ? message.timestampMs : Math.floor(localMs(at));
  const stored = new StoredMessage({ topic, qos, fromClientId, fromUsername, timestampMs, payloadLength: payload.length, retainedFrame: null, message });
  stored.stamp(at, actor, seq);
  return stored;
}
