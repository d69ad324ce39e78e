import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { PasswordHashConfig } from '../../config/authenticators.ts';
import { HashPool, MAX_WAITING } from './hashPool.ts';
import { PasswordHasher, type StoredPassword } from './passwordHasher.ts';

const hasher = new PasswordHasher(new HashPool());
afterAll(() => hasher.dispose());

const bytes = (text: string) => Buffer.from(text);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Hashes made elsewhere. */
const KNOWN: readonly { name: string; algorithm: PasswordHashConfig; password: string; stored: StoredPassword }[] = [
  { name: 'plain', algorithm: { name: 'plain', saltPosition: 'disable' }, password: 'pencil', stored: { hash: 'pencil', salt: '' } },
  { name: 'md5', algorithm: { name: 'md5', saltPosition: 'disable' }, password: 'hello', stored: { hash: '5d41402abc4b2a76b9719d911017c592', salt: 'unused' } },
  { name: 'sha', algorithm: { name: 'sha', saltPosition: 'disable' }, password: 'abc', stored: { hash: 'a9993e364706816aba3e25717850c26c9cd0d89d', salt: '' } },
  { name: 'sha256, salt in front', algorithm: { name: 'sha256', saltPosition: 'prefix' }, password: 'pw', stored: { hash: sha256('saltpw'), salt: 'salt' } },
  { name: 'sha256, salt behind', algorithm: { name: 'sha256', saltPosition: 'suffix' }, password: 'pw', stored: { hash: sha256('pwsalt').toUpperCase(), salt: 'salt' } },
  {
    name: 'pbkdf2 (RFC 6070)',
    algorithm: { name: 'pbkdf2', macFun: 'sha', iterations: 4096, dkLength: undefined },
    password: 'password',
    stored: { hash: '4b007901b765489abead49d926f721d065a429c1', salt: 'salt' },
  },
  {
    name: 'pbkdf2 with a length (RFC 6070)',
    algorithm: { name: 'pbkdf2', macFun: 'sha', iterations: 4096, dkLength: 25 },
    password: 'passwordPASSWORDpassword',
    stored: { hash: '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038', salt: 'saltSALTsaltSALTsaltSALTsaltSALTsalt' },
  },
  {
    name: 'bcrypt',
    algorithm: { name: 'bcrypt', saltRounds: 10 },
    password: 'U*U',
    stored: { hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', salt: '' },
  },
];

describe('a password that was hashed elsewhere', () => {
  it.each(KNOWN)('matches: $name', async ({ algorithm, password, stored }) => {
    expect([await hasher.matches(bytes(password), stored, algorithm), await hasher.matches(bytes(`${password}x`), stored, algorithm)]).toEqual([true, false]);
  });

  it('matches nothing when the hash is not one of the algorithm', async () => {
    expect(await hasher.matches(bytes('pw'), { hash: 'no hash', salt: '' }, { name: 'bcrypt', saltRounds: 10 })).toBe(false);
  });
});

describe('a new password', () => {
  const ALGORITHMS: readonly PasswordHashConfig[] = [
    ...(['plain', 'md5', 'sha', 'sha256', 'sha512'] as const).flatMap((name) => [
      { name, saltPosition: 'prefix' as const },
      { name, saltPosition: 'disable' as const },
    ]),
    { name: 'pbkdf2', macFun: 'sha512', iterations: 10, dkLength: undefined },
    { name: 'bcrypt', saltRounds: 5 },
  ];
  it.each(ALGORITHMS)('matches again: $name $saltPosition', async (algorithm) => {
    const stored = await hasher.create(bytes('пароль'), algorithm);
    expect(stored).toBeDefined();
    if (stored === undefined) return;
    const isSalted = algorithm.name === 'pbkdf2' || (algorithm.name !== 'bcrypt' && algorithm.name !== 'plain' && algorithm.saltPosition !== 'disable');
    expect(stored.salt).toMatch(isSalted ? /^[0-9a-f]{32}$/ : /^$/);
    expect([await hasher.matches(bytes('пароль'), stored, algorithm), await hasher.matches(bytes('parol'), stored, algorithm)]).toEqual([true, false]);
  });

  it('of the fast kinds is answered at once', () => {
    expect(hasher.matches(bytes('pw'), { hash: sha256('pw'), salt: '' }, { name: 'sha256', saltPosition: 'prefix' })).toBe(true);
  });
});

describe('the pool of slow hashes', () => {
  it('runs a few at a time, keeps a bounded number waiting, and refuses more', async () => {
    const pool = new HashPool();
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const task = async () => {
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => release.push(resolve));
      running -= 1;
    };
    const tasks = Array.from({ length: 3 + MAX_WAITING }, () => pool.run(task));
    expect([tasks.every((each) => each !== undefined), pool.run(task), pool.refused]).toEqual([true, undefined, 1]);
    for (let done = 0; done < tasks.length; done += 1) {
      release.shift()?.();
      if (release.length === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(tasks);
    expect([most, running]).toEqual([3, 0]);
  });

  it('goes on after one that fails', async () => {
    const pool = new HashPool();
    const failed = Array.from({ length: 5 }, () => pool.run(() => Promise.reject(new Error('no'))));
    expect((await Promise.allSettled(failed)).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(await pool.run(() => Promise.resolve('yes'))).toBe('yes');
  });
});
