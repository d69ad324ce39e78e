import { describe, expect, it } from 'vitest';
import { Limit } from './limit.ts';
import { UNLIMITED } from './tokenBucket.ts';

const PER_SECOND = (tokens: number) => ({ tokens, intervalMs: 1_000 });

describe('a limit', () => {
  it('is none where no rate was given', () => {
    expect([Limit.of(UNLIMITED, UNLIMITED, 0), Limit.of(UNLIMITED, PER_SECOND(5), 0)]).toEqual([null, null]);
  });

  it('makes wait for a debt, however large it was', () => {
    const limit = Limit.of(PER_SECOND(10), UNLIMITED, 0);
    limit?.take(30, 0);
    expect([limit?.waitMs(0), limit?.waitMs(2_000), limit?.waitMs(2_100)]).toEqual([2_100, 100, 0]);
  });

  it('lets a burst pass beyond the rate, which fills again at its own pace', () => {
    const limit = Limit.of(PER_SECOND(10), { tokens: 20, intervalMs: 60_000 }, 0);
    limit?.take(10, 0);
    expect(limit?.waitMs(0)).toBe(0);
    limit?.take(20, 0);
    expect(limit?.waitMs(0)).toBe(100);
    limit?.take(10, 1_000);
    expect(limit?.waitMs(1_000)).toBe(100);
    expect(Limit.of(PER_SECOND(10), UNLIMITED, 0)?.waitMs(0)).toBe(0);
  });
});
