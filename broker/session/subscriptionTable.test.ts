import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../base/prng.ts';
import type { Subscription } from './subscription.ts';
import { SubscriptionTable } from './subscriptionTable.ts';

const subscription = (topicFilter: string, retainHandling: 0 | 1 | 2): Subscription => ({ topicFilter, retainHandling }) as Subscription;

describe('SubscriptionTable', () => {
  it('answers as a Map would, whatever is added, replaced and removed', () => {
    const prng = seededPrng(11);
    const filters = ['a', 'b', 'c'];
    const table = new SubscriptionTable();
    const map = new Map<string, Subscription>();
    for (let step = 0; step < 300; step += 1) {
      const filter = filters[randomBelow(prng, filters.length)] as string;
      if (randomBelow(prng, 2) === 0) {
        const added = subscription(filter, randomBelow(prng, 3) as 0 | 1 | 2);
        table.set(added);
        map.set(filter, added);
      } else {
        table.delete(filter);
        map.delete(filter);
      }
      expect({ size: table.size, keys: [...table.keys()], values: [...table.values()], found: filters.map((name) => [table.get(name), table.has(name)]) }).toEqual({
        size: map.size,
        keys: [...map.keys()],
        values: [...map.values()],
        found: filters.map((name) => [map.get(name), map.has(name)]),
      });
    }
  });
});
