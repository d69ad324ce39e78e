/** The same application in the real Electron, where its binary is present. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import { expect, it } from 'vitest';
import { withTempDir } from '../support/tempDir.ts';
import { callHost } from './harness/callHost.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Looked for as a file: importing the package would download it. */
function electronBinary(): string | null {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const binary = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), readFileSync(pathFile, 'utf8'));
  return existsSync(binary) ? binary : null;
}

it('opens the workbench in the real Electron and starts a broker node', async (context) => {
  const executablePath = electronBinary();
  if (!executablePath) return context.skip('the binary of Electron is not installed (npx electron downloads it)');
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return context.skip('there is no display (xvfb-run provides one)');
  await withTempDir('busbar-electron-', async (directory) => {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // Electron refuses root with its sandbox
    const args = [ROOT, ...sandbox, `--user-data-dir=${join(directory, 'userData')}`, '--project', join(directory, 'project')];
    const application = await _electron.launch({ executablePath, args, timeout: 20_000 });
    try {
      const page = await application.firstWindow();
      await page.getByRole('navigation').first().waitFor();
      expect(await page.evaluate(() => [location.origin, Object.keys((window as unknown as { busbar: object }).busbar), 'require' in window])).toEqual([
        'app://bundle',
        ['postMessage', 'onMessage'],
        false,
      ]);
      expect(await callHost(page, 'cluster/start', { nodes: 1 })).toMatchObject({ state: 'running' });
    } finally {
      await application.close();
    }
  });
});
