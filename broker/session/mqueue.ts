/** Deliveries that wait for the window or for a reconnect. Bounded by `mqtt.max_mqueue_len`: when full the oldest goes. */
import type { Qos } from '../protocol/packet.ts';
import type { Owed } from './owed.ts';
import type { Publication } from './publication.ts';

/** A message on its way to one subscriber. */
export interface Delivery {
  readonly publication: Publication;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[] | null;
  /** Null for one that this node alone knows of. */
  readonly item: Owed | null;
}

/** Below this many taken slots at the front the array is not shifted down. */
const COMPACT_AT = 64;

/** The waiting line of a session; priorityQueue.ts is the other kind. */
export interface DeliveryQueue {
  readonly length: number;
  readonly max: number;
  /** Appends; returns the delivery that had to go for it, be it the given one. */
  push(delivery: Delivery): Delivery | undefined;
  peek(): Delivery | undefined;
  shift(): Delivery | undefined;
  /** Takes out the delivery of an item; undefined when it is not here. Cheap when it is the oldest. */
  remove(item: Owed): Delivery | undefined;
}

export class MQueue implements DeliveryQueue {
  readonly #items: (Delivery | undefined)[] = [];
  #head = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get max(): number {
    return this.#max;
  }

  /** Appends; returns the oldest delivery when it had to make room, or the given one when nothing may be queued at all. */
  push(delivery: Delivery): Delivery | undefined {
    if (this.#max === 0) return delivery;
    const evicted = this.length >= this.#max ? this.shift() : undefined;
    this.#items.push(delivery);
    return evicted;
  }

  peek(): Delivery | undefined {
    return this.#items[this.#head];
  }

  shift(): Delivery | undefined {
    if (this.#head === this.#items.length) return undefined;
    const first = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return first;
  }

  remove(item: Owed): Delivery | undefined {
    if (this.peek()?.item === item) return this.shift();
    const at = this.#items.findIndex((delivery) => delivery?.item === item);
    return at === -1 ? undefined : this.#items.splice(at, 1)[0];
  }
}
