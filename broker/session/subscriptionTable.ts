/** The subscriptions of one session by topic filter. Most sessions have one: it is held itself, a Map comes with the second. */
import type { Subscription } from './subscription.ts';

export class SubscriptionTable {
  #only: Subscription | null = null;
  #all: Map<string, Subscription> | null = null;

  get size(): number {
    if (this.#all !== null) return this.#all.size;
    return this.#only === null ? 0 : 1;
  }

  get(topicFilter: string): Subscription | undefined {
    if (this.#all !== null) return this.#all.get(topicFilter);
    return this.#only !== null && this.#only.topicFilter === topicFilter ? this.#only : undefined;
  }

  has(topicFilter: string): boolean {
    return this.get(topicFilter) !== undefined;
  }

  /** Adds it, or replaces the one with the same filter at its place. */
  set(subscription: Subscription): void {
    const { topicFilter } = subscription;
    if (this.#all !== null) this.#all.set(topicFilter, subscription);
    else if (this.#only === null || this.#only.topicFilter === topicFilter) this.#only = subscription;
    else {
      this.#all = new Map([
        [this.#only.topicFilter, this.#only],
        [topicFilter, subscription],
      ]);
      this.#only = null;
    }
  }

  delete(topicFilter: string): void {
    if (this.#all !== null) this.#all.delete(topicFilter);
    else if (this.#only?.topicFilter === topicFilter) this.#only = null;
  }

  /** In the order in which the filters were first subscribed. */
  values(): Iterable<Subscription> {
    if (this.#all !== null) return this.#all.values();
    return this.#only === null ? [] : [this.#only];
  }

  keys(): Iterable<string> {
    if (this.#all !== null) return this.#all.keys();
    return this.#only === null ? [] : [this.#only.topicFilter];
  }
}
