import { appParts } from './app.ts';
import { strict } from './strict.ts';
import type { WebContentsDouble } from './webContents.ts';

type RequestHandler = (contents: unknown, permission: string, answer: (granted: boolean) => void, details: { isMainFrame: boolean; requestingUrl: string }) => void;
type CheckHandler = (contents: unknown, permission: string, requestingOrigin: string, details: { isMainFrame: boolean }) => boolean;

/** Without a handler Electron grants everything: the double does the same, so that a missing handler is seen. */
class SessionDouble {
  requestHandler: RequestHandler | null = null;
  checkHandler: CheckHandler | null = null;
  deviceHandler: ((details: unknown) => boolean) | null = null;

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this.requestHandler = handler;
  }
  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this.checkHandler = handler;
  }
  setDevicePermissionHandler(handler: ((details: unknown) => boolean) | null): void {
    this.deviceHandler = handler;
  }
}

export const sessionDouble = new SessionDouble();
export const session = strict('session', { defaultSession: strict('session.defaultSession', sessionDouble) });
appParts.reset.push(() => {
  sessionDouble.requestHandler = null;
  sessionDouble.checkHandler = null;
  sessionDouble.deviceHandler = null;
});

/** What Electron would answer a page that asks for a permission. */
export function askPermission(contents: WebContentsDouble, permission: string, requestingUrl = contents.getURL()): Promise<{ request: boolean; check: boolean; device: boolean }> {
  const check = sessionDouble.checkHandler?.(contents, permission, new URL(requestingUrl).href, { isMainFrame: true }) ?? true;
  const device = sessionDouble.deviceHandler?.({ deviceType: 'hid', origin: requestingUrl }) ?? true;
  return new Promise((resolve) => {
    if (!sessionDouble.requestHandler) resolve({ request: true, check, device });
    else sessionDouble.requestHandler(contents, permission, (request) => resolve({ request, check, device }), { isMainFrame: true, requestingUrl });
  });
}
