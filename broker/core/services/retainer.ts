/**
 * The retainer: what a PUBLISH with RETAIN does to the store, what a new subscription gets from it, and how long things stay there
 * (broker-contract 3.6). Settings may change while the node runs.
 */
import type { Log } from '../../base/log.ts';
import type { Rate } from '../../base/tokenBucket.ts';
import type { RetainerConfig } from '../../config/serviceConfig.ts';
import { METRIC, STAT, type Metrics } from '../../metrics/metrics.ts';
import type { Message } from '../../protocol/message.ts';
import { RetainedStore } from '../../router/retained.ts';
import type { StoredMessage } from '../../router/storedMessage.ts';
import type { Clock, RetainedSource, Timer, TimerName, TimerOwner, Timers } from '../../session/ports.ts';
import type { Publication } from '../../session/publication.ts';
import type { TopicCursor } from '../../topics/topicCursor.ts';

const MESSAGES_RETAINED = METRIC['messages.retained'];
/** Nodes of the store that one turn of a walk over all of it may enter. */
const NODES_PER_SLICE = 2_000;

export interface RetainerOptions {
  readonly config: RetainerConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly defer: (task: () => void) => void;
}

export class Retainer implements RetainedSource, TimerOwner {
  readonly store: RetainedStore;
  readonly #options: RetainerOptions;
  #config: RetainerConfig;
  #sweepTimer: Timer | undefined;

  constructor(options: RetainerOptions) {
    this.#options = options;
    this.#config = options.config;
    this.store = new RetainedStore(options.config);
    this.#armSweep();
  }

  get config(): RetainerConfig {
    return this.#config;
  }

  get deliveryRate(): Rate {
    return this.#config.deliveryRate;
  }

  configure(config: RetainerConfig): void {
    this.#config = config;
    this.store.limit(config);
    this.#armSweep();
  }

  dispose(): void {
    if (this.#sweepTimer !== undefined) this.#sweepTimer.cancelled = true;
  }

  // ---------------------------------------------------------------- messages

  /** Takes a message that was published with RETAIN. False when it has served its purpose and is not to be routed. */
  take(publication: Publication): boolean {
    if (!this.#config.enable) return true;
    const { metrics, log } = this.#options;
    const result = this.store.store(publication);
    if (result === 'stored') metrics.inc(MESSAGES_RETAINED);
    else if (result !== 'deleted') log.warn('retained_message_not_stored', { topic: publication.topic, clientid: publication.fromClientId, reason: result });
    this.measure();
    return result !== 'deleted' || !this.#config.stopPublishClearMsg;
  }

  find(topicFilter: string): TopicCursor<StoredMessage> | undefined {
    return this.#config.enable && this.store.size > 0 ? this.store.find(topicFilter) : undefined;
  }

  removeIfExpired(message: Message): boolean {
    const expired = this.store.removeIfExpired(message, this.#options.clock.now());
    if (expired) this.measure();
    return expired;
  }

  /** The figure of what is stored. */
  measure(): void {
    this.#options.metrics.setStat(STAT.retained, this.store.size);
  }

  // ---------------------------------------------------------------- walks over the store

  /**
   * Visits every message a filter matches (undefined: all, those below `$…` too) in slices of one turn each, until `visit` says
   * false; then calls `done`. What changes meanwhile may be seen or not.
   */
  walk(topicFilter: string | undefined, visit: (message: Message) => boolean, done: () => void): void {
    const cursor = topicFilter === undefined ? this.store.all() : this.store.find(topicFilter);
    let stopped = false;
    const slice = () => {
      const ended = cursor.advance(NODES_PER_SLICE, (message) => {
        stopped = !visit(message);
        return !stopped;
      });
      if (ended || stopped) done();
      else this.#options.defer(slice);
    };
    slice();
  }

  /** Deletes what a filter matches (undefined: everything), slice by slice, and tells how many went. */
  clean(topicFilter: string | undefined, done: (count: number) => void): void {
    let count = 0;
    const remove = (message: Message) => {
      if (this.store.remove(message.topic)) count += 1;
      return true;
    };
    this.walk(topicFilter, remove, () => {
      this.measure();
      done(count);
    });
  }

  // ---------------------------------------------------------------- the sweep

  #armSweep(): void {
    this.dispose();
    const { clock, timers } = this.#options;
    const { msgClearIntervalMs } = this.#config;
    this.#sweepTimer =
      msgClearIntervalMs === Number.POSITIVE_INFINITY ? undefined : timers.schedule(this, 'retainerSweep', clock.now() + msgClearIntervalMs);
  }

  onTimer(name: TimerName): void {
    if (name !== 'retainerSweep') return;
    const timer = this.#sweepTimer;
    const nowMs = this.#options.clock.now();
    const expire = (message: Message) => {
      this.store.removeIfExpired(message, nowMs);
      return true;
    };
    // The next sweep is counted from the end of this one, and only if nobody changed the interval meanwhile.
    this.walk(undefined, expire, () => {
      this.measure();
      if (this.#sweepTimer === timer) this.#armSweep();
    });
  }
}
