import { describe, expect, it } from 'vitest';
import { Limit } from '../base/limit.ts';
import { UNLIMITED } from '../base/tokenBucket.ts';
import type { Timer, TimerOwner, Timers } from '../session/ports.ts';
import { SharedLimit, type Share } from './sharedLimit.ts';

/** A clock that moves when told to, and fires what is due on the way. */
class Time implements Timers {
  nowMs = 0;
  #pending: { readonly owner: TimerOwner; readonly dueAtMs: number }[] = [];

  now(): number {
    return this.nowMs;
  }

  schedule(owner: TimerOwner, _name: string, dueAtMs: number): Timer {
    this.#pending.push({ owner, dueAtMs });
    return { cancelled: false };
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#pending.filter(({ dueAtMs }) => dueAtMs <= endMs).sort((left, right) => left.dueAtMs - right.dueAtMs)[0];
      if (next === undefined) break;
      this.#pending = this.#pending.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.dueAtMs);
      next.owner.onTimer('limiter');
    }
    this.nowMs = endMs;
  }
}

const perSecond = (tokens: number) => Limit.of({ tokens, intervalMs: 1_000 }, UNLIMITED, 0);

function limitOf(messages: number | null, bytes: number | null): { time: Time; limit: SharedLimit } {
  const time = new Time();
  const limit = SharedLimit.of(messages === null ? null : perSecond(messages), bytes === null ? null : perSecond(bytes), { clock: time, timers: time });
  if (limit === null) throw new Error('no limit');
  return { time, limit };
}

describe('a limit that clients share', () => {
  it('is none where nothing is limited', () => {
    const time = new Time();
    expect(SharedLimit.of(null, null, { clock: time, timers: time })).toBe(null);
  });

  it('lets those in line go on in their order, each when a read like its last is paid for', () => {
    const { time, limit } = limitOf(10, null);
    const turns: string[] = [];
    const shares = new Map<string, Share>();
    for (const name of ['a', 'b', 'c']) shares.set(name, limit.join(() => turns.push(`${name} at ${time.nowMs}`)));
    for (const share of shares.values()) share.take(100, 10, time.nowMs);
    expect([...shares.values()].map((share) => share.enter(time.nowMs))).toEqual([false, false, false]);
    // 20 messages are owed: one token after 2.1 seconds, and nine more to be paid back for each turn of ten.
    time.advance(5_000);
    expect(turns).toEqual(['a at 2100', 'b at 3100', 'c at 4100']);
  });

  it('holds the rate however many clients push: none goes on beside the line', () => {
    const { time, limit } = limitOf(100, null);
    let taken = 0;
    const clients = Array.from({ length: 50 }, () => {
      const read = () => {
        share.take(1_000, 20, time.nowMs);
        taken += 20;
        if (share.enter(time.nowMs)) queueMicrotask(read);
      };
      const share: Share = limit.join(() => read());
      return read;
    });
    for (const read of clients) read();
    const atOnce = taken;
    time.advance(60_000);
    expect(atOnce).toBe(50 * 20);
    // A bucket of 100 at the start and 100 each second; at most a read of 20 is ahead of it.
    expect(taken).toBeGreaterThanOrEqual(100 + 60 * 100 - 20);
    expect(taken).toBeLessThanOrEqual(100 + 60 * 100 + 20);
  });

  it('takes back what was paid for and not used when a client goes', () => {
    const { time, limit } = limitOf(10, null);
    const first = limit.join(() => {});
    first.take(1, 20, 0);
    expect(first.enter(0)).toBe(false);
    time.advance(1_100);
    expect(limit.waitMs(time.nowMs)).toBe(2_000);
    first.leave();
    expect(limit.waitMs(time.nowMs)).toBe(0);
  });

  it('does not let a client that left the line have its turn', () => {
    const { time, limit } = limitOf(1, null);
    const turns: string[] = [];
    const [first, second] = [limit.join(() => turns.push('first')), limit.join(() => turns.push('second'))];
    for (const share of [first, second]) share.take(1, 1, 0);
    for (const share of [first, second]) share.enter(0);
    first.leave();
    time.advance(10_000);
    expect(turns).toEqual(['second']);
  });

  it('counts bytes of a client that publishes nothing without using up messages', () => {
    const time = new Time();
    const perHour = Limit.of({ tokens: 10, intervalMs: 3_600_000 }, UNLIMITED, 0);
    const limit = new SharedLimit(perHour, perSecond(1_000), { clock: time, timers: time });
    let turns = 0;
    const pinging = limit.join(() => (turns += 1));
    for (let round = 0; round < 20; round += 1) {
      pinging.take(1_000, 0, time.nowMs);
      pinging.enter(time.nowMs);
      time.advance(3_000);
    }
    expect(turns).toBeGreaterThan(5);
    const other = limit.join(() => {});
    other.take(1, 8, time.nowMs);
    expect(other.mayGoOn(time.nowMs)).toBe(true);
    other.take(1, 1, time.nowMs);
    expect(other.mayGoOn(time.nowMs)).toBe(false);
  });
});
