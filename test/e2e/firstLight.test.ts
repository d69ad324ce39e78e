/**
 * The story of a first visit, as README tells it: start a three-node cluster with one button, see a message cross it, deny a topic
 * in acl.conf, see the refusal, kill a node and bring it back. Real programs, real sockets, real Chromium. Screenshots of the three
 * pages in both themes are in test-results/e2e/.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireChromium } from '../support/chromium.ts';
import { isAlive, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCREENSHOTS = join(ROOT, 'test-results/e2e');
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const WIDE = { width: 1440, height: 900 };
const SMALL = { width: 1024, height: 700 };
const STEP_MS = 15_000;

let home: string;
let host: TestProcess;
let browser: Browser;
let page: Page;
/** Errors the page reported; the story expects none. */
const complaints: string[] = [];

beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  home = await createTempDir('busbar-e2e-');
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config') };
  // What `npm start` runs; npm itself would keep a signal to itself that a terminal sends to all.
  host = startProcess(process.execPath, ['build/start.mjs', '--headless', '--project', join(home, 'plant-a')], { cwd: ROOT, env, lifetimeMs: 180_000 });
  const ready = 'Busbar is ready: ';
  const line = await host.line((candidate) => candidate.startsWith(ready), 60_000);
  browser = await chromium.launch({ executablePath: await requireChromium(), args: CHROMIUM_ARGS });
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'dark', locale: 'en-GB' });
  page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(line.slice(ready.length));
});
afterAll(async () => {
  await browser?.close();
  await host?.end();
  await removeTempDir(home);
});

const activity = (name: string): Locator => page.getByRole('navigation').getByRole('button', { name }).or(page.getByRole('navigation').getByRole('link', { name })).first();
const nodeCard = (name: string): Locator => page.getByRole('article', { name: new RegExp(`^${name},`) });
const pane = (name: string): Locator => page.getByRole('region', { name, exact: true }).last();

