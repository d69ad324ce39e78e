import { resolve, sep } from 'node:path';
import { APP_HOST } from './appOrigin.ts';

/**
 * The file an `app://bundle/…` address names, or null: another host, a malformed address, a path that would leave
 * `root` once its escapes are decoded.
 */
export function resolveAppFile(root: string, address: string): string | null {
  let path: string;
  try {
    const url = new URL(address);
    if (url.host !== APP_HOST) return null;
    path = decodeURIComponent(url.pathname);
  } catch {
    return null;
  }
  if (path.includes('\0') || path.includes('\\')) return null;
  const file = resolve(root, `.${path === '/' ? '/index.html' : path}`);
  return file.startsWith(root + sep) ? file : null;
}
