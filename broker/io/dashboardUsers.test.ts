import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { silentLog } from '../base/log.ts';
import { DashboardUsers, USERS_FILE } from './dashboardUsers.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await createTempDir();
});
afterEach(() => removeTempDir(dataDir));

const open = (defaultPassword: string) =>
  DashboardUsers.open({ dataDir, defaultUsername: 'admin', defaultPassword, log: silentLog });
const admin = (shippedPassword: boolean) => ({ username: 'admin', role: 'administrator', shippedPassword });

describe('dashboard users', () => {
  it('begin with the administrator of the configuration, marked while the password is the shipped one', async () => {
    const users = await open('public');
    expect([
      await users.verify('admin', 'public'),
      await users.verify('admin', 'wrong'),
      await users.verify('nobody', 'public'),
    ]).toEqual([admin(true), undefined, undefined]);
  });

  it('keep a password as a salted hash in a file only its owner reads, and find it again', async () => {
    await open('secret-1');
    const path = join(dataDir, USERS_FILE);
    expect(await readFile(path, 'utf8')).not.toContain('secret-1');
    expect(await readdir(dataDir)).toEqual([USERS_FILE]);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
    const users = await open('ignored-after-the-first-start');
    expect([await users.verify('admin', 'secret-1'), await users.verify('admin', 'ignored-after-the-first-start')]).toEqual([
      admin(false),
      undefined,
    ]);
  });

  it('lose the shipped password once the configuration sets another', async () => {
    await open('public');
    await open('better');
    const users = await open('public');
    expect([await users.verify('admin', 'public'), await users.verify('admin', 'better')]).toEqual([undefined, admin(false)]);
  });

  it('are never replaced when the file is not understood', async () => {
    await writeFile(join(dataDir, USERS_FILE), '{"version":1,"users":[{');
    await expect(open('public')).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    expect(await readFile(join(dataDir, USERS_FILE), 'utf8')).toBe('{"version":1,"users":[{');
  });

  it('need a folder that can be written', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const opening = DashboardUsers.open({
      dataDir: join(dataDir, 'file', 'x'),
      defaultUsername: 'a',
      defaultPassword: 'public',
      log: silentLog,
    });
    await expect(opening).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  });
});
