import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng, type Prng } from '../base/prng.ts';
import type { TopicCursor } from './topicCursor.ts';
import { matches } from './topicFilter.ts';
import { TopicTrie } from './topicTrie.ts';

function trieOf(...topics: string[]): TopicTrie<string> {
  const trie = new TopicTrie<string>();
  for (const topic of topics) trie.set(topic, topic);
  return trie;
}

function rest<T>(cursor: TopicCursor<T>): T[] {
  const values: T[] = [];
  expect(cursor.advance(Number.POSITIVE_INFINITY, (value) => values.push(value) > 0)).toBe(true);
  return values;
}

describe('a trie of stored topics', () => {
  it('replaces and removes by key', () => {
    const trie = new TopicTrie<number>();
    expect([trie.set('a/b', 1), trie.set('a', 2), trie.set('a/b', 3), trie.size]).toEqual([undefined, undefined, 1, 2]);
    expect([trie.get('a/b'), trie.get('a'), trie.get('a/'), trie.get('a/b/c')]).toEqual([3, 2, undefined, undefined]);
    expect([trie.delete('a/b/c'), trie.delete('b'), trie.delete('a/b'), trie.delete('a/b'), trie.delete('a'), trie.size]).toEqual([
      undefined,
      undefined,
      3,
      undefined,
      2,
      0,
    ]);
  });

  it.each([
    ['a', ['a']],
    ['a/#', ['a', 'a/', 'a/b', 'a/b/c']],
    ['a/+', ['a/', 'a/b']],
    ['+', ['a']],
    ['+/+', ['a/', 'a/b', '/b']],
    ['+/b/#', ['a/b', 'a/b/c', '/b']],
    ['#', ['a', 'a/', 'a/b', 'a/b/c', '/b']],
    ['$SYS/#', ['$SYS', '$SYS/a']],
    ['$SYS/+', ['$SYS/a']],
    ['x/#', []],
  ])('finds what %j matches', (filter, expected) => {
    const trie = trieOf('a', 'a/', 'a/b', 'a/b/c', '/b', '$SYS', '$SYS/a');
    expect(rest(trie.find(filter)).sort()).toEqual([...expected].sort());
  });

  it('lists all topics, those of the broker included', () => {
    expect(rest(trieOf('a/b', '$SYS/a', '$x').all()).sort()).toEqual(['$SYS/a', '$x', 'a/b']);
  });

  it('walks in slices that are bounded by nodes, and pauses when the visitor says so', () => {
    const trie = trieOf('a/1', 'a/2', 'a/3', 'a/4');
    const cursor = trie.find('#');
    const values: string[] = [];
    const slices: [boolean, number][] = [];
    const slice = (maxNodes: number, more: boolean): void => {
      const done = cursor.advance(maxNodes, (value) => {
        values.push(value);
        return more;
      });
      slices.push([done, values.length]);
    };
    slice(1, true);
    slice(2, true);
    slice(10, false);
    slice(10, true);
    expect([slices, values]).toEqual([
      [
        [false, 0],
        [false, 2],
        [false, 3],
        [true, 4],
      ],
      ['a/1', 'a/2', 'a/3', 'a/4'],
    ]);
    expect(cursor.done).toBe(true);
  });

  it('finds a topic with as many levels as a topic can have', () => {
    const deep = `${'/'.repeat(65_533)}a`;
    const trie = trieOf(deep);
    expect([rest(trie.find('#')), rest(trie.find(deep)), trie.delete(deep), rest(trie.all())]).toEqual([[deep], [deep], deep, []]);
  });
});

function drawTopic(prng: Prng): string {
  const words = ['', 'a', 'b', 'c', '$x'];
  const topic = Array.from({ length: 1 + randomBelow(prng, 3) }, () => words[randomBelow(prng, words.length)]!).join('/');
  return topic === '' ? 'a' : topic;
}

const FILTERS = ['#', '+', '+/#', 'a/#', '+/b/+', 'a/+', '/#', '$x/#', 'a/b', '+/+'];

describe('a cursor in a trie that changes between its slices', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('visits what stayed, once (seed %i)', (seed) => {
    const prng = seededPrng(seed);
    const trie = new TopicTrie<string>();
    for (let step = 0; step < 60; step += 1) {
      const topic = drawTopic(prng);
      trie.set(topic, topic);
    }
    for (const filter of FILTERS) {
      const stayed = new Set(rest(trie.find(filter)));
      const cursor = trie.find(filter);
      const visits = new Map<string, number>();
      const removed = new Set<string>();
      while (!cursor.done) {
        cursor.advance(1 + randomBelow(prng, 3), (value) => {
          expect([value, trie.get(value), matches(filter, value)]).toEqual([value, value, true]);
          visits.set(value, (visits.get(value) ?? 0) + 1);
          return randomBelow(prng, 4) > 0;
        });
        const topic = drawTopic(prng);
        if (randomBelow(prng, 2) === 0) trie.set(topic, topic);
        else if (trie.delete(topic) !== undefined) {
          stayed.delete(topic);
          removed.add(topic);
        }
      }
      for (const topic of stayed) expect([filter, topic, visits.get(topic)]).toEqual([filter, topic, 1]);
      for (const [topic, count] of visits) if (!removed.has(topic)) expect([topic, count]).toEqual([topic, 1]);
    }
  });
});

describe('a trie whose keys come in runs', () => {
  it('has what a plain map has, whatever goes in between', () => {
    const prng = seededPrng(11);
    const trie = new TopicTrie<number>();
    const model = new Map<string, number>();
    for (let step = 0; step < 5_000; step += 1) {
      const parent = ['', '/', 'a/', 'a/b/', 'a//', 'b/b/'][randomBelow(prng, 6)]!;
      const key = `${parent}${randomBelow(prng, 4)}`;
      const before = model.get(key);
      if (randomBelow(prng, 3) === 0) {
        expect(trie.delete(key)).toBe(before);
        model.delete(key);
      } else {
        expect(trie.set(key, step)).toBe(before);
        model.set(key, step);
      }
      expect(trie.size).toBe(model.size);
    }
    for (const [key, value] of model) expect(trie.get(key)).toBe(value);
  });
});
