import { describe, expect, it } from 'vitest';
import { cutTopic, formatAge, formatByteRate, formatBytes, formatClockMs, formatCount, formatExact, formatMs, formatPercent, formatRate } from './format.ts';

/** Spaces before units do not break; told apart here so that the tables can be read. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('counts', () => {
  it.each([
    [0, '0'], [7, '7'], [968, '968'], [1_204, '1,204'], [9_999, '9,999'], [10_000, '10.0k'], [18_623, '18.6k'], [99_949, '99.9k'], [99_950, '100k'], [412_000, '412k'],
    [999_499, '999k'], [999_500, '1.0M'], [3_140_000, '3.1M'], [2_400_000_000, '2.4G'], [-1_204, '-1,204'], [null, '–'], [undefined, '–'], [NaN, '–'],
  ])('%s is %s', (value, text) => expect(formatCount(value)).toBe(text));

  it('keeps every digit for tooltips', () => expect(formatExact(18_623)).toBe('18,623'));
});

describe('rates', () => {
  it.each([[0, '0'], [0.01, '<0.1'], [0.4, '0.4'], [1, '1'], [1.04, '1'], [9.94, '9.9'], [9.96, '10'], [14.4, '14'], [950, '950'], [999.4, '999'], [2_100, '2.1k'], [12_604, '12.6k'], [null, '–']])(
    '%s is %s',
    (value, text) => expect(formatRate(value)).toBe(text),
  );
});

describe('bytes, shares and spans', () => {
  it.each([[0, '0 B'], [108, '108 B'], [1_500, '1.5 kB'], [680_000, '680 kB'], [1_100_000, '1.1 MB'], [4e9, '4.0 GB'], [7.2e12, '7.2 TB'], [null, '–']])('%s bytes are %s', (value, text) =>
    expect(plain(formatBytes(value))).toBe(text),
  );
  it('puts bytes on time', () => expect(plain(formatByteRate(680_000))).toBe('680 kB/s'));
  it.each([[0.384, '38 %'], [0, '0 %'], [null, '–']])('share %s is %s', (value, text) => expect(plain(formatPercent(value))).toBe(text));
  it.each([[0.4, '0.4 ms'], [9.96, '10 ms'], [88, '88 ms'], [1_200, '1.2 s'], [null, '–']])('%s ms are %s', (value, text) => expect(plain(formatMs(value))).toBe(text));
  it.each([
    [0, '0 s'], [-50, '0 s'], [18_000, '18 s'], [60_000, '1 m'], [192_000, '3 m 12 s'], [15_120_000, '4 h 12 m'], [14_400_000, '4 h'], [187_200_000, '2 d 4 h'], [null, '–'],
  ])('%s ms is an age of %s', (value, text) => expect(plain(formatAge(value))).toBe(text));
  it('tells the time of day to the millisecond', () => expect(formatClockMs(new Date(2026, 10, 20, 12, 14, 24, 7).getTime())).toBe('12:14:24.007'));
});

describe('topics', () => {
  it.each([
    ['plant-a/line-3/press-07/cmd/setpoint', 60, 'plant-a/line-3/press-07/cmd/setpoint'],
    ['plant-a/line-3/press-07/cmd/setpoint', 24, 'plant-a/…/cmd/setpoint'],
    ['plant-a/line-3/press-07/cmd/setpoint', 20, 'plant-a/…/setpoint'],
    ['plant-a/line-3/press-07/cmd/setpoint', 12, 'plant…tpoint'],
    ['a-topic-with-one-very-long-level', 11, 'a-top…level'],
    ['abc', 1, '…'],
  ])('%s in %s letters is %s', (topic, most, cut) => {
    expect(cutTopic(topic, most)).toBe(cut);
    expect(cut.length).toBeLessThanOrEqual(Math.max(most, 1));
  });
});
