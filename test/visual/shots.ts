/**
 * Pictures of the pages over the invented host, in real Chromium, under the page's policy:
 *   node test/visual/shots.ts [--out DIR] [--only TEXT] [--no-build]
 * Fails on any console error or violation of the policy. The pictures are for eyes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { rendererConfig } from '../../build/renderer.vite.ts';
import { requireChromium } from '../support/chromium.ts';
import { CHROMIUM_FLAGS, openView } from './capture.ts';
import { servePages } from './server.ts';
import { VIEWS } from './views.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Long enough for two pictures of the cluster and for particles on their way. */
const SETTLE_MS = 1_300;
const { values: flags } = parseArgs({ options: { out: { type: 'string' }, only: { type: 'string' }, 'no-build': { type: 'boolean' } } });
const out = flags.out ?? join(ROOT, 'test-results/shots');

if (!flags['no-build']) await build(rendererConfig({ variant: 'fake' }));
await mkdir(out, { recursive: true });
const server = await servePages(join(ROOT, 'out/renderer-fake'));
const browser = await chromium.launch({ executablePath: await requireChromium(), args: CHROMIUM_FLAGS });
const problems: string[] = [];
const chosen = VIEWS.filter((view) => !flags.only || view.name.includes(flags.only));
for (const view of chosen) {
  const context = await browser.newContext({ viewport: view.size, locale: 'en' });
  const page = await context.newPage();
  problems.push(...(await openView(page, server.url, view)));
  await page.waitForTimeout(view.settleMs ?? SETTLE_MS);
  await page.screenshot({ path: join(out, `${view.name}.png`) });
  await context.close();
}
await browser.close();
await server.close();
console.log(`${chosen.length} pictures in ${out}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
