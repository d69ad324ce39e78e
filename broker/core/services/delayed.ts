/**
 * Delayed publish: what is published to `$delayed/<n>/<topic>` waits on the node that received it, in memory and in a store that
 * outlives the process, and is published when its time has come (broker-contract 3.6).
 */
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { MinHeap } from '../../base/minHeap.ts';
import type { DelayedConfig } from '../../config/serviceConfig.ts';
import { METRIC, STAT, type Metrics } from '../../metrics/metrics.ts';
import type { Message } from '../../protocol/message.ts';
import type { Clock, Timer, TimerName, TimerOwner, Timers } from '../../session/ports.ts';
import { withOwnPayload } from '../../session/publication.ts';
import { delaySeconds, isDelayed, parseDelayedTopic } from '../../topics/delayedTopic.ts';

export interface DelayedRecord {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly dueAtMs: Millis;
  /** What was asked for, from the moment it came. */
  readonly delaySeconds: number;
  /** As it is to be published: its topic is the one behind `$delayed/<n>/`. */
  readonly message: Message;
}

/** Where records wait beside memory. Calls return at once; writing may come later. */
export interface DelayedStore {
  add(record: DelayedRecord): void;
  remove(id: string): void;
}

export interface DelayedOptions {
  readonly config: DelayedConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly store: DelayedStore;
  readonly publish: (message: Message) => void;
  /** Whether who published it is banned by now: what waited of them is dropped. */
  readonly isBanned: (message: Message) => boolean;
  readonly defer: (task: () => void) => void;
  /** What the store held at start. */
  readonly records: readonly DelayedRecord[];
}

/** Messages published in one turn; the rest of those due follow in the next. */
const PUBLISHED_PER_TURN = 500;

export class DelayedMessages implements TimerOwner {
  readonly #options: DelayedOptions;
  readonly #records = new Map<string, DelayedRecord>();
  /** May hold records that were removed: they are passed over. */
  readonly #order: MinHeap<DelayedRecord>;
  #config: DelayedConfig;
  #timer: Timer | undefined;
  #timerDueAtMs: Millis = Number.POSITIVE_INFINITY;
  #sequence = 0;

  constructor(options: DelayedOptions) {
    this.#options = options;
    this.#config = options.config;
    for (const record of options.records) this.#records.set(record.id, record);
    this.#order = new MinHeap(byDueTime, options.records);
    this.#measure();
    this.#arm();
  }

  get config(): DelayedConfig {
    return this.#config;
  }

  get size(): number {
    return this.#records.size;
  }

  configure(config: DelayedConfig): void {
    this.#config = config;
  }

  dispose(): void {
    if (this.#timer !== undefined) this.#timer.cancelled = true;
    this.#timer = undefined;
    this.#timerDueAtMs = Number.POSITIVE_INFINITY;
  }

  // ---------------------------------------------------------------- messages

  /** True when the message is a delayed one and goes no further now: it waits, or it was dropped and counted. */
  take(message: Message): boolean {
    if (!this.#config.enable || !isDelayed(message.topic)) return false;
    const parsed = parseDelayedTopic(message.topic);
    const nowMs = this.#options.clock.now();
    const seconds = parsed && delaySeconds(parsed.value, nowMs);
    if (parsed === undefined || seconds === undefined) this.#drop(message, parsed === undefined ? 'malformed_topic' : 'too_far_ahead');
    else if (this.#records.size >= this.#config.maxDelayedMessages) this.#drop(message, 'max_delayed_messages_reached');
    else this.#keep({ ...withOwnPayload(message), topic: parsed.topic }, seconds, nowMs);
    return true;
  }

  #drop(message: Message, reason: string): void {
    const { metrics, log } = this.#options;
    metrics.inc(METRIC['messages.dropped']);
    metrics.inc(METRIC['messages.dropped.quota_exceeded']);
    log.warn('delayed_message_dropped', { topic: message.topic, clientid: message.fromClientId, reason });
  }

  #keep(message: Message, seconds: number, nowMs: Millis): void {
    const record = { id: this.#newId(nowMs), dueAtMs: nowMs + seconds * 1000, delaySeconds: seconds, message };
    this.#records.set(record.id, record);
    this.#order.push(record);
    this.#options.store.add(record);
    this.#options.metrics.inc(METRIC['messages.delayed']);
    this.#measure();
    this.#arm();
  }

  /** Unique on this node: ids of an earlier life have an earlier time in them. */
  #newId(nowMs: Millis): string {
    this.#sequence += 1;
    return nowMs.toString(16).padStart(16, '0') + this.#sequence.toString(16).padStart(16, '0');
  }

  #measure(): void {
    this.#options.metrics.setStat(STAT.delayed, this.#records.size);
  }

  // ---------------------------------------------------------------- time

  /** One timer, for the record that is due first. */
  #arm(): void {
    const first = this.#first();
    const dueAtMs = first?.dueAtMs ?? Number.POSITIVE_INFINITY;
    if (this.#timer !== undefined && dueAtMs === this.#timerDueAtMs) return;
    this.dispose();
    if (first === undefined) return;
    this.#timerDueAtMs = dueAtMs;
    this.#timer = this.#options.timers.schedule(this, 'delayedDue', dueAtMs);
  }

  #first(): DelayedRecord | undefined {
    let first = this.#order.peek();
    while (first !== undefined && !this.#records.has(first.id)) {
      this.#order.pop();
      first = this.#order.peek();
    }
    return first;
  }

  onTimer(name: TimerName): void {
    if (name !== 'delayedDue') return;
    this.dispose();
    this.#publishDue();
  }

  #publishDue(): void {
    const nowMs = this.#options.clock.now();
    let published = 0;
    for (let first = this.#first(); first !== undefined && first.dueAtMs <= nowMs; first = this.#first()) {
      if (published === PUBLISHED_PER_TURN) return this.#options.defer(() => this.#publishDue());
      published += 1;
      this.#forget(first.id);
      // Both may have changed while it waited.
      if (!this.#config.enable) this.#drop(first.message, 'delayed_publish_is_off');
      else if (this.#options.isBanned(first.message)) this.#drop(first.message, 'publisher_is_banned');
      else this.#options.publish(first.message);
    }
    this.#arm();
  }

  // ---------------------------------------------------------------- administration

  /** In the order in which they are due. */
  *list(): Generator<DelayedRecord> {
    for (const record of this.#order.inOrder()) if (this.#records.has(record.id)) yield record;
  }

  get(id: string): DelayedRecord | undefined {
    return this.#records.get(id);
  }

  remove(id: string): boolean {
    if (!this.#records.has(id)) return false;
    this.#forget(id);
    // Removed ones leave gaps in the heap; it is built anew before they are most of it.
    if (this.#order.size > 64 && this.#order.size > 2 * this.#records.size) this.#order.filter((record) => this.#records.has(record.id));
    this.#arm();
    return true;
  }

  /** Removes what waits for exactly this topic; says how many. */
  removeTopic(topic: string): number {
    const ids = [...this.#records.values()].flatMap((record) => (record.message.topic === topic ? [record.id] : []));
    for (const id of ids) this.remove(id);
    return ids.length;
  }

  #forget(id: string): void {
    this.#records.delete(id);
    this.#options.store.remove(id);
    this.#measure();
  }
}

/** Of two that are due at once the one that came first: ids grow. */
function byDueTime(left: DelayedRecord, right: DelayedRecord): number {
  return left.dueAtMs - right.dueAtMs || (left.id < right.id ? -1 : Number(left.id > right.id));
}
