/** Where the window was: kept in the user's data folder, put back where a display still shows it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserWindow, Rectangle } from 'electron';
import { writeFileAtomic } from '../host/atomicFile.ts';

/** ui.md, section 2: nothing may be reachable only on a larger window than this. */
export const MIN_WIDTH = 1_024;
export const MIN_HEIGHT = 700;
const DEFAULT_WIDTH = 1_440;
const DEFAULT_HEIGHT = 900;
/** So much of the title bar must be on a display for the window to be caught with the mouse. */
const GRAB_WIDTH = 120;
const GRAB_HEIGHT = 40;
/** Moving and sizing report dozens of times a second; the file is written when they rest. */
const SAVE_DELAY_MS = 500;

export interface WindowState {
  readonly width: number;
  readonly height: number;
  /** Absent: the system places the window. */
  readonly x?: number;
  readonly y?: number;
  readonly maximized: boolean;
}

const DEFAULT_STATE: WindowState = { width: DEFAULT_WIDTH, height: DEFAULT_HEIGHT, maximized: false };

/** What a file says, or the default when it is missing, broken or not ours. */
export function parseWindowState(text: string): WindowState {
  let read: Partial<Record<keyof WindowState, unknown>> | null;
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    return DEFAULT_STATE;
  }
  const { x, y, width, height, maximized } = read ?? {};
  if (!isPixels(width) || !isPixels(height) || width < 1 || height < 1) return DEFAULT_STATE;
  const size = { width, height, maximized: maximized === true };
  return isPixels(x) && isPixels(y) ? { ...size, x, y } : size;
}

/** The same window on the displays there are now: never larger than its display, its title bar always within reach. */
export function fitToDisplays(state: WindowState, workAreas: readonly Rectangle[]): WindowState {
  const { x, y, maximized } = state;
  const home = x === undefined || y === undefined ? undefined : workAreas.find((area) => showsTitleBar(area, { ...state, x, y }));
  const area = home ?? workAreas[0];
  const width = Math.max(MIN_WIDTH, Math.min(state.width, area?.width ?? state.width));
  const height = Math.max(MIN_HEIGHT, Math.min(state.height, area?.height ?? state.height));
  return home && x !== undefined && y !== undefined ? { width, height, maximized, x, y } : { width, height, maximized };
}

export function loadWindowState(userData: string): WindowState {
  try {
    return parseWindowState(readFileSync(fileOf(userData), 'utf8'));
  } catch {
    return DEFAULT_STATE;
  }
}

/** Follows the window and keeps its state. `flush` writes what is pending and answers when it is on disk. */
export function keepWindowState(window: BrowserWindow, userData: string, onFailure: (error: unknown) => void): { flush(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    const state: WindowState = { ...window.getNormalBounds(), maximized: window.isMaximized() };
    const text = `${JSON.stringify(state)}\n`;
    writing = writing.then(() => writeFileAtomic(fileOf(userData), text)).catch(onFailure);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MS);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', save); // the last moment its bounds can be read
  return { flush: () => writing };
}

function fileOf(userData: string): string {
  return join(userData, 'window.json');
}

function isPixels(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= 100_000;
}

function showsTitleBar(area: Rectangle, window: { x: number; y: number; width: number }): boolean {
  const across = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  return across >= GRAB_WIDTH && window.y >= area.y && window.y + GRAB_HEIGHT <= area.y + area.height;
}
