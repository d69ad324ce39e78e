/** REST API and command line of real node processes: two nodes, real MQTT clients, every answer held against the OpenAPI document. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../broker/api/schema/client.ts';
import type { Page } from '../../broker/api/schema/common.ts';
import type { ReadyEvent } from '../../broker/api/schema/control.ts';
import type { Node } from '../../broker/api/schema/node.ts';
import type { Subscription } from '../../broker/api/schema/subscription.ts';
import { problemsWithAnswer, type OpenApiDocument } from '../support/openApi.ts';
import { freePorts } from '../support/ports.ts';
import { runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const [A, B] = ['emqx1@127.0.0.1', 'emqx2@127.0.0.1'];
const KEY = { authorization: `Basic ${Buffer.from('k:secret').toString('base64')}` };

interface RunningNode {
  readonly process: TestProcess;
  readonly ready: ReadyEvent;
}

let folder: string;
let nodes: readonly RunningNode[] = [];
const clients: MqttClient[] = [];

async function startNode(name: string, dataDir: string, ...sets: string[]): Promise<RunningNode> {
  const settings = [
    `node.name=${name}`,
    `node.data_dir=${join(folder, dataDir)}`,
    'node.cookie=test',
    'listeners.tcp.default.bind=0',
    'listeners.ws.default.enable=false',
    'dashboard.listeners.http.bind=0',
    ...sets,
  ];
  const process = startProcess(globalThis.process.execPath, ['broker/main.ts', ...settings.flatMap((set) => ['--set', set])]);
  const line = await process.line((text) => text.includes('"event":"ready"'), 20_000);
  return { process, ready: JSON.parse(line) as ReadyEvent };
}

function nodeAt(index: number): RunningNode {
  const node = nodes[index];
  if (!node) throw new Error(`no node ${index}`);
  return node;
}

async function get<T>(
  path: string,
  { index = 0, headers = KEY as Record<string, string> } = {},
): Promise<{ status: number; body: T }> {
  const response = await fetch(`${nodeAt(index).ready.api}${path}`, { headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: (isJson ? JSON.parse(text) : text) as T };
}

/** A token of the first node. */
async function login(): Promise<string> {
  const body = JSON.stringify({ username: 'admin', password: 'public' });
  const response = await fetch(`${nodeAt(0).ready.api}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { token } = (await response.json()) as { token: string };
  return token;
}

async function connect(index: number, clientId: string, options: IClientOptions = {}): Promise<MqttClient> {
  const bind = nodeAt(index).ready.listeners['tcp:default'];
  const client = await mqtt.connectAsync(`mqtt://${bind}`, { clientId, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

const AUTHN = { mechanism: 'password_based', backend: 'built_in_database' };

/** A user of an authenticator that is there and asks nobody. */
async function addUser(index: number, chain: string): Promise<void> {
  const post = async (path: string, body: unknown) => {
    const headers = { ...KEY, 'content-type': 'application/json' };
    const response = await fetch(`${nodeAt(index).ready.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${await response.text()}`);
  };
  await post(chain, { ...AUTHN, enable: false });
  await post(`${chain}/password_based%3Abuilt_in_database/users`, { user_id: 'ann', password: 'pw' });
}

beforeAll(async () => {
  folder = await createTempDir();
  const keys = join(folder, 'keys');
  await writeFile(keys, 'k:secret\n');
  const [portA, portB] = await freePorts(2);
  const seeds = `cluster.static.seeds=[${A}:${portA}, ${B}:${portB}]`;
  const shared = ['cluster.discovery_strategy=static', seeds, `api_key.bootstrap_file=${keys}`];
  nodes = await Promise.all([
    startNode(A, 'a', `cluster.port=${portA}`, ...shared),
    startNode(B, 'b', `cluster.port=${portB}`, ...shared),
  ]);
  await waitFor('both nodes to see each other', async () => {
    const seen = await Promise.all([0, 1].map((index) => get<{ nodes: string[] }>('/cluster', { index })));
    return seen.every(({ body }) => body.nodes.length === 2);
  });
  const one = await connect(0, 'on-a', { username: 'u', protocolVersion: 5, properties: { sessionExpiryInterval: 60 } });
  const two = await connect(1, 'on/b');
  await one.subscribeAsync('t/+', { qos: 1 });
  await two.subscribeAsync('t/#');
  await two.publishAsync('t/1', 'x', { qos: 1 });
  for (const client of [one, two]) await client.publishAsync('kept', 'x', { qos: 1, retain: true });
  await two.publishAsync('$delayed/3600/later', 'x', { qos: 1 });
  // Chains and users are those of the whole cluster.
  for (const chain of ['/authentication', '/listeners/tcp%3Adefault/authentication']) await addUser(0, chain);
});
afterAll(async () => {
  for (const client of clients) await client.endAsync(true);
  for (const { process } of nodes) await process.end();
  await removeTempDir(folder);
});

describe('a cluster of two nodes', () => {
  it('answers every GET of its OpenAPI document as the document says, on both nodes', async () => {
    const root = nodeAt(0).ready.api.replace('/api/v5', '');
    const document = (await (await fetch(`${root}/api-docs/swagger.json`)).json()) as OpenApiDocument;
    const authn = { id: 'password_based:built_in_database', user_id: 'ann', listener_id: 'tcp:default', type: 'file' };
    const token = { authorization: `Bearer ${await login()}` };
    const { body: keys } = await get<{ name: string }[]>('/api_key', { headers: token });
    const { body: delayed } = await get<Page<{ msgid: string }>>('/mqtt/delayed/messages');
    const samples: Record<string, string> = { node: B, clientid: 'on/b', topic: 't/#', msgid: delayed.data[0]?.msgid ?? '', name: keys[0]?.name ?? '', ...authn };
    const problems: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      if (!operations['get']) continue;
      samples['topic'] = path.startsWith('/mqtt/retainer') ? 'kept' : path.startsWith('/mqtt/delayed') ? 'later' : 't/#';
      const real = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(samples[name] ?? ''));
      const queries = [
        '',
        ...(path === '/status' ? ['?format=json'] : []),
        ...(/^\/(stats|metrics)$/.test(path) ? ['?aggregate=true'] : []),
      ];
      for (const query of queries) {
        for (const index of [0, 1]) {
          // Accounts are for people: a key may not read or change them. A token is known to the node that gave it.
          const isForPeople = /^\/(users|api_key)\b/.test(path);
          if (isForPeople && index > 0) continue;
          const { status, body } = await get(`${real}${query}`, { index, headers: isForPeople ? token : KEY });
          if (status !== 200) problems.push(`${real}${query} on node ${index}: ${status}`);
          problems.push(
            ...problemsWithAnswer(document, 'get', path, status, body).map((problem) => `${real}${query}: ${problem}`),
          );
        }
      }
    }
    expect(problems).toEqual([]);
  });

  it('shows the same clients, subscriptions and topics whichever node is asked', async () => {
    for (const index of [0, 1]) {
      const list = await get<Page<Client>>('/clients', { index });
      expect(list.body.data.map(({ clientid, node, connected, username }) => [clientid, node, connected, username])).toEqual([
        ['on-a', A, true, 'u'],
        ['on/b', B, true, null],
      ]);
      expect(list.body.meta).toEqual({ page: 1, limit: 100, count: 2, hasnext: false });
      const subscriptions = await get<Page<Subscription>>('/subscriptions', { index });
      expect(subscriptions.body.data.map(({ clientid, node, topic, qos }) => [clientid, node, topic, qos])).toEqual([
        ['on-a', A, 't/+', 1],
        ['on/b', B, 't/#', 0],
      ]);
      const topics = await waitFor('all routes to arrive', async () => {
        const { body } = await get<Page<{ topic: string; node: string }>>('/topics', { index });
        return body.data.length === 2 ? body.data : undefined;
      });
      expect(topics).toEqual([
        { topic: 't/#', node: B },
        { topic: 't/+', node: A },
      ]);
    }
  });

  it.each<[string, string[]]>([
    ['like_clientid=on', ['on-a', 'on/b']],
    ['like_clientid=on-', ['on-a']],
    ['username=u', ['on-a']],
    ['clientid=on-a&clientid=on%2Fb', ['on-a', 'on/b']],
    [`node=${B}`, ['on/b']],
    ['proto_ver=4', ['on/b']],
    ['conn_state=disconnected', []],
    ['ip_address=127.0.0.1', ['on-a', 'on/b']],
    ['gte_connected_at=2000-01-01T00:00:00Z', ['on-a', 'on/b']],
    ['lte_created_at=946684800000', []],
    ['page=2&limit=1', ['on/b']],
  ])('filters clients by %s', async (query, expected) => {
    const { body } = await get<Page<Client>>(`/clients?${query}`);
    expect(body.data.map((client) => client.clientid)).toEqual(expected);
  });

  it('counts the message that crossed it', async () => {
    const metrics = await waitFor('the delivery to be counted', async () => {
      const { body } = await get<Record<string, number>>('/metrics?aggregate=true');
      return (body['messages.delivered'] ?? 0) >= 2 ? body : undefined;
    });
    // Three more were published to be retained or delayed; nobody had asked for them.
    expect([metrics['messages.received'], metrics['messages.forward'], metrics['messages.delivered']]).toEqual([4, 1, 2]);
  });

  it('logs in, and refuses whoever does not', async () => {
    const { api } = nodeAt(0).ready;
    const login = (password: string) =>
      fetch(`${api}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password }),
      });
    expect((await login('wrong')).status).toBe(401);
    const { token, version } = (await (await login('public')).json()) as { token: string; version: string };
    const { status, body } = await get<Node[]>('/nodes', { headers: { authorization: `Bearer ${token}` } });
    expect([status, body.map(({ node, node_status, version: running }) => [node, node_status, running])]).toEqual([
      200,
      [
        [A, 'running', version],
        [B, 'running', version],
      ],
    ]);
    for (const headers of [
      {},
      { authorization: `Bearer ${token}x` },
      { authorization: `Basic ${Buffer.from('admin:public').toString('base64')}` },
    ]) {
      expect((await get('/nodes', { headers })).status).toBe(401);
    }
  });

  it('is told on the command line', async () => {
    const { api } = nodeAt(0).ready;
    const ctl = async (...words: string[]) =>
      (await runProcess(process.execPath, ['broker/cli/main.ts', ...words, '--api', api, '--key', 'k', '--secret', 'secret']))
        .stdout;
    expect(await ctl('cluster', 'status')).toBe(
      `Cluster status: #{running_nodes => ['${A}','${B}'],\n                  stopped_nodes => []}\n`,
    );
    expect(await ctl('subscriptions', 'list')).toBe('on-a -> topic:t/+ qos:1 nl:0 rh:0 rap:0\n');
    expect(await ctl('clients', 'list')).toMatch(
      /^Client\(on-a, username=u, peername=127\.0\.0\.1:\d+, clean_start=true, [^\n]*connected=true, created_at=\d{13}, connected_at=\d{13}\)\n$/,
    );
  });

  it('keeps a client that went away, until its session expires', async () => {
    await clients[0]?.endAsync();
    const gone = await waitFor('the client to be shown as disconnected', async () => {
      const { body } = await get<Client>('/clients/on-a');
      return body.connected === false ? body : undefined;
    });
    expect([gone.clientid, gone.node, typeof gone.disconnected_at]).toEqual(['on-a', A, 'string']);
  });

  it('shows a node that ended as stopped, and goes on without its rows', async () => {
    nodeAt(1).process.kill('SIGKILL');
    await waitFor('node 2 to be seen as stopped', async () => {
      const { body } = await get<Node[]>('/nodes');
      return body[1]?.node_status === 'stopped';
    });
    expect((await get<{ nodes: string[] }>('/cluster')).body.nodes).toEqual([A]);
    expect((await get<Page<Client>>('/clients')).body.data.map((client) => client.clientid)).toEqual(['on-a']);
    expect((await get(`/clients?node=${B}`)).status).toBe(500);
    expect((await get(`/nodes/${B}`)).body).toEqual({ node: B, node_status: 'stopped' });
  });
});

describe('a node that cannot have its API port', () => {
  it('says so in one line, with the port and what to do, and ends', async () => {
    const taken = new URL(nodeAt(0).ready.api).port;
    const sets = [
      'node.cookie=x',
      `node.data_dir=${join(folder, 'c')}`,
      'cluster.port=0',
      'listeners.tcp.default.bind=0',
      'listeners.ws.default.enable=false',
      `dashboard.listeners.http.bind=${taken}`,
    ];
    const { code, stdout, stderr } = await runProcess(process.execPath, [
      'broker/main.ts',
      ...sets.flatMap((set) => ['--set', set]),
    ]);
    const failed = JSON.parse(stderr.split('\n').find((line) => line.includes('"event":"failed"')) ?? '{}') as Record<
      string,
      unknown
    >;
    expect([code, stdout, failed['code'], failed['details']]).toEqual([
      1,
      '',
      'API_PORT_IN_USE',
      expect.objectContaining({ listener: 'http:dashboard', port: Number(taken) }),
    ]);
  });
});
