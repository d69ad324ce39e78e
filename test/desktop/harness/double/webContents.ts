import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Page, Request as PageRequest, Route } from 'playwright-core';
import { decodeTagged, encodeTagged } from '../tagged.ts';
import { world } from '../world.ts';
import { appDouble } from './app.ts';
import { ipcMainDouble } from './ipcMain.ts';
import { DISPATCH, pageScript } from './pageScript.ts';
import { protocolState } from './protocol.ts';
import { preventable, strict } from './strict.ts';

/** Chromium aborts unknown schemes before they can be answered, so app://HOST/x is https://HOST.app.test/x in the page. */
const MAPPED = /^https:\/\/([a-z0-9-]+)\.([a-z]+)\.test(\/.*)?$/;
const toPage = (address: string) => address.replace(/^([a-z]+):\/\/([a-z0-9-]+)(?=\/|$)/, 'https://$2.$1.test');
const fromPage = (address: string) => address.replace(MAPPED, (_all, host: string, scheme: string, path = '/') => `${scheme}://${host}${path}`);

/** What the page did not say by itself but Chromium's console says about it: an answer other than 2xx to a fetch. */
const HARMLESS = [/^Failed to load resource: the server responded with a status of 404/];

type OpenHandler = (details: { url: string }) => { action: 'deny' } | { action: 'allow' };

export class WebContentsDouble extends EventEmitter {
  id: number;
  destroyed = false;
  page: Promise<Page>;
  current: Page | null = null;
  url = '';
  /** The address `loadURL` or `reload` asked for: that navigation is the application's, not the page's. */
  loading: string | null = null;
  queue: Promise<unknown> = Promise.resolve();
  openHandler: OpenHandler = () => ({ action: 'allow' });
  preload: string;

  constructor(id: number, preload: string) {
    super();
    this.id = id;
    this.preload = preload;
    this.page = this.open();
    this.page.catch((error: unknown) => world.problems.push(`page: ${String(error)}`));
  }

