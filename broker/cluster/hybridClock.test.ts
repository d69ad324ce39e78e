import { describe, expect, it } from 'vitest';
import type { Log } from '../base/log.ts';
import type { NodeId } from '../base/ids.ts';
import { BOUND_AHEAD_MS, HybridClock, volatileBound, type ClockBoundPort } from './hybridClock.ts';
import { STEPS_PER_MS } from './stamp.ts';

const node = '00'.repeat(16) as NodeId;
const START_MS = 1_767_225_600_000;

/** A wall clock and a monotonic one that are set by hand, and the clock under test. */
function clockAt(startMs = START_MS, bound: ClockBoundPort = volatileBound()) {
  const time = { wallMs: startMs, monotonicMs: 5_000 };
  const told: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (msg) => void told.push(msg), error: (msg) => void told.push(msg) };
  const clock = new HybridClock({ node, bound, log, clock: { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs } });
  const pass = (ms: number, wallMs = ms) => {
    time.monotonicMs += ms;
    time.wallMs += wallMs;
  };
  const wallPart = () => Math.floor(clock.nextAt() / STEPS_PER_MS);
  return { clock, time, told, pass, wallPart };
}

describe('the hybrid clock (R36)', () => {
  it('stamps with the wall clock, and counts within a millisecond', () => {
    const { clock, pass } = clockAt();
    expect([clock.next(), clock.next()]).toEqual([
      { at: START_MS * STEPS_PER_MS, node },
      { at: START_MS * STEPS_PER_MS + 1, node },
    ]);
    pass(7);
    expect(clock.next().at).toBe((START_MS + 7) * STEPS_PER_MS);
  });

  it('borrows the next millisecond when one has no steps left', () => {
    const { clock } = clockAt();
    const first = clock.nextAt();
    let last = first;
    for (let drawn = 0; drawn < 3 * STEPS_PER_MS; drawn += 1) {
      const at = clock.nextAt();
      expect(at).toBeGreaterThan(last);
      last = at;
    }
    expect(last - first).toBe(3 * STEPS_PER_MS);
  });

  it('never goes backwards when the wall clock does', () => {
    const { clock, pass } = clockAt();
    const before = clock.nextAt();
    pass(1, -30_000);
    expect(clock.nextAt()).toBeGreaterThan(before);
  });

  it('is drawn towards the wall clock by 1 ms a second at most', () => {
    const { wallPart, pass } = clockAt();
    pass(1_000, 31_000);
    expect(wallPart()).toBe(START_MS + 1_001);
    for (let second = 0; second < 999; second += 1) {
      pass(1_000);
      wallPart();
    }
    expect(wallPart()).toBe(START_MS + 1_000_000 + 1_000);
  });

  it('ignores a step of over a minute, and says so once', () => {
    const { wallPart, pass, told } = clockAt();
    pass(1_000, 7_200_000);
    expect(wallPart()).toBe(START_MS + 1_000);
    pass(1_000);
    expect(wallPart()).toBe(START_MS + 2_000);
    expect(told).toEqual(['cluster_clock_stepped']);
  });

  it('is newer than whatever it has heard of', () => {
    const { clock, pass, told } = clockAt();
    const heard = (START_MS + 180_000) * STEPS_PER_MS + 5;
    clock.heard(heard);
    expect(clock.nextAt()).toBe(heard + 1);
    pass(200_000);
    expect(clock.nextAt()).toBe((START_MS + 200_000) * STEPS_PER_MS);
    expect(told).toEqual([]);
  });

  it('runs on with a clock that is ahead, and back to its own by 1 ms a second', () => {
    const { clock, pass, wallPart } = clockAt();
    clock.runWith((START_MS + 180_000) * STEPS_PER_MS);
    expect(wallPart()).toBe(START_MS + 180_000);
    pass(10_000);
    expect(wallPart()).toBe(START_MS + 180_000 + 10_000 - 10);
    clock.runWith((START_MS + 100_000) * STEPS_PER_MS);
    pass(1_000);
    expect(wallPart()).toBe(START_MS + 180_000 + 11_000 - 11);
  });

  it('orders what two nodes do that have met and are cut from each other by time, though their clocks are minutes apart', () => {
    const [fast, slow] = [clockAt(START_MS + 180_000), clockAt(START_MS)];
    slow.clock.runWith(fast.clock.shows());
    const stamps = [fast, slow, fast, slow, fast].map(({ clock }) => {
      for (const { pass } of [fast, slow]) pass(1_000);
      return clock.nextAt();
    });
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
  });

  it('does not run with a clock that no link would be kept with, nor does a restart move its own ahead', () => {
    const bound = volatileBound();
    const { clock, wallPart } = clockAt(START_MS, bound);
    clock.runWith((START_MS + 2 * 3_600_000) * STEPS_PER_MS);
    expect(wallPart()).toBe(START_MS);
    expect(clockAt(START_MS, bound).clock.shows()).toBe(START_MS * STEPS_PER_MS);
  });

  it('runs after a restart where it ran before', () => {
    const bound = volatileBound();
    const { clock } = clockAt(START_MS, bound);
    clock.runWith((START_MS + 180_000) * STEPS_PER_MS);
    const before = clock.nextAt();
    expect(clockAt(START_MS + 1_000, bound).clock.shows()).toBe(before);
  });

  it('follows a stamp far ahead, and says so', () => {
    const { clock, told } = clockAt();
    const heard = (START_MS + 7_200_000) * STEPS_PER_MS;
    clock.heard(heard);
    expect(clock.nextAt()).toBe(heard + 1);
    expect(told).toEqual(['cluster_stamps_ahead']);
  });

  it('stamps no lower after a restart, though the wall clock was set back', () => {
    const bound = volatileBound();
    const first = clockAt(START_MS, bound);
    const before = first.clock.nextAt();
    const second = clockAt(START_MS - 3_600_000, bound);
    const after = second.clock.nextAt();
    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThanOrEqual(before + BOUND_AHEAD_MS * STEPS_PER_MS + 1);
  });

  it('writes its bound once in ten seconds, and goes on when that fails', () => {
    const saved: number[] = [];
    let full = false;
    const { clock, pass, told } = clockAt(START_MS, {
      load: () => 0,
      save: (bound) => {
        if (full) throw new Error('disk full');
        saved.push(bound);
      },
    });
    for (let count = 0; count < 1_000; count += 1) {
      clock.nextAt();
      pass(25);
    }
    expect(saved).toHaveLength(3);
    full = true;
    pass(20_000);
    const before = clock.nextAt();
    expect(clock.nextAt()).toBe(before + 1);
    expect(told).toContain('cluster_clock_not_kept');
  });
});
