/**
 * `npm run package`: builds, then makes the installers of this system (`-- --linux --win --mac` choose others, `-- --dir`
 * only the unpacked folder). Needs the network once, for Electron's binary and the packaging tools.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PARTS = ['main', 'preload', 'broker', 'renderer'];
const CONFIG = 'build/electron-builder.config.mjs';

function run(script: string, args: readonly string[]): boolean {
  return spawnSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

if (!run('build/build.ts', PARTS)) {
  console.error('The build failed, so nothing was packaged.');
  process.exitCode = 1;
} else if (!run('node_modules/electron-builder/cli.js', ['--config', CONFIG, '--publish', 'never', ...process.argv.slice(2)])) {
  console.error('Packaging failed. If a download failed above: the first run needs the release host of Electron (or ELECTRON_MIRROR) within reach.');
  process.exitCode = 1;
}
