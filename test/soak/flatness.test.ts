import { describe, expect, it } from 'vitest';
import { verdictOf } from './flatness.ts';

const MB = 1024 * 1024;
const samplesOf = (heaps: readonly number[]) => heaps.map((heap, index) => ({ seconds: index, heapBytes: heap * MB, rssBytes: 2 * heap * MB, delivered: 0 }));

describe('verdictOf', () => {
  it('leaves warm-up out', () => {
    expect(verdictOf(samplesOf([10, 30, 40, 40, 41, 40, 40, 41, 40, 40]))).toEqual({ flat: true, heapGrowthBytes: 0, rssGrowthBytes: 0 });
  });

  it('sees a slow leak', () => {
    const { flat, heapGrowthBytes } = verdictOf(samplesOf(Array.from({ length: 30 }, (_, index) => 40 + index * 0.3)));
    expect(flat).toBe(false);
    expect(heapGrowthBytes).toBeCloseTo(16 * 0.3 * MB);
  });

  it('does not call nothing flat', () => {
    expect(verdictOf([]).flat).toBe(false);
  });
});
