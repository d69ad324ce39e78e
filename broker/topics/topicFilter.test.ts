import { describe, expect, it } from 'vitest';
import { hasWildcard, matches, topicFilterProblem } from './topicFilter.ts';

describe('a topic filter', () => {
  it.each(['#', '+', '/', 'a', 'a/#', '+/+', '/+', '+/', 'a/+/b/#', '+/#', '$SYS/#', 'a//#', '温/+'])('may be %j', (filter) => {
    expect(topicFilterProblem(filter)).toBeUndefined();
  });

  // The rows of MQTT-4.7.1-1 and -2 in the table of statements, and their neighbours.
  it.each([
    ['', 'empty'],
    ['a#', 'hashNotAlone'],
    ['a/b#', 'hashNotAlone'],
    ['#a', 'hashNotAlone'],
    ['##', 'hashNotAlone'],
    ['a/#/b', 'hashNotLast'],
    ['#/', 'hashNotLast'],
    ['+a', 'plusNotAlone'],
    ['a+/b', 'plusNotAlone'],
    ['++', 'plusNotAlone'],
    ['+#', 'plusNotAlone'],
    ['a/\0/#', 'nulCharacter'],
    ['#\uDC00', 'notUnicode'],
    ['a'.repeat(65_536), 'tooLong'],
  ])('may not be %.20j', (filter, problem) => {
    expect(topicFilterProblem(filter)).toBe(problem);
  });

  it.each([
    ['a/b', false],
    ['a/+', true],
    ['#', true],
  ])('%j has a wildcard: %j', (filter, expected) => {
    expect(hasWildcard(filter)).toBe(expected);
  });
});

describe('a filter matches a topic', () => {
  it.each([
    ['a', 'a'],
    ['a/b', 'a/b'],
    ['#', 'a'],
    ['#', '/'],
    ['sport/#', 'sport'],
    ['sport/#', 'sport/'],
    ['sport/#', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+', 'a'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['+/tennis/#', 'sport/tennis'],
    ['a/+/#', 'a/b'],
    ['$SYS/#', '$SYS/broker'],
    ['$SYS/+', '$SYS/broker'],
    ['a/$b/#', 'a/$b'],
    ['+/$b', 'a/$b'],
    ['//', '//'],
    ['\uFEFFa', '\uFEFFa'],
  ])('%j: %j', (filter, topic) => {
    expect(matches(filter, topic)).toBe(true);
  });

  it.each([
    ['a', 'b'],
    ['a', 'a/'],
    ['a/', 'a'],
    ['a', 'A'],
    ['ab', 'a'],
    ['a', 'ab'],
    ['+', '/finance'],
    ['+', 'a/b'],
    ['sport/+', 'sport'],
    ['sport/+', 'sport/a/b'],
    ['sport/#', 'sports'],
    ['sport/+/#', 'sport'],
    ['#', '$SYS/broker'],
    ['+/broker', '$SYS/broker'],
    ['+', '$SYS'],
    ['+/#', '$SYS/a'],
    ['$SYS', '$SYS/broker'],
    ['a', '\uFEFFa'],
    ['é', 'e\u0301'],
  ])('%j, but not %j', (filter, topic) => {
    expect(matches(filter, topic)).toBe(false);
  });
});
