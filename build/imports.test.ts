import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withTempDir } from '../test/support/tempDir.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const RULES_FILE = '.dependency-cruiser.mjs';
const CRUISER = join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const ROOMS = ['broker', 'electron', 'renderer', 'test', 'build'];
/** Long enough for a busy two-core machine; the tool itself needs 1-3 s. */
const TIME_LIMIT_MS = 60_000;

/** One file that breaks one rule. Each has its own name, so that two plants never share a report. */
interface Plant {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const plant = (rule: string, file: string, source: string): Plant => ({ rule, file, source });

/** Files the plants import. They are innocent themselves. */
const INNOCENT: Readonly<Record<string, string>> = {
  'broker/base/plain.ts': 'export const plain = 1;\nexport interface Plain { readonly plain: number }\n',
  'broker/topics/plain.ts': 'export const plain = 1;\n',
  'broker/config/plain.ts': 'export const plain = 1;\n',
  'broker/session/plain.ts': 'export const plain = 1;\nexport interface Plain { readonly plain: number }\n',
  'broker/router/plain.ts': 'export const plain = 1;\n',
  'broker/access/plain.ts': 'export const plain = 1;\n',
  'broker/io/plain.ts': 'export const plain = 1;\nexport interface Plain { readonly plain: number }\n',
  'electron/main/plain.ts': 'export const plain = 1;\n',
  'electron/contract/plain.ts': 'export const plain = 1;\n',
  'electron/contract/payloadPlain.ts': 'export interface Plain { readonly plain: number }\n',
  'renderer/stores/plain.ts': 'export const plain = 1;\n',
  'renderer/features/clients/plain.ts': 'export const plain = 1;\n',
  'test/support/plain.ts': 'export const plain = 1;\n',
  'node_modules/electron/package.json': '{ "name": "electron", "version": "0.0.0", "main": "index.js" }\n',
  'node_modules/electron/index.js': 'module.exports = {};\n',
  /** The other half of the cycle; a cycle is reported once. */
  'renderer/lib/cycleB.ts': "import { used } from './cycleA.ts';\nexport const plain: number = used;\n",
  /** The innocent middle of the indirect path from the host to Electron: allowed to nobody but reachable by an import. */
  'electron/main/touchesElectron.ts': "import { app } from 'electron';\nexport const name = app.name;\n",
};

const value = (from: string) => `import { plain } from '${from}';\nexport const used = plain;\n`;
const typeOnly = (from: string) => `import type { Plain } from '${from}';\nexport type Used = Plain;\n`;
const reExport = (from: string) => `export { plain } from '${from}';\n`;
const dynamic = (from: string) => `export const load = () => import('${from}');\n`;
const component = (from: string) => `<script setup lang="ts">\nimport { plain } from '${from}';\n</script>\n<template>{{ plain }}</template>\n`;

const PLANTS: readonly Plant[] = [
  plant('broker-stands-alone', 'broker/io/standsOnElectron.ts', value('../../electron/contract/plain.ts')),
  plant('pure-no-node', 'broker/core/readsFiles.ts', "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n"),
  plant('pure-no-io', 'broker/core/knowsSockets.ts', typeOnly('../io/plain.ts')),
  plant('room-base', 'broker/base/knowsTopics.ts', value('../topics/plain.ts')),
  plant('room-topics', 'broker/topics/knowsConfig.ts', value('../config/plain.ts')),
  plant('room-protocol', 'broker/protocol/knowsSession.ts', typeOnly('../session/plain.ts')),
  plant('room-config', 'broker/config/knowsSession.ts', reExport('../session/plain.ts')),
  plant('room-metrics', 'broker/metrics/knowsSession.ts', typeOnly('../session/plain.ts')),
  plant('room-hooks', 'broker/hooks/knowsTopics.ts', value('../topics/plain.ts')),
  plant('room-access', 'broker/access/knowsSession.ts', value('../session/plain.ts')),
  plant('room-session', 'broker/session/knowsRouter.ts', value('../router/plain.ts')),
  plant('room-router', 'broker/router/knowsSession.ts', dynamic('../session/plain.ts')),
  plant('room-cluster', 'broker/cluster/knowsRouter.ts', value('../router/plain.ts')),
  plant('room-rules', 'broker/rules/knowsAccess.ts', value('../access/plain.ts')),
  plant('room-storage', 'broker/storage/knowsTopics.ts', value('../topics/plain.ts')),
  plant('api-rooms', 'broker/api/routes/knowsSession.ts', value('../../session/plain.ts')),
  plant('api-schema-alone', 'broker/api/schema/knowsBase.ts', typeOnly('../../base/plain.ts')),
  plant('cli-rooms', 'broker/cli/knowsSession.ts', value('../session/plain.ts')),
  plant('contract-alone', 'electron/contract/knowsBroker.ts', typeOnly('../../broker/base/plain.ts')),
  plant('payload-alone', 'electron/payload/knowsContract.ts', typeOnly('../contract/payloadPlain.ts')),
  plant('host-doors', 'electron/host/knowsBrokerIo.ts', value('../../broker/io/plain.ts')),
  plant('host-without-electron', 'electron/host/reachesElectron.ts', value('../main/touchesElectron.ts')),
  plant('electron-in-shell-only', 'renderer/lib/callsElectron.ts', "import { shell } from 'electron';\nexport const open = shell;\n"),
  plant('preload-alone', 'electron/preload/knowsMain.ts', value('../main/plain.ts')),
  plant('renderer-two-doors', 'renderer/features/cluster/ThirdDoor.vue', component('../../../broker/base/plain.ts')),
  plant('renderer-no-node', 'renderer/lib/readsFiles.ts', "import { join } from 'node:path';\nexport const joined = join;\n"),
  plant('ui-dumb', 'renderer/ui/KnowsStore.vue', component('../stores/plain.ts')),
  plant('stores-below-features', 'renderer/stores/knowsFeature.ts', value('../features/clients/plain.ts')),
  plant('features-apart', 'renderer/features/access/knowsClients.ts', value('../clients/plain.ts')),
  plant('product-not-test', 'broker/io/knowsTest.ts', value('../../test/support/plain.ts')),
  plant('no-cycles', 'renderer/lib/cycleA.ts', value('./cycleB.ts')),
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

async function cruise(directory: string, rooms: readonly string[]): Promise<readonly Violation[]> {
  const args = [CRUISER, '--config', join(directory, RULES_FILE), '--output-type', 'json', '--no-progress', '--no-cache', ...rooms];
  const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024, timeout: TIME_LIMIT_MS };
  // Exit code 0 with `json` whatever was found: the report decides, not the code.
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

async function plantTree(directory: string): Promise<void> {
  await cp(join(REPOSITORY, RULES_FILE), join(directory, RULES_FILE));
  await cp(join(REPOSITORY, 'build/tsconfig'), join(directory, 'build/tsconfig'), { recursive: true });
  const sources = { ...INNOCENT, ...Object.fromEntries(PLANTS.map((p) => [p.file, p.source])) };
  for (const [file, source] of Object.entries(sources)) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), source);
  }
}

describe('import rules', () => {
  it('has a planted violation for every rule, and no plant for a rule that is gone', async () => {
    const config = (await import(pathToFileURL(join(REPOSITORY, RULES_FILE)).href)) as { default: { forbidden: readonly { name: string }[] } };
    const rules = config.default.forbidden.map((rule) => rule.name);
    expect(PLANTS.map((p) => p.rule).toSorted()).toEqual(rules.toSorted());
  });

  it(
    'reports each planted violation by exactly its rule, and nothing else',
    async () => {
      const found = await withTempDir('busbar-imports-', async (directory) => {
        await plantTree(directory);
        return cruise(directory, ROOMS);
      });
      const report = found.map((v) => `${v.from}: ${v.rule.name}`).toSorted();
      expect(report).toEqual(PLANTS.map((p) => `${p.file}: ${p.rule}`).toSorted());
    },
    TIME_LIMIT_MS,
  );

  it('finds the real tree clean', async () => expect(await cruise(REPOSITORY, ROOMS)).toEqual([]), TIME_LIMIT_MS);
});
