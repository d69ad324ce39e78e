import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { canInstallPackages, findProgram, installPackages } from './debianPackages.ts';
import { runProcess } from './processes.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'msedge'];
const VERSION_LIMIT_MS = 10_000;
const DOWNLOAD_LIMIT_MS = 300_000;

/**
 * A Chromium that runs: `CHROME_PATH`, then the usual names on PATH, then one that Playwright installed earlier.
 * Each is confirmed by `--version`: a snap stub exists as a file and cannot run. Null when there is none.
 */
export async function findChromium(): Promise<string | null> {
  const asked = process.env['CHROME_PATH'];
  if (asked) {
    if (await runs(asked)) return asked;
    throw new Error(`CHROME_PATH is ${asked}, which does not answer --version. Correct or unset it.`);
  }
  for (const name of NAMES) {
    const path = await findProgram(name);
    if (path && (await runs(path))) return path;
  }
  const downloaded = chromium.executablePath();
  return downloaded && (await runs(downloaded)) ? downloaded : null;
}

/** `findChromium`, and where there is none installs one: from Debian as root, else by Playwright. Throws one clear sentence. */
export async function requireChromium(): Promise<string> {
  const found = await findChromium();
  if (found) return found;
  let failure: unknown;
  try {
    if (await canInstallPackages()) await installPackages(['chromium']);
    else await downloadChromium();
  } catch (error) {
    failure = error;
  }
  const installed = await findChromium();
  if (installed) return installed;
  throw new Error('The tests need a Chromium and none could be installed. Install one and set CHROME_PATH to its program.', { cause: failure });
}

async function runs(path: string): Promise<boolean> {
  // Debian's wrapper prints shell noise on stderr; only the answer counts.
  const result = await runProcess(path, ['--version'], { lifetimeMs: VERSION_LIMIT_MS }).catch(() => null);
  return result?.code === 0 && /\d+\.\d+/.test(result.stdout);
}

async function downloadChromium(): Promise<void> {
  const cli = createRequire(import.meta.url).resolve('playwright-core/cli.js');
  const result = await runProcess(process.execPath, [cli, 'install', 'chromium'], { lifetimeMs: DOWNLOAD_LIMIT_MS });
  if (result.code !== 0) throw new Error(`playwright-core install chromium failed:\n${result.stderr.slice(-2000)}`);
}
