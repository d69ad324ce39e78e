/** A data directory that was copied to another machine, in real processes: refused with what to do, and a member of its own after `node reidentify` (R4, S6). */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode, type ClusterMember } from '../support/brokerCluster.ts';
import { freePorts } from '../support/ports.ts';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

type Node = Omit<ClusterMember, 'name' | 'clusterPort'>;

let folder: string;
let ports: readonly number[];
const running = new Set<Node>();

beforeAll(async () => {
  folder = await createTempDir();
  ports = await freePorts(2);
  await writeFile(join(folder, 'keys'), 'k:secret:administrator\n');
});
afterAll(async () => {
  await Promise.all([...running].map((node) => node.broker.end()));
  await removeTempDir(folder);
});

async function start(number: 1 | 2): Promise<Node> {
  const seeds = `cluster.static.seeds=[${ports.map((port, index) => `"bus${index + 1}@127.0.0.1:${port}"`).join(',')}]`;
  const node = await startNode([
    ...['cluster.discovery_strategy=static', 'node.cookie=bus', 'durability=disk', seeds, `api_key.bootstrap_file=${join(folder, 'keys')}`],
    ...[`node.name=bus${number}@127.0.0.1`, `cluster.port=${ports[number - 1]}`, `node.data_dir=${join(folder, `bus${number}`)}`],
  ]);
  running.add(node);
  return node;
}

async function stop(node: Node): Promise<void> {
  node.broker.process.kill('SIGTERM');
  await node.broker.process.exit();
  running.delete(node);
}

const nodesOf = async (node: Node) => ((await node.get('/cluster')) as { nodes: string[] }).nodes;

async function connect(node: Node) {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${node.broker.port}`, { clientId: 'kept', clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 }, reconnectPeriod: 0 });
}

describe('a copied data directory', () => {
  it('is refused with what to do, then gets an identity of its own and keeps its sessions', async () => {
    const first = await start(1);
    const client = await connect(first);
    await client.subscribeAsync('t', { qos: 1 });
    await client.endAsync();
    await stop(first);
    await cp(join(folder, 'bus1'), join(folder, 'bus2'), { recursive: true });
    const original = await start(1);
    const copy = await start(2);
    const refusal = await waitFor('a refusal', () => [...original.told('cluster_link_refused'), ...copy.told('cluster_link_refused')][0]);
    expect(refusal.fields).toMatchObject({ code: 'DUPLICATE_NODE_ID', hint: expect.stringMatching(/node reidentify/) as unknown });
    expect([await nodesOf(original), await nodesOf(copy)]).toEqual([['bus1@127.0.0.1'], ['bus2@127.0.0.1']]);
    const { code, stdout } = await runProcess(process.execPath, ['broker/cli/main.ts', 'node', 'reidentify', '--api', copy.broker.ready.api, '--key', 'k', '--secret', 'secret'], { lifetimeMs: 20_000 });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^bus2@127\.0\.0\.1 is [0-9a-f]{32} from its next start on\. Stop it and start it again\.\n$/)]);
    await stop(copy);
    const anew = await start(2);
    await waitFor('both to be members', async () => (await nodesOf(anew)).length === 2 && (await nodesOf(original)).length === 2, 20_000);
    const again = mqtt.connect(`mqtt://127.0.0.1:${anew.broker.port}`, { clientId: 'kept', clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 }, reconnectPeriod: 0 });
    const present = await new Promise<boolean>((resolve) => again.once('connect', ({ sessionPresent }) => resolve(sessionPresent)));
    expect(present).toBe(true);
    await again.endAsync(true);
  }, 60_000);
});
