/** REST and command line of the services: a real server over a real node without sockets. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../broker/base/log.ts';
import { runCtl } from '../../broker/cli/runCtl.ts';
import { loadConfig } from '../../broker/config/load.ts';
import type { AdminServer } from '../../broker/io/adminServer.ts';
import { startTestAdminServer } from '../support/adminServer.ts';
import { FakeAdmin } from '../support/fakeAdmin.ts';
import { problemsWithAnswer, type OpenApiDocument } from '../support/openApi.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';

const A = 'emqx1@127.0.0.1';
const B = 'emqx2@127.0.0.1';

let folder: string;
let server: AdminServer;
let document: OpenApiDocument;
let token: string;
const admin = new FakeAdmin([{ name: A }, { name: B }, { name: 'emqx3@127.0.0.1', status: 'stopped' }]);
const { world } = admin;

beforeAll(async () => {
  folder = await createTempDir();
  const { config, problems } = loadConfig({ sets: ['dashboard.listeners.http.bind=0', `node.data_dir=${folder}`] });
  if (!config) throw new Error(JSON.stringify(problems));
  server = await startTestAdminServer({ config, admin, version: '0.1.0', log: silentLog, isRunning: () => true });
  document = (await (await fetch(server.url.replace('/api/v5', '/api-docs/swagger.json'))).json()) as OpenApiDocument;
  const login = await call('POST', '/login', { username: 'admin', password: 'public' });
  token = (login.body as { token: string }).token;
});
afterAll(async () => {
  await server.close();
  await removeTempDir(folder);
});

/** Status and body; the answer is held against the OpenAPI document on the way. */
async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: unknown = text === '' ? '' : JSON.parse(text);
  const template = templateOf(path);
  if (answer !== '') expect(problemsWithAnswer(document, method.toLowerCase(), template, response.status, answer), `${method} ${template}`).toEqual([]);
  return { status: response.status, body: answer };
}

/** The path as the document writes it. */
function templateOf(path: string): string {
  const given = (path.split('?')[0] ?? '').split('/');
  const fits = (template: string) => {
    const parts = template.split('/');
    return parts.length === given.length && parts.every((part, index) => part === given[index] || part.startsWith('{'));
  };
  return Object.keys(document?.paths ?? {}).find(fits) ?? path;
}

async function ctl(...words: string[]) {
  const printed: string[] = [];
  const code = await runCtl({ argv: [...words, '--api', server.url], env: {}, print: (line) => printed.push(line), printError: (line) => printed.push(line) });
  return { code, printed };
}

