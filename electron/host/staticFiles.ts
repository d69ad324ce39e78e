/** Serves the built renderer to a browser, with the headers of desktop-stack section 6. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { contentSecurityPolicy } from './contentSecurityPolicy.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.map': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
};

export interface StaticFilesOptions {
  readonly root: string;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  readonly origins: () => readonly string[];
}

/** Answers GET and HEAD of files below `root`. A Host header that is not ours is refused: it would be DNS rebinding. */
export function serveStaticFiles(options: StaticFilesOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    serve(options, request, response).catch(() => refuse(response, 500, 'The file could not be read.'));
  };
}

async function serve(options: StaticFilesOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const origin = options.origins().find((candidate) => candidate === `http://${request.headers.host ?? ''}`);
  if (origin === undefined) return refuse(response, 403, 'Open the address that Busbar printed.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'This page can only be read.');
  const path = filePath(options.root, request.url ?? '/');
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || !found?.isFile()) return refuse(response, 404, 'There is no such file.');
  const hashed = /[/\\]assets[/\\]/.test(path);
  response.writeHead(200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-length': found.size,
    // Names of assets carry a hash of their content; everything else must be asked for anew after an update.
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': contentSecurityPolicy(origin.replace(/^http/, 'ws')),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  if (request.method === 'HEAD') return void response.end();
  pipeline(createReadStream(path), response, (error) => {
    if (error) response.destroy();
  });
}

/** The file of a URL, or undefined when it would lie outside `root`. */
export function filePath(root: string, url: string): string | undefined {
  let pathname: string;
  try {
    pathname = decodeURIComponent(new URL(url, 'http://host').pathname);
  } catch {
    return undefined;
  }
  if (pathname.includes('\0')) return undefined;
  const path = normalize(join(root, pathname.endsWith('/') ? `${pathname}index.html` : pathname));
  return path.startsWith(normalize(root) + sep) ? path : undefined;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(`${text}\n`);
}
