import { EventEmitter } from 'node:events';
import { isAbsolute } from 'node:path';
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron';
import { appDouble, appParts } from './app.ts';
import { preventable, strict } from './strict.ts';
import { createWebContents, type WebContentsDouble } from './webContents.ts';

const DEFAULT_SIZE = { width: 800, height: 600 };
const windows = new Set<BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  webContents: WebContentsDouble;
  options: BrowserWindowConstructorOptions;
  bounds: Rectangle;
  visible: boolean;
  maximized = false;
  minimized = false;
  focusCount = 0;
  destroyed = false;
  backgroundColor: string;
  overlay: unknown;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    if (!appDouble.isReadyNow) throw new Error('Cannot create BrowserWindow before app is ready');
    const preferences = requireSecure(options);
    this.options = options;
    this.bounds = { x: options.x ?? 100, y: options.y ?? 80, width: options.width ?? DEFAULT_SIZE.width, height: options.height ?? DEFAULT_SIZE.height };
    this.visible = options.show !== false;
    this.backgroundColor = options.backgroundColor ?? '#FFF';
    this.overlay = options.titleBarOverlay ?? false;
    this.webContents = createWebContents(preferences.preload);
    this.webContents.once('paint', () => this.emit('ready-to-show'));
    const window = strict('BrowserWindow', this as BrowserWindow);
    windows.add(window);
    appDouble.emit('browser-window-created', {}, window);
    return window;
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }
  static fromWebContents(contents: WebContentsDouble): BrowserWindow | null {
    return [...windows].find((window) => window.webContents === contents) ?? null;
  }

  loadURL(address: string): Promise<void> {
    return this.webContents.loadURL(address);
  }
  show(): void {
    this.visible = true;
    this.emit('show');
  }
  isVisible(): boolean {
    return this.visible;
  }
  focus(): void {
    this.focusCount += 1;
    this.emit('focus');
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  minimize(): void {
    this.minimized = true;
  }
  restore(): void {
    this.minimized = false;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  maximize(): void {
    this.maximized = true;
    this.emit('maximize');
  }
  getNormalBounds(): Rectangle {
    return { ...this.bounds };
  }
  setBounds(bounds: Partial<Rectangle>): void {
    this.bounds = { ...this.bounds, ...bounds };
    this.emit('resize');
    this.emit('move');
  }
  setBackgroundColor(colour: string): void {
    this.backgroundColor = colour;
  }
  setTitleBarOverlay(overlay: unknown): void {
    this.overlay = overlay;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }

  /** Asks; a listener of 'close' may refuse. */
  close(): void {
    void this.tryClose();
  }
  async tryClose(): Promise<boolean> {
    const event = preventable({});
    this.emit('close', event);
    if (event.defaultPrevented) return false;
    await this.destroyAsync();
    return true;
  }
  destroy(): void {
    void this.destroyAsync();
  }
  async destroyAsync(): Promise<void> {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const window of windows) if (window.webContents === this.webContents) windows.delete(window);
    this.webContents.destroy();
    this.emit('closed');
    await this.webContents.closePage();
    if (windows.size === 0 && !appDouble.quitting) appDouble.emit('window-all-closed');
  }
}

appParts.closeWindows = async () => {
  for (const window of [...windows]) if (!(await window.tryClose())) return false;
  return true;
};
appParts.reset.push(() => windows.clear());

function requireSecure(options: BrowserWindowConstructorOptions): { preload: string } {
  const { contextIsolation, sandbox, nodeIntegration, webSecurity, preload } = options.webPreferences ?? {};
  if (contextIsolation !== true || sandbox !== true || nodeIntegration !== false || webSecurity === false) {
    throw new Error('insecure webPreferences: contextIsolation and sandbox must be written out as true, nodeIntegration as false');
  }
  if (!preload || !isAbsolute(preload)) throw new Error('the preload must be an absolute path');
  return { preload };
}
