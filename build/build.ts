/**
 * `npm run build`: everything that runs from `out/`. Each part is one bundle that needs no node_modules beside it.
 * `npm run build -- main preload` builds only the named parts.
 */
import { rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type InlineConfig } from 'vite';
import { rendererConfig } from './renderer.vite.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = `${ROOT}out`;

/** A bundle for Node or Electron's main process: one file, everything but Node and Electron inside. */
function hostBundle(entry: string, folder: string, file: string): InlineConfig {
  const format = file.endsWith('.cjs') ? 'cjs' : 'es';
  return {
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: entry,
      target: 'node24',
      outDir: `${OUT}/${folder}`,
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        external: ['electron', ...builtinModules, /^node:/],
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  };
}

/** The host keeps its database in a worker thread, which is a file of its own beside whatever embeds the host. */
const workspaceWorker = (folder: string) => hostBundle('electron/host/workspaceWorker.ts', folder, 'workspaceWorker.js');

const PARTS: Readonly<Record<string, readonly InlineConfig[]>> = {
  main: [hostBundle('electron/main/main.ts', 'main', 'index.js'), workspaceWorker('main')],
  preload: [hostBundle('electron/preload/preload.ts', 'preload', 'index.cjs')],
  broker: [hostBundle('broker/main.ts', 'broker', 'node.js')],
  headless: [hostBundle('electron/host/main.ts', 'headless', 'index.js'), workspaceWorker('headless')],
  renderer: [rendererConfig({ variant: 'product' })],
};

async function main(): Promise<number> {
  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    console.error(`Unknown part ${unknown.join(', ')}. The parts are: ${Object.keys(PARTS).join(' ')}`);
    return 2;
  }
  for (const [name, bundles] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const startedMs = performance.now();
    await rm(`${OUT}/${name}`, { recursive: true, force: true });
    for (const bundle of bundles) await build(bundle);
    console.log(`${name}: ${Math.round(performance.now() - startedMs)} ms`);
  }
  return 0;
}

process.exitCode = await main();