describe('/mqtt/retainer', () => {
  it('shows the settings, changes those that are given on every running node, and refuses a bad one whole', async () => {
    const before = await call('GET', '/mqtt/retainer');
    expect(before).toEqual({
      status: 200,
      body: {
        enable: true,
        msg_expiry_interval: '0s',
        msg_clear_interval: '0s',
        max_payload_size: '1MB',
        stop_publish_clear_msg: false,
        delivery_rate: 'infinity',
        backend: { type: 'built_in_database', storage_type: 'ram', max_retained_messages: 0 },
      },
    });
    admin.asked.length = 0;
    const changed = await call('PUT', '/mqtt/retainer', { msg_expiry_interval: '90s', backend: { max_retained_messages: 1000 } });
    expect(changed).toMatchObject({ status: 200, body: { enable: true, msg_expiry_interval: '90s', backend: { storage_type: 'ram', max_retained_messages: 1000 } } });
    expect(admin.asked.map(({ node, question }) => `${node} ${question}`)).toEqual([`${A} changeService`, `${B} changeService`]);
    expect(world.node.retainer.config).toMatchObject({ msgExpiryIntervalMs: 90_000, maxRetainedMessages: 1000 });
    for (const bad of [{ enable: false, max_payload_size: 'huge' }, { backend: { storage_type: 'disc' } }, { nonsense: 1 }]) {
      expect(await call('PUT', '/mqtt/retainer', bad)).toMatchObject({ status: 400, body: { code: 'UPDATE_FAILED' } });
    }
    expect(await call('GET', '/mqtt/retainer')).toEqual(changed);
    await call('PUT', '/mqtt/retainer', before.body);
    expect(await call('GET', '/mqtt/retainer')).toEqual(before);
  });

  it('lists messages page by page, with a count only where it is cheap', async () => {
    const publisher = world.connect('publisher', { username: 'u' });
    for (const topic of ['a/1', 'a/2', 'b/1']) publisher.publish(topic, topic, { retain: true, qos: 1 });
    const first = await call('GET', '/mqtt/retainer/messages?limit=2');
    expect(first.body).toMatchObject({ data: [{ topic: 'a/1', qos: 1, from_clientid: 'publisher', from_username: 'u', node: 'test@127.0.0.1' }, {}], meta: { page: 1, limit: 2, count: 3, hasnext: true } });
    expect((await call('GET', '/mqtt/retainer/messages?limit=2&page=2')).body).toMatchObject({ data: [{ topic: 'b/1' }], meta: { page: 2, limit: 2, count: 3, hasnext: false } });
    const filtered = await call('GET', '/mqtt/retainer/messages?topic=a%2F%2B');
    expect(filtered.body).toMatchObject({ data: [{ topic: 'a/1' }, { topic: 'a/2' }], meta: { page: 1, limit: 100, hasnext: false } });
    expect((filtered.body as { meta: object }).meta).not.toHaveProperty('count');
    expect((await call('GET', '/mqtt/retainer/messages?topic=a%2F%23%2Fb')).status).toBe(400);
  });

  it('shows one message with its payload, unless that is larger than 1 MiB', async () => {
    const shown = await call('GET', '/mqtt/retainer/message/a%2F1');
    expect(shown).toMatchObject({ status: 200, body: { topic: 'a/1', payload: Buffer.from('a/1').toString('base64'), publish_at: new Date(world.nowMs).toISOString() } });
    expect((shown.body as { msgid: string }).msgid).toMatch(/^[0-9a-f]{32}$/);
    expect(await call('GET', '/mqtt/retainer/message/none')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    world.node.retainer.configure({ ...world.node.retainer.config, maxPayloadSize: 10_000_000 });
    world.connect('large').publish('large', 'x'.repeat(1_048_577), { retain: true });
    expect((await call('GET', '/mqtt/retainer/message/large')).body).not.toHaveProperty('payload');
  });

  it('deletes one, those a filter matches, or all', async () => {
    expect([(await call('DELETE', '/mqtt/retainer/message/large')).status, (await call('DELETE', '/mqtt/retainer/message/large')).status]).toEqual([204, 404]);
    expect([(await call('DELETE', '/mqtt/retainer/message/a%2F%23')).status, world.node.retained.size]).toEqual([204, 1]);
    expect([(await call('DELETE', '/mqtt/retainer/messages')).status, world.node.retained.size]).toEqual([204, 0]);
  });

  it('has commands in EMQX words', async () => {
    world.connect('publisher').publish('x/y', '1', { retain: true });
    expect(await ctl('retainer', 'info')).toMatchObject({ code: 0, printed: [expect.stringMatching(/^Number of retained messages: \d+$/)] });
    expect(await ctl('retainer', 'topics')).toEqual({ code: 0, printed: ['x/y'] });
    expect(await ctl('retainer', 'clean', 'none')).toEqual({ code: 1, printed: ['Not Found.'] });
    expect(await ctl('retainer', 'clean', 'x/#')).toEqual({ code: 0, printed: [] });
    expect(await ctl('retainer', 'clean')).toEqual({ code: 0, printed: [] });
    expect(await ctl('retainer', 'topics')).toEqual({ code: 0, printed: ['No topics.'] });
    expect((await ctl('retainer', 'clean', 'a', 'b')).code).toBe(2);
  });
});

describe('/configs/sys_topics', () => {
  it('shows intervals and events, and changes them', async () => {
    expect((await call('GET', '/configs/sys_topics')).body).toMatchObject({ sys_msg_interval: '1m', sys_heartbeat_interval: '30s', sys_event_messages: { client_subscribed: false } });
    const changed = await call('PUT', '/configs/sys_topics', { sys_msg_interval: 'disabled', sys_event_messages: { client_subscribed: true } });
    expect(changed).toMatchObject({ status: 200, body: { sys_msg_interval: 'disabled', sys_heartbeat_interval: '30s', sys_event_messages: { client_connected: true, client_subscribed: true } } });
    expect(world.hooks.has('session.subscribed')).toBe(true);
    expect(await call('PUT', '/configs/sys_topics', { sys_msg_interval: '1ms' })).toMatchObject({ status: 400, body: { code: 'UPDATE_FAILED' } });
  });
});
