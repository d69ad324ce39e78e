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

describe('/configs/limiter', () => {
  it('shows the rates of the node, and changes them', async () => {
    expect((await call('GET', '/configs/limiter')).body).toMatchObject({ messages_rate: 'infinity', client: { bytes_rate: 'infinity' } });
    const changed = await call('PUT', '/configs/limiter', { messages_rate: '1000/s', client: { bytes_rate: '1MB/10s' } });
    expect(changed).toMatchObject({ status: 200, body: { max_conn_rate: 'infinity', messages_rate: '1000/s', client: { messages_rate: 'infinity', bytes_rate: '1048576/10s' } } });
    expect(await call('PUT', '/configs/limiter', { bytes_rate: 'fast' })).toMatchObject({ status: 400, body: { code: 'UPDATE_FAILED', message: expect.stringContaining('limiter.bytes_rate is fast') } });
  });
});

describe('/alarms', () => {
  it('lists what is active, then what is over, and forgets that', async () => {
    const { alarms } = admin.services;
    const rows = async (query = '') => (await call('GET', `/alarms${query}`)).body as { data: readonly Record<string, unknown>[]; meta: Record<string, unknown> };
    expect((await rows()).data).toEqual([]);
    alarms.activate('old', 'The disk is full.', { path: '/data' });
    world.advance(1_000);
    alarms.activate('new', 'A client is slow.');
    world.advance(500);
    const active = await rows();
    // Both nodes of this test are the same behind their names.
    expect(active.data.map(({ name, duration }) => [name, duration])).toEqual([['new', 500], ['new', 500], ['old', 1_500], ['old', 1_500]]);
    expect(active.data[2]).toEqual({ node: 'test@127.0.0.1', name: 'old', message: 'The disk is full.', details: { path: '/data' }, duration: 1_500, activate_at: expect.stringMatching(/Z$/) });
    expect((await rows('?limit=1&page=3')).data.map(({ name }) => name)).toEqual(['old']);
    expect(await ctl('alarms', 'list')).toMatchObject({ code: 0, printed: Array(4).fill(expect.stringMatching(/^Alarm\(name=(new|old), node=test@127.0.0.1, activate_at=\S+Z, message=.*\)$/)) });
    alarms.deactivate('old');
    world.advance(1);
    alarms.deactivate('new');
    expect(await rows()).toMatchObject({ data: [], meta: { count: 0, hasnext: false } });
    expect((await rows('?activated=false')).data.map(({ name, duration }) => [name, duration])).toEqual([['new', 501], ['new', 501], ['old', 1_500], ['old', 1_500]]);
    expect(await ctl('alarms', 'history')).toMatchObject({ code: 0, printed: Array(4).fill(expect.stringContaining(', deactivate_at=')) });
    expect((await call('DELETE', '/alarms')).status).toBe(204);
    expect((await rows('?activated=false')).data).toEqual([]);
    expect(await ctl('alarms', 'clear')).toEqual({ code: 0, printed: ['ok'] });
    expect(await ctl('alarms', 'history')).toEqual({ code: 0, printed: ['No alarms.'] });
  });

  it('has settings', async () => {
    expect((await call('GET', '/configs/alarm')).body).toEqual({ actions: ['log', 'publish'], size_limit: 1000, validity_period: '1d' });
    expect(await call('PUT', '/configs/alarm', { actions: ['log'], size_limit: 5 })).toMatchObject({ status: 200, body: { actions: ['log'], size_limit: 5, validity_period: '1d' } });
    expect((await call('PUT', '/configs/alarm', { actions: ['shout'] })).status).toBe(400);
  });
});

