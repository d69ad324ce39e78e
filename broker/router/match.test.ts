import { describe, expect, it } from 'vitest';
import { nodeNamed } from '../../test/support/brokerWorld.ts';
import { randomBelow, seededPrng } from '../base/prng.ts';
import { matches } from '../topics/topicFilter.ts';
import { MAX_REMEMBERED_TOPIC, RouteCache } from './match.ts';
import { Routes } from './routes.ts';

interface Subscriber {
  readonly filter: string;
}

function cacheOver(maxEntries?: number) {
  const routes = new Routes<Subscriber>({ changed: () => {}, allChanged: () => {} });
  const cache = new RouteCache<Subscriber>(routes, (matched) => matched, maxEntries);
  return {
    cache,
    routes,
    add(subscriber: Subscriber) {
      routes.addLocal(subscriber.filter, subscriber);
      cache.filterChanged(subscriber.filter);
    },
    remove(subscriber: Subscriber) {
      routes.removeLocal(subscriber.filter, subscriber);
      cache.filterChanged(subscriber.filter);
    },
  };
}

describe('the route cache', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('answers like a fresh match through any history, also with a tiny cache (seed %i)', (seed) => {
    const prng = seededPrng(seed);
    const { cache, add, remove } = cacheOver(4);
    const levels = ['a', 'b', 'c', '$x'];
    const pick = <T>(list: readonly T[]): T => list[randomBelow(prng, list.length)] as T;
    const topic = () => Array.from({ length: 1 + randomBelow(prng, 3) }, () => pick(levels)).join('/');
    const filter = () => {
      const parts = Array.from({ length: 1 + randomBelow(prng, 3) }, () => pick([...levels, '+']));
      if (randomBelow(prng, 3) === 0) parts.push('#');
      return randomBelow(prng, 12) === 0 ? '#' : parts.join('/');
    };
    const live: Subscriber[] = [];
    for (let step = 0; step < 2_000; step += 1) {
      const dice = randomBelow(prng, 10);
      if (dice < 2) {
        const subscriber = { filter: filter() };
        live.push(subscriber);
        add(subscriber);
      } else if (dice === 2 && live.length > 0) {
        const [gone] = live.splice(randomBelow(prng, live.length), 1);
        if (gone) remove(gone);
      } else {
        const name = topic();
        const found = cache.lookUp(name).receivers.map((subscriber) => subscriber.filter);
        const expected = live.filter((subscriber) => matches(subscriber.filter, name)).map((subscriber) => subscriber.filter);
        expect({ step, name, found: found.toSorted() }).toEqual({ step, name, found: expected.toSorted() });
      }
    }
  });

  it('remembers a topic from its second use on, and compiles it again only after a change that concerns it', () => {
    const routes = new Routes<Subscriber>({ changed: () => {}, allChanged: () => {} });
    let compiled = 0;
    const cache = new RouteCache<Subscriber>(routes, (matched) => {
      compiled += 1;
      return matched;
    });
    const counts: number[] = [];
    const look = () => {
      cache.lookUp('a/b');
      counts.push(compiled);
    };
    look();
    look();
    for (const filter of ['a/c', 'b/#', 'a/b', 'a/+', '+/x', '#']) {
      routes.addLocal(filter, { filter });
      cache.filterChanged(filter);
      look();
    }
    // a/c and b/# do not concern a/b; +/x might, for all the cache knows.
    expect(counts).toEqual([1, 2, 2, 2, 3, 4, 5, 6]);
  });

  it('remembers no topic that is very long, and sees every change that concerns it', () => {
    const { cache, add } = cacheOver();
    const topic = `a/${'x'.repeat(MAX_REMEMBERED_TOPIC)}`;
    const entry = cache.lookUp(topic);
    expect({ receivers: entry.receivers.length, again: cache.lookUp(topic) === entry }).toEqual({ receivers: 0, again: false });
    for (const filter of [topic, 'a/#']) add({ filter });
    expect(cache.lookUp(topic).receivers.length).toBe(2);
  });

  it('names each node with a matching row once, and forgets those of a node that is gone', () => {
    const routes: Routes<Subscriber> = new Routes({ changed: (filter) => cache.filterChanged(filter), allChanged: () => cache.allChanged() });
    const cache: RouteCache<Subscriber> = new RouteCache(routes, (matched) => matched);
    const [n1, n2] = [nodeNamed('n1@h'), nodeNamed('n2@h')];
    const nodes = () => cache.lookUp('a/b').nodes.toSorted();
    const seen = [nodes()];
    for (const [node, filter] of [
      [n1, 'a/#'],
      [n1, 'a/+'],
      [n2, 'a/b'],
      [n2, 'c'],
    ] as const) {
      routes.remote.add(node, filter, 0);
      seen.push(nodes());
    }
    routes.remote.end(n1);
    expect([...seen, nodes()]).toEqual([[], [n1], [n1], [n1, n2], [n1, n2], [n2]]);
  });
});
