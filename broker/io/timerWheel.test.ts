import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog, type LogFields } from '../base/log.ts';
import type { TimerName, TimerOwner } from '../session/ports.ts';
import { TICK_MS, TimerWheel } from './timerWheel.ts';
import { TurnClock } from './turnClock.ts';

const START_MS = 1_700_000_000_000;

class Owner implements TimerOwner {
  readonly fired: [TimerName, number][] = [];
  onTimer(name: TimerName): void {
    this.fired.push([name, Date.now() - START_MS]);
  }
}

let wheel: TimerWheel;
let clock: TurnClock;
const failures: LogFields[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  clock = new TurnClock();
  failures.length = 0;
  wheel = new TimerWheel(clock, { ...silentLog, error: (msg, fields) => void failures.push({ msg, ...fields }) });
});
afterEach(() => {
  wheel.dispose();
  vi.useRealTimers();
});

describe('a timer', () => {
  it.each([0, 1, 99, 100, 101, 5_000, 102_399, 102_400, 3_600_000])('of %i ms fires once, not early, and at most a tick late', (delayMs) => {
    const owner = new Owner();
    wheel.schedule(owner, 'sessionExpiry', START_MS + delayMs);
    vi.advanceTimersByTime(delayMs + 300_000);
    expect(owner.fired).toHaveLength(1);
    const [name, atMs] = owner.fired[0] ?? ['none', 0];
    expect(name).toBe('sessionExpiry');
    expect(atMs).toBeGreaterThanOrEqual(delayMs);
    expect(atMs).toBeLessThanOrEqual(delayMs + TICK_MS + TICK_MS);
  });

  it('that is cancelled does not fire', () => {
    const owner = new Owner();
    wheel.schedule(owner, 'willDelay', START_MS + 500).cancelled = true;
    vi.advanceTimersByTime(10_000);
    expect(owner.fired).toEqual([]);
  });

  it('may schedule another one while it fires', () => {
    const fired: number[] = [];
    const owner: TimerOwner = {
      onTimer() {
        fired.push(Date.now() - START_MS);
        if (fired.length < 3) wheel.schedule(owner, 'sessionExpiry', Date.now());
      },
    };
    wheel.schedule(owner, 'sessionExpiry', START_MS + 100);
    vi.advanceTimersByTime(1_000);
    expect(fired).toEqual([100, 200, 300]);
  });

  it('fires once after a leap of the clock over many rounds', () => {
    const owner = new Owner();
    for (let index = 0; index < 50; index += 1) wheel.schedule(owner, 'sessionExpiry', START_MS + index * 10_000);
    wheel.advance(START_MS + 10_000_000);
    expect(owner.fired).toHaveLength(50);
  });

  it('that fails is told and does not keep others from firing', () => {
    const owner = new Owner();
    const broken: TimerOwner = {
      onTimer() {
        throw new Error('broken');
      },
    };
    for (const one of [broken, owner]) wheel.schedule(one, 'willDelay', START_MS + 100);
    vi.advanceTimersByTime(1_000);
    expect(owner.fired).toHaveLength(1);
    expect(failures).toMatchObject([{ msg: 'timer_failed', timer: 'willDelay', reason: 'broken' }]);
  });

  it('of centuries neither fires nor breaks the wheel', () => {
    const owner = new Owner();
    wheel.schedule(owner, 'sessionExpiry', Number.MAX_SAFE_INTEGER);
    vi.advanceTimersByTime(300_000);
    expect(owner.fired).toEqual([]);
  });
});