  get mainFrame() {
    return frameOf(this.url);
  }
  getURL(): string {
    return this.url;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }
  /** In order; Electron drops what is sent to a page that is gone, and so does this. */
  send(channel: string, ...args: unknown[]): void {
    if (this.destroyed) throw new Error('Object has been destroyed');
    const text = encodeTagged(args);
    this.queue = this.queue
      .then(async () => (await this.page).evaluate(deliver, [DISPATCH, channel, text] as const))
      .catch((error: unknown) => {
        if (!/closed|crashed|destroyed|navigation|context/i.test(String(error))) world.problems.push(`send: ${String(error)}`);
      });
  }
  async loadURL(address: string): Promise<void> {
    this.loading = address;
    const page = await this.page;
    await page.goto(toPage(address), { waitUntil: 'load' });
  }
  reload(): void {
    const address = this.url;
    if (this.current === null) this.page = this.open(); // the renderer had crashed: a new one
    void this.loadURL(address);
  }
  toggleDevTools(): void {}

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('destroyed');
  }
  async closePage(): Promise<void> {
    await (await this.page).close();
  }

  private async open(): Promise<Page> {
    if (!world.context) throw new Error('the harness has no browser');
    const page = await world.context.newPage();
    this.current = page;
    const fromThisPage = (kind: string, payload: string) => this.fromPage(kind, payload);
    await page.exposeBinding('__busbarDouble', (_source, kind: string, payload: string) => fromThisPage(kind, payload));
    await page.addInitScript({ content: pageScript(readFileSync(this.preload, 'utf8')) });
    await page.route('**/*', (route) => this.answer(route));
    page.on('console', (message) => {
      world.console.push(`${message.type()}: ${message.text()}`);
      if (message.type() === 'error' && !HARMLESS.some((known) => known.test(message.text()))) world.problems.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => world.problems.push(`uncaught in the page: ${error.message}`));
    page.on('framenavigated', (frame) => {
      if (frame !== page.mainFrame()) return;
      this.url = fromPage(frame.url());
      this.loading = null;
    });
    page.on('load', () => {
      this.emit('did-finish-load');
      this.emit('paint');
    });
    page.on('crash', () => {
      this.current = null;
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 139 });
    });
    return page;
  }

  private fromPage(kind: string, payload: string): unknown {
    if (this.destroyed) return undefined;
    const data = JSON.parse(payload) as unknown;
    if (kind === 'open') {
      const { action } = this.openHandler({ url: data as string });
      if (action !== 'deny') world.problems.push(`a window was allowed to open: ${String(data)}`);
      return undefined;
    }
    if (kind === 'preload-error') {
      world.problems.push(`preload: ${String(data)}`);
      return undefined;
    }
    const [channel, text] = data as [string, string];
    const event = { sender: this.self, senderFrame: this.mainFrame, processId: 1, frameId: 1, ports: [], type: 'frame' };
    const args = decodeTagged(text) as unknown[];
    if (kind === 'send') {
      ipcMainDouble.emit(channel, event, ...args);
      return undefined;
    }
    const handler = ipcMainDouble.handlers.get(channel);
    if (!handler) throw new Error(`Error invoking remote method '${channel}': No handler registered for '${channel}'`);
    return Promise.resolve(handler(event, ...args)).then(encodeTagged);
  }

  /** Plays a message that claims to come from another frame; for tests of the guard. */
  receiveFrom(frame: { url: string; parent: unknown } | null, channel: string, ...args: unknown[]): void {
    const senderFrame = frame && { ...frameOf(frame.url), parent: frame.parent };
    ipcMainDouble.emit(channel, { sender: this.self, senderFrame, processId: 1, frameId: 2, ports: [], type: 'frame' }, ...args);
  }

  /** The object the application knows (wrapped), so that it can be a key in its maps. */
  self: WebContentsDouble = this;

  private async answer(route: Route): Promise<void> {
    const request = route.request();
    const address = fromPage(request.url());
    try {
      if (request.isNavigationRequest() && address !== this.loading && !this.mayNavigate(request, address)) return await route.abort();
      const scheme = new URL(address).protocol.slice(0, -1);
      const handler = protocolState.handlers.get(scheme);
      if (!handler) {
        world.requestsOutside.push(address);
        return await route.abort();
      }
      const privileges = protocolState.privileges.get(scheme);
      if (!privileges?.standard || !privileges.secure) throw new Error(`${scheme}: is served without being registered as standard and secure`);
      const response = await handler(new Request(address, { method: request.method() }));
      const body = Buffer.from(await response.arrayBuffer());
      await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
    } catch (error) {
      world.problems.push(`request ${address}: ${String(error)}`);
      await route.abort().catch(() => {});
    }
  }

  private mayNavigate(request: PageRequest, address: string): boolean {
    const isMainFrame = request.frame().parentFrame() === null;
    const details = { url: address, isMainFrame, isSameDocument: false };
    const frameEvent = preventable(details);
    this.emit('will-frame-navigate', frameEvent);
    if (frameEvent.defaultPrevented) return false;
    if (!isMainFrame) return true;
    const event = preventable(details);
    this.emit('will-navigate', event, address);
    return !event.defaultPrevented;
  }
}

function frameOf(address: string) {
  let origin = 'null';
  try {
    const url = new URL(address);
    origin = `${url.protocol}//${url.host}`;
  } catch {
    // a page that has not loaded anything has no origin
  }
  return { url: address, origin, parent: null as unknown };
}

/** Runs in the page. */
function deliver([key, channel, text]: readonly [string, string, string]): void {
  const dispatch = (globalThis as unknown as Record<symbol, (channel: string, text: string) => void>)[Symbol.for(key)];
  dispatch?.(channel, text);
}

let lastId = 0;

export function createWebContents(preload: string): WebContentsDouble {
  lastId += 1;
  const contents = new WebContentsDouble(lastId, preload);
  contents.self = strict('WebContents', contents);
  appDouble.emit('web-contents-created', {}, contents.self);
  return contents.self;
}
