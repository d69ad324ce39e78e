/**
 * The harness: runs the built main process on the double and shows its windows to the test. One Chromium per test file,
 * any number of applications after each other.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { requireChromium } from '../../support/chromium.ts';
import { within } from '../../support/waitFor.ts';
import { appDouble } from './double/app.ts';
import { BrowserWindow } from './double/browserWindow.ts';
import { menuItem } from './double/menu.ts';
import { world, type DialogAnswer, type LaunchOptions } from './world.ts';

const CHROMIUM_ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Call in `beforeAll`. */
export async function openBrowser(): Promise<void> {
  world.browser = await chromium.launch({ executablePath: await requireChromium(), args: CHROMIUM_ARGS });
}

/** Call in `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await world.browser?.close();
  world.browser = null;
}

let launches = 0;
/** The application sees its own command line for as long as it runs. */
const testArgv = process.argv;

export interface Application {
  /** The only window, once it shows. */
  readonly window: () => Promise<ShownWindow>;
  /** Clicks the menu item at `View/Cluster` (labels or roles). */
  readonly menu: (path: string) => void;
  /** A second start of the program by the user, which the first one is told of. */
  readonly startAgain: (argv: readonly string[]) => void;
  readonly answerDialog: (kind: DialogAnswer['kind'], answer: unknown) => void;
  /** Asks the application to quit and answers its exit code. */
  readonly quit: () => Promise<number>;
  readonly exited: () => Promise<number>;
  /** What must fail a test unless it takes it out: console errors, uncaught errors, unscripted dialogs. */
  readonly problems: () => string[];
  /** Ends whatever still runs. */
  readonly dispose: () => Promise<void>;
}

export interface ShownWindow {
  readonly browserWindow: BrowserWindow;
  readonly page: Page;
}

/** Prepares the double for an application; `start` is what its entry does. */
export async function launch(options: LaunchOptions, start: () => unknown): Promise<Application> {
  if (!world.browser) throw new Error('call openBrowser() first');
  world.reset();
  appDouble.reset();
  world.launch = options;
  world.context = await world.browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: options.dark ? 'dark' : 'light', locale: options.locale ?? 'en-US' });
  process.argv = ['busbar', ...(options.argv ?? [])];
  await start();
  if (world.exitCode === null && !appDouble.quitting) appDouble.becomeReady();
  return application();
}

/** Runs `out/main/index.js` of an application folder, freshly evaluated each time. */
export function launchBuilt(options: LaunchOptions): Promise<Application> {
  launches += 1;
  const entry = pathToFileURL(join(options.appPath, 'out/main/index.js')).href;
  return launch(options, () => import(`${entry}?launch=${launches}`));
}

function application(): Application {
  const exited = async () => {
    if (world.exitCode !== null) return world.exitCode;
    return within('the application to exit', new Promise<number>((resolve) => world.once('exit', resolve)), 20_000);
  };
  return {
    window: shownWindow,
    menu: (path) => {
      const { click } = menuItem(path);
      if (!click) throw new Error(`${path} has a role; Electron does it, not the application`);
      (click as () => void)();
    },
    startAgain: (argv) => void appDouble.emit('second-instance', {}, ['busbar', ...argv], '/', null),
    answerDialog: (kind, answer) => void world.dialogAnswers.push({ kind, answer }),
    quit: () => {
      appDouble.quit();
      return exited();
    },
    exited,
    problems: () => world.problems,
    dispose: async () => {
      if (world.exitCode === null) appDouble.exit(0);
      await world.context?.close();
      world.context = null;
      process.argv = testArgv;
    },
  };
}

async function shownWindow(): Promise<ShownWindow> {
  const find = () => BrowserWindow.getAllWindows().find((window) => window.isVisible());
  const gone = new Promise<never>((_resolve, reject) => world.once('exit', (code) => reject(new Error(`the application exited with ${code} instead of showing a window`))));
  const browserWindow = find() ?? (await within('a window', Promise.race([nextShown(find), gone]), 20_000));
  return { browserWindow, page: await browserWindow.webContents.page };
}

function nextShown(find: () => BrowserWindow | undefined): Promise<BrowserWindow> {
  return new Promise((resolve) => {
    const look = () => {
      const found = find();
      if (found) resolve(found);
    };
    const watch = (window: BrowserWindow) => window.once('show', look);
    for (const window of BrowserWindow.getAllWindows()) watch(window);
    appDouble.on('browser-window-created', (_event, window: BrowserWindow) => watch(window));
  });
}
