import { describe, expect, it } from 'vitest';
import { authorizedTopic, delaySeconds, isDelayed, parseDelayedTopic } from './delayedTopic.ts';

describe('a delayed topic', () => {
  it.each([
    ['$delayed/10/a/b', { value: 10, topic: 'a/b' }],
    ['$delayed/0//', { value: 0, topic: '/' }],
    ['$delayed/1700000000/a', { value: 1_700_000_000, topic: 'a' }],
    ['$delayed/1/$delayed/2/a', { value: 1, topic: '$delayed/2/a' }],
    ['$delayed/10', undefined],
    ['$delayed/10/', undefined],
    ['$delayed//a', undefined],
    ['$delayed/-1/a', undefined],
    ['$delayed/1.5/a', undefined],
    ['$delayed/soon/a', undefined],
    ['$delayed/1234567890123456/a', undefined],
  ])('%s', (topic, expected) => {
    expect([isDelayed(topic), parseDelayedTopic(topic)]).toEqual([true, expected]);
  });

  it('is one only with the whole prefix', () => {
    expect(['$delayed', '$delayedx/1/a', 'delayed/1/a', '/$delayed/1/a'].map(isDelayed)).toEqual([false, false, false, false]);
  });
});

it('is authorized by what stands behind all its delays', () => {
  expect(['a', '$delayed/1/a', '$delayed/1/$delayed/2/a/b', '$delayed/1/$delayed/x/a'].map(authorizedTopic)).toEqual(['a', 'a', 'a/b', undefined]);
});

describe('the delay', () => {
  const NOW = 1_700_000_000_400;
  it.each([
    [0, 0],
    [4_294_966, 4_294_966],
    [1_700_000_010, 10],
    [1_699_999_990, -10],
    [1_704_294_967, 4_294_967],
    [1_704_294_968, undefined],
  ])('of %i is %s seconds', (value, expected) => {
    expect(delaySeconds(value, NOW)).toBe(expected);
  });
});
