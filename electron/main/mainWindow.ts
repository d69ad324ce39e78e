/** The one window: sandboxed, isolated, without Node; the system draws its buttons over our title bar. */
import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import { MIN_HEIGHT, MIN_WIDTH, type WindowState } from './windowState.ts';
import { WINDOW_COLOURS, type Theme } from './windowColours.ts';

/** ui.md, section 2: the title bar is 40 px, of which the last is the page's hairline. */
const OVERLAY_HEIGHT = 39;
/** Centres macOS' buttons on the title bar. */
const TRAFFIC_LIGHTS = { x: 14, y: 13 };

export interface WindowOptions {
  readonly state: WindowState;
  readonly theme: Theme;
  /** Absolute path of the bundled preload. */
  readonly preload: string;
  readonly platform: NodeJS.Platform;
}

/** Makes the window, hidden until its page has painted. The caller loads the page. */
export function createMainWindow(options: WindowOptions): BrowserWindow {
  const { maximized, ...bounds } = options.state;
  const window = new BrowserWindow({
    ...bounds,
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    show: false,
    title: 'Busbar',
    autoHideMenuBar: true,
    backgroundColor: WINDOW_COLOURS[options.theme].frame,
    ...titleBar(options),
    webPreferences: {
      preload: options.preload,
      // Electron's defaults; written out because everything rests on them.
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false, // topics and payloads are no prose, and dictionaries come from the network
    },
  });
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  return window;
}

/** Follows a change of theme in what the system draws. */
export function paintWindow(window: BrowserWindow, theme: Theme, platform: NodeJS.Platform): void {
  window.setBackgroundColor(WINDOW_COLOURS[theme].frame);
  if (platform !== 'darwin') window.setTitleBarOverlay(overlay(theme));
}

function titleBar({ theme, platform }: WindowOptions): Partial<BrowserWindowConstructorOptions> {
  if (platform === 'darwin') return { titleBarStyle: 'hidden', trafficLightPosition: TRAFFIC_LIGHTS };
  return { titleBarStyle: 'hidden', titleBarOverlay: overlay(theme) };
}

function overlay(theme: Theme) {
  const { frame, symbol } = WINDOW_COLOURS[theme];
  return { color: frame, symbolColor: symbol, height: OVERLAY_HEIGHT };
}
