/** Faults that the workbench makes between its nodes (R73): told on the time line, seen in frames, healed without a restart. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { defineCluster, startHost, type HostRig } from './hostRig.ts';

let rig: HostRig;

beforeAll(async () => {
  const home = await createTempDir('busbar-host-');
  await mkdir(join(home, 'project'));
  await defineCluster(join(home, 'project'), 2);
  rig = await startHost({ home });
  await rig.client.call('cluster/start', {});
});
afterAll(() => rig.dispose());

const isWhole = async () => (await rig.client.call('cluster/get')).state === 'running';

/** The link from node 1 to node 2 in the newest frame. */
async function linkState() {
  const frames = await rig.client.call('cluster/frames', { sinceMs: 0 });
  return frames.at(-1)?.links.find(({ from, to }) => from === 'busbar-1' && to === 'busbar-2')?.state;
}
const keys = async () => (await rig.client.call('cluster/events', { sinceMs: 0 })).map((event) => event.key);

it('a link that is cut goes down and comes back when it is healed', async () => {
  const cut = { node: 'busbar-1', peer: 'busbar-2', kind: 'cut', direction: 'both' } as const;
  expect(await rig.client.call('fault/set', cut)).toMatchObject([{ direction: 'out', kind: 'cut', peer: 'busbar-2' }, { direction: 'in' }]);
  await waitFor('the link to be down', async () => (await linkState()) === 'down', 12_000);
  expect(await rig.client.call('fault/list')).toHaveLength(2);
  await expect(rig.client.call('fault/set', { ...cut, kind: 'delay' })).rejects.toMatchObject({ code: 'FAULT_INVALID' });
  await expect(rig.client.call('fault/set', { ...cut, peer: 'nobody' })).rejects.toMatchObject({ code: 'NODE_UNKNOWN' });
  expect(await rig.client.call('fault/heal', {})).toEqual([]);
  await waitFor('the link to be up', async () => (await linkState()) === 'up', 12_000);
  expect(await keys()).toEqual(expect.arrayContaining(['fault.cut', 'link.down', 'fault.healed', 'link.up']));
});

it('a connection that is broken comes back by itself', async () => {
  expect(await rig.client.call('fault/reset', { node: 'busbar-1', peer: 'busbar-2' })).toEqual([]);
  expect(await keys()).toContain('fault.reset');
  await waitFor('the cluster to be whole', isWhole);
});

it('a node that is frozen falls silent, and goes on with the same process when it is thawed', async () => {
  const { pid } = await rig.client.call('node/freeze', { node: 'busbar-2' });
  await waitFor('the link to be down', async () => (await linkState()) === 'down', 12_000);
  await expect(rig.client.call('fault/set', { node: 'busbar-2', peer: 'busbar-1', kind: 'cut', direction: 'out' })).rejects.toMatchObject({ code: 'NODE_NO_ANSWER' });
  expect(await rig.client.call('node/thaw', { node: 'busbar-2' })).toMatchObject({ pid, state: 'running' });
  await waitFor('the link to be up', async () => (await linkState()) === 'up', 12_000);
  expect(await keys()).toEqual(expect.arrayContaining(['node.frozen', 'node.thawed']));
});
