/** The REST API over a real server and real sockets, in front of a cluster that answers from tables. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { loadConfig } from '../../broker/config/load.ts';
import type { AdminServer } from '../../broker/io/adminServer.ts';
import { MAX_LOGIN_FAILURES } from '../../broker/io/loginLimiter.ts';
import { startTestAdminServer } from '../support/adminServer.ts';
import { clientRow, FakeAdmin, type FakeNode } from '../support/fakeAdmin.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

const A = 'emqx1@127.0.0.1';
const B = 'emqx2@127.0.0.1';
const C = 'emqx3@127.0.0.1';
const subscription = (clientid: string, node: string, topic: string, qos = 0) => ({
  clientid,
  node,
  topic,
  qos,
  nl: 0,
  rap: 0,
  rh: 0,
  durable: false,
});

const NODES: readonly FakeNode[] = [
  {
    name: A,
    clients: [clientRow('c1', A, { username: 'u1' }), clientRow('c4', A)],
    subscriptions: [subscription('c1', A, 'a/b', 1), subscription('c1', A, '$share/g/t/#', 2)],
    stats: { 'connections.count': 2, 'topics.count': 5, 'retained.max': 7 },
    metrics: { 'messages.received': 10 },
  },
  {
    name: B,
    clients: [clientRow('c2', B), clientRow('c3/ü', B, { connected: false, disconnected_at: '2026-01-02T03:04:06.000Z' })],
    subscriptions: [subscription('c2', B, 'a/b')],
    stats: { 'connections.count': 1, 'topics.count': 5, 'retained.max': 6 },
    metrics: { 'messages.received': 5 },
  },
  { name: C, status: 'stopped' },
];
const ROUTES = [
  { topic: '$share/g/t/#', node: A },
  { topic: 'a/b', node: A },
  { topic: 'a/b', node: B },
];

let folder: string;
let clock = Date.UTC(2026, 0, 1);
const servers: AdminServer[] = [];

async function start(nodes: readonly FakeNode[], sets: readonly string[] = [], isRunning = () => true): Promise<AdminServer> {
  const dataDir = await mkdtemp(join(folder, 'data-'));
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', `node.data_dir=${dataDir}`, ...sets] });
  if (!config) throw new Error(JSON.stringify(problems));
  const server = await startTestAdminServer({
    config,
    admin: new FakeAdmin(nodes, ROUTES),
    version: '0.1.0',
    log: silentLog,
    isRunning,
    now: () => clock,
  });
  servers.push(server);
  return server;
}

let server: AdminServer;
const basic = (key: string, secret: string) => ({ authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}` });
const KEY = basic('k-admin', 's1');

beforeAll(async () => {
  folder = await createTempDir();
  const keyFile = join(folder, 'keys.txt');
  await writeFile(keyFile, 'k-admin:s1\nk-view:s2:viewer\nk-pub:s3:publisher\n');
  server = await start(NODES, [`api_key.bootstrap_file=${keyFile}`]);
});
afterAll(async () => {
  for (const each of servers) await each.close();
  await removeTempDir(folder);
});

async function get(path: string, headers: Record<string, string> = KEY, base = server.url) {
  const response = await fetch(`${base}${path}`, { headers });
  const text = await response.text();
  return { status: response.status, body: parse(text), headers: response.headers };
}
async function post(path: string, body: unknown, headers: Record<string, string> = {}, base = server.url) {
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: parse(await response.text()), headers: response.headers };
}
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
const codeOf = (body: unknown) => (body as { code?: string }).code;
const login = (username: string, password: string, base = server.url) => post('/login', { username, password }, {}, base);

describe('status', () => {
  it('is text or JSON, with and without prefix, without credentials', async () => {
    const text = `Node ${A} is started\nemqx is running`;
    const json = { node_name: A, cluster: 'emqxcl', rel_vsn: '0.1.0', broker_status: 'started', app_status: 'running' };
    const root = server.url.replace('/api/v5', '');
    const plain = await get('/status', {});
    expect([plain.status, plain.body, plain.headers.get('retry-after'), plain.headers.get('content-type')]).toEqual([
      200,
      text,
      '15',
      'text/plain; charset=utf-8',
    ]);
    expect((await get('/status', {}, root)).body).toEqual(text);
    expect((await get('/status?format=json', {})).body).toEqual(json);
    expect((await get('/status?format=json', {}, root)).body).toEqual(json);
  });

  it('is 503 while the node does not serve', async () => {
    const starting = await start(NODES, [], () => false);
    const { status, body, headers } = await get('/status', {}, starting.url);
    expect([status, body, headers.get('retry-after')]).toEqual([503, `Node ${A} is stopped\nemqx is not_running`, '15']);
  });
});

describe('what the resources answer', () => {
  const row = (clientid: string) => NODES.flatMap((node) => node.clients ?? []).find((client) => client.clientid === clientid);
  const running = (node: string, connections: number) => ({
    node,
    node_status: 'running',
    version: '0.1.0',
    uptime: 1000,
    connections,
  });

  it.each<[string, unknown]>([
    ['/cluster', { name: 'emqxcl', nodes: [A, B], self: A }],
    ['/nodes', [running(A, 2), running(B, 2), { node: C, node_status: 'stopped' }]],
    [`/nodes/${B}`, running(B, 2)],
    [`/nodes/${C}`, { node: C, node_status: 'stopped' }],
    ['/clients', { data: ['c1', 'c2', 'c3/ü', 'c4'].map(row), meta: { page: 1, limit: 100, count: 4, hasnext: false } }],
    ['/clients?page=2&limit=1', { data: [row('c2')], meta: { page: 2, limit: 1, count: 4, hasnext: true } }],
    [
      '/clients?clientid=c1&clientid=c2',
      { data: ['c1', 'c2'].map(row), meta: { page: 1, limit: 100, count: 2, hasnext: false } },
    ],
    [
      `/clients?node=${B}&fields=clientid,connected`,
      {
        data: [
          { clientid: 'c2', connected: true },
          { clientid: 'c3/ü', connected: false },
        ],
        meta: { page: 1, limit: 100, count: 2, hasnext: false },
      },
    ],
    [`/clients/${encodeURIComponent('c3/ü')}`, row('c3/ü')],
    ['/clients/c1/subscriptions', [subscription('c1', A, 'a/b', 1), subscription('c1', A, '$share/g/t/#', 2)]],
    ['/clients/c4/subscriptions', []],
    [
      '/subscriptions?topic=a%2Fb',
      {
        data: [subscription('c1', A, 'a/b', 1), subscription('c2', B, 'a/b')],
        meta: { page: 1, limit: 100, count: 2, hasnext: false },
      },
    ],
    [
      '/subscriptions?qos=2',
      { data: [subscription('c1', A, '$share/g/t/#', 2)], meta: { page: 1, limit: 100, count: 1, hasnext: false } },
    ],
    ['/topics', { data: ROUTES, meta: { page: 1, limit: 100, count: 3, hasnext: false } }],
    [`/topics?node=${B}`, { data: [ROUTES[2]], meta: { page: 1, limit: 100, count: 1, hasnext: false } }],
    ['/topics/a%2Fb', [ROUTES[1], ROUTES[2]]],
    ['/topics/%24share%2Fg%2Ft%2F%23', [ROUTES[0]]],
  ])('%s', async (path, expected) => {
    const { status, body } = await get(path);
    expect([status, body]).toEqual([200, expected]);
  });

  it('adds gauges and counters up over nodes, but not those that show the whole cluster', async () => {
    const stats = (await get('/stats?aggregate=true')).body as Record<string, number>;
    expect([stats['connections.count'], stats['topics.count'], stats['retained.max'], stats['node']]).toEqual([
      3,
      5,
      7,
      undefined,
    ]);
    const metrics = (await get('/metrics?aggregate=true')).body as Record<string, number>;
    expect(metrics['messages.received']).toBe(15);
  });

  it('shows gauges and counters per node otherwise', async () => {
    const perNode = async (path: string, name: string) =>
      ((await get(path)).body as Record<string, unknown>[]).map((each) => [each['node'], each[name]]);
    expect(await perNode('/stats', 'connections.count')).toEqual([
      [A, 2],
      [B, 1],
    ]);
    expect(await perNode('/metrics', 'messages.received')).toEqual([
      [A, 10],
      [B, 5],
    ]);
    expect(await perNode(`/metrics?node=${B}`, 'messages.received')).toEqual([[B, 5]]);
    expect(((await get(`/nodes/${A}/metrics`)).body as Record<string, unknown>)['messages.received']).toBe(10);
    expect(((await get(`/nodes/${A}/stats`)).body as Record<string, unknown>)['connections.count']).toBe(2);
  });

  it('refuses to pass off part of a list as the whole when a node does not answer', async () => {
    const broken = await start([...NODES, { name: 'emqx4@127.0.0.1', fails: 'NODE_TIMEOUT' }]);
    const token = ((await login('admin', 'public', broken.url)).body as { token: string }).token;
    const asked = { authorization: `Bearer ${token}` };
    const { status, body } = await get('/clients', asked, broken.url);
    expect([status, body]).toEqual([
      500,
      { code: 'NODE_DOWN', message: 'The node emqx4@127.0.0.1 did not answer: emqx4@127.0.0.1 is away' },
    ]);
    const nodes = (await get('/nodes', asked, broken.url)).body as { node_status: string }[];
    expect(nodes.map((node) => node.node_status)).toEqual(['running', 'running', 'stopped', 'stopped']);
  });
});

describe('a wrong request', () => {
  it.each([
    ['/clients?page=0', 400, 'INVALID_PARAMETER'],
    ['/clients?limit=10001', 400, 'INVALID_PARAMETER'],
    ['/clients?limit=ten', 400, 'INVALID_PARAMETER'],
    ['/clients?conn_state=alive', 400, 'INVALID_PARAMETER'],
    ['/clients?clean_start=perhaps', 400, 'INVALID_PARAMETER'],
    ['/clients?gte_created_at=yesterday', 400, 'INVALID_PARAMETER'],
    ['/clients?fields=clientid,colour', 400, 'INVALID_PARAMETER'],
    ['/clients?node=emqx9@127.0.0.1', 400, 'INVALID_PARAMETER'],
    [`/clients?node=${C}`, 500, 'NODE_DOWN'],
    ['/subscriptions?qos=3', 400, 'INVALID_PARAMETER'],
    ['/clients/nobody', 404, 'CLIENTID_NOT_FOUND'],
    ['/clients/nobody/subscriptions', 404, 'CLIENTID_NOT_FOUND'],
    ['/topics/nothing', 404, 'TOPIC_NOT_FOUND'],
    ['/nodes/emqx9@127.0.0.1', 404, 'NOT_FOUND'],
    [`/nodes/${C}/stats`, 404, 'NOT_FOUND'],
    ['/nothing', 404, 'API_NOT_EXIST'],
    ['/clients/a/b/c', 404, 'API_NOT_EXIST'],
    ['/login', 405, 'METHOD_NOT_ALLOWED'],
    ['/clients/%zz', 400, 'BAD_REQUEST'],
  ])('%s is answered %i %s', async (path, status, code) => {
    const reply = await get(path);
    expect([reply.status, codeOf(reply.body), typeof (reply.body as { message: unknown }).message]).toEqual([
      status,
      code,
      'string',
    ]);
  });

  it('names the methods a path does take', async () => {
    expect((await get('/login')).headers.get('allow')).toBe('POST');
    expect((await post('/clients', {}, KEY)).headers.get('allow')).toBe('GET');
  });

  it('with a bad body is told what is wrong with it', async () => {
    const raw = (body: string, type = 'application/json') =>
      fetch(`${server.url}/login`, { method: 'POST', headers: { 'content-type': type }, body });
    const outcome = async (response: Response) => [response.status, codeOf(await response.json())];
    expect(await outcome(await raw('{"username":'))).toEqual([400, 'BAD_REQUEST']);
    expect(await outcome(await raw('{"username":"admin"}'))).toEqual([400, 'BAD_REQUEST']);
    expect(await outcome(await raw(JSON.stringify({ username: 'a', password: 'x'.repeat(101) })))).toEqual([400, 'BAD_REQUEST']);
    expect(await outcome(await raw('username=admin', 'application/x-www-form-urlencoded'))).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await outcome(await raw('x'.repeat(70_000)))).toEqual([413, 'BODY_TOO_LARGE']);
  });
});

describe('credentials', () => {
  it.each<[string, Record<string, string>, string]>([
    ['none', {}, 'AUTHORIZATION_HEADER_ERROR'],
    ['another scheme', { authorization: 'Digest x' }, 'AUTHORIZATION_HEADER_ERROR'],
    ['a scheme without anything', { authorization: 'Bearer' }, 'AUTHORIZATION_HEADER_ERROR'],
    ['an unknown token', { authorization: 'Bearer abc' }, 'BAD_TOKEN'],
    ['an unknown key', basic('nobody', 's1'), 'BAD_API_KEY_OR_SECRET'],
    ['a wrong secret', basic('k-admin', 's2'), 'BAD_API_KEY_OR_SECRET'],
    ['a dashboard user as Basic', basic('admin', 'public'), 'BAD_API_KEY_OR_SECRET'],
    ['Basic without a colon', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }, 'BAD_API_KEY_OR_SECRET'],
  ])('%s: 401', async (_, headers, code) => {
    for (const path of ['/nodes', '/clients', '/clients/c1', '/subscriptions', '/topics', '/stats', '/metrics', '/cluster']) {
      const reply = await get(path, headers);
      expect([path, reply.status, codeOf(reply.body), reply.headers.get('www-authenticate')]).toEqual([
        path,
        401,
        code,
        'Bearer realm="busbar"',
      ]);
    }
  });

  it('decide by role', async () => {
    expect((await get('/clients', basic('k-view', 's2'))).status).toBe(200);
    const refused = await get('/clients', basic('k-pub', 's3'));
    expect([refused.status, codeOf(refused.body)]).toEqual([403, 'UNAUTHORIZED_ROLE']);
    const logout = await post('/logout', { username: 'k-admin' }, KEY);
    expect([logout.status, codeOf(logout.body)]).toEqual([401, 'API_KEY_NOT_ALLOW']);
  });

  it('of a user give a token that works until logout, and no longer than its time', async () => {
    const { status, body } = await login('admin', 'public');
    const { token } = body as { token: string };
    expect([status, body]).toEqual([200, { token, version: '0.1.0', role: 'administrator', license: { edition: 'opensource' } }]);
    const asked = { authorization: `Bearer ${token}` };
    expect((await get('/nodes', asked)).status).toBe(200);
    expect(codeOf((await post('/logout', { username: 'someone' }, asked)).body)).toBe('WRONG_TOKEN_OR_USERNAME');
    expect((await post('/logout', { username: 'admin' }, asked)).status).toBe(204);
    expect(codeOf((await get('/nodes', asked)).body)).toBe('BAD_TOKEN');

    const second = { authorization: `Bearer ${((await login('admin', 'public')).body as { token: string }).token}` };
    clock += 3_600_001;
    expect(codeOf((await get('/nodes', second)).body)).toBe('TOKEN_TIME_OUT');
  });

  it('are answered alike whether user or password is wrong', async () => {
    const [unknown, wrong] = [await login('nobody', 'public'), await login('admin', 'wrong')];
    expect([unknown.status, unknown.body]).toEqual([
      401,
      { code: 'BAD_USERNAME_OR_PWD', message: 'User name or password is wrong.' },
    ]);
    expect([wrong.status, wrong.body]).toEqual([unknown.status, unknown.body]);
    await login('admin', 'public');
  });

  it('cannot be guessed at will', async () => {
    const guarded = await start(NODES);
    for (let attempt = 0; attempt < MAX_LOGIN_FAILURES; attempt += 1)
      expect(codeOf((await login('admin', `guess ${attempt}`, guarded.url)).body)).toBe('BAD_USERNAME_OR_PWD');
    const { status, body, headers } = await login('admin', 'public', guarded.url);
    expect([status, codeOf(body), headers.get('retry-after')]).toEqual([401, 'LOGIN_LOCKED', '60']);
    clock += 60_001;
    expect((await login('admin', 'public', guarded.url)).status).toBe(200);
  });
});

describe('the server', () => {
  it('sends headers that keep browsers from misusing an answer', async () => {
    const { headers } = await get('/nodes');
    expect(
      Object.fromEntries(
        ['content-security-policy', 'x-content-type-options', 'cache-control', 'x-frame-options'].map((name) => [
          name,
          headers.get(name),
        ]),
      ),
    ).toEqual({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
  });

  it('does not answer under a foreign name while it is bound to loopback', async () => {
    expect(await rawRequest('GET /status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 403 [^]*"code":"HOST_NOT_ALLOWED"/,
    );
    expect(await rawRequest('GET /status HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    expect(await rawRequest('GET /status HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('names the port that is taken', async () => {
    const taken = start(NODES, [`dashboard.listeners.http.bind=${server.address.port}`]);
    await expect(taken).rejects.toMatchObject({
      code: 'API_PORT_IN_USE',
      details: { listener: 'http:dashboard', host: '127.0.0.1', port: server.address.port },
    });
  });

  it('lets go of its port when it is closed', async () => {
    const first = await start(NODES);
    await first.close();
    const again = await start(NODES, [`dashboard.listeners.http.bind=${first.address.port}`]);
    expect((await get('/status', {}, again.url)).status).toBe(200);
  });

  function rawRequest(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.address.port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }
});
