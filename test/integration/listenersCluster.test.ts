/** Listeners of three real processes: changed through any of them, seen on all; and from the command line, which looks after one. */
import { createServer, type AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { freePort } from '../support/ports.ts';
import { runProcess } from '../support/processes.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { TestAuthority, type TestCertificate } from '../support/testCertificates.ts';
import { waitFor, within } from '../support/waitFor.ts';

const NAMES = ['bus1@127.0.0.1', 'bus2@127.0.0.1', 'bus3@127.0.0.1'] as const;
const [FIRST, SECOND, THIRD] = NAMES;

let folder: string;
let cluster: BrokerCluster;
/** One for each node. */
let callers: readonly RestCaller[];
let server: TestCertificate;

beforeAll(async () => {
  folder = await createTempDir();
  server = await (await TestAuthority.create(folder)).issue('server', '/CN=localhost', 'DNS:localhost');
  await writeFile(join(folder, 'keys'), 'k:secret:administrator\n');
  cluster = await BrokerCluster.start(3, [`api_key.bootstrap_file=${join(folder, 'keys')}`]);
  callers = await Promise.all([1, 2, 3].map((number) => RestCaller.open(cluster.member(number).broker.ready.api)));
}, 90_000);
afterAll(async () => {
  await cluster.end();
  await removeTempDir(folder);
});

interface Shown {
  readonly id: string;
  readonly number: number;
  readonly bind: string;
  readonly listen_on: string;
  readonly max_connections: number | string;
  readonly status: { readonly running: boolean | 'inconsistent'; readonly current_connections: number };
  readonly node_status: readonly { readonly node: string; readonly status: { readonly running: boolean; readonly current_connections: number; readonly reason?: string } }[];
}

const callerOf = (number: number) => callers[number - 1] as RestCaller;
const call = (number: number, method: string, path: string, body?: unknown) => callerOf(number).call(method, path, body);

async function shown(number: number, id: string): Promise<Shown> {
  const [, body] = (await call(number, 'GET', `/listeners/${id}`)) as [number, Shown];
  return body;
}

/** Where it runs, told by each of the three nodes in the same words; 'absent' without the listener. */
async function placesOf(id: string): Promise<unknown> {
  const told = await Promise.all(
    callers.map(async (caller) => {
      const [, rows] = (await caller.call('GET', '/listeners')) as [number, readonly Shown[]];
      const row = rows.find((each) => each.id === id);
      if (row === undefined) return 'absent';
      return { running: row.status.running, nodes: Object.fromEntries(row.node_status.map(({ node, status }) => [node, status.running])) };
    }),
  );
  const [first, ...others] = told;
  for (const other of others) expect(other).toEqual(first);
  return first;
}

const nodes = (first: boolean, second: boolean, third: boolean) => ({ [FIRST]: first, [SECOND]: second, [THIRD]: third });
const EVERYWHERE = { running: true, nodes: nodes(true, true, true) };

const client = (listenOn: string) => mqtt.connectAsync(`mqtt://${listenOn}`, { reconnectPeriod: 0, protocolVersion: 5 }, false);

describe('REST', () => {
  it('creates, changes, stops, starts and removes on all nodes, whichever is asked', async () => {
    const made = await call(2, 'POST', '/listeners', { type: 'tcp', name: 'late', bind: '127.0.0.1:0' });
    expect(made).toMatchObject([200, { id: 'tcp:late', node_status: NAMES.map((node) => ({ node })) }]);
    expect(await placesOf('tcp:late')).toEqual(EVERYWHERE);
    const clients = await Promise.all([1, 2, 3].map(async (number) => client((await shown(number, 'tcp:late')).listen_on)));
    expect((await shown(1, 'tcp:late')).status.current_connections).toBe(3);
    expect(await call(3, 'PUT', '/listeners/tcp:late', { max_connections: 9 })).toMatchObject([200, { max_connections: 9, status: { max_connections: 27 } }]);
    expect(await Promise.all([1, 2, 3].map(async (number) => (await shown(number, 'tcp:late')).max_connections))).toEqual([9, 9, 9]);
    expect(clients.map(({ connected }) => connected)).toEqual([true, true, true]);
    const ended = Promise.all(clients.map((each) => new Promise((resolve) => each.once('disconnect', ({ reasonCode }) => resolve(reasonCode)))));
    expect(await call(1, 'POST', '/listeners/tcp:late/stop')).toBe(200);
    expect(await within('DISCONNECT', ended)).toEqual([0x98, 0x98, 0x98]);
    expect(await placesOf('tcp:late')).toEqual({ running: false, nodes: nodes(false, false, false) });
    expect(await call(2, 'POST', '/listeners/tcp:late/start')).toBe(200);
    expect(await placesOf('tcp:late')).toEqual(EVERYWHERE);
    expect(await call(3, 'DELETE', '/listeners/tcp:late')).toBe(204);
    expect(await placesOf('tcp:late')).toBe('absent');
    for (const each of clients) each.end(true);
  });

  it('changes one node when one is named, and a listener that is on one node is found through any', async () => {
    expect(await call(1, 'POST', `/listeners/tcp:default/stop?node=${THIRD}`)).toBe(200);
    expect(await placesOf('tcp:default')).toEqual({ running: 'inconsistent', nodes: nodes(true, true, false) });
    expect(await call(2, 'POST', '/listeners/tcp:default/start')).toBe(200);
    expect(await placesOf('tcp:default')).toEqual(EVERYWHERE);
    expect(await call(1, 'POST', `/listeners?node=${SECOND}`, { type: 'tcp', name: 'alone', bind: '127.0.0.1:0' })).toMatchObject([200, { id: 'tcp:alone' }]);
    expect(await placesOf('tcp:alone')).toEqual({ running: true, nodes: { [SECOND]: true } });
    expect(await call(1, 'POST', `/listeners/tcp:alone/stop?node=${FIRST}`)).toEqual(refused(404, 'BAD_LISTENER_ID'));
    expect(await call(3, 'POST', '/listeners/tcp:alone/stop')).toBe(200);
    expect(await placesOf('tcp:alone')).toEqual({ running: false, nodes: { [SECOND]: false } });
    expect(await call(1, 'DELETE', '/listeners/tcp:alone')).toBe(204);
    expect(await call(1, 'DELETE', '/listeners/tcp:alone')).toEqual(refused(404, 'BAD_LISTENER_ID'));
    expect(await call(1, 'POST', '/listeners/tcp:default/stop?node=bus9@127.0.0.1')).toEqual(refused(400, 'INVALID_PARAMETER'));
  });

  it('says which nodes refuse and on which the change holds', async () => {
    const port = await freePort(); // all three share one machine, so two of them find it taken
    const made = await call(2, 'POST', '/listeners', { type: 'tcp', name: 'one', bind: `127.0.0.1:${port}` });
    const said = `bus1@127\\.0\\.0\\.1: .*tcp:one cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use.* bus3@127\\.0\\.0\\.1: .* It holds on bus2@127\\.0\\.0\\.1\\.$`;
    expect(made).toEqual(refused(400, 'BAD_REQUEST', new RegExp(said)));
    const reasonAt = async (node: string) => (await shown(1, 'tcp:one')).node_status.find((each) => each.node === node)?.status.reason ?? '';
    await waitFor('the others to say why not', async () => /in use/.test(await reasonAt(FIRST)) && /in use/.test(await reasonAt(THIRD)));
    expect(await placesOf('tcp:one')).toEqual({ running: 'inconsistent', nodes: nodes(false, true, false) });
    expect(await call(3, 'POST', `/listeners/tcp:one/start?node=${THIRD}`)).toEqual(refused(400, 'BAD_REQUEST', /in use/));
    expect(await call(1, 'DELETE', '/listeners/tcp:one')).toBe(204);
    await waitFor('all to forget it', async () => (await placesOf('tcp:one')) === 'absent');
  });

  it('asks no other node for what the asked one refuses', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const bind = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    expect(await call(1, 'POST', '/listeners', { type: 'tcp', name: 'none', bind })).toEqual(refused(400, 'BAD_REQUEST', /the port is in use/));
    expect(await placesOf('tcp:none')).toBe('absent');
    const before = await Promise.all([1, 2, 3].map((number) => shown(number, 'tcp:default')));
    expect(await call(1, 'PUT', '/listeners/tcp:default', { bind, max_connections: 5 })).toEqual(refused(400, 'UPDATE_FAILED', /the port is in use/));
    expect(await Promise.all([1, 2, 3].map((number) => shown(number, 'tcp:default')))).toEqual(before);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('leaves a listener as it was when it is to be off with a certificate that is none', async () => {
    const ssl_options = { certfile: server.cert, keyfile: server.key };
    expect(await call(1, 'POST', '/listeners', { type: 'ssl', name: 'tls', bind: '127.0.0.1:0', ssl_options })).toMatchObject([200, {}]);
    const before = await Promise.all([1, 2, 3].map((number) => shown(number, 'ssl:tls')));
    const broken = join(folder, 'broken.pem');
    await writeFile(broken, 'no certificate');
    for (const certfile of [broken, join(folder, 'nowhere.pem')]) {
      const change = { enable: false, max_connections: 1, ssl_options: { certfile } };
      expect(await call(2, 'PUT', '/listeners/ssl:tls', change)).toEqual(refused(400, 'UPDATE_FAILED', new RegExp(certfile)));
      expect(await Promise.all([1, 2, 3].map((number) => shown(number, 'ssl:tls')))).toEqual(before);
    }
    expect(await call(2, 'PUT', '/listeners/ssl:tls', { enable: false })).toMatchObject([200, { enable: false, status: { running: false } }]);
    expect(await placesOf('ssl:tls')).toEqual({ running: false, nodes: nodes(false, false, false) });
    expect(await call(2, 'PUT', '/listeners/ssl:tls', { enable: true })).toMatchObject([200, { enable: true, status: { running: true } }]);
    expect(await placesOf('ssl:tls')).toEqual(EVERYWHERE);
    expect(await call(1, 'DELETE', '/listeners/ssl:tls')).toBe(204);
  });
});

describe('the command line', () => {
  const ctl = async (number: number, ...words: string[]) => {
    const { api } = cluster.member(number).broker.ready;
    const args = ['broker/cli/main.ts', ...words, '--api', api, '--key', 'k', '--secret', 'secret'];
    const { code, stdout } = await runProcess(process.execPath, args, { lifetimeMs: 20_000 });
    return [code, stdout] as const;
  };
  const listing = (id: string, listenOn: string, running: boolean, connections: number) =>
    [
      id,
      `  listen_on       : ${listenOn}`,
      '  acceptors       : 16',
      '  proxy_protocol  : false',
      `  running         : ${running}`,
      `  current_conn    : ${connections}`,
      '  max_conns       : infinity',
      '  shutdown_count  : []',
      '',
    ].join('\n');

  it('stops, starts, restarts and reloads a listener of its node, and lists those of its node', async () => {
    const bind = `127.0.0.1:${await freePort()}`;
    const ssl_options = { certfile: server.cert, keyfile: server.key };
    await call(1, 'POST', `/listeners?node=${SECOND}`, { type: 'ssl', name: 'own', bind, ssl_options });
    const [one, two] = [cluster.member(1), cluster.member(2)].map(({ broker }) => broker.ready.listeners['tcp:default'] ?? '') as [string, string];
    const { listen_on: own } = await shown(2, 'ssl:own');
    const withoutWs = (text: string) => text.replace(/^ws:default\n(?: {2}.*\n)+/m, '');
    const there = await client(two);
    expect(withoutWs((await ctl(1, 'listeners'))[1])).toBe(listing('tcp:default', one, true, 0));
    expect(withoutWs((await ctl(2, 'listeners'))[1])).toBe(listing('tcp:default', two, true, 1) + listing('ssl:own', own, true, 0));
    expect(await ctl(2, 'listeners', 'stop', 'tcp:default')).toEqual([0, 'Stop tcp:default listener successfully.\n']);
    expect(await placesOf('tcp:default')).toEqual({ running: 'inconsistent', nodes: nodes(true, false, true) });
    expect(withoutWs((await ctl(1, 'listeners'))[1])).toBe(listing('tcp:default', one, true, 0));
    expect(withoutWs((await ctl(2, 'listeners'))[1])).toMatch(/^tcp:default\n.*\n.*\n.*\n {2}running {9}: false\n {2}current_conn {4}: 0\n/);
    expect(await ctl(2, 'listeners', 'start', 'mqtt:tcp:external')).toEqual([0, 'Started tcp:default listener successfully.\n']);
    expect(await ctl(2, 'listeners', 'restart', 'ssl:own')).toEqual([0, 'Restarted ssl:own listener successfully.\n']);
    expect(await ctl(2, 'listeners', 'reload', 'ssl:own')).toEqual([0, 'Reloaded ssl:own listener successfully.\n']);
    expect(await placesOf('tcp:default')).toEqual(EVERYWHERE);
    expect(await placesOf('ssl:own')).toEqual({ running: true, nodes: { [SECOND]: true } });
    there.end(true);
  });

  it('says no, and why', async () => {
    expect(await ctl(1, 'listeners', 'stop', 'tcp:nowhere')).toEqual([1, 'Invalid listener: tcp:nowhere\n']);
    expect(await ctl(1, 'listeners', 'stop', 'ssl:own')).toEqual([1, 'Invalid listener: ssl:own\n']); // it is on another node
    await writeFile(server.cert, 'no certificate');
    for (const word of ['reload', 'restart']) {
      const [code, text] = await ctl(2, 'listeners', word, 'ssl:own');
      expect([code, text]).toEqual([1, expect.stringMatching(new RegExp(`^Failed to ${word} ssl:own listener: .*${server.cert}`))]);
    }
    expect(await placesOf('ssl:own')).toEqual({ running: true, nodes: { [SECOND]: true } });
  });
});
