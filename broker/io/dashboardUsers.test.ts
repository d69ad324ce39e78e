import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testShared } from '../../test/support/adminServer.ts';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { silentLog } from '../base/log.ts';
import { DashboardUsers } from './dashboardUsers.ts';
import type { SharedState } from './sharedState.ts';

let dataDir: string;
let shared: SharedState;
beforeEach(async () => {
  dataDir = await createTempDir();
  shared = testShared(dataDir);
});
afterEach(async () => {
  shared.dispose();
  await removeTempDir(dataDir);
});

const open = (defaultPassword: string) => DashboardUsers.open({ tables: shared.tables, defaultUsername: 'admin', defaultPassword, log: silentLog });
/** As after a restart. */
function reopen(defaultPassword: string): Promise<DashboardUsers> {
  shared.dispose();
  shared = testShared(dataDir);
  return open(defaultPassword);
}
const admin = (shippedPassword: boolean) => ({ username: 'admin', role: 'administrator', shippedPassword });
const BOB = { username: 'bob', role: 'viewer', description: '', password: 'long enough' } as const;

describe('dashboard users', () => {
  it('begin with the administrator of the configuration, marked while the password is the shipped one', async () => {
    const users = await open('public');
    expect([await users.verify('admin', 'public'), await users.verify('admin', 'wrong'), await users.verify('nobody', 'public')]).toEqual([admin(true), undefined, undefined]);
  });

  it('write nothing of that administrator while nothing was changed: a node that joins brings no password', async () => {
    await open('secret-1');
    expect(shared.tables.replica.have.since(0)).toEqual([]);
  });

  it('keep a changed password over the configuration, as a salted hash', async () => {
    const users = await open('public');
    await users.changePassword('admin', 'public', 'better-1');
    const again = await reopen('of-the-file');
    expect([await again.verify('admin', 'better-1'), await again.verify('admin', 'of-the-file'), await again.verify('admin', 'public')]).toEqual([admin(false), undefined, undefined]);
    expect(JSON.stringify([...shared.tables.replica.rows.all()].map((table) => [...table.rows.entries()]))).not.toContain('better-1');
  });

  it('lose the shipped password once the configuration sets another, also beside users who were added', async () => {
    await (await open('public')).create(BOB);
    const users = await reopen('better');
    expect([await users.verify('admin', 'public'), await users.verify('admin', 'better'), await users.verify('bob', BOB.password)]).toEqual([
      undefined,
      admin(false),
      { username: 'bob', role: 'viewer', shippedPassword: false },
    ]);
  });

  it('never end without an administrator', async () => {
    const users = await open('public');
    await users.create(BOB);
    expect(() => users.remove('admin')).toThrow(expect.objectContaining({ code: 'ACCOUNT_INVALID' }));
    expect(() => users.update('admin', { role: 'viewer' })).toThrow(expect.objectContaining({ code: 'ACCOUNT_INVALID' }));
    users.update('bob', { role: 'administrator' });
    users.remove('admin');
    expect([users.list(), await users.verify('admin', 'public')]).toEqual([[{ username: 'bob', role: 'administrator', description: '' }], undefined]);
  });

  it('tell whose logins hold no more', async () => {
    const users = await open('public');
    await users.create(BOB);
    const changed: string[] = [];
    users.onChanged = (username) => changed.push(username);
    users.update('bob', { description: 'the same login' });
    await expect(users.changePassword('bob', 'wrong', 'another-one')).rejects.toMatchObject({ code: 'ACCOUNT_WRONG_PASSWORD' });
    await users.changePassword('bob', BOB.password, 'another-one');
    users.remove('bob');
    expect(changed).toEqual(['bob', 'bob']);
  });
});
