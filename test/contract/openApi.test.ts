/** The OpenAPI document describes what the server really answers, and the page that shows it has all its files. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { ROUTES } from '../../broker/api/routeTable.ts';
import { loadConfig } from '../../broker/config/load.ts';
import type { AdminServer } from '../../broker/io/adminServer.ts';
import { startTestAdminServer, type TestAdminServer } from '../support/adminServer.ts';
import { clientRow, FakeAdmin } from '../support/fakeAdmin.ts';
import { problemsWithAnswer, type OpenApiDocument } from '../support/openApi.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

const NODE = 'emqx1@127.0.0.1';
const ADMIN = new FakeAdmin(
  [
    {
      name: NODE,
      clients: [
        clientRow('c1', NODE, { username: 'u', disconnected_at: '2026-01-02T03:04:05.678+08:00' }),
        clientRow('c2', NODE),
      ],
      listeners: [
        {
          id: 'tcp:default',
          type: 'tcp',
          name: 'default',
          running: true,
          listenOn: '127.0.0.1:1883',
          currentConnections: 1,
          maxConnections: 'infinity',
          pausedClients: 0,
          waitingConnections: 0,
          refused: { max_connections: 2 },
          settings: { enable: true, bind: '127.0.0.1:1883' },
        },
      ],
      subscriptions: [{ clientid: 'c1', node: NODE, topic: 't', qos: 1, nl: 0, rap: 1, rh: 2, durable: false }],
    },
    { name: 'emqx2@127.0.0.1', status: 'stopped' },
  ],
  [{ topic: 't', node: NODE }],
);
ADMIN.world.connect('publisher').publish('t', 'kept', { retain: true });
const AUTHN = { mechanism: 'password_based', backend: 'built_in_database' };
const AUTHN_ID = 'password_based:built_in_database';
ADMIN.world.connect('publisher').publish('$delayed/3600/t', 'later');
const MESSAGE_ID = ADMIN.services.delayed.list().next().value?.id ?? '';
const SAMPLES: Readonly<Record<string, string>> = { msgid: MESSAGE_ID, node: NODE, clientid: 'c1', topic: 't', id: AUTHN_ID, user_id: 'ann', listener_id: 'tcp:default', name: 'ci', type: 'file' };

let folder: string;
let server: TestAdminServer;
let undocumented: AdminServer;
let root: string;
let document: OpenApiDocument;
let token: string;

async function start(...sets: string[]): Promise<TestAdminServer> {
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', `node.data_dir=${folder}`, ...sets] });
  if (!config) throw new Error(JSON.stringify(problems));
  return startTestAdminServer({ config, admin: ADMIN, version: '0.1.0', log: silentLog, isRunning: () => true });
}

beforeAll(async () => {
  folder = await createTempDir();
  server = await start();
  for (const chain of ['global', 'tcp:default']) {
    await server.authn.create(chain, AUTHN);
    await server.authn.addUser(chain, AUTHN_ID, { userId: 'ann', password: 'pw', isSuperuser: true });
  }
  undocumented = await start('dashboard.swagger_support=false');
  root = server.url.replace('/api/v5', '');
  document = (await (await fetch(`${root}/api-docs/swagger.json`)).json()) as OpenApiDocument;
  const login = await fetch(`${server.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'public' }),
  });
  const answer = (await login.json()) as { token: string };
  expect(problemsWithAnswer(document, 'post', '/login', login.status, answer)).toEqual([]);
  token = answer.token;
  const key = await fetch(`${server.url}/api_key`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ci', desc: 'for tests', enable: true }),
  });
  expect(problemsWithAnswer(document, 'post', '/api_key', key.status, await key.json())).toEqual([]);
});
afterAll(async () => {
  await server.close();
  await undocumented.close();
  await removeTempDir(folder);
});

describe('the OpenAPI document', () => {
  it('is version 3.0 and describes every route once, below the prefix', () => {
    expect([document.openapi, document.servers]).toEqual(['3.0.3', [{ url: '/api/v5' }]]);
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(ROUTES.map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`).sort());
  });

  it('uses no words that OpenAPI 3.0 does not have', () => {
    const text = JSON.stringify(document);
    for (const word of ['"const":', '"type":"null"', '"type":[', '"$ref":', '"prefixItems":']) expect(text).not.toContain(word);
  });

  it.each(ROUTES.filter((route) => route.method === 'GET').map((route) => route.path))(
    'describes what GET %s answers',
    async (template) => {
      const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(SAMPLES[name] ?? ''));
      const documented = template.replace(/:(\w+)/g, '{$1}');
      for (const query of [
        '',
        ...(template === '/status' ? ['?format=json'] : []),
        ...(/stats|metrics/.test(template) ? ['?aggregate=true'] : []),
      ]) {
        const response = await fetch(`${server.url}${path}${query}`, { headers: { authorization: `Bearer ${token}` } });
        const text = await response.text();
        const body: unknown = response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text;
        expect([response.status, problemsWithAnswer(document, 'get', documented, response.status, body)]).toEqual([200, []]);
      }
    },
  );

  it.each([
    ['/nodes', {}, 401],
    ['/nodes/nobody', { token: true }, 404],
    ['/clients?page=0', { token: true }, 400],
  ])('describes the refusal of %s', async (path, { token: withToken = false }: { token?: boolean }, status) => {
    const response = await fetch(`${server.url}${path}`, { headers: withToken ? { authorization: `Bearer ${token}` } : {} });
    const documented = (path.split('?')[0] ?? '').replace('nobody', '{node}');
    expect([response.status, problemsWithAnswer(document, 'get', documented, status, await response.json())]).toEqual([
      status,
      [],
    ]);
  });
});

describe('the page at /api-docs', () => {
  it('has all its files, each of its type, and may load nothing from elsewhere', async () => {
    const page = await fetch(`${root}/api-docs`);
    const html = await page.text();
    expect([page.url, page.status]).toEqual([`${root}/api-docs/index.html`, 200]);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(files).toHaveLength(5);
    for (const file of files) {
      const response = await fetch(new URL(file, page.url));
      expect([
        file,
        response.status,
        response.headers.get('content-security-policy')?.startsWith("default-src 'none'; script-src 'self'"),
      ]).toEqual([file, 200, true]);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50);
    }
  });

  it('does not exist when dashboard.swagger_support is false', async () => {
    const base = undocumented.url.replace('/api/v5', '');
    for (const path of ['/api-docs', '/api-docs/index.html', '/api-docs/swagger.json'])
      expect((await fetch(`${base}${path}`)).status).toBe(404);
  });
});
