import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTempDir } from '../test/support/tempDir.ts';
import { STAMP_FILE, whyBuild } from './freshness.mjs';

/** A tree whose files are all of second 1000, built at second 2000. */
const withTree = (use: (root: string) => Promise<void>) =>
  withTempDir('busbar-fresh-', async (root) => {
    const files = ['broker/a.ts', 'electron/host/b.ts', 'package.json'];
    for (const file of files) {
      await mkdir(join(root, file, '..'), { recursive: true });
      await writeFile(join(root, file), '');
    }
    for (const path of [...files, 'broker', 'electron', 'electron/host']) await utimes(join(root, path), 1000, 1000);
    await mkdir(join(root, 'out'));
    await writeFile(join(root, STAMP_FILE), '2000000\n');
    await use(root);
  });

describe('a build', () => {
  it('is needed when there is none', () => withTree(async (root) => {
    await rm(join(root, STAMP_FILE));
    expect(whyBuild(root)).toBe('there is no build yet');
  }));

  it('is not needed while nothing is newer', () => withTree(async (root) => {
    expect(whyBuild(root)).toBeNull();
  }));

  it('is needed when a file changed, or one was removed', () => withTree(async (root) => {
    await utimes(join(root, 'electron/host/b.ts'), 3000, 3000);
    expect(whyBuild(root)).toBe(`${join('electron', 'host', 'b.ts')} is newer than the build`);
    await rm(join(root, 'electron/host/b.ts'));
    expect(whyBuild(root)).toBe(`${join('electron', 'host')} is newer than the build`);
  }));
});
