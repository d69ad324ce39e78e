/** Opening projects, and nodes that cannot start, with real processes. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../support/processes.ts';
import { createTempDir } from '../support/tempDir.ts';
import { connectionTo, defineCluster, startHost, type HostRig } from './hostRig.ts';

let home: string;
let rig: HostRig;
let taker: Server | undefined;

beforeEach(async () => {
  home = await createTempDir('busbar-projects-');
  rig = await startHost({ home });
});
afterEach(async () => {
  taker?.close();
  taker = undefined;
  await rig.dispose();
});

describe('opening another project', () => {
  it('stops what the old one ran, frees its folder and shows the new one', async () => {
    await defineCluster(rig.projectDir, 1);
    const { nodes } = await rig.client.call('cluster/start', {});
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'old' }));
    const second = join(home, 'second');
    expect(await rig.client.call('project/open', { path: second })).toMatchObject({ name: 'second', path: second });
    expect(await isAlive(nodes[0]?.pid ?? 0)).toBe(false);
    expect(await rig.client.call('connection/list')).toEqual([]);
    expect(await rig.client.call('cluster/get')).toMatchObject({ state: 'none', nodes: [] });
    expect(rig.host.projectDir).toBe(second);
    expect(await rig.client.call('project/open', { path: rig.projectDir })).toMatchObject({ name: 'project' });
    expect((await rig.client.call('connection/list')).map(({ id }) => id)).toEqual(['old']);
  });

  it('changes nothing when the new one is open elsewhere', async () => {
    const other = await startHost();
    await rig.client.call('connection/save', connectionTo('busbar-1', { id: 'kept' }));
    await expect(rig.client.call('project/open', { path: other.projectDir })).rejects.toMatchObject({ code: 'PROJECT_LOCKED' });
    expect(await rig.client.call('project/get')).toMatchObject({ path: rig.projectDir });
    expect((await rig.client.call('connection/list')).map(({ id }) => id)).toEqual(['kept']);
    await other.dispose();
  });
});

describe('a node that cannot start', () => {
  it('says which port is taken, and the others run', async () => {
    taker = createServer();
    await new Promise<void>((resolve) => taker?.listen(0, '127.0.0.1', resolve));
    const { port } = taker.address() as { port: number };
    await defineCluster(rig.projectDir, 2);
    const file = join(rig.projectDir, 'busbar.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/mqtt: \d+/, `mqtt: ${port}`));
    const cluster = await rig.client.call('cluster/start', {});
    const failed = cluster.nodes.find((node) => node.state === 'failed');
    expect(failed).toMatchObject({ name: 'busbar-1', reason: expect.stringContaining(String(port)) as string, hint: expect.any(String) as string, exitCode: expect.any(Number) as number });
    await expect(rig.client.call('node/start', { node: 'busbar-1' })).rejects.toMatchObject({ code: 'NODE_START_FAILED', message: failed?.reason, hint: failed?.hint });
    await rig.event('cluster/changed', ({ state, nodes }) => state === 'degraded' && nodes[1]?.state === 'running');
  });

  it('says which key of its configuration is wrong', async () => {
    await mkdir(rig.projectDir, { recursive: true });
    await writeFile(join(rig.projectDir, 'busbar.yaml'), 'name: test\nconfig: { mqtt.max_paket_size: 1MB }\nnodes: [{ name: busbar-1 }]\n');
    const cluster = await rig.client.call('cluster/start', {});
    expect(cluster).toMatchObject({ state: 'stopped', nodes: [{ state: 'failed', reason: expect.stringContaining('max_paket_size') as string }] });
  });

  it('is one that is not there', async () => {
    await expect(rig.client.call('node/start', { node: 'busbar-9' })).rejects.toMatchObject({ code: 'NODE_UNKNOWN' });
  });
});

describe('a first start', () => {
  it('makes a cluster of as many nodes as asked for, on the usual ports or on others that are free', async () => {
    const cluster = await rig.client.call('cluster/start', { nodes: 2 });
    expect(cluster).toMatchObject({ name: 'project', state: 'running', nodes: [{ name: 'busbar-1' }, { name: 'busbar-2' }] });
    const ports = cluster.nodes.flatMap((node) => Object.values(node.ports) as number[]);
    expect(new Set(ports).size).toBe(6);
    await rig.client.call('cluster/stop');
    expect((await rig.client.call('cluster/start', {})).nodes.flatMap((node) => Object.values(node.ports) as number[])).toEqual(ports);
  });
});
