import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng, type Prng } from '../base/prng.ts';
import { matches } from './topicFilter.ts';
import { TopicIndex } from './topicIndex.ts';

function matched<T>(index: TopicIndex<T>, topic: string): T[] {
  const values: T[] = [];
  index.match(topic, (value) => values.push(value));
  return values;
}

describe('a topic index', () => {
  it('tells when a filter appears and when it goes', () => {
    const index = new TopicIndex<string>();
    const steps = [
      index.add('a/+', 'x'),
      index.add('a/+', 'x'),
      index.add('a/+', 'y'),
      index.add('a/b', 'x'),
      index.remove('a/+', 'z'),
      index.remove('a/+', 'x'),
      index.remove('a/+', 'x'),
      index.remove('a/+', 'y'),
      index.remove('a/+', 'y'),
      index.remove('a/b', 'x'),
      index.remove('a', 'x'),
    ];
    expect(steps).toEqual(['first', 'present', 'added', 'first', 'absent', 'removed', 'absent', 'last', 'absent', 'last', 'absent']);
    expect([index.size, index.filterCount]).toEqual([0, 0]);
  });

  it('visits the exact filter first, then wildcards from the root down, each filter in the order of adding', () => {
    const index = new TopicIndex<string>();
    for (const filter of ['a/b/#', '#', 'a/b', 'a/+', 'a/b/c', '+/b', 'b/#', '$SYS/#']) {
      index.add(filter, `1 ${filter}`);
      index.add(filter, `2 ${filter}`);
    }
    expect(matched(index, 'a/b')).toEqual(['1 a/b', '2 a/b', '1 #', '2 #', '1 +/b', '2 +/b', '1 a/+', '2 a/+', '1 a/b/#', '2 a/b/#']);
  });

  it('keeps the order of many values under one filter, whatever is removed', () => {
    const index = new TopicIndex<number>();
    const expected: number[] = [];
    for (let value = 0; value < 100; value += 1) index.add('f', value);
    for (let value = 0; value < 100; value += 1) {
      if (value % 7 === 3) expected.push(value);
      else index.remove('f', value);
    }
    expect(matched(index, 'f')).toEqual(expected);
    for (const value of expected.slice(1)) index.remove('f', value);
    expect([matched(index, 'f'), index.size, index.remove('f', 3)]).toEqual([[3], 1, 'last']);
  });

  it('survives topics with as many levels as a topic can have', () => {
    const index = new TopicIndex<string>();
    const deep = '/'.repeat(65_534);
    index.add(`${deep}+`, 'plus');
    index.add(`${deep}#`, 'hash');
    expect(matched(index, `${deep}a`)).toEqual(['hash', 'plus']);
    index.remove(`${deep}+`, 'plus');
    index.remove(`${deep}#`, 'hash');
    expect(index.filterCount).toBe(0);
  });
});

/** The definition of matching, level by level, written for being obviously right. */
function naiveMatch(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]!.startsWith('$') && (filter[0] === '#' || filter[0] === '+')) return false;
  return naiveRest(filter, topic);
}

function naiveRest(filter: readonly string[], topic: readonly string[]): boolean {
  if (filter.length === 0) return topic.length === 0;
  if (filter[0] === '#') return true;
  if (topic.length === 0) return false;
  return (filter[0] === '+' || filter[0] === topic[0]) && naiveRest(filter.slice(1), topic.slice(1));
}

const WORDS = ['', 'a', 'b', 'ab', '$x', '温'];

function drawLevels(prng: Prng, words: readonly string[]): string[] {
  return Array.from({ length: 1 + randomBelow(prng, 4) }, () => words[randomBelow(prng, words.length)]!);
}

function drawTopic(prng: Prng): string {
  const topic = drawLevels(prng, WORDS).join('/');
  return topic === '' ? 'a' : topic;
}

function drawFilter(prng: Prng): string {
  const levels = drawLevels(prng, [...WORDS, '+', '+']);
  if (randomBelow(prng, 3) === 0) levels.push('#');
  const filter = levels.join('/');
  return filter === '' ? '#' : filter;
}

describe('matching, against a naive matcher over a plain list', () => {
  it.each([1, 2, 3, 4, 5])('agrees through thousands of changes (seed %i)', (seed) => {
    const prng = seededPrng(seed);
    const index = new TopicIndex<string>();
    const list = new Set<string>();
    for (let step = 0; step < 3_000; step += 1) {
      const filter = drawFilter(prng);
      const value = `${filter} ${randomBelow(prng, 20)}`;
      if (randomBelow(prng, 2) === 0) {
        expect(index.add(filter, value) !== 'present').toBe(!list.has(value));
        list.add(value);
      } else expect(index.remove(filter, value) !== 'absent').toBe(list.delete(value));
      const topic = drawTopic(prng);
      const expected = [...list].filter((entry) => naiveMatch(entry.slice(0, entry.lastIndexOf(' ')).split('/'), topic.split('/')));
      expect(matched(index, topic).sort()).toEqual(expected.sort());
      expect(matches(filter, topic)).toBe(naiveMatch(filter.split('/'), topic.split('/')));
    }
    expect(index.size).toBe(list.size);
  });
});
