import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import type { NodeId, NodeName } from '../base/ids.ts';
import { silentLog } from '../base/log.ts';
import { jsonCodec, type SharedTable } from '../cluster/shared/sharedTables.ts';
import { loadConfig } from '../config/load.ts';
import { ClusterService, type ClusterStart } from './clusterService.ts';
import { isDiscoveryEnabled } from './discovery/discoverySwitch.ts';
import { SharedState } from './sharedState.ts';

interface TestNode {
  readonly service: ClusterService;
  readonly shared: SharedState;
  readonly table: SharedTable<string>;
  readonly folder: string;
  readonly address: { readonly host: string; readonly port: number };
}

const nodes: TestNode[] = [];
afterEach(async () => {
  for (const { service, shared, folder } of nodes.splice(0)) {
    await service.stop();
    shared.dispose();
    await removeTempDir(folder);
  }
});

/** A node that looks for nobody, with one shared table. */
async function start(name: string, cookie = 'c'): Promise<TestNode> {
  const folder = await createTempDir();
  const { config, problems } = loadConfig({ sets: [`node.name=${name}@127.0.0.1`, `node.cookie=${cookie}`, `node.data_dir=${folder}`, 'cluster.port=0', 'cluster.discovery_strategy=manual'] });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const life = { nodeId: randomBytes(16).toString('hex') as NodeId, incarnation: Date.now(), nonce: randomBytes(8).toString('hex') };
  const shared = new SharedState({ dataDir: folder, life, log: silentLog });
  const table = shared.tables.open('users', jsonCodec(String), () => {});
  const service = await ClusterService.open({ config, life, log: silentLog, tables: shared.tables });
  const broker = { remoteRouteAdded() {}, remoteRouteRemoved() {}, remoteNodeDown() {}, dispatchForwarded() {}, remoteGroupChanged() {}, remoteClaimChanged() {}, dispatchShared() {} };
  service.start({ broker, answers: {} } as unknown as ClusterStart);
  const node = { service, shared, table, folder, address: { host: '127.0.0.1', port: Number(service.bind.split(':').at(-1)) } };
  nodes.push(node);
  return node;
}

const view = ({ service }: TestNode) => service.members().map(({ node, status }) => `${node.split('@')[0] ?? ''} ${status}`);

describe('a node', () => {
  it('that joins takes the tables of the cluster in place of its own, which are kept in a file (R11)', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.table.put('theirs', '1');
    two.table.put('own', '2');
    await two.service.membership.join(one.address);
    expect([two.table.get('theirs'), two.table.get('own')]).toEqual(['1', undefined]);
    await waitFor('both to be members', () => view(one).join() === 'one running,two running' && view(two).join() === 'one running,two running');
    const [file = ''] = await readdir(join(two.folder, 'backup'));
    const lines = (await readFile(join(two.folder, 'backup', file), 'utf8')).split('\n');
    expect(lines.some((line) => line.includes('"key":"own"'))).toBe(true);
    two.table.put('later', '3');
    await waitFor('what it writes to be everywhere', () => one.table.get('later') === '3');
    await expect(two.service.membership.join(one.address)).rejects.toMatchObject({ code: 'CLUSTER_JOIN_FAILED' });
  });

  it('that leaves is forgotten by the others, looks for nobody, and keeps a copy (R12)', async () => {
    const [one, two] = [await start('one'), await start('two')];
    one.table.put('kept', '1');
    await two.service.membership.join(one.address);
    await two.service.membership.leave();
    await waitFor('both to be alone', () => view(one).join() === 'one running' && view(two).join() === 'two running');
    expect([two.table.get('kept'), await isDiscoveryEnabled(two.folder)]).toEqual(['1', false]);
    await two.service.membership.join(one.address);
    await waitFor('it to be back', () => view(one).join() === 'one running,two running');
  });

  it('that is removed by another leaves; an unknown one cannot be removed (R13)', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await two.service.membership.join(one.address);
    one.service.membership.forceLeave('two@127.0.0.1' as NodeName);
    await waitFor('both to be alone', () => view(one).join() === 'one running' && view(two).join() === 'two running');
    expect(() => one.service.membership.forceLeave('three@127.0.0.1' as NodeName)).toThrow(expect.objectContaining({ code: 'NODE_UNKNOWN' }));
    expect(() => one.service.membership.forceLeave('one@127.0.0.1' as NodeName)).toThrow(expect.objectContaining({ code: 'NODE_UNKNOWN' }));
  });

  it('that cannot join is as it was before', async () => {
    const [one, two] = [await start('one', 'another'), await start('two')];
    two.table.put('own', '2');
    await expect(two.service.membership.join(one.address)).rejects.toMatchObject({ code: 'CLUSTER_JOIN_FAILED' });
    expect([two.table.get('own'), one.table.size, view(two)]).toEqual(['2', 0, ['two running']]);
  }, 40_000);
});
