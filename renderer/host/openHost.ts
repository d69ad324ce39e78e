/**
 * host/: the window's line to the workbench host.
 * In: the preload's bridge, or an address with a token. Out: a WindowPipe for createHostClient (electron/contract/rpc.ts).
 * May import: electron/contract, lib. Begin here.
 */
import type { PreloadBridge, WindowPipe } from '../../electron/contract/pipe.ts';
import { HOST_PATH } from '../../electron/contract/wsFrame.ts';
import { ipcPipe } from './ipcPipe.ts';
import { connectWsPipe } from './wsPipe.ts';

declare global {
  interface Window {
    readonly busbar?: PreloadBridge;
  }
}

const TOKEN_KEY = 'busbar.token';

/**
 * The pipe for this window: Electron's bridge where there is one, else a WebSocket to the host that served the page.
 * Call it before the router starts: it takes `#token=…` out of the address and keeps it for reloads of this tab.
 */
export function openHostPipe(): WindowPipe {
  if (window.busbar) return ipcPipe(window.busbar);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return connectWsPipe({ url: `${scheme}//${location.host}${HOST_PATH}`, token: takeToken() });
}

function takeToken(): string {
  const token = /^#token=([A-Za-z0-9_-]+)/.exec(location.hash)?.[1];
  if (token === undefined) return sessionStorage.getItem(TOKEN_KEY) ?? '';
  sessionStorage.setItem(TOKEN_KEY, token);
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  return token;
}
