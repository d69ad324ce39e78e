import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testShared } from '../../test/support/adminServer.ts';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { silentLog } from '../base/log.ts';
import { AclFile, aclHash } from './aclFile.ts';
import { SharedAcl } from './sharedAcl.ts';
import type { SharedState } from './sharedState.ts';

const [FIRST, SECOND, THIRD] = ['{allow, all}.\n', '{deny, all}.\n', '{allow, {user, "a"}, subscribe, ["t"]}.\n{deny, all}.\n'] as const;

let folder: string;
let path: string;
let shared: SharedState;
let acl: AclFile;
let rules: SharedAcl;

beforeEach(async () => {
  folder = await createTempDir();
  path = join(folder, 'acl.conf');
  await writeFile(path, FIRST);
  await start();
});
afterEach(async () => {
  stop();
  await removeTempDir(folder);
});

async function start(): Promise<void> {
  shared = testShared(folder);
  acl = await AclFile.open({ path, log: silentLog });
  rules = new SharedAcl({ tables: shared.tables, acl, log: silentLog });
}

function stop(): void {
  acl.dispose();
  shared.dispose();
}

/** Stopped, the file written or not with this age, started again. */
async function restart(text?: string, ageMs = 0): Promise<void> {
  stop();
  if (text !== undefined) {
    await writeFile(path, text);
    const at = (Date.now() - ageMs) / 1000;
    await utimes(path, at, at);
  }
  await start();
}

const rowsWritten = () => shared.tables.replica.have.since(0).length;

describe('the rules of the cluster', () => {
  it('are the file of each node while nothing was changed at run time', () => {
    expect([acl.hash, rowsWritten()]).toEqual([aclHash(FIRST), 0]);
  });

  it('outlive a restart when they were changed at run time, over a file that was not edited since', async () => {
    expect(rules.apply(SECOND)).toMatchObject({ ok: true });
    await restart();
    expect(acl.hash).toBe(aclHash(SECOND));
    await restart(THIRD, 3_600_000);
    expect(acl.hash).toBe(aclHash(SECOND));
  });

  it('are those of a file that was edited later, while the node was down or while it ran', async () => {
    rules.apply(SECOND);
    await restart(THIRD, -60_000);
    expect(acl.hash).toBe(aclHash(THIRD));
    await writeFile(path, SECOND);
    await waitFor('the edit to hold', async () => acl.hash === aclHash(SECOND));
    await restart();
    expect(acl.hash).toBe(aclHash(SECOND));
  });

  it('stay as they are when a text has an error', () => {
    expect(rules.apply('{allow')).toMatchObject({ ok: false });
    expect([acl.hash, rowsWritten()]).toEqual([aclHash(FIRST), 0]);
  });
});
