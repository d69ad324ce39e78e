import { describe, expect, it } from 'vitest';
import { countLevels, splitLevels, topicNameProblem } from './topicName.ts';

const LONGEST = 'a'.repeat(65_535);

describe('a topic name', () => {
  it.each(['a', '/', '//', 'a/b', ' ', 'sensor/温度/😀', '$SYS/x', '\uFEFFa', 'ÿ'.repeat(32_767), LONGEST, '温'.repeat(21_845), '😀'.repeat(16_383)])(
    'may be %.20j',
    (topic) => {
      expect(topicNameProblem(topic)).toBeUndefined();
    },
  );

  it.each([
    ['', 'empty'],
    ['a/+', 'wildcardInName'],
    ['a#', 'wildcardInName'],
    ['a\0b', 'nulCharacter'],
    ['a\uD800', 'notUnicode'],
    [`${LONGEST}a`, 'tooLong'],
    ['ÿ'.repeat(32_768), 'tooLong'],
    ['温'.repeat(21_846), 'tooLong'],
    ['😀'.repeat(16_384), 'tooLong'],
  ])('may not be %.20j', (topic, problem) => {
    expect(topicNameProblem(topic)).toBe(problem);
  });
});

describe('levels', () => {
  it.each([
    ['a', ['a']],
    ['/', ['', '']],
    ['/a//b/', ['', 'a', '', 'b', '']],
  ])('of %j are counted with the empty ones', (topic, levels) => {
    expect([splitLevels(topic), countLevels(topic)]).toEqual([levels, levels.length]);
  });
});
