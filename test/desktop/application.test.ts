import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Display } from 'electron';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WINDOW_COLOURS } from '../../electron/main/windowColours.ts';
import { trackLeaks } from '../support/leakTracker.ts';
import { isAlive } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { closeBrowser, launchBuilt, openBrowser, type Application } from './harness/application.ts';
import { callHost as call } from './harness/callHost.ts';
import { menuState } from './harness/double/menu.ts';
import { askPermission } from './harness/double/session.ts';
import { DISPLAY, world, type LaunchOptions } from './harness/world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCREENSHOTS = join(ROOT, 'test-results/desktop');

let directory: string;
let application: Application | undefined;

beforeAll(async () => {
  if (!existsSync(join(ROOT, 'out/main/index.js'))) throw new Error('There is no build: run `npm run build` first.');
  await mkdir(SCREENSHOTS, { recursive: true });
  await openBrowser();
});
afterAll(closeBrowser);
beforeEach(async () => {
  directory = await createTempDir();
});
afterEach(async () => {
  const left = application?.problems() ?? [];
  await application?.dispose();
  application = undefined;
  await removeTempDir(directory);
  expect(left).toEqual([]); // no console error, no unscripted dialog, in any test of this file
});

/** Runs the built application on a project and user data of its own. */
async function start(options: Partial<LaunchOptions> = {}): Promise<Application> {
  const { argv = [], ...rest } = options;
  application = await launchBuilt({
    appPath: ROOT,
    userData: join(directory, 'userData'),
    argv: ['--project', join(directory, 'project'), ...argv],
    ...rest,
  });
  return application;
}

describe('the window', () => {
  it('opens, paints the workbench and says where it runs', async () => {
    const { page, browserWindow } = await (await start()).window();
    expect(page.url()).toContain('bundle.app.test/index.html');
    await page.getByRole('navigation').first().waitFor();
    expect(await page.title()).toContain('Busbar');
    expect(browserWindow.options.minWidth).toBe(1024);
    await page.screenshot({ path: join(SCREENSHOTS, 'window.png') });
  });

  it('gives the page one frozen object of two functions, and no way to Node or Electron', async () => {
    const { page } = await (await start()).window();
    const seen = await page.evaluate(() => {
      const bridge = (window as unknown as { busbar: object }).busbar;
      return {
        names: Object.keys(bridge),
        kinds: Object.values(bridge).map((value) => typeof value),
        frozen: Object.isFrozen(bridge),
        replaced: Reflect.set(window, 'busbar', {}),
        node: ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
      };
    });
    expect(seen).toEqual({ names: ['postMessage', 'onMessage'], kinds: ['function', 'function'], frozen: true, replaced: false, node: [] });
  });

  it.each([
    ['light', false],
    ['dark', true],
  ] as const)('has the %s frame behind it before the page paints', async (theme, dark) => {
    const { browserWindow } = await (await start({ dark })).window();
    expect(browserWindow.backgroundColor).toBe(WINDOW_COLOURS[theme].frame);
    expect(browserWindow.overlay).toEqual({ color: WINDOW_COLOURS[theme].frame, symbolColor: WINDOW_COLOURS[theme].symbol, height: 39 });
  });

  it('follows the theme and language that the page sets', async () => {
    const app = await start();
    const { page, browserWindow } = await app.window();
    await call(page, 'settings/set', { theme: 'contrast', language: 'zh-CN' });
    await waitFor('the frame of the contrast theme', () => browserWindow.backgroundColor === WINDOW_COLOURS.contrast.frame);
    expect(menuState.application?.items.map((item) => item.label)).toContain('文件');
  });
});

