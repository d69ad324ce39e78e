/** The host with three real nodes: the story of the first light, and what happens to those who fall. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../support/processes.ts';
import { createTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { connectionTo, defineCluster, startHost, type HostRig } from './hostRig.ts';

const bytes = (value: string) => new TextEncoder().encode(value);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

let rig: HostRig;

beforeAll(async () => {
  const home = await createTempDir('busbar-host-');
  await mkdir(join(home, 'project'));
  await defineCluster(join(home, 'project'), 3);
  rig = await startHost({ home });
});
afterAll(() => rig.dispose());

/** The next change of one node into a state, not counting what was told before. */
function becomes(name: string, state: string): Promise<unknown> {
  return waitFor(`${name} to be ${state}`, async () => {
    const { nodes } = await rig.client.call('cluster/get');
    return nodes.find((node) => node.name === name && node.state === state);
  });
}

describe('a cluster of three', () => {
  it('starts with one call and answers when all are linked', async () => {
    expect(await rig.client.call('cluster/get')).toMatchObject({ state: 'stopped', nodes: [{}, {}, {}] });
    const cluster = await rig.client.call('cluster/start', {});
    expect(cluster).toMatchObject({ state: 'running', nodes: [1, 2, 3].map((index) => ({ name: `busbar-${index}`, state: 'running', reason: null })) });
    const frame = await rig.event('cluster/frame', ({ links }) => links.length === 6 && links.every((link) => link.state === 'up'));
    expect(frame.links.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(
      ['1 2', '1 3', '2 1', '2 3', '3 1', '3 2'].map((pair) => pair.replace(/\d/g, 'busbar-$&')),
    );
    const events = await rig.client.call('cluster/events', { sinceMs: 0 });
    expect(events.filter((event) => event.key === 'node.running').map((event) => event.node).sort()).toEqual(['busbar-1', 'busbar-2', 'busbar-3']);
    expect(events.filter((event) => event.key === 'link.up')).toHaveLength(3);
  });

  it('carries a message from a pane on node 3 to a pane on node 1', async () => {
    for (const node of ['busbar-1', 'busbar-3']) {
      await rig.client.call('connection/save', connectionTo(node));
      await rig.client.call('client/connect', { id: `pane-${node}` });
    }
    await rig.client.call('client/subscribe', { id: 'pane-busbar-1', topicFilter: 'first/light', qos: 1 });
    // The route must have reached node 3: its publish tells 0x10 while it knows no subscriber.
    await waitFor('the route to reach node 3', async () => {
      const sent = await rig.client.call('client/publish', { id: 'pane-busbar-3', topic: 'first/light', payload: bytes('hello'), qos: 1, retain: false });
      return sent.ack === 0;
    });
    const { messages } = await rig.event('client/messages', (event) => event.id === 'pane-busbar-1');
    expect(messages.map((message) => ({ topic: message.topic, payload: text(message.payload), matched: message.matched }))).toContainEqual({
      ...{ topic: 'first/light', payload: 'hello', matched: ['first/light'] },
    });
  });

  it('applies a saved rule on all three', async () => {
    const answer = await rig.client.call('acl/save', { text: '{deny, {clientid, "pane-busbar-2"}, publish, ["#"]}.\n{allow, all}.\n' });
    expect(answer.ok && answer.file.nodes.map(({ node, state }) => ({ node, state }))).toEqual([1, 2, 3].map((index) => ({ node: `busbar-${index}`, state: 'applied' })));
    await rig.client.call('connection/save', connectionTo('busbar-2'));
    await rig.client.call('client/connect', { id: 'pane-busbar-2' });
    const refused = await rig.client.call('client/publish', { id: 'pane-busbar-2', topic: 'first/light', payload: bytes('no'), qos: 1, retain: false });
    expect(refused.ack).toBe(0x87);
  });

  it('tells of a node that is killed, goes on without it, and takes it back', async () => {
    const killed = await rig.client.call('node/kill', { node: 'busbar-2' });
    expect(killed).toMatchObject({ state: 'stopped', reason: 'Killed.', pid: null });
    expect((await rig.client.call('cluster/get')).state).toBe('degraded');
    await rig.event('cluster/event', (event) => event.key === 'node.killed' && event.node === 'busbar-2');
    await rig.event('cluster/event', (event) => event.key === 'link.down');
    const back = await rig.client.call('node/start', { node: 'busbar-2' });
    expect(back).toMatchObject({ state: 'running', exitCode: null });
    await waitFor('the cluster to be whole', async () => (await rig.client.call('cluster/get')).state === 'running');
  });

  it('calls a node failed that died without being asked, with what it died of', async () => {
    const { nodes } = await rig.client.call('cluster/get');
    const pid = nodes.find((node) => node.name === 'busbar-3')?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await becomes('busbar-3', 'failed')).toMatchObject({ reason: 'The node was ended by SIGKILL.', hint: expect.any(String) as string, pid: null });
    await rig.event('cluster/event', (event) => event.key === 'node.failed' && event.node === 'busbar-3');
    expect(await rig.client.call('node/restart', { node: 'busbar-3' })).toMatchObject({ state: 'running' });
  });

  it('grows by a node while it runs', async () => {
    const cluster = await rig.client.call('node/add');
    expect(cluster.nodes.map(({ name, state }) => ({ name, state }))).toEqual([1, 2, 3, 4].map((index) => ({ name: `busbar-${index}`, state: 'running' })));
  });

  it('leaves no process behind when it stops', async () => {
    const { nodes } = await rig.client.call('cluster/get');
    const stopped = await rig.client.call('cluster/stop');
    expect(stopped).toMatchObject({ state: 'stopped', nodes: nodes.map(() => ({ state: 'stopped', reason: null, exitCode: 0 })) });
    for (const { pid } of nodes) expect(await isAlive(pid ?? 0)).toBe(false);
  });
});
