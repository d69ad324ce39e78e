import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { filePath, serveStaticFiles } from './staticFiles.ts';

let dir: string;
let server: Server;
let origin = '';

beforeAll(async () => {
  dir = await createTempDir();
  await mkdir(join(dir, 'root', 'assets'), { recursive: true });
  await writeFile(join(dir, 'secret'), 'no');
  await writeFile(join(dir, 'root', 'index.html'), '<html>');
  await writeFile(join(dir, 'root', 'assets', 'a-1f.js'), 'js');
  server = createServer(serveStaticFiles({ root: join(dir, 'root'), origins: () => [origin] }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await removeTempDir(dir);
});

/** Sends the path as it is: `fetch` would tidy it up. */
async function get(path: string, options: { method?: string; host?: string } = {}): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host };
    request(`${origin}/`, { path, method: options.method ?? 'GET', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the pages over HTTP', () => {
  it('come with a strict policy that allows the WebSocket of their own origin only', async () => {
    const page = await get('/');
    expect(page).toMatchObject({ status: 200, text: '<html>', headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' } });
    const policy = String(page.headers['content-security-policy']).split('; ');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain(`connect-src 'self' ${origin.replace('http', 'ws')}`);
    expect(policy.filter((rule) => rule.includes('unsafe'))).toEqual(["style-src 'self' 'unsafe-inline'"]);
  });

  it('are kept by the browser when their name carries a hash', async () => {
    expect((await get('/assets/a-1f.js?x')).headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8' });
  });

  it.each(['/../secret', '/%2e%2e/secret', '/assets/..%2f..%2fsecret', '/assets', '/none.js', '/%', '/a%00b', '//etc/passwd'])('do not include %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('are not for other hosts, nor for writing', async () => {
    expect((await get('/', { host: 'evil.example' })).status).toBe(403);
    expect((await get('/', { method: 'POST' })).status).toBe(405);
    expect(await get('/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });
});

it('finds no path outside its root', () => {
  expect(filePath('/srv/root', '/a/b.js')).toBe('/srv/root/a/b.js');
  expect(filePath('/srv/root', '/x%2f..%2f..%2froot-of-others/x')).toBeUndefined();
});
