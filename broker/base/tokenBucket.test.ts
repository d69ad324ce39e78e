import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from './prng.ts';
import { TokenBucket, UNLIMITED } from './tokenBucket.ts';

describe('a token bucket', () => {
  it('gives one interval at once and then as time passes', () => {
    const bucket = new TokenBucket({ tokens: 10, intervalMs: 1000 }, 0);
    expect([bucket.tryTake(10, 0), bucket.tryTake(1, 0), bucket.waitMs(1, 0), bucket.waitMs(5, 0)]).toEqual([true, false, 100, 500]);
    expect([bucket.tryTake(1, 99), bucket.tryTake(1, 100), bucket.tryTake(1, 100)]).toEqual([false, true, false]);
    expect([bucket.tryTake(10, 1100), bucket.tryTake(1, 1100)]).toEqual([true, false]);
  });

  it('lets a debt be waited for', () => {
    const bucket = new TokenBucket({ tokens: 100, intervalMs: 1000 }, 0);
    bucket.take(250, 0);
    expect([bucket.waitMs(1, 0), bucket.waitMs(1, 1000), bucket.waitMs(1, 1510)]).toEqual([1510, 510, 0]);
  });

  it('never waits for more than it holds, nor gives more after a long rest', () => {
    const bucket = new TokenBucket({ tokens: 2, intervalMs: 1000 }, 0, 5);
    expect([bucket.waitMs(50, 0), bucket.tryTake(6, 1_000_000), bucket.tryTake(5, 1_000_000)]).toEqual([0, false, true]);
  });

  it('stands still while the clock is behind', () => {
    const bucket = new TokenBucket({ tokens: 1, intervalMs: 1000 }, 5000);
    bucket.take(1, 5000);
    expect([bucket.waitMs(1, 1000), bucket.waitMs(1, 1500)]).toEqual([1000, 500]);
  });

  it('without a limit is never empty', () => {
    const bucket = new TokenBucket(UNLIMITED, 0);
    bucket.take(1e15, 0);
    expect([bucket.tryTake(1e15, 0), bucket.waitMs(1, 0)]).toEqual([true, 0]);
  });

  it('gives over any span at most its size and what the span is worth', () => {
    const prng = seededPrng(5);
    const bucket = new TokenBucket({ tokens: 7, intervalMs: 300 }, 0);
    let nowMs = 0;
    let given = 0;
    for (let step = 0; step < 20_000; step += 1) {
      nowMs += randomBelow(prng, 40);
      const wanted = 1 + randomBelow(prng, 4);
      if (bucket.tryTake(wanted, nowMs)) given += wanted;
      expect(given).toBeLessThanOrEqual(7 + (nowMs * 7) / 300 + 1e-6);
    }
    expect(given).toBeGreaterThan((nowMs * 7) / 300 - 20);
  });
});
