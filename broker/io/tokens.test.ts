import { describe, expect, it } from 'vitest';
import { MAX_TOKENS, TokenTable } from './tokens.ts';

const owner = { username: 'admin', role: 'administrator' } as const;

describe('a bearer token', () => {
  it('is 256 random bits and names its owner', () => {
    const tokens = new TokenTable(1000);
    const [one, two] = [tokens.issue(owner, 0), tokens.issue(owner, 0)];
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(one).not.toBe(two);
    expect(tokens.check(one, 0)).toEqual({ ok: true, owner });
  });

  it('expires when it is idle, and use keeps it alive', () => {
    const tokens = new TokenTable(1000);
    const token = tokens.issue(owner, 0);
    expect(tokens.check(token, 999).ok).toBe(true);
    expect(tokens.check(token, 1998).ok).toBe(true);
    expect(tokens.check(token, 2998)).toEqual({ ok: false, code: 'TOKEN_TIME_OUT' });
    expect(tokens.check(`${token}x`, 0)).toEqual({ ok: false, code: 'BAD_TOKEN' });
  });

  it('is revoked by its owner only', () => {
    const tokens = new TokenTable(1000);
    const token = tokens.issue(owner, 0);
    expect(tokens.revoke('someone', token)).toBe(false);
    expect(tokens.revoke('admin', token)).toBe(true);
    expect(tokens.check(token, 0)).toEqual({ ok: false, code: 'BAD_TOKEN' });
  });

  it('gives way when there are too many: the one idle longest goes', () => {
    const tokens = new TokenTable(1000);
    const [first, second] = [tokens.issue(owner, 0), tokens.issue(owner, 0)];
    for (let count = 2; count < MAX_TOKENS; count += 1) tokens.issue(owner, 0);
    tokens.check(first, 1);
    tokens.issue(owner, 2);
    expect([tokens.size, tokens.check(first, 3).ok, tokens.check(second, 3).ok]).toEqual([MAX_TOKENS, true, false]);
  });
});
