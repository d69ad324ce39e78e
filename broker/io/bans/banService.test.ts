import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testBans } from '../../../test/support/adminServer.ts';
import { createTempDir, removeTempDir } from '../../../test/support/tempDir.ts';
import type { BanService } from './banService.ts';

let folder: string;
let nowMs: number;
let open: BanService[];

beforeEach(async () => {
  folder = await createTempDir();
  nowMs = Date.UTC(2026, 0, 1);
  open = [];
});
afterEach(async () => {
  for (const service of open) service.dispose();
  await removeTempDir(folder);
});

async function restart(bootstrapFile?: string): Promise<BanService> {
  for (const service of open.splice(0)) service.dispose();
  const service = await testBans(folder, bootstrapFile, () => nowMs);
  open.push(service);
  return service;
}

const client = (clientId: string) => ({ clientId, username: undefined, peerHost: '127.0.0.1' });
const thrown = (task: () => unknown) => {
  try {
    task();
    return 'done';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('bans', () => {
  it('are in force at once and after a restart, until they end', async () => {
    const first = await restart();
    first.create({ as: 'clientid', who: 'c', reason: 'why', untilMs: nowMs + 1_000 });
    first.create({ as: 'clientid_re', who: '^x', by: 'ann' });
    expect([first.admission.admit(client('c')), first.admission.admit(client('xyz')), first.admission.admit(client('d'))]).toEqual([0x8a, 0x8a, 0]);
    const second = await restart();
    expect(second.list()).toEqual([
      { as: 'clientid', who: 'c', by: 'mgmt_api', reason: 'why', atMs: nowMs, untilMs: nowMs + 1_000 },
      { as: 'clientid_re', who: '^x', by: 'ann', reason: '', atMs: nowMs, untilMs: Number.POSITIVE_INFINITY },
    ]);
    nowMs += 1_000;
    expect([second.admission.admit(client('c')), second.list().length, (await restart()).list().length]).toEqual([0, 1, 1]);
  });

  it('end when they are taken back, one or all, for good', async () => {
    const first = await restart();
    for (const who of ['a', 'b', 'c']) first.create({ as: 'username', who });
    expect([first.remove('username', 'a'), first.remove('username', 'a')]).toEqual([true, false]);
    expect((await restart()).list().map(({ who }) => who)).toEqual(['b', 'c']);
    open[0]?.clear();
    expect((await restart()).list()).toEqual([]);
  });

  it('of a client id end its session, those of others do not', async () => {
    const service = await restart();
    const kicked: string[] = [];
    service.onBanned((clientId) => kicked.push(clientId));
    service.create({ as: 'clientid', who: 'c' });
    service.create({ as: 'username', who: 'u' });
    expect(kicked).toEqual(['c']);
  });

  it('that are there, are over, or are no patterns change nothing', async () => {
    const service = await restart();
    service.create({ as: 'clientid', who: 'c', untilMs: nowMs + 10 });
    expect([
      thrown(() => service.create({ as: 'clientid', who: 'c' })),
      thrown(() => service.create({ as: 'clientid', who: 'd', untilMs: nowMs })),
      thrown(() => service.create({ as: 'clientid_re', who: '[' })),
    ]).toEqual(['BAN_EXISTS', 'BAN_INVALID', 'BAN_INVALID']);
    expect(service.list().map(({ who }) => who)).toEqual(['c']);
    nowMs += 10;
    expect(thrown(() => service.create({ as: 'clientid', who: 'c' }))).toBe('done');
  });

  it('begin with those of a file, which is read into an empty table only', async () => {
    const file = join(folder, 'bans.csv');
    await writeFile(file, 'as,who,reason,at,until,by\nclientid,c1,spam,2025-01-01T00:00:00Z,infinity,ops\npeerhost_net,10.0.0.0/8,,,1800000000,\nusername,old,,,1,\n');
    expect((await restart(file)).list()).toEqual([
      { as: 'clientid', who: 'c1', by: 'ops', reason: 'spam', atMs: Date.UTC(2025, 0, 1), untilMs: Number.POSITIVE_INFINITY },
      { as: 'peerhost_net', who: '10.0.0.0/8', by: 'bootstrap_file', reason: '', atMs: nowMs, untilMs: 1_800_000_000_000 },
    ]);
    await writeFile(file, 'as,who\nnobody,x\n');
    expect((await restart(file)).list()).toHaveLength(2);
    open[0]?.clear();
    await expect(restart(file)).rejects.toMatchObject({ code: 'BAN_BAD_FILE', message: `Row 1 of ${file} is no ban` });
  });
});
