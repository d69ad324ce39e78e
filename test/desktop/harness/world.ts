/** What the double and the tests share: the browser, what was recorded, what was scripted. One per test process. */
import { EventEmitter } from 'node:events';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Display } from 'electron';

export interface LaunchOptions {
  /** Folder with `out/` and package.json, as in the repository or in an extracted package. */
  readonly appPath: string;
  readonly userData: string;
  readonly argv?: readonly string[];
  readonly locale?: string;
  readonly packaged?: boolean;
  readonly dark?: boolean;
  readonly displays?: readonly Display[];
  /** False plays the second instance: the lock is held by another. */
  readonly firstInstance?: boolean;
}

export interface DialogAnswer {
  readonly kind: 'showMessageBox' | 'showOpenDialog' | 'showErrorBox';
  readonly answer: unknown;
}

export const DISPLAY = {
  id: 1,
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1040 },
  scaleFactor: 1,
} as Display;

class World extends EventEmitter {
  browser: Browser | null = null;
  context: BrowserContext | null = null;
  launch: LaunchOptions | null = null;
  /** Console errors and uncaught errors of pages, refused requests, unscripted dialogs: whatever must fail a test. */
  problems: string[] = [];
  /** Every console line of every page. */
  console: string[] = [];
  openedOutside: string[] = [];
  dialogAnswers: DialogAnswer[] = [];
  /** Dialogs that were shown, with what they asked. */
  dialogsShown: { kind: string; options: unknown }[] = [];
  /** Requests of pages to anywhere but the bundle; all were aborted. */
  requestsOutside: string[] = [];
  exitCode: number | null = null;
  /** Process ids of utility children that lived when the application exited. Electron would end them; none should be left. */
  childrenAtExit: number[] = [];

  /** Everything but the browser as at the start. */
  reset(): void {
    this.removeAllListeners();
    this.launch = null;
    this.problems = [];
    this.console = [];
    this.openedOutside = [];
    this.dialogAnswers = [];
    this.dialogsShown = [];
    this.requestsOutside = [];
    this.exitCode = null;
    this.childrenAtExit = [];
  }

  get options(): LaunchOptions {
    if (!this.launch) throw new Error('the harness has not launched an application');
    return this.launch;
  }
}

export const world = new World();
