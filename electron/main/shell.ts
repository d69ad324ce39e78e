/** The desktop application around a host: one instance, one window, menu, links, an orderly end. */
import { join } from 'node:path';
import { app, crashReporter, dialog, Menu, nativeTheme, screen, session, shell, type BrowserWindow } from 'electron';
import { messageOf } from '../../broker/base/errors.ts';
import type { Log } from '../../broker/base/log.ts';
import type { Settings, WindowCommand } from '../contract/workbench.ts';
import { serveHost } from '../contract/rpc.ts';
import type { Host } from '../host/host.ts';
import { APP_START } from './appOrigin.ts';
import { registerAppScheme, serveApp } from './appProtocol.ts';
import { LINK_SCHEME, linkOf, parseLink } from './deepLink.ts';
import { acceptPages } from './ipcPipe.ts';
import { createMainWindow, paintWindow } from './mainWindow.ts';
import { menuTemplate } from './menu.ts';
import { shellText } from './menuText.ts';
import { guardNavigation } from './navigationGuards.ts';
import { denyPermissions } from './permissions.ts';
import { quitInOrder } from './shutdown.ts';
import type { Theme } from './windowColours.ts';
import { WindowCommands } from './windowCommands.ts';
import { fitToDisplays, keepWindowState, loadWindowState } from './windowState.ts';

export interface ShellOptions {
  readonly log: Log;
  /** Folder with `preload/` and `renderer/`, beside the bundle of main. */
  readonly outDir: string;
  /** Called once the application is ready. */
  readonly createHost: () => Promise<Host>;
}

/** Starts the application. Returns at once; must be called before Electron is ready. */
export function startShell(options: ShellOptions): void {
  // First of all: a second instance must not touch a file of the first.
  if (!app.requestSingleInstanceLock()) return app.quit();
  crashReporter.start({ uploadToServer: false });
  registerAppScheme();
  guardNavigation(options.log);
  if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME);
  new Shell(options).listen();
}

