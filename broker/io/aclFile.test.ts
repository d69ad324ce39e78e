import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { Log } from '../base/log.ts';
import { AclFile, aclHash } from './aclFile.ts';

const ALLOW = '{allow, all}.\n';
const DENY = '{deny, all}.\n';
const BROKEN = '{allow, all}.\n{deny, evrybody, publish, ["a"]}.\n';

let folder: string;
let path: string;
let open: AclFile[];
let events: { level: string; msg: string; fields: unknown }[];

const note =
  (level: string) =>
  (msg: string, fields: unknown): void =>
    void events.push({ level, msg, fields });
const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

beforeEach(async () => {
  folder = await createTempDir();
  path = join(folder, 'acl.conf');
  open = [];
  events = [];
});
afterEach(async () => {
  for (const file of open) file.dispose();
  await removeTempDir(folder);
});

async function load(text: string): Promise<AclFile> {
  await writeFile(path, text);
  const file = await AclFile.open({ path, log });
  open.push(file);
  return file;
}

const mayPublish = (file: AclFile): string =>
  file.authorizer.decide(
    { clientId: 'c', username: undefined, peerHost: '127.0.0.1' },
    { action: 'publish', topic: 'a', qos: 0, retain: false },
  ).permission;
const told = (msg: string): unknown[] => events.filter((event) => event.msg === msg).map((event) => event.fields);

describe('at the start', () => {
  it('puts the file in force', async () => {
    const file = await load(DENY);
    expect([mayPublish(file), file.hash, file.ruleCount]).toEqual(['deny', aclHash(DENY), 1]);
  });

  it('has no rules where no file is configured', async () => {
    const file = await AclFile.open({ path: undefined, log });
    expect([mayPublish(file), file.ruleCount]).toEqual(['noMatch', 0]);
  });

  it('refuses a missing file', async () => {
    await expect(AclFile.open({ path, log })).rejects.toMatchObject({ code: 'ACL_FILE_UNREADABLE', details: { path } });
  });

  it('refuses a file that is not text', async () => {
    await writeFile(path, Buffer.from([0x7b, 0xff, 0xfe]));
    await expect(AclFile.open({ path, log })).rejects.toMatchObject({
      code: 'ACL_FILE_UNREADABLE',
      message: expect.stringContaining('UTF-8') as string,
    });
  });

  it('refuses a broken file with the place of its first error', async () => {
    await writeFile(path, BROKEN);
    await expect(AclFile.open({ path, log })).rejects.toMatchObject({
      code: 'ACL_SYNTAX',
      message: `${path}:2:8: Unknown client condition evrybody (invalid_client_match_condition)`,
      details: { path, line: 2, column: 8, problem: 'ACL002' },
    });
  });
});

describe('a changed file', () => {
  it('comes in force when it is written in place', async () => {
    const file = await load(ALLOW);
    const before = file.authorizer.epoch;
    await writeFile(path, DENY);
    await waitFor('the denying rules', () => mayPublish(file) === 'deny');
    expect([file.authorizer.epoch, file.hash]).toEqual([before + 1, aclHash(DENY)]);
  });

  it('comes in force when it is replaced, again and again', async () => {
    const file = await load(ALLOW);
    for (const [text, expected] of [
      [DENY, 'deny'],
      [ALLOW, 'allow'],
      [DENY, 'deny'],
    ] as const) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      await waitFor(`the rules that ${expected}`, () => mayPublish(file) === expected);
    }
  });

  it('comes in force behind a link whose target is swapped', async () => {
    await mkdir(join(folder, 'v'));
    await writeFile(join(folder, 'v', 'one'), ALLOW);
    await symlink(join(folder, 'v', 'one'), path);
    const file = await AclFile.open({ path, log });
    open.push(file);
    await writeFile(join(folder, 'v', 'one'), DENY);
    await waitFor('the denying rules', () => mayPublish(file) === 'deny');
  });

  it('is refused when broken, told once with its place, and the working rules stay', async () => {
    const file = await load(DENY);
    await writeFile(path, BROKEN);
    await waitFor('the refusal', () => told('acl_refused').length > 0);
    await writeFile(join(folder, 'neighbour'), 'x');
    await writeFile(path, BROKEN);
    // The next good version proves that everything before it was looked at.
    await writeFile(path, ALLOW);
    await waitFor('the allowing rules', () => mayPublish(file) === 'allow');
    expect(told('acl_refused')).toEqual([
      {
        source: 'file',
        path,
        line: 2,
        column: 8,
        code: 'ACL002',
        reason: 'Unknown client condition evrybody (invalid_client_match_condition)',
        errors: 1,
      },
    ]);
    expect(told('acl_applied')).toMatchObject([
      { rules: 1, hash: aclHash(DENY) },
      { rules: 1, hash: aclHash(ALLOW) },
    ]);
  });

  it('that vanishes leaves its rules in force', async () => {
    const file = await load(DENY);
    await rm(path);
    await waitFor('the warning', () => told('acl_file_unreadable').length > 0);
    expect(mayPublish(file)).toBe('deny');
    await writeFile(path, ALLOW);
    await waitFor('the allowing rules', () => mayPublish(file) === 'allow');
  });
});

describe('a text handed in', () => {
  it('comes in force and is answered with its hash', async () => {
    const file = await load(DENY);
    expect(file.apply(ALLOW)).toEqual({ ok: true, hash: aclHash(ALLOW), rules: 1 });
    expect(mayPublish(file)).toBe('allow');
  });

  it('that is broken is answered with its problems and changes nothing', async () => {
    const file = await load(DENY);
    const epoch = file.authorizer.epoch;
    expect(file.apply(BROKEN)).toEqual({
      ok: false,
      problems: [
        {
          severity: 'error',
          code: 'ACL002',
          message: 'Unknown client condition evrybody (invalid_client_match_condition)',
          hint: expect.stringContaining('{username, …}') as string,
          line: 2,
          column: 8,
          endLine: 2,
          endColumn: 16,
        },
      ],
    });
    expect([mayPublish(file), file.authorizer.epoch]).toEqual(['deny', epoch]);
  });

  it('equal to the one in force changes nothing', async () => {
    const file = await load(DENY);
    const epoch = file.authorizer.epoch;
    expect(file.apply(DENY)).toEqual({ ok: true, hash: aclHash(DENY), rules: 1 });
    expect(file.authorizer.epoch).toBe(epoch);
  });
});
