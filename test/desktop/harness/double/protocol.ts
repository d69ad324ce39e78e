import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Privileges } from 'electron';
import { appDouble, appParts } from './app.ts';
import { strict } from './strict.ts';

type Handler = (request: Request) => Response | Promise<Response>;

export const protocolState = { privileges: new Map<string, Privileges>(), handlers: new Map<string, Handler>() };
appParts.reset.push(() => {
  protocolState.privileges.clear();
  protocolState.handlers.clear();
});

export const protocol = strict('protocol', {
  registerSchemesAsPrivileged(schemes: readonly { scheme: string; privileges?: Privileges }[]): void {
    if (appDouble.isReadyNow) throw new Error('registerSchemesAsPrivileged must be called before ready');
    if (protocolState.privileges.size > 0) throw new Error('registerSchemesAsPrivileged can be called only once');
    for (const { scheme, privileges } of schemes) protocolState.privileges.set(scheme, privileges ?? {});
  },
  handle(scheme: string, handler: Handler): void {
    if (!appDouble.isReadyNow) throw new Error('protocol.handle needs the application to be ready');
    if (protocolState.handlers.has(scheme)) throw new Error(`${scheme} has a handler already`);
    protocolState.handlers.set(scheme, handler);
  },
});

/** By extension, as Chromium's network stack answers for files. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
};

export const net = strict('net', {
  /** Only `file:`: nothing of the workbench may go to the network through Chromium. */
  async fetch(address: string): Promise<Response> {
    if (!address.startsWith('file:')) throw new Error(`the double fetches files only, not ${address}`);
    const file = fileURLToPath(address);
    try {
      const bytes = await readFile(file);
      return new Response(bytes, { headers: { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' } });
    } catch (error) {
      throw new Error('net::ERR_FILE_NOT_FOUND', { cause: error });
    }
  },
});
