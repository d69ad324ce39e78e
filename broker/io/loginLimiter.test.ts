import { describe, expect, it } from 'vitest';
import { LOGIN_LOCK_MS, LoginLimiter, MAX_LOGIN_FAILURES, MAX_TRACKED_ADDRESSES } from './loginLimiter.ts';

function fail(limiter: LoginLimiter, address: string, times: number, nowMs = 0): void {
  for (let count = 0; count < times; count += 1) limiter.failed(address, nowMs);
}

describe('failed logins', () => {
  it('make an address wait, others not', () => {
    const limiter = new LoginLimiter();
    fail(limiter, '10.0.0.1', MAX_LOGIN_FAILURES - 1);
    expect(limiter.waitMs('10.0.0.1', 0)).toBe(0);
    limiter.failed('10.0.0.1', 10);
    expect([limiter.waitMs('10.0.0.1', 20), limiter.waitMs('10.0.0.2', 20)]).toEqual([LOGIN_LOCK_MS - 10, 0]);
    expect(limiter.waitMs('10.0.0.1', 10 + LOGIN_LOCK_MS)).toBe(0);
  });

  it('are forgotten after a success and after a while', () => {
    const limiter = new LoginLimiter();
    fail(limiter, 'a', MAX_LOGIN_FAILURES - 1);
    limiter.succeeded('a');
    fail(limiter, 'a', MAX_LOGIN_FAILURES - 1);
    limiter.failed('a', LOGIN_LOCK_MS);
    expect(limiter.waitMs('a', LOGIN_LOCK_MS)).toBe(0);
  });

  it('count together for one IPv6 network, apart for loopback and mapped addresses', () => {
    const limiter = new LoginLimiter();
    fail(limiter, '2001:db8:1:2::1', MAX_LOGIN_FAILURES);
    fail(limiter, '::ffff:10.0.0.1', MAX_LOGIN_FAILURES);
    expect(limiter.waitMs('2001:db8:1:2:ffff::9', 0)).toBe(LOGIN_LOCK_MS);
    expect([limiter.waitMs('2001:db8:1:3::1', 0), limiter.waitMs('::ffff:10.0.0.2', 0), limiter.waitMs('::1', 0)]).toEqual([
      0, 0, 0,
    ]);
  });

  it('are remembered for a bounded number of addresses', () => {
    const limiter = new LoginLimiter();
    fail(limiter, 'first', MAX_LOGIN_FAILURES);
    for (let index = 0; index < MAX_TRACKED_ADDRESSES; index += 1) limiter.failed(`address ${index}`, 0);
    expect(limiter.waitMs('first', 0)).toBe(0);
  });
});
