import { expect, it } from 'vitest';
import { parseMoment } from './moment.ts';

it.each([
  ['1706599479355', 1_706_599_479_355],
  ['2024-01-30T15:24:39.355+08:00', 1_706_599_479_355],
  ['2024-01-30T15:24:39.355 08:00', 1_706_599_479_355],
  ['2024-01-30T07:24:39Z', 1_706_599_479_000],
  ['2024-13-30T07:24:39Z', undefined],
  ['2024-01-30', undefined],
  ['yesterday', undefined],
  ['-5', undefined],
  ['', undefined],
])('the time %j is %j', (text, ms) => {
  expect(parseMoment(text)).toBe(ms);
});
