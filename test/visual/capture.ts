/** Opening one view of the page over the invented host, and writing down everything its console and its policy complain about. */
import type { Page } from 'playwright-core';
import type { View } from './views.ts';

export const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const VIOLATIONS = "addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))";

/** Leaves the page as the view describes it; the answer is empty when nothing was wrong. */
export async function openView(page: Page, base: string, view: View): Promise<readonly string[]> {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${view.name}: console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${view.name}: ${error.message}`));
  await page.addInitScript(VIOLATIONS);
  await page.goto(`${base}/index.html?${new URLSearchParams({ scene: view.scene, theme: view.theme, lang: view.lang })}#/${view.page}`);
  await page.waitForSelector('.status');
  await page.evaluate('document.fonts.ready');
  await view.act?.(page);
  return problems;
}