class Shell {
  readonly #options: ShellOptions;
  readonly #commands = new WindowCommands();
  #host: Host | undefined;
  #settings: Settings = { theme: 'system', language: 'system', density: 'normal' };
  #window: BrowserWindow | undefined;
  #flushState: () => Promise<void> = () => Promise.resolve();

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  listen(): void {
    app.on('second-instance', (_event, argv) => {
      this.#show();
      this.#follow(linkOf(argv));
    });
    app.on('open-url', (event, link) => {
      event.preventDefault();
      this.#show();
      this.#follow(link);
    });
    app.on('window-all-closed', () => process.platform !== 'darwin' && app.quit());
    app.on('activate', () => this.#show());
    quitInOrder(async () => {
      await Promise.all([this.#flushState(), this.#host?.stop()]);
    }, this.#options.log);
    app.whenReady().then(() => this.#open()).catch((error: unknown) => {
      this.#options.log.error('start_failed', { reason: messageOf(error) });
      dialog.showErrorBox(this.#text.startFailed, explain(error));
      app.exit(1);
    });
    this.#follow(linkOf(process.argv));
  }

  async #open(): Promise<void> {
    denyPermissions(session.defaultSession);
    serveApp(join(this.#options.outDir, 'renderer'));
    const host = await this.#options.createHost();
    this.#host = host;
    this.#apply(await host.handlers['settings/get'](undefined));
    host.events.subscribe((name, payload) => {
      if (name === 'settings/changed') this.#apply(payload as Settings);
    });
    nativeTheme.on('updated', () => this.#paint());
    acceptPages({
      onPipe: (pipe) => {
        serveHost(pipe, host.handlers, this.#commands.joinedWith(host.events), { onFailure: (call, error) => this.#options.log.warn('call_failed', { call, reason: messageOf(error) }) });
        this.#commands.pageOpened(pipe);
      },
      onRefused: (from) => this.#options.log.warn('ipc_refused', { from }),
      onStuck: () => void this.#offerReload(),
    });
    this.#show();
  }

  /** Brings the window to the front, and makes one when there is none. */
  #show(): void {
    const window = this.#window;
    if (!window) {
      if (this.#host) this.#createWindow();
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  #createWindow(): void {
    const userData = app.getPath('userData');
    const primary = screen.getPrimaryDisplay();
    const others = screen.getAllDisplays().filter((display) => display.id !== primary.id);
    const state = fitToDisplays(loadWindowState(userData), [primary, ...others].map((display) => display.workArea));
    const window = createMainWindow({ state, theme: this.#theme, preload: join(this.#options.outDir, 'preload/index.cjs'), platform: process.platform });
    this.#window = window;
    const kept = keepWindowState(window, userData, (error) => this.#options.log.warn('window_state_not_saved', { reason: messageOf(error) }));
    this.#flushState = kept.flush;
    window.on('closed', () => (this.#window = undefined));
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      this.#options.log.error('window_crashed', { reason, exit_code: exitCode });
      if (reason !== 'clean-exit') void this.#offerReload();
    });
    window.loadURL(APP_START).catch((error: unknown) => this.#options.log.error('window_not_loaded', { reason: messageOf(error) }));
  }

  /** A window that crashed or hangs: the host is not concerned, so a new page finds everything as it was. */
  async #offerReload(): Promise<void> {
    const window = this.#window;
    if (!window) return;
    const { crashed, crashedDetail, reload, quit } = this.#text;
    const { response } = await dialog.showMessageBox(window, { type: 'error', message: crashed, detail: crashedDetail, buttons: [reload, quit], defaultId: 0, cancelId: 0 });
    if (response === 1) app.quit();
    else if (!window.isDestroyed()) window.webContents.reload();
  }

  #follow(link: string | undefined): void {
    if (link === undefined) return;
    const command = parseLink(link);
    if (command) this.#send(command);
    else this.#options.log.warn('link_refused', { length: link.length }); // hostile input: its text stays out of the log
  }

  /** A command given while there is no window (macOS) makes one, which is told when it has loaded. */
  #send(command: WindowCommand): void {
    this.#commands.send(command);
    if (!this.#window) this.#show();
  }

  #apply(settings: Settings): void {
    this.#settings = settings;
    nativeTheme.themeSource = settings.theme === 'contrast' ? 'dark' : settings.theme;
    const actions = {
      command: (command: WindowCommand) => this.#send(command),
      openProject: () => void this.#openProject(),
      openWebsite: (address: string) => void shell.openExternal(address),
    };
    const template = menuTemplate({ text: this.#text, platform: process.platform, developer: !app.isPackaged }, actions);
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
    this.#paint();
  }

  #paint(): void {
    if (this.#window && !this.#window.isDestroyed()) paintWindow(this.#window, this.#theme, process.platform);
  }

  async #openProject(): Promise<void> {
    const { canceled, filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory', 'createDirectory'] });
    const [path] = filePaths;
    if (canceled || path === undefined || !this.#host) return;
    try {
      await this.#host.handlers['project/open']({ path });
    } catch (error) {
      await dialog.showMessageBox({ type: 'error', message: this.#text.openFailed, detail: explain(error), buttons: ['OK'] });
    }
  }

  get #text() {
    return shellText(this.#settings.language, app.isReady() ? app.getLocale() : 'en');
  }

  get #theme(): Theme {
    if (this.#settings.theme !== 'system') return this.#settings.theme;
    if (nativeTheme.shouldUseHighContrastColors) return 'contrast';
    return nativeTheme.shouldUseDarkColors ? 'dark' : 'light';
  }
}

/** What failed and what to do, for a dialog. */
function explain(error: unknown): string {
  const hint = error instanceof Error && 'hint' in error ? `\n\n${String(error.hint)}` : '';
  return `${messageOf(error)}${hint}`;
}