describe('the walls', () => {
  it('enforces the content security policy', async () => {
    const app = await start();
    const { page } = await app.window();
    const violated = await page.evaluate(async () => {
      const found: string[] = [];
      const two = new Promise<void>((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => {
          found.push(event.effectiveDirective);
          if (found.length === 2) resolve();
        });
      });
      setTimeout('globalThis.escaped = true'); // a string: that is code, which the policy forbids
      await fetch('https://example.com/').catch(() => {});
      await two;
      return { found: found.toSorted(), escaped: 'escaped' in globalThis };
    });
    expect(violated).toEqual({ found: ['connect-src', 'script-src'], escaped: false });
    takeProblems(app, /Content Security Policy|Refused to connect|violates the following/);
  });

  it('serves nothing outside the renderer', async () => {
    const { page } = await (await start()).window();
    const statuses = await page.evaluate(() =>
      Promise.all(['/..%2f..%2fpackage.json', '/%2e%2e%2fmain%2findex.js', '/..%5c..%5cpackage.json', '/nothing.js', '/index.html'].map(async (path) => (await fetch(path)).status)),
    );
    expect(statuses).toEqual([404, 404, 404, 404, 200]);
  });

  it('opens outside links in the browser of the user, and only those that are safe', async () => {
    const { page } = await (await start()).window();
    await page.evaluate(() => {
      window.open('https://example.com/a');
      window.open('http://127.0.0.1:18083/api-docs');
      window.open('file:///etc/passwd');
      window.open('javascript:alert(1)');
      window.open('busbar://cluster');
    });
    await waitFor('both links', () => world.openedOutside.length === 2);
    expect(world.openedOutside).toEqual(['https://example.com/a', 'http://127.0.0.1:18083/api-docs']);
    expect(page.context().pages()).toHaveLength(1);
  });

  it('stays on its own page whatever a script does to the address', async () => {
    const { page } = await (await start()).window();
    const before = page.url();
    await page.evaluate(() => void (location.href = 'https://evil.example/'));
    await waitFor('the refusal', () => world.openedOutside.length === 1);
    expect(page.url()).toBe(before);
    expect(world.requestsOutside).toEqual([]);
  });

  it('denies every permission but copying, to our page and to others', async () => {
    const { browserWindow } = await (await start()).window();
    const ask = (permission: string, from?: string) => askPermission(browserWindow.webContents, permission, from);
    const no = { request: false, check: false, device: false };
    for (const permission of ['geolocation', 'media', 'notifications', 'clipboard-read', 'local-network', 'hid', 'openExternal']) {
      expect(await ask(permission)).toEqual(no);
    }
    expect(await ask('clipboard-sanitized-write')).toEqual({ request: true, check: true, device: false });
    expect(await ask('clipboard-sanitized-write', 'https://evil.example/')).toEqual(no);
  });
});

