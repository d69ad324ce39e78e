import { describe, expect, it } from 'vitest';
import { parseUsers } from './userImport.ts';

const plain = (userId: string, password: string, isSuperuser = false) => ({ userId, secret: { type: 'plain', password }, isSuperuser });

describe('users from CSV', () => {
  it('have columns in any order, quoted where they must be', () => {
    const text = '\ufeffis_superuser,user_id,password\r\ntrue,"a,b","say ""hi"""\n\nfalse,"two\nlines",pw\n0,last,pw';
    expect(parseUsers(text, 'csv', 'plain')).toEqual({
      users: [plain('a,b', 'say "hi"', true), plain('two\nlines', 'pw'), plain('last', 'pw')],
      failed: 0,
    });
  });

  it('may leave the superuser away, and a row that is none counts as failed', () => {
    const text = 'user_id,password\nann,1\n,2\nbob,\ncid,3,too many\ndan,4\n';
    expect(parseUsers(text, 'csv', 'plain')).toEqual({ users: [plain('ann', '1'), plain('dan', '4')], failed: 3 });
  });

  it('need a header with user_id, and quotes that close', () => {
    expect([parseUsers('ann,1\n', 'csv', 'plain'), parseUsers('user_id,password\n"ann,1', 'csv', 'plain'), parseUsers('', 'csv', 'plain')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('users from JSON', () => {
  it('may bring hashes', () => {
    const rows = [
      { user_id: 'ann', password_hash: 'ab12', salt: 'cd', is_superuser: true },
      { user_id: 'bob', password_hash: 'ef34' },
      { user_id: 'cid', password: 'no hash' },
      { user_id: 7, password_hash: 'x' },
      'dan',
    ];
    expect(parseUsers(JSON.stringify(rows), 'json', 'hash')).toEqual({
      users: [
        { userId: 'ann', secret: { type: 'hash', hash: 'ab12', salt: 'cd' }, isSuperuser: true },
        { userId: 'bob', secret: { type: 'hash', hash: 'ef34', salt: '' }, isSuperuser: false },
      ],
      failed: 3,
    });
  });

  it('are an array', () => {
    expect([parseUsers('{}', 'json', 'plain'), parseUsers('[', 'json', 'plain')]).toEqual([undefined, undefined]);
  });
});