async function screenshots(name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of [['', WIDE], ['-small', SMALL]] as const) {
      await page.setViewportSize(viewport);
      await page.evaluate(() => document.fonts.ready);
      // Two frames: charts and editor draw on canvas after the theme has changed; then whatever fades must have faded.
      await page.evaluate(async () => {
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        await Promise.all(document.getAnimations().flatMap((animation) => (animation instanceof CSSTransition ? [animation.finished] : [])));
      });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}${size}.png`) });
    }
    await page.setViewportSize(WIDE);
  }
}

async function publish(client: string, topic: string, payload: string): Promise<void> {
  const composer = pane(client);
  await composer.getByRole('textbox', { name: 'Topic', exact: true }).fill(topic);
  await composer.getByRole('textbox', { name: 'Payload' }).fill(payload);
  await composer.getByRole('radio', { name: '1', exact: true }).click();
  await composer.getByRole('button', { name: /^Publish (Ctrl|⌘)/ }).click();
}

/** Every process below `pid`, as the kernel lists them. */
async function childrenOf(pid: number): Promise<number[]> {
  const direct = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number);
  return [...direct, ...(await Promise.all(direct.map(childrenOf))).flat()];
}

it('starts a three-node cluster with one button and draws it', async () => {
  await page.getByRole('button', { name: 'Start a 3-node cluster and two test clients' }).waitFor();
  await screenshots('first-run');
  const clickedAt = performance.now();
  await page.getByRole('button', { name: 'Start a 3-node cluster and two test clients' }).click();
  for (const name of ['busbar-1', 'busbar-2', 'busbar-3']) await page.getByRole('article', { name: new RegExp(`^${name}, running`) }).waitFor();
  console.log(`three nodes running ${Math.round(performance.now() - clickedAt)} ms after the click`);
  await nodeCard('busbar-1').getByRole('button', { name: 'device' }).waitFor();
  await nodeCard('busbar-3').getByRole('button', { name: 'dashboard' }).waitFor();
});

it('carries a message from the device on node 1 to the dashboard on node 3', async () => {
  await activity('Clients').click();
  await page.getByRole('button', { name: /^device/ }).click();
  await page.getByRole('button', { name: /^dashboard/ }).click({ modifiers: ['Control'] });
  await publish('device', 'plant/line-9/hello', '{"from":"node 1"}');
  await pane('dashboard').getByText('plant/line-9/hello').first().waitFor();
  await pane('dashboard').getByText('plant/line-9/hello').first().click();
  await page.getByRole('region', { name: 'Payload' }).getByText('"node 1"').waitFor();
  await screenshots('clients');
});

it('shows the traffic on the topology', async () => {
  await activity('Cluster').click();
  await nodeCard('busbar-3').click();
  await page.getByRole('complementary').getByRole('heading', { name: /^busbar-3/ }).waitFor();
  await screenshots('cluster');
});

it('applies an edited rule to all nodes, and the next publish is refused', async () => {
  await activity('Access').click();
  await page.locator('.monaco-editor .view-lines').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText('{deny, {clientid, "device"}, publish, ["plant/line-9/#"]}.\n');
  await page.getByRole('button', { name: /^Apply/ }).click();
  await page.getByRole('status').filter({ hasText: 'busbar-3' }).waitFor();
  await screenshots('access');
  await activity('Clients').click();
  await publish('device', 'plant/line-9/hello', '{"from":"node 1, denied"}');
  await pane('device').getByText('0x87').first().waitFor();
  await screenshots('clients-refused');
  await pane('device').getByRole('button', { name: 'Explain' }).first().click();
  await page.getByText('Denied by rule 1').waitFor();
  await screenshots('access-explain');
});

it('refuses rules that do not parse and keeps the ones in force', async () => {
  await activity('Access').click();
  await page.locator('.monaco-editor .view-lines').first().click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText('{deny, nobody_knows_this}\n');
  const apply = page.getByRole('button', { name: /^Apply/ });
  await waitFor('Apply to be disabled', async () => (await apply.isDisabled()) || null, STEP_MS);
  await page.getByRole('button', { name: 'Discard' }).click();
  await activity('Clients').click();
  await publish('device', 'plant/line-9/hello', '{"still":"denied"}');
  await waitFor('a second refusal', async () => (await pane('device').getByText('0x87').count()) >= 2 || null, STEP_MS);
});

it('sees a killed node fail and takes it back', async () => {
  await activity('Cluster').click();
  await nodeCard('busbar-2').click();
  await page.getByRole('button', { name: 'Kill', exact: true }).first().click();
  const confirm = page.getByRole('button', { name: /^Kill busbar-2/ });
  if (await confirm.isVisible().catch(() => false)) await confirm.click();
  await page.getByRole('article', { name: /^busbar-2, (stopped|failed)/ }).waitFor();
  await page.getByRole('button', { name: /^(Start|Restart)$/ }).first().click();
  await page.getByRole('article', { name: /^busbar-2, running/ }).waitFor();
});

it('speaks Chinese', async () => {
  await page.evaluate(() => localStorage.clear());
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'light', locale: 'zh-CN' });
  const chinese = await context.newPage();
  chinese.on('pageerror', (error) => complaints.push(error.message));
  await chinese.goto(page.url().replace(/#.*/, ''));
  await chinese.evaluate((token) => sessionStorage.setItem('busbar.token', token), await page.evaluate(() => sessionStorage.getItem('busbar.token') ?? ''));
  for (const place of ['cluster', 'clients', 'access']) {
    await chinese.goto(`${page.url().replace(/#.*/, '')}#/${place}`);
    await chinese.reload();
    await chinese.getByText(/集群|客户端|访问/).first().waitFor();
    await chinese.evaluate(() => document.fonts.ready);
    await chinese.screenshot({ path: join(SCREENSHOTS, `${place}-zh.png`) });
  }
  await context.close();
});

it('reported no error on the way, and ends with every child when it is interrupted', async () => {
  expect(complaints).toEqual([]);
  const pids = await childrenOf(host.pid);
  expect(pids.length).toBeGreaterThanOrEqual(4);
  for (const pid of pids) process.kill(pid, 0);
  host.kill('SIGINT');
  await host.exit(STEP_MS);
  await waitFor('all children to end', async () => (await Promise.all(pids.map(isAlive))).every((alive) => !alive) || null, STEP_MS);
});
