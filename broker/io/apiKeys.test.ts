import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testShared } from '../../test/support/adminServer.ts';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { silentLog } from '../base/log.ts';
import { ApiKeys, parseBootstrap } from './apiKeys.ts';
import type { SharedState } from './sharedState.ts';

let dataDir: string;
let shared: SharedState;
let nowMs = 1_000;
beforeEach(async () => {
  dataDir = await createTempDir();
  shared = testShared(dataDir);
  nowMs = 1_000;
});
afterEach(async () => {
  shared.dispose();
  await removeTempDir(dataDir);
});

async function open(bootstrap?: string): Promise<ApiKeys> {
  const bootstrapFile = bootstrap === undefined ? undefined : join(dataDir, 'keys.txt');
  if (bootstrapFile !== undefined) await writeFile(bootstrapFile, bootstrap ?? '');
  return ApiKeys.open({ tables: shared.tables, bootstrapFile, now: () => nowMs, log: silentLog });
}

const SETTINGS = { description: 'd', enable: true, role: 'viewer', expiredAtMs: Number.POSITIVE_INFINITY } as const;

describe('a file of API keys', () => {
  it('gives each key its role; the later of two lines counts', async () => {
    const keys = await open('# keys\n\nadmin:s1\nreader:s2:viewer\r\nreader:s3:publisher\n');
    expect([keys.list().length, keys.verify('admin', 's1')?.role, keys.verify('reader', 's3')?.role, keys.verify('reader', 's2')]).toEqual([2, 'administrator', 'publisher', undefined]);
  });

  it('refuses a wrong secret and an unknown key alike', async () => {
    const keys = await open('a:s');
    expect([keys.verify('a', ''), keys.verify('a', 'S'), keys.verify('b', 's'), keys.verify('', '')]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([
    ['a:s\nnosecret', 'keys.txt:2: expected key:secret or key:secret:role'],
    ['a:', 'keys.txt:1: expected key:secret or key:secret:role'],
    ['a:s:king', 'keys.txt:1: expected one of administrator, viewer, publisher as role'],
    ['a:s:viewer:monitoring', 'keys.txt:1: scopes are not supported yet'],
  ])('names the bad line of %j and not its content', (text, message) => {
    expect(() => parseBootstrap(text, 'keys.txt')).toThrow(expect.objectContaining({ code: 'CONFIG_BAD_VALUE', message }));
  });

  it('must be readable', async () => {
    const opening = ApiKeys.open({ tables: shared.tables, bootstrapFile: '/nowhere/keys.txt', now: Date.now, log: silentLog });
    await expect(opening).rejects.toMatchObject({ code: 'CONFIG_FILE_UNREADABLE' });
  });

  it('puts a key in force again at every start', async () => {
    const first = await open('a:s');
    const [key] = first.list();
    first.update(key?.name ?? '', { enable: false });
    expect(first.verify('a', 's')).toBeUndefined();
    shared.dispose();
    shared = testShared(dataDir);
    const second = await open('a:s');
    expect([second.verify('a', 's')?.role, second.list().length]).toEqual(['administrator', 1]);
  });
});

describe('API keys made at run time', () => {
  it('hold until they expire, are turned off or removed, and outlive the process without their secret', async () => {
    const keys = await open();
    const { key, secret } = keys.create('ci', { ...SETTINGS, expiredAtMs: 2_000 });
    expect(keys.verify(key.apiKey, secret)).toEqual({ name: 'ci', role: 'viewer' });
    nowMs = 2_000;
    expect([keys.verify(key.apiKey, secret), keys.get('ci')?.expired]).toEqual([undefined, true]);
    keys.update('ci', { expiredAtMs: Number.POSITIVE_INFINITY, enable: false });
    expect(keys.verify(key.apiKey, secret)).toBeUndefined();
    keys.update('ci', { enable: true, role: 'administrator' });
    shared.dispose();
    shared = testShared(dataDir);
    const again = await open();
    expect([again.verify(key.apiKey, secret), JSON.stringify(again.list()).includes(secret)]).toEqual([{ name: 'ci', role: 'administrator' }, false]);
    expect([again.remove('ci'), again.remove('ci'), again.verify(key.apiKey, secret)]).toEqual([true, false, undefined]);
  });

  it('have names of their own', async () => {
    const keys = await open();
    keys.create('a', SETTINGS);
    expect(() => keys.create('a', SETTINGS)).toThrow(expect.objectContaining({ code: 'ACCOUNT_EXISTS' }));
    expect(() => keys.update('b', SETTINGS)).toThrow(expect.objectContaining({ code: 'ACCOUNT_UNKNOWN' }));
  });
});
