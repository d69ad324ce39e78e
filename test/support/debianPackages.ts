import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from './processes.ts';

/** apt needs minutes on a slow mirror, never more. */
const APT_LIMIT_MS = 300_000;
/** A second apt run fails at once on the lock unless it is told to wait. */
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=120'];

/** Debian's Python, which is the one that `python3-paho-mqtt` serves; a `python3` found on PATH may be another. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** The program's full path, or null. `/usr/sbin` counts: mosquitto lives there and users' PATH often lacks it. */
export async function findProgram(name: string): Promise<string | null> {
  for (const directory of [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']) {
    const path = join(directory || '.', name);
    if (await access(path).then(() => true, () => false)) return path;
  }
  return null;
}

/** Whether this process may install Debian packages. */
export async function canInstallPackages(): Promise<boolean> {
  return process.platform === 'linux' && process.getuid?.() === 0 && (await findProgram('apt-get')) !== null;
}

/** Installs Debian packages. Throws with the end of apt's output when that fails. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...names]]) {
    const result = await runProcess('apt-get', [...APT_OPTIONS, ...args], { env, lifetimeMs: APT_LIMIT_MS });
    if (result.code !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${(result.stdout + result.stderr).slice(-2000)}`);
  }
}
