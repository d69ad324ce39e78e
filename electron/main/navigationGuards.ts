/** A window shows our pages and no others; links to the outside go to the user's browser. */
import { app, shell, type WebContents } from 'electron';
import type { Log } from '../../broker/base/log.ts';
import { isAppAddress } from './appOrigin.ts';
import { isSafeExternal } from './externalLink.ts';

/** Guards every page the application will ever have. Call before the first window is made. */
export function guardNavigation(log: Log): void {
  app.on('web-contents-created', (_event, contents) => guard(contents, log));
}

function guard(contents: WebContents, log: Log): void {
  const openOutside = (address: string) => {
    if (!isSafeExternal(address)) return log.warn('link_refused', { scheme: /^[a-z][a-z0-9+.-]*(?=:)/i.exec(address)?.[0] ?? 'none' });
    shell.openExternal(address).catch((error: unknown) => log.warn('link_not_opened', { reason: String(error) }));
  };
  contents.on('will-navigate', (event) => {
    if (isAppAddress(event.url)) return;
    event.preventDefault();
    openOutside(event.url);
  });
  // Not told by the user's click but by a server's answer: refused without opening anything.
  contents.on('will-redirect', (event) => {
    if (!isAppAddress(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame && !isAppAddress(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
}
