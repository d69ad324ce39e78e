/**
 * main/: the Electron application: window, menu, links, dialogs around the workbench host, which runs in this process.
 * In: the user's hand on the system. Out: windows, and broker nodes as utility processes.
 * May import: electron/host, electron/contract, broker/base, 'electron'. Begin here; shell.ts is the application's life.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { app } from 'electron';
import { createHost } from '../host/host.ts';
import { lineLog } from '../host/lineLog.ts';
import { brokerEntry } from '../host/nodeLauncher.ts';
import { defaultProjectDir } from '../host/projectLayout.ts';
import { startShell } from './shell.ts';
import { utilityLauncher } from './utilityLauncher.ts';

const log = lineLog(process.stderr);

startShell({
  log,
  outDir: fileURLToPath(new URL('..', import.meta.url)),
  createHost: () =>
    createHost({
      mode: 'electron',
      version: app.getVersion(),
      projectDir: projectOf(process.argv),
      settingsFile: join(app.getPath('userData'), 'settings.json'),
      launcher: utilityLauncher(brokerEntry(import.meta.url)),
      log,
    }),
});

/** `--project DIR`, else the folder every first start makes. Chromium reads the same command line, so other words are not ours to judge. */
function projectOf(argv: readonly string[]): string {
  const { values } = parseArgs({ args: argv.slice(1), options: { project: { type: 'string' } }, strict: false });
  return typeof values.project === 'string' && values.project !== '' ? values.project : defaultProjectDir();
}
