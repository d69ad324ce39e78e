import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The smallest page that is one: no host, no framework. For tests of the shell that need some page of ours. */
const FILES: Readonly<Record<string, string>> = {
  'index.html': '<!doctype html><html lang="en"><head><title>Fixture</title><link rel="icon" href="data:,"><script type="module" src="./page.js"></script></head><body></body></html>',
  'page.js': "document.body.dataset.loaded = 'yes';\n",
};

/** Writes it as `renderer/` below `outDir`. */
export async function writeFixtureRenderer(outDir: string): Promise<void> {
  for (const [file, text] of Object.entries(FILES)) {
    const path = join(outDir, 'renderer', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