describe('one application', () => {
  it('quits at once as the second instance, touching nothing', async () => {
    const app = await start({ firstInstance: false });
    expect(await app.exited()).toBe(0);
    expect(existsSync(join(directory, 'project'))).toBe(false);
  });

  it('comes to the front when started again, and shows what the link names', async () => {
    const app = await start();
    const { page, browserWindow } = await app.window();
    await page.getByRole('navigation').first().waitFor();
    browserWindow.minimize();
    app.startAgain(['busbar://settings']);
    expect({ minimized: browserWindow.isMinimized(), focused: browserWindow.focusCount }).toEqual({ minimized: false, focused: 1 });
    await page.waitForURL(/#\/settings/);
  });

  it('ignores a hostile link', async () => {
    const app = await start();
    const { page } = await app.window();
    await page.getByRole('navigation').first().waitFor();
    const before = page.url();
    app.startAgain([`busbar://settings/../../x?y=${'z'.repeat(1000)}`]);
    app.menu('View/Sidebar'); // a command that does arrive, to know that the other one would have
    await waitFor('the sidebar to close', async () => (await page.locator('[data-area=side]').count()) === 0 || !(await page.locator('[data-area=side]').isVisible()));
    expect(page.url()).toBe(before);
  });

  it('starts on the page that a link names', async () => {
    const { page } = await (await start({ argv: ['busbar://settings'] })).window();
    await page.waitForURL(/#\/settings/);
  });
});

describe('menu and dialogs', () => {
  it('sends a command of the menu to the page', async () => {
    const app = await start();
    const { page } = await app.window();
    await page.getByRole('navigation').first().waitFor();
    app.menu('File/Settings');
    await page.waitForURL(/#\/settings/);
    app.menu('View/Command Palette');
    await page.getByRole('combobox').or(page.getByRole('dialog')).first().waitFor();
  });

  it('opens a project folder that the user picks', async () => {
    const app = await start();
    const { page } = await app.window();
    const other = join(directory, 'other');
    await mkdir(other);
    app.answerDialog('showOpenDialog', { canceled: false, filePaths: [other] });
    app.menu('File/Open Project Folder…');
    await waitFor('the other project', async () => (await call(page, 'project/get')).path === other);
  });

  it('says why a folder cannot be opened, and keeps the project', async () => {
    const app = await start();
    const { page } = await app.window();
    const file = join(directory, 'no-folder');
    await writeFile(file, '');
    app.answerDialog('showOpenDialog', { canceled: false, filePaths: [file] });
    app.answerDialog('showMessageBox', { response: 0 });
    app.menu('File/Open Project Folder…');
    const told = await waitFor('the message', () => world.dialogsShown.find((shown) => shown.kind === 'showMessageBox'));
    expect(told.options).toMatchObject({ type: 'error', message: 'The project folder could not be opened.' });
    expect((await call(page, 'project/get')).path).toBe(join(directory, 'project'));
  });

  it('offers a reload when the page crashes, and the new page finds the host as it was', async () => {
    const app = await start();
    const { page, browserWindow } = await app.window();
    await page.getByRole('navigation').first().waitFor();
    app.answerDialog('showMessageBox', { response: 0 });
    await page.goto('chrome://crash').catch(() => {});
    await waitFor('the offer', () => world.dialogsShown.length === 1);
    const again = await waitFor('the new page', async () => {
      const current = await browserWindow.webContents.page;
      return current === page ? null : current;
    });
    await again.getByRole('navigation').first().waitFor();
    expect((await call(again, 'project/get')).path).toBe(join(directory, 'project'));
  });

  it('says why it cannot start', async () => {
    await writeFile(join(directory, 'project'), 'a file where the folder should be');
    const app = await start();
    app.answerDialog('showErrorBox', undefined);
    expect(await app.exited()).toBe(1);
    expect(world.dialogsShown.map(({ kind }) => kind)).toEqual(['showErrorBox']);
  });
});

describe('the window state', () => {
  const bounds = { x: 140, y: 90, width: 1300, height: 820 };

  it('is put back at the next start', async () => {
    const first = await start();
    const { browserWindow } = await first.window();
    browserWindow.setBounds(bounds);
    browserWindow.maximize();
    await first.quit();
    await first.dispose();
    expect(JSON.parse(await readFile(join(directory, 'userData/window.json'), 'utf8'))).toEqual({ ...bounds, maximized: true });

    const second = await (await start()).window();
    expect(second.browserWindow.getNormalBounds()).toEqual(bounds);
    expect(second.browserWindow.isMaximized()).toBe(true);
  });

  it('is left to the system when its display is gone', async () => {
    await mkdir(join(directory, 'userData'));
    await writeFile(join(directory, 'userData/window.json'), JSON.stringify({ x: 5000, y: 0, width: 1300, height: 820 }));
    const { browserWindow } = await (await start({ displays: [{ ...DISPLAY, workArea: { x: 0, y: 0, width: 1280, height: 720 } } as Display] })).window();
    expect({ ...browserWindow.options, webPreferences: undefined }).toMatchObject({ width: 1280, height: 720 });
    expect(browserWindow.options.x).toBeUndefined();
  });
});

describe('broker nodes', () => {
  it('run as utility processes, answer an MQTT client, and are gone when the application has quit', async () => {
    const app = await start();
    const { page } = await app.window();
    const cluster = await call(page, 'cluster/start', { nodes: 3 });
    expect(cluster).toMatchObject({ state: 'running', nodes: [{ state: 'running' }, { state: 'running' }, { state: 'running' }] });
    const [first, , third] = cluster.nodes;
    const pids = cluster.nodes.map((node) => node.pid ?? 0);
    for (const pid of pids) expect(await isAlive(pid)).toBe(true);

    const subscriber = await connectAsync(`mqtt://127.0.0.1:${first?.ports.mqtt}`, { protocolVersion: 5 });
    const publisher = await connectAsync(`mqtt://127.0.0.1:${third?.ports.mqtt}`, { protocolVersion: 4 });
    const heard = new Promise<string>((resolve) => subscriber.on('message', (topic, payload) => resolve(`${topic} ${payload.toString()}`)));
    await subscriber.subscribeAsync('plant/+/temp', { qos: 1 });
    await publishUntilHeard(publisher, heard);
    expect(await heard).toBe('plant/7/temp 21.5');
    await Promise.all([subscriber.endAsync(), publisher.endAsync()]);
    await page.screenshot({ path: join(SCREENSHOTS, 'cluster.png') });

    expect(await app.quit()).toBe(0);
    expect(world.childrenAtExit).toEqual([]);
    for (const pid of pids) expect(await isAlive(pid)).toBe(false);
  });
});

describe('the end', () => {
  it('quits with code 0, holds nothing any more and lets the project go', async () => {
    const leaks = trackLeaks();
    const app = await start();
    await app.window();
    expect(await app.quit()).toBe(0);
    await leaks.settled();
    expect(world.childrenAtExit).toEqual([]);
    await app.dispose();
    const again = await start(); // the project's lock would refuse
    await again.window();
  });

  it('quits when the last window closes', async () => {
    const app = await start();
    const { browserWindow } = await app.window();
    browserWindow.close();
    expect(await app.exited()).toBe(0);
  });
});

/** Routes reach the other node a moment after the subscription is granted; a QoS 1 publish before that goes nowhere. */
async function publishUntilHeard(publisher: MqttClient, heard: Promise<unknown>): Promise<void> {
  let done = false;
  void heard.then(() => (done = true));
  await waitFor('the message on the other node', async () => {
    if (!done) await publisher.publishAsync('plant/7/temp', '21.5', { qos: 1 });
    return done;
  });
}

/** Problems a test provoked on purpose: at least one must be there, and it no longer counts. */
function takeProblems(app: Application, expected: RegExp): void {
  const problems = app.problems();
  const provoked = problems.filter((problem) => expected.test(problem));
  expect(provoked.length).toBeGreaterThan(0);
  problems.splice(0, problems.length, ...problems.filter((problem) => !expected.test(problem)));
}
