/** What goes into a package, made offline: a stub stands in for Electron's binary, everything else is the real packaging. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractAll, listPackage } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { closeBrowser, launchBuilt, openBrowser } from './harness/application.ts';
import { callHost } from './harness/callHost.ts';
import { world } from './harness/world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGING_LIMIT_MS = 60_000;

/** Electron's documented mark before the fuses: version 1, nine of them, each '0' or '1'. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSES = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
  'wasmTrapHandlers',
] as const;
/** As a fresh Electron has them: everything we turn is the other way round. */
const FRESH_FUSES = '101100010';

let directory: string;
let resources: string;

beforeAll(async () => {
  directory = await createTempDir('busbar-package-');
  const stub = join(directory, 'stub');
  await mkdir(stub);
  await writeFile(join(stub, 'electron'), `#!/bin/sh\n${FUSE_SENTINEL}\u0001${String.fromCharCode(FUSES.length)}${FRESH_FUSES}\n`, 'latin1');
  await chmod(join(stub, 'electron'), 0o755);
  const overrides = [`-c.electronDist=${stub}`, `-c.directories.output=${join(directory, 'dist')}`];
  const args = ['node_modules/electron-builder/cli.js', '--dir', '--linux', '--config', 'build/electron-builder.config.mjs', '--publish', 'never', ...overrides];
  const result = await runProcess(process.execPath, args, { cwd: ROOT, lifetimeMs: PACKAGING_LIMIT_MS });
  if (result.code !== 0) throw new Error(`electron-builder failed:\n${(result.stdout + result.stderr).slice(-3000)}`);
  resources = join(directory, 'dist/linux-unpacked/resources');
}, PACKAGING_LIMIT_MS + 10_000);
afterAll(() => removeTempDir(directory));

describe('the packaged application', () => {
  it('holds every program and page it needs', () => {
    const files = listPackage(join(resources, 'app.asar'), { isPack: false });
    const needed = ['/package.json', '/out/main/index.js', '/out/main/workspaceWorker.js', '/out/preload/index.cjs', '/out/broker/node.js', '/out/renderer/index.html'];
    expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('holds nothing of the workshop', () => {
    const files = listPackage(join(resources, 'app.asar'), { isPack: false });
    expect(files.filter((file) => /node_modules|\.map$|\.ts$|\.vue$|\.test\.|^\/(test|build|broker|electron|renderer)(\/|$)|renderer-fake|headless/.test(file))).toEqual([]);
  });

  it('keeps the broker where a process without Electron can read it', async () => {
    const unpacked = await readFile(join(resources, 'app.asar.unpacked/out/broker/node.js'), 'utf8');
    expect(unpacked).toBe(await readFile(join(ROOT, 'out/broker/node.js'), 'utf8'));
  });

  it('carries a package.json without tools, scripts of developers or foreign paths', async () => {
    const inside = join(directory, 'manifest');
    extractAll(join(resources, 'app.asar'), inside);
    const manifest = JSON.parse(await readFile(join(inside, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: 'busbar', main: 'out/main/index.js', type: 'module' });
    expect(Object.keys(manifest)).not.toContain('devDependencies');
  });

  it('turns every fuse as configured', async () => {
    const binary = await readFile(join(directory, 'dist/linux-unpacked/busbar'), 'latin1');
    const at = binary.indexOf(FUSE_SENTINEL) + FUSE_SENTINEL.length;
    const wire = binary.slice(at + 2, at + 2 + FUSES.length);
    expect(Object.fromEntries(FUSES.map((fuse, index) => [fuse, wire[index] === '1']))).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
      wasmTrapHandlers: false,
    });
  });

  it('runs from what was packed alone, a broker node included', async () => {
    // Plain Node cannot read inside an archive, so it is laid out in a folder with no node_modules above it.
    const appPath = join(directory, 'extracted');
    extractAll(join(resources, 'app.asar'), appPath);
    await openBrowser();
    const application = await launchBuilt({ appPath, packaged: true, userData: join(directory, 'userData'), argv: ['--project', join(directory, 'project')] });
    try {
      const { page } = await application.window();
      await page.getByRole('navigation').first().waitFor();
      expect(await callHost(page, 'cluster/start', { nodes: 1 })).toMatchObject({ state: 'running' });
      expect(await callHost(page, 'rest/request', { node: 'busbar-1', method: 'GET', path: '/nodes' })).toMatchObject({ status: 200 });
      expect(await application.quit()).toBe(0);
      expect({ problems: application.problems(), children: world.childrenAtExit }).toEqual({ problems: [], children: [] });
    } finally {
      await application.dispose();
      await closeBrowser();
    }
  });
});
