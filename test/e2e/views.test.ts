import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'vite';
import { rendererConfig } from '../../build/renderer.vite.ts';
import { requireChromium } from '../support/chromium.ts';
import { CHROMIUM_FLAGS, openView } from '../visual/capture.ts';
import { servePages, type PageServer } from '../visual/server.ts';
import { VIEWS } from '../visual/views.ts';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const PICTURES = path('test-results/views');
let browser: Browser;
let server: PageServer;

/** Elements with text that is cut where nobody could see that it is: no ellipsis, no scrolling. */
const CUT_TEXT = `[...document.querySelectorAll('button, h2, h3, dt, th, [role=tab], [role=radio]')]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible' && getComputedStyle(element).textOverflow !== 'ellipsis')
  .map((element) => element.textContent.trim())`;
const SIDEWAYS = 'document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth';

describe('every view, under the policy of the page', () => {
  beforeAll(async () => {
    await build(rendererConfig({ variant: 'fake' }));
    await mkdir(PICTURES, { recursive: true });
    server = await servePages(path('out/renderer-fake'));
    browser = await chromium.launch({ executablePath: await requireChromium(), args: CHROMIUM_FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it.each(VIEWS.map((view) => [view.name, view] as const))('%s has nothing on the console and nothing cut', async (name, view) => {
    const context = await browser.newContext({ viewport: view.size, locale: 'en', reducedMotion: 'reduce' });
    const page = await context.newPage();
    const problems = await openView(page, server.url, view);
    await page.screenshot({ path: `${PICTURES}/${name}.png` });
    expect([problems, await page.evaluate(CUT_TEXT), await page.evaluate(SIDEWAYS)]).toEqual([[], [], false]);
    await context.close();
  });
});
