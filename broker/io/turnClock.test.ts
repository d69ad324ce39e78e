import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TurnClock } from './turnClock.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Both clocks go on; the wall clock is then set by `stepMs`. */
function passes(ms: number, stepMs = 0): void {
  vi.advanceTimersByTime(ms);
  vi.setSystemTime(Date.now() + stepMs);
}

it('shows the time of the last look', () => {
  const clock = new TurnClock();
  passes(1_234);
  expect([clock.now(), clock.tick(), clock.now()]).toEqual([1_000_000, 1_001_234, 1_001_234]);
});

it.each([
  ['ahead', 600_000, 1_001_100],
  ['back', -600_000, 1_000_900],
])('does not jump when the wall clock is set %s, but draws near by a tenth of the time that passes', (_words, stepMs, shown) => {
  const clock = new TurnClock();
  passes(1_000, stepMs);
  expect(clock.tick()).toBe(shown);
  for (let minutes = 0; minutes < 100; minutes += 1) {
    passes(60_000);
    clock.tick();
  }
  expect(clock.tick()).toBe(Date.now());
});
