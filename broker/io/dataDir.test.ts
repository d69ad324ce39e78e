import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess, startProcess } from '../../test/support/processes.ts';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { BusbarError } from '../base/errors.ts';
import { openDataDir } from './dataDir.ts';

let root: string;
beforeEach(async () => {
  root = await createTempDir();
});
afterEach(() => removeTempDir(root));

const NOW_MS = 1_700_000_000_000;

/** Opens the folder in a process of its own, says so, and keeps it until it is killed. */
function holder(path: string) {
  const module = new URL('./dataDir.ts', import.meta.url).href;
  const script = `const { openDataDir } = await import(${JSON.stringify(module)}); await openDataDir(${JSON.stringify(path)}, 1); console.log('held'); setInterval(() => {}, 1000);`;
  return startProcess(process.execPath, ['--input-type=module', '-e', script]);
}

describe('a data directory', () => {
  it('keeps the node id and gives every start a higher incarnation, whatever the clock says', async () => {
    const path = join(root, 'a', 'node');
    const lives = [];
    for (const nowMs of [NOW_MS, NOW_MS - 1_000_000, NOW_MS + 5]) {
      const opened = await openDataDir(path, nowMs);
      lives.push(opened.life);
      opened.close();
    }
    expect(lives.map((life) => life.incarnation)).toEqual([NOW_MS, NOW_MS + 1, NOW_MS + 5]);
    expect(new Set(lives.map((life) => life.nodeId)).size).toBe(1);
    expect(lives[0]?.nodeId).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(lives.map((life) => life.nonce)).size).toBe(3);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('that is a copy has another id from the next start on, and is told apart until it has forgotten whose it was (R4)', async () => {
    const path = join(root, 'node');
    const first = await openDataDir(path, NOW_MS);
    const drawn = await first.reidentify();
    first.close();
    const second = await openDataDir(path, NOW_MS);
    expect([second.life.nodeId, second.life.isCopy, second.life.incarnation]).toEqual([drawn, true, NOW_MS + 1]);
    expect(drawn).not.toBe(first.life.nodeId);
    await second.forgotOrigin();
    second.close();
    const third = await openDataDir(path, NOW_MS);
    expect([third.life.nodeId, third.life.isCopy]).toEqual([drawn, false]);
    third.close();
  });

  it('lives once: a second start names the process that holds it, and gets it when that was killed', async () => {
    const path = join(root, 'node');
    const other = holder(path);
    await other.line((line) => line === 'held');
    await expect(openDataDir(path, NOW_MS)).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: `node.data_dir ${path} is in use by the node of process ${other.pid}`,
      details: { path, pid: other.pid },
    });
    other.kill('SIGKILL');
    await other.exit();
    const opened = await openDataDir(path, NOW_MS);
    expect(await readFile(join(path, 'node.pid'), 'utf8')).toBe(`${process.pid}\n`);
    opened.close();
  });

  it('that cannot be created is an error that names it', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openDataDir(join(root, 'file', 'node'), NOW_MS)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  });

  it('with a damaged identity is not silently given a new one', async () => {
    const path = join(root, 'node');
    (await openDataDir(path, NOW_MS)).close();
    await writeFile(join(path, 'node.json'), '{"nodeId": 5}');
    const error = await openDataDir(path, NOW_MS).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BusbarError);
    expect(error).toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: `${join(path, 'node.json')} is damaged` });
    expect(await readFile(join(path, 'node.json'), 'utf8')).toBe('{"nodeId": 5}');
    // And the lock is free again.
    await writeFile(join(path, 'node.json'), `{"nodeId": "${'0'.repeat(32)}", "incarnation": 1}`);
    (await openDataDir(path, NOW_MS)).close();
  });

  it('that belongs to another user is refused', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can play another user');
    // Root may do anything, so the other user is the one who tries; the module is read before, for the checkout may be root's alone.
    const path = join(root, 'node');
    (await openDataDir(path, NOW_MS)).close();
    await chmod(root, 0o755);
    const module = new URL('./dataDir.ts', import.meta.url).href;
    const script = `const { openDataDir } = await import(${JSON.stringify(module)}); process.setuid('nobody'); await openDataDir(${JSON.stringify(path)}, 1).catch((error) => console.log(error.code));`;
    const { stdout } = await runProcess(process.execPath, ['--input-type=module', '-e', script], { cwd: '/' });
    expect(stdout.trim()).toBe('DATA_DIR_UNUSABLE');
  });
});