describe('/mqtt/delayed', () => {
  const rows = async (query = '') => (await call('GET', `/mqtt/delayed/messages${query}`)).body as { data: Record<string, unknown>[]; meta: object };

  it('lists what waits in the order of its time, shows one, and deletes by id or topic', async () => {
    const publisher = world.connect('delayer', { username: 'u' });
    for (const [seconds, topic] of [[30, 'd/b'], [10, 'd/a'], [60, 'd/b']] as const) publisher.publish(`$delayed/${seconds}/${topic}`, topic, { qos: 1 });
    // Both nodes of this cluster answer from the same one: every row comes twice.
    const listed = await rows();
    expect([listed.data.map((row) => row['topic']), listed.meta]).toEqual([['d/a', 'd/a', 'd/b', 'd/b', 'd/b', 'd/b'], { page: 1, limit: 100, count: 6 }]);
    const first = listed.data[0] ?? {};
    expect(first).toEqual({
      msgid: first['msgid'],
      node: 'test@127.0.0.1',
      topic: 'd/a',
      qos: 1,
      publish_at: new Date(world.nowMs).toISOString(),
      expected_at: new Date(world.nowMs + 10_000).toISOString(),
      delayed_interval: 10,
      delayed_remaining: 10,
      from_clientid: 'delayer',
      from_username: 'u',
    });
    expect((await rows('?page=2&limit=4')).data.map((row) => row['topic'])).toEqual(['d/b', 'd/b']);
    const path = `/mqtt/delayed/messages/${A}/${String(first['msgid'])}`;
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { topic: 'd/a', payload: Buffer.from('d/a').toString('base64') } });
    expect([(await call('DELETE', path)).status, (await call('DELETE', path)).status, (await call('GET', path)).status]).toEqual([204, 404, 404]);
    expect([(await call('DELETE', '/mqtt/delayed/messages/d%2Fb')).status, await call('DELETE', '/mqtt/delayed/messages/d%2Fb')]).toMatchObject([204, { status: 404, body: { code: 'MESSAGE_NOT_FOUND' } }]);
    publisher.publish('$delayed/10/large', 'x'.repeat(2049));
    const [large] = (await rows()).data;
    expect((await call('GET', `/mqtt/delayed/messages/${A}/${String(large?.['msgid'])}`)).body).toMatchObject({ payload: 'PAYLOAD_TOO_LARGE' });
  });

  it.each([
    ['GET', `/mqtt/delayed/messages/${A}/x`, 400, 'MESSAGE_ID_SCHEMA_ERROR'],
    ['GET', `/mqtt/delayed/messages/nobody@1/${'0'.repeat(32)}`, 400, 'INVALID_NODE'],
    ['DELETE', `/mqtt/delayed/messages/${A}/${'0'.repeat(32)}`, 404, 'MESSAGE_ID_NOT_FOUND'],
    ['DELETE', '/mqtt/delayed/messages/d%2F%2B', 400, 'INVALID_TOPIC_NAME'],
  ])('refuses %s %s', async (method, path, status, code) => {
    expect(await call(method, path)).toMatchObject({ status, body: { code } });
  });

  it('is switched off and bounded', async () => {
    expect((await call('GET', '/mqtt/delayed')).body).toEqual({ enable: true, max_delayed_messages: 0 });
    expect(await call('PUT', '/mqtt/delayed', { max_delayed_messages: 5 })).toEqual({ status: 200, body: { enable: true, max_delayed_messages: 5 } });
    expect(await call('PUT', '/mqtt/delayed', { max_delayed_messages: -1 })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect((await call('PUT', '/mqtt/delayed', { enable: false, max_delayed_messages: 0 })).body).toEqual({ enable: false, max_delayed_messages: 0 });
  });
});

describe('/mqtt/topic_rewrite', () => {
  const rule = { action: 'publish', source_topic: 'x/#', re: '^x/(\\d+)$', dest_topic: 'z/$1/${clientid}' };

  it('takes the whole list, refuses a bad one whole, and more than 30', async () => {
    expect(await call('PUT', '/mqtt/topic_rewrite', [rule])).toEqual({ status: 200, body: [rule] });
    expect(await call('PUT', '/mqtt/topic_rewrite', [rule, { ...rule, re: '(' }])).toMatchObject({ status: 400, body: { code: 'UPDATE_FAILED' } });
    expect(await call('PUT', '/mqtt/topic_rewrite', [{ ...rule, action: 'both' }])).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect(await call('PUT', '/mqtt/topic_rewrite', Array.from({ length: 31 }, () => rule))).toMatchObject({ status: 413, body: { code: 'EXCEED_LIMIT' } });
    expect((await call('GET', '/mqtt/topic_rewrite')).body).toEqual([rule]);
    const watcher = world.connect('rewritten');
    watcher.subscribe('z/#', { qos: 0 });
    watcher.take();
    world.connect('c7').publish('x/12', '');
    expect(watcher.taken()).toEqual(['publish z/12/c7 qos0 ""']);
    expect(await call('PUT', '/mqtt/topic_rewrite', [])).toEqual({ status: 200, body: [] });
  });
});

describe('/mqtt/auto_subscribe', () => {
  it('takes the whole list with defaults, and refuses more than 20', async () => {
    const full = { topic: 'c/${clientid}', qos: 0, rh: 0, rap: 0, nl: 0 };
    expect(await call('PUT', '/mqtt/auto_subscribe', [{ topic: 'c/${clientid}' }])).toEqual({ status: 200, body: [full] });
    expect(await call('PUT', '/mqtt/auto_subscribe', [{ topic: 'a/#/b' }])).toMatchObject({ status: 400, body: { code: 'UPDATE_FAILED' } });
    expect(await call('PUT', '/mqtt/auto_subscribe', Array.from({ length: 21 }, () => full))).toMatchObject({ status: 409, body: { code: 'EXCEED_LIMIT' } });
    expect((await call('GET', '/mqtt/auto_subscribe')).body).toEqual([full]);
    const client = world.connect('auto');
    world.settle();
    expect([...(client.channel.session?.subscriptions?.keys() ?? [])]).toEqual(['c/auto']);
    await call('PUT', '/mqtt/auto_subscribe', []);
  });
});
