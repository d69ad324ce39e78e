/** `app://bundle/`: the built renderer as a secure origin of its own, so that `file:` needs no privileges at all. */
import { pathToFileURL } from 'node:url';
import { net, protocol } from 'electron';
import { contentSecurityPolicy } from '../host/contentSecurityPolicy.ts';
import { resolveAppFile } from './appFile.ts';
import { APP_SCHEME } from './appOrigin.ts';

/** Must run before the application is ready; Electron reads it once. */
export function registerAppScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true };
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges }]);
}

/** Serves the files below `rendererDir`, and nothing else of the disk. */
export function serveApp(rendererDir: string): void {
  protocol.handle(APP_SCHEME, (request) => answer(rendererDir, request));
}

async function answer(root: string, request: Request): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET is served here.');
  const file = resolveAppFile(root, request.url);
  if (file === null) return plain(404, 'There is nothing at this address.');
  try {
    const found = await net.fetch(pathToFileURL(file).href);
    return new Response(found.body, { status: found.status, headers: secured(found.headers) });
  } catch {
    return plain(404, 'There is nothing at this address.'); // the network stack rejects for a missing file
  }
}

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: secured({ 'content-type': 'text/plain; charset=utf-8' }) });
}

function secured(given: ConstructorParameters<typeof Headers>[0]): Headers {
  const headers = new Headers(given);
  headers.set('content-security-policy', contentSecurityPolicy());
  headers.set('x-content-type-options', 'nosniff');
  return headers;
}
