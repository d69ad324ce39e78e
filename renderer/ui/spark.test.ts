import { describe, expect, it } from 'vitest';
import { sparkPath, sparkScale } from './spark.ts';

describe('sparklines', () => {
  it('put a steady line mid-height and let a peak reach the top', () => {
    expect(sparkScale([100, 100])).toBe(175);
    expect(sparkScale([1, 1, 10])).toBe(10);
  });
  it('show nothing at zero and nothing without values', () => expect([sparkPath([0, 0], 40, 12, 60), sparkPath([], 40, 12, 60), sparkPath([null], 40, 12, 60)]).toEqual(['', '', '']));
  it('grow from the right edge and break where values are missing', () => {
    expect(sparkPath([7, null, 7, 7], 10, 9, 5)).toBe('M2.5 4.0M7.5 4.0L10.0 4.0');
  });
});
