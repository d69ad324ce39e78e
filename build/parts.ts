/** The parts of the product that are built into `out/`, and how. Each needs no node_modules beside it. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';
import { SWAGGER_UI_FILES, SWAGGER_UI_FOLDER } from '../broker/io/swaggerUiFiles.ts';
import { rendererConfig } from './renderer.vite.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const OUT = join(ROOT, 'out');

export interface Part {
  readonly name: string;
  /** Source files it begins at; a part whose first entry does not exist is left out. */
  readonly entries: readonly string[];
  readonly configs: () => Promise<InlineConfig[]>;
  /** What lies beside the bundles. */
  readonly finish?: () => Promise<void>;
}

/** SQLite's thread runs from a file of its own (electron/host/workspaceDb.ts). */
const WORKER = 'electron/host/workspaceWorker.ts';
/** The slow hashes of MQTT clients run on a thread too (broker/io/authn/bcrypt.ts). */
const BCRYPT_WORKER = 'broker/io/authn/bcryptWorker.ts';
const SEGMENT_THREAD = 'broker/io/storage/segmentThread.ts';

export const PARTS: readonly Part[] = [
  { name: 'main', entries: ['electron/main/main.ts', WORKER], configs: () => hostBundles('main', { 'index.js': 'electron/main/main.ts', 'workspaceWorker.js': WORKER }) },
  { name: 'preload', entries: ['electron/preload/preload.ts'], configs: () => hostBundles('preload', { 'index.cjs': 'electron/preload/preload.ts' }) },
  { name: 'broker', entries: ['broker/main.ts', BCRYPT_WORKER, SEGMENT_THREAD], configs: () => hostBundles('broker', { 'node.js': 'broker/main.ts', 'bcryptWorker.js': BCRYPT_WORKER, 'segmentThread.js': SEGMENT_THREAD }), finish: copySwaggerUi },
  { name: 'headless', entries: ['electron/host/main.ts', WORKER], configs: () => hostBundles('headless', { 'index.js': 'electron/host/main.ts', 'workspaceWorker.js': WORKER }) },
  { name: 'renderer', entries: ['renderer/index.html'], configs: () => Promise.resolve([rendererConfig({ variant: 'product' })]) },
];

/** One bundle per file for Node or Electron's main process: everything inside but Node and Electron. */
async function hostBundles(folder: string, files: Readonly<Record<string, string>>): Promise<InlineConfig[]> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return Object.entries(files).map(([file, entry], index) => ({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    publicDir: false,
    define: { __BUSBAR_VERSION__: JSON.stringify(version) },
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: entry,
      target: 'node24',
      outDir: join(OUT, folder),
      emptyOutDir: index === 0,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        external: ['electron', ...builtinModules, /^node:/],
        output: { format: file.endsWith('.cjs') ? 'cjs' : 'es', entryFileNames: file, codeSplitting: false },
      },
    },
  }));
}

/** The API documentation's page is served by the broker from the folder beside its bundle. */
async function copySwaggerUi(): Promise<void> {
  const from = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  const to = join(OUT, 'broker', SWAGGER_UI_FOLDER);
  await mkdir(to, { recursive: true });
  for (const file of Object.keys(SWAGGER_UI_FILES)) await cp(join(from, file), join(to, file));
}
