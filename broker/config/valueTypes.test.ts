import { describe, expect, it } from 'vitest';
import { parseHoconValue } from './hocon.ts';
import { rate } from './valueTypes.ts';

const read = (text: string) => {
  const reading = rate.read(parseHoconValue(JSON.stringify(text)).value);
  return reading.ok ? [reading.value.tokens, reading.value.intervalMs] : undefined;
};

describe('a rate', () => {
  it.each([
    ['1000/s', [1000, 1000]],
    ['1MB/s', [1_048_576, 1000]],
    ['100KB/10s', [102_400, 10_000]],
    ['100KB,10s', [102_400, 10_000]],
    ['5/500ms', [5, 500]],
    ['infinity', [Infinity, 1000]],
    ['disabled', [Infinity, 1000]],
    ['0/s', undefined],
    ['10', undefined],
    ['10/0s', undefined],
    ['1.5/s', undefined],
    ['/s', undefined],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});
