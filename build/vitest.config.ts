/** Tests by kind: unit beside the files, integration with real processes and sockets, conformance by statement, desktop under the Electron double, e2e in Chromium. */
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

/** Files at a time, also where Vitest would take one for two processors: what waits for processes and sockets leaves one idle. */
const FILES_AT_A_TIME = 2;

const root = fileURLToPath(new URL('..', import.meta.url));

const SLOW_PROOFS = ['faults', 'drain', 'badInput', 'partitions', 'clockSkew', 'discovery', 'sharedState', 'membership', 'autoheal', 'clusterPressure', 'hostFaults', 'nodeLimits', 'soak', 'ledgerDevices'].map((name) => `test/integration/${name}.test.ts`);

export default defineConfig({
  root,
  plugins: [vue()],
  test: {
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['broker/**/*.test.ts', 'electron/**/*.test.ts', 'build/**/*.test.ts', 'test/support/**/*.test.ts', 'test/bench/**/*.test.ts', 'test/soak/**/*.test.ts', 'test/simulation/**/*.test.ts'], environment: 'node', maxWorkers: FILES_AT_A_TIME },
      },
      {
        extends: true,
        test: { name: 'renderer', include: ['renderer/**/*.test.ts'], environment: 'happy-dom' },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/contract/**/*.test.ts', 'test/fuzz/**/*.test.ts', 'test/ledger/**/*.test.ts'],
          exclude: SLOW_PROOFS,
          maxWorkers: FILES_AT_A_TIME,
          environment: 'node',
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        // Minutes of waiting: for nodes to miss each other, for rates to be measured. `npm run slow`, not a part of every run.
        test: { name: 'slow', include: SLOW_PROOFS, environment: 'node', pool: 'forks', testTimeout: 30_000, hookTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          maxWorkers: FILES_AT_A_TIME,
          include: ['test/conformance/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'desktop',
          include: ['test/desktop/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          fileParallelism: false,
          // The module `electron` is the double, loaded by Node itself so that test and application share one instance.
          execArgv: ['--import', `${root}test/desktop/harness/register.ts`],
          server: { deps: { external: [/\/test\/desktop\/harness\//, /\/out\/main\//, /node_modules/] } },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Compares CPU times: nothing else of ours runs meanwhile.
        test: { name: 'rails', include: ['test/rails/**/*.test.ts'], environment: 'node', pool: 'forks', fileParallelism: false, testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
