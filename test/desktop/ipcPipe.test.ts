import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANNELS } from '../../electron/contract/ipcChannels.ts';
import type { MessagePipe } from '../../electron/contract/pipe.ts';
import { APP_START } from '../../electron/main/appOrigin.ts';
import { registerAppScheme, serveApp } from '../../electron/main/appProtocol.ts';
import { acceptPages, MAX_UNTAKEN_MESSAGES } from '../../electron/main/ipcPipe.ts';
import { createMainWindow } from '../../electron/main/mainWindow.ts';
import { ipcPipe } from '../../renderer/host/ipcPipe.ts';
import { describeHostContract } from '../contract/hostContract.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { closeBrowser, launch, openBrowser, type Application } from './harness/application.ts';
import { bridgeOf } from './harness/bridge.ts';
import { BrowserWindow } from './harness/double/browserWindow.ts';
import { appDouble } from './harness/double/app.ts';
import { writeFixtureRenderer } from './harness/fixtureApp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRELOAD = join(ROOT, 'out/preload/index.cjs');

let outDir: string;
let application: Application;
let stopAccepting: () => void;
let arrivals: MessagePipe[] = [];
let refused: string[] = [];
let stuck = 0;

beforeAll(async () => {
  outDir = await createTempDir();
  await writeFixtureRenderer(outDir);
  await openBrowser();
  application = await launch({ appPath: ROOT, userData: outDir }, registerAppScheme);
  await appDouble.whenReady();
  serveApp(join(outDir, 'renderer'));
  stopAccepting = acceptPages({
    onPipe: (pipe) => arrivals.push(pipe),
    onRefused: (from) => refused.push(from),
    onStuck: () => (stuck += 1),
  });
});
afterAll(async () => {
  stopAccepting();
  await application.dispose();
  await closeBrowser();
  await removeTempDir(outDir);
});

async function openPage() {
  arrivals = [];
  refused = [];
  createMainWindow({ state: { width: 1200, height: 800, maximized: false }, theme: 'light', preload: PRELOAD, platform: 'linux' });
  const browserWindow = BrowserWindow.getAllWindows().at(-1);
  if (!browserWindow) throw new Error('no window');
  await browserWindow.loadURL(APP_START);
  const page = await browserWindow.webContents.page;
  const [host] = arrivals;
  if (!host) throw new Error('the preload did not announce its page');
  return { browserWindow, page, host, dispose: () => browserWindow.destroyAsync() };
}

describeHostContract('Electron IPC with the real preload in Chromium', async () => {
  const { page, host, dispose } = await openPage();
  return { host, window: ipcPipe(await bridgeOf(page)), dispose };
});

describe('pages and their pipes', () => {
  it('a reload ends the pipe of the old page and brings a new one', async () => {
    const { page, host, dispose } = await openPage();
    const closed = new Promise<void>((resolve) => host.onClose(resolve));
    await page.reload();
    await closed;
    expect(arrivals).toHaveLength(2);
    expect(() => host.send({ type: 'event', name: 'x' })).toThrow(expect.objectContaining({ code: 'HOST_GONE' }) as Error);
    await dispose();
  });

  it('a window that closes ends its pipe', async () => {
    const { host, dispose } = await openPage();
    const closed = new Promise<void>((resolve) => host.onClose(resolve));
    await dispose();
    await closed;
  });

  it.each([
    ['another origin', { url: 'https://evil.example/', parent: null }, 'https://evil.example'],
    ['a frame inside our page', { url: 'app://bundle/index.html', parent: {} }, 'app://bundle'],
    ['a host that only looks like ours', { url: 'app://bundle.evil/', parent: null }, 'app://bundle.evil'],
    ['a frame that is gone', null, 'a frame that is gone'],
  ])('drops messages of %s', async (_what, frame, from) => {
    const { browserWindow, host, dispose } = await openPage();
    const heard: unknown[] = [];
    host.onMessage((message) => heard.push(message));
    browserWindow.webContents.receiveFrom(frame, CHANNELS.message, { type: 'call', id: 1, name: 'app/info' });
    browserWindow.webContents.receiveFrom(frame, CHANNELS.open);
    expect({ heard, refused, pages: arrivals.length }).toEqual({ heard: [], refused: [from, from], pages: 1 });
    await dispose();
  });

  it('counts what the page has taken, and closes on one that takes nothing', async () => {
    const { browserWindow, page, host, dispose } = await openPage();
    const taken: unknown[] = [];
    const { ipcMainDouble } = await import('./harness/double/ipcMain.ts');
    const firstTaken = new Promise<void>((resolve) => {
      ipcMainDouble.on(CHANNELS.taken, (_event: unknown, count: unknown) => {
        taken.push(count);
        resolve();
      });
    });
    for (let count = 0; count < 150; count += 1) host.send({ type: 'event', name: 'x', payload: count });
    await firstTaken;
    expect(taken).toEqual([100]);

    const closed = new Promise<void>((resolve) => host.onClose(resolve));
    browserWindow.webContents.send = () => {}; // a page that hangs: nothing arrives, nothing is taken
    for (let count = 0; count < MAX_UNTAKEN_MESSAGES - 50; count += 1) host.send({ type: 'event', name: 'x' });
    expect(stuck).toBe(0);
    host.send({ type: 'event', name: 'x' });
    await closed;
    expect(stuck).toBe(1);
    expect(await page.title()).toBe('Fixture');
    await dispose();
  });

  it('leaves nothing to complain about', () => expect(application.problems()).toEqual([]));
});
