/** What an operator sees of a cluster of real processes: events in plain words, alarms, counters, and whom each node sees. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER_METRIC_NAMES } from '../../broker/metrics/clusterCatalogue.ts';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { RestCaller } from '../support/restCaller.ts';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let folder: string;
let cluster: BrokerCluster;

beforeAll(async () => {
  folder = await createTempDir();
  await writeFile(join(folder, 'keys'), 'k:secret:administrator\n');
  cluster = await BrokerCluster.start(3, ['durability=replicated', 'debug.faults=true', `api_key.bootstrap_file=${join(folder, 'keys')}`]);
}, 90_000);
afterAll(async () => {
  await cluster.end();
  await removeTempDir(folder);
});

interface Told {
  readonly data: readonly { readonly node: string; readonly event: string; readonly message: string }[];
}

const api = (number: number) => cluster.member(number).broker.ready.api;
const messages = async (number: number) => ((await cluster.member(number).get('/cluster/events?limit=1000')) as Told).data.map(({ message }) => message);
const tells = (number: number, what: RegExp) => waitFor(`node ${number} to tell ${what}`, async () => (await messages(number)).some((message) => what.test(message)));
const alarms = async (number: number) => ((await cluster.member(number).get('/alarms')) as { data: { name: string; node: string }[] }).data.map(({ name }) => name);

async function ctl(number: number, ...words: string[]): Promise<string> {
  const { code, stdout } = await runProcess(process.execPath, ['broker/cli/main.ts', ...words, '--api', api(number), '--key', 'k', '--secret', 'secret'], { lifetimeMs: 20_000 });
  expect(code).toBe(0);
  return stdout;
}

describe('the death of a node', () => {
  it('is told by those who are left: who died, which sessions go on, that it is back; REST and command line', async () => {
    const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(3).broker.port}`, { clientId: 'kept', clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 }, reconnectPeriod: 0 });
    await client.subscribeAsync('t', { qos: 1 });
    await waitFor('the session to be safe', async () => ((await cluster.member(3).get('/cluster/sessions')) as { protected: boolean }[]).every((node) => node.protected));
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    await tells(1, /^node bus3@127\.0\.0\.1 is given up: /);
    await tells(1, /^1 session of bus3@127\.0\.0\.1 continue/);
    await cluster.startMember(3);
    await cluster.whole();
    await tells(1, /^link to bus3@127\.0\.0\.1 is back after [\d.]+ s$/);
    expect(await ctl(2, 'cluster', 'events', '1000')).toMatch(/bus[12]@127\.0\.0\.1 warning: 1 session of bus3@127\.0\.0\.1 continue/);
    client.end(true);
  });

  it('alarms the last one that its sessions have no second copy, until another is back', async () => {
    for (const number of [2, 3]) {
      cluster.member(number).broker.process.kill('SIGKILL');
      await cluster.gone(number);
    }
    await waitFor('the alarm', async () => (await alarms(1)).includes('replication_degraded'));
    const names = [2, 3].map((number) => `cluster_node_unreachable/bus${number}@127.0.0.1`);
    await waitFor('alarms of both nodes', async () => (await alarms(1)).filter((name) => names.includes(name)).length === 2, 20_000);
    await Promise.all([2, 3].map((number) => cluster.startMember(number)));
    await cluster.whole();
    await waitFor('all alarms to end', async () => (await alarms(1)).length === 0);
  }, 60_000);
});

describe('counters', () => {
  it('of the cluster stand in the metrics of each node, all of them', async () => {
    const [, body] = (await (await RestCaller.open(api(1))).call('GET', '/metrics?node=bus1@127.0.0.1')) as [number, Record<string, number>[]];
    const metrics = body[0] ?? {};
    expect(CLUSTER_METRIC_NAMES.filter((name) => typeof metrics[name] !== 'number')).toEqual([]);
    expect([metrics['cluster.links.up'], (metrics['cluster.links.bytes.sent'] ?? 0) > 0]).toEqual([2, true]);
    expect(await ctl(1, 'broker', 'metrics')).toMatch(/^cluster\.links\.up {14}: 2$/m);
    expect(await ctl(1, 'cluster', 'links')).toMatch(/^bus1@127\.0\.0\.1 -> bus2@127\.0\.0\.1 up, [\d.]+ ms, \d+ sent, \d+ received, down \d+ times$/m);
  });
});

describe('cluster status', () => {
  it('says where nodes see different nodes while a link is cut, and nothing of it when all agree', async () => {
    const agreed = await ctl(1, 'cluster', 'status');
    expect(agreed).toBe("Cluster status: #{running_nodes => ['bus1@127.0.0.1','bus2@127.0.0.1','bus3@127.0.0.1'],\n                  stopped_nodes => []}\n");
    const faults = `/nodes/${encodeURIComponent('bus2@127.0.0.1')}/faults`;
    for (const direction of ['in', 'out']) await cluster.member(2).call('PUT', faults, { peer: 'bus3@127.0.0.1', kind: 'cut', direction });
    await waitFor('node 1 to say who sees whom', async () => /Node 'bus2@127\.0\.0\.1' sees running_nodes \['bus1@127\.0\.0\.1','bus2@127\.0\.0\.1'\], stopped_nodes \['bus3@127\.0\.0\.1'\]/.test(await ctl(1, 'cluster', 'status')), 20_000);
    await cluster.member(2).call('DELETE', faults);
    await waitFor('all to agree again', async () => (await ctl(1, 'cluster', 'status')) === agreed, 20_000);
  }, 60_000);
});
