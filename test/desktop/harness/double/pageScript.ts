/** What runs in every page of the double before its own scripts: Electron's side of the renderer. Sent to the page as source. */
import { decodeTagged, encodeTagged } from '../tagged.ts';

export interface PageGlobals {
  /** Playwright's binding; taken away from the page by the script below. */
  __busbarDouble?: (kind: string, payload: string) => Promise<unknown>;
}

/** Symbol under which main reaches the page's ipcRenderer. */
export const DISPATCH = 'busbar.double.dispatch';

/** `preload` is the bundled CommonJS text; an exception in it ends as the page's `preload-error`, as in Electron. */
export function pageScript(preload: string): string {
  return `(() => {
    if (globalThis !== globalThis.top) return;
    ${encodeTagged.toString()}
    ${decodeTagged.toString()}
    (${install.toString()})(${JSON.stringify(DISPATCH)}, encodeTagged, decodeTagged, (require, process, module, exports) => {
      ${preload}
    });
  })();`;
}

/** Uses nothing from outside itself: it is sent as source. */
function install(
  dispatchKey: string,
  encode: typeof encodeTagged,
  decode: typeof decodeTagged,
  preload: (require: (name: string) => unknown, process: object, module: { exports: object }, exports: object) => void,
): void {
  const page = globalThis as unknown as PageGlobals & Window;
  const toMain = page.__busbarDouble;
  if (!toMain) return;
  delete page.__busbarDouble;

  const listeners = new Map<string, Set<(event: object, ...args: unknown[]) => void>>();
  const dispatch = (channel: string, text: string) => {
    const args = decode(text) as unknown[];
    for (const listener of [...(listeners.get(channel) ?? [])]) listener({}, ...args);
  };
  Object.defineProperty(globalThis, Symbol.for(dispatchKey), { value: dispatch });

  const missing = (name: string, known: object) =>
    new Proxy(known, {
      get(target, key) {
        if (typeof key === 'string' && !(key in target)) throw new Error(`the double has no ${name}.${key}`);
        return Reflect.get(target, key) as unknown;
      },
    });
  const ipcRenderer = missing('ipcRenderer', {
    on(channel: string, listener: (event: object, ...args: unknown[]) => void) {
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
      return ipcRenderer;
    },
    removeListener(channel: string, listener: (event: object, ...args: unknown[]) => void) {
      listeners.get(channel)?.delete(listener);
      return ipcRenderer;
    },
    send(channel: string, ...args: unknown[]) {
      void toMain('send', JSON.stringify([channel, encode(args)]));
    },
    async invoke(channel: string, ...args: unknown[]) {
      return decode((await toMain('invoke', JSON.stringify([channel, encode(args)]))) as string);
    },
  });
  /** contextBridge hands over frozen copies; functions are wrapped, so that no object of the preload's world is reachable. */
  const bridged = (value: unknown): unknown => {
    if (typeof value === 'function') return Object.freeze((...args: unknown[]) => bridged((value as (...given: unknown[]) => unknown)(...args)));
    if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
    return Object.freeze(Array.isArray(value) ? value.map(bridged) : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bridged(item)])));
  };
  const contextBridge = missing('contextBridge', {
    exposeInMainWorld(key: string, api: object) {
      if (key in globalThis) throw new Error(`Cannot bind an API on top of an existing property on the window object: ${key}`);
      Object.defineProperty(globalThis, key, { value: bridged(api), enumerable: true });
    },
  });

  // A click or a script that would open a window goes to the handler of the application; Chromium's popup comes too late for that.
  const openOutside = (address: string) => void toMain('open', JSON.stringify(new URL(address, location.href).href));
  window.open = (address) => (openOutside(String(address ?? 'about:blank')), null);
  window.addEventListener(
    'click',
    (event) => {
      const link = (event.target as Element | null)?.closest?.('a[target=_blank]');
      if (!link) return;
      event.preventDefault();
      openOutside((link as HTMLAnchorElement).href);
    },
    true,
  );

  const module = { exports: {} };
  const require = (name: string) => {
    if (name === 'electron' || name === 'electron/renderer') return missing('electron (renderer)', { contextBridge, ipcRenderer });
    throw new Error(`module not found: ${name} (a sandboxed preload may require electron only)`);
  };
  try {
    preload(require, { platform: 'linux', versions: {} }, module, module.exports);
  } catch (error) {
    void toMain('preload-error', JSON.stringify(String((error as Error).stack)));
  }
}
