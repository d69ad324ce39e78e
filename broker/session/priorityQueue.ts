/**
 * The queue of a session under `mqtt.mqueue_priorities`: messages of a higher priority go first, those of one priority in the order
 * in which they came. When it is full the oldest message of the lowest priority goes (broker-contract 3.5), be it the new one.
 */
import type { MqueuePriorities } from '../config/serviceConfig.ts';
import type { Owed } from './owed.ts';
import { MQueue, type Delivery, type DeliveryQueue } from './mqueue.ts';

interface Level {
  readonly priority: number;
  readonly queue: MQueue;
}

export class PriorityQueue implements DeliveryQueue {
  readonly max: number;
  readonly #priorities: MqueuePriorities;
  /** Highest first; only levels that have been used. */
  readonly #levels: Level[] = [];
  #length = 0;

  constructor(max: number, priorities: MqueuePriorities) {
    this.max = max;
    this.#priorities = priorities;
  }

  get length(): number {
    return this.#length;
  }

  push(delivery: Delivery): Delivery | undefined {
    const priority = this.#priorities.topics.get(delivery.publication.message.topic) ?? this.#priorities.others;
    if (this.#length < this.max) {
      this.#length += 1;
      this.#levelOf(priority).queue.push(delivery);
      return undefined;
    }
    const lowest = this.#levels.findLast(({ queue }) => queue.length > 0);
    if (lowest === undefined || lowest.priority > priority) return delivery;
    const evicted = lowest.queue.shift();
    this.#levelOf(priority).queue.push(delivery);
    return evicted;
  }

  peek(): Delivery | undefined {
    return this.#first()?.queue.peek();
  }

  shift(): Delivery | undefined {
    const first = this.#first()?.queue.shift();
    if (first !== undefined) this.#length -= 1;
    return first;
  }

  remove(item: Owed): Delivery | undefined {
    for (const { queue } of this.#levels) {
      const removed = queue.remove(item);
      if (removed === undefined) continue;
      this.#length -= 1;
      return removed;
    }
    return undefined;
  }

  #first(): Level | undefined {
    return this.#levels.find(({ queue }) => queue.length > 0);
  }

  #levelOf(priority: number): Level {
    const at = this.#levels.findIndex((level) => level.priority <= priority);
    const found = this.#levels[at];
    if (found?.priority === priority) return found;
    const level = { priority, queue: new MQueue(Number.POSITIVE_INFINITY) };
    this.#levels.splice(at === -1 ? this.#levels.length : at, 0, level);
    return level;
  }
}
