// Whether `out/` was built from the sources as they are. Plain JavaScript: `npm start` runs it on whatever Node there is.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Written by a full build: when it began, epoch ms. */
export const STAMP_FILE = 'out/.built';

/** Everything the bundles are made of. */
const SOURCES = ['broker', 'electron', 'renderer', 'build', 'package.json', 'package-lock.json'];

/**
 * Why a build is needed, in words; null when `out/` is as new as its sources.
 * @param {string} root
 * @returns {string | null}
 */
export function whyBuild(root) {
  let builtMs;
  try {
    builtMs = Number(readFileSync(join(root, STAMP_FILE), 'utf8'));
  } catch {
    return 'there is no build yet';
  }
  const newer = SOURCES.map((source) => findNewer(join(root, source), builtMs)).find((found) => found !== null);
  return newer === undefined ? null : `${newer.slice(root.length).replace(/^[\\/]/, '')} is newer than the build`;
}

/**
 * The first file at or below `path` that changed after `sinceMs`; a folder counts too, since removing a file changes it.
 * @param {string} path
 * @param {number} sinceMs
 * @returns {string | null}
 */
function findNewer(path, sinceMs) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found || path.endsWith('.test.ts')) return null;
  if (found.mtimeMs > sinceMs) return path;
  if (!found.isDirectory()) return null;
  for (const name of readdirSync(path)) {
    const newer = findNewer(join(path, name), sinceMs);
    if (newer !== null) return newer;
  }
  return null;
}
