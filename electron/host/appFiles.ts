/** Where this program's own files are, from source and from a bundle in `out/headless` or `out/main`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Set by the build; a bundle must know its version without a file beside it. */
declare const __BUSBAR_VERSION__: string | undefined;

const fromSource = import.meta.url.endsWith('.ts');

/** Of the application, as in package.json. */
export function appVersion(): string {
  if (typeof __BUSBAR_VERSION__ === 'string') return __BUSBAR_VERSION__;
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The built pages. */
export function rendererDir(): string {
  return fileURLToPath(new URL(fromSource ? '../../out/renderer' : '../renderer', import.meta.url));
}
