/**
 * Pictures of the pages over the invented host, in real Chromium, under the page's policy:
 *   node test/visual/shots.ts [--out DIR] [--only TEXT] [--no-build]
 * Fails on any console error or violation of the policy. The pictures are for eyes: lay them beside shared/ui/png.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { rendererConfig } from '../../build/renderer.vite.ts';
import { servePages } from './server.ts';
import { VIEWS, type View } from './views.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values: flags } = parseArgs({ options: { out: { type: 'string' }, only: { type: 'string' }, 'no-build': { type: 'boolean' } } });
const out = flags.out ?? join(ROOT, 'test-results/shots');
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

async function shoot(page: Page, base: string, view: View): Promise<readonly string[]> {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${view.name}: console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${view.name}: ${error.message}`));
  await page.addInitScript("addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))");
  await page.goto(`${base}/fake.html?${new URLSearchParams({ scene: view.scene, theme: view.theme, lang: view.lang })}#/${view.page}`);
  await page.waitForSelector('.status');
  await page.evaluate('document.fonts.ready');
  await view.act?.(page);
  await page.waitForTimeout(view.settleMs ?? 1_300);
  await page.screenshot({ path: join(out, `${view.name}.png`) });
  return problems;
}

if (!flags['no-build']) await build(rendererConfig({ variant: 'fake' }));
await mkdir(out, { recursive: true });
const server = await servePages(join(ROOT, 'out/renderer-fake'));
const browser = await chromium.launch({ executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium', args: ARGS });
const problems: string[] = [];
let taken = 0;
for (const view of VIEWS.filter((one) => !flags.only || one.name.includes(flags.only))) {
  const context = await browser.newContext({ viewport: view.size, reducedMotion: view.still ? 'reduce' : 'no-preference', locale: 'en' });
  problems.push(...(await shoot(await context.newPage(), server.url, view)));
  taken += 1;
  await context.close();
}
await browser.close();
await server.close();
console.log(`${taken} pictures in ${out}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
