/** Joining, leaving, removing and inviting by the command line and REST, with real nodes that wait to be told (R11-R13). */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNode, type ClusterMember } from '../support/brokerCluster.ts';
import { freePorts } from '../support/ports.ts';
import { runProcess } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';

type Node = Omit<ClusterMember, 'name' | 'clusterPort'>;
const CTL = fileURLToPath(new URL('../../broker/cli/main.ts', import.meta.url));

let ports: readonly number[];
let one: Node;
let two: Node;
const cleanups: (() => unknown)[] = [];

const nameOf = (number: number) => `bus${number}@127.0.0.1`;
const at = (number: number) => `${nameOf(number)}:${ports[number - 1]}`;

async function start(number: number, ...settings: string[]): Promise<Node> {
  const node = await startNode([`node.name=${nameOf(number)}`, `cluster.port=${ports[number - 1]}`, 'node.cookie=join', 'log.console.level=info', ...settings]);
  cleanups.push(() => node.broker.end());
  return node;
}

async function ctl(node: Node, ...args: string[]): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await runProcess(process.execPath, [CTL, ...args, '--api', node.broker.ready.api]);
  return [code, stdout + stderr];
}

const runningOf = async (node: Node) => ((await node.get('/cluster')) as { nodes: string[] }).nodes.toSorted();
const status = (running: number[], stopped: number[] = []) => {
  const atoms = (numbers: number[]) => `[${numbers.map((number) => `'${nameOf(number)}'`).join(',')}]`;
  return `Cluster status: #{running_nodes => ${atoms(running)},\n                  stopped_nodes => ${atoms(stopped)}}\n`;
};

beforeEach(async () => {
  ports = await freePorts(3);
  [one, two] = await Promise.all([start(1), start(2)]);
}, 30_000);
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

describe('the command line', () => {
  it('joins, says what is in the way, leaves without coming back, and joins again', async () => {
    expect(await ctl(two, 'cluster', 'leave')).toEqual([1, 'Failed to leave the cluster: node_not_in_cluster\n']);
    expect(await ctl(two, 'cluster', 'join', nameOf(2))).toEqual([0, 'Ignore.\n']);
    expect(await ctl(two, 'cluster', 'join', at(1))).toEqual([0, `Join the cluster successfully.\n${status([1, 2])}`]);
    await waitFor('both', async () => (await runningOf(one)).length === 2);
    expect(await ctl(two, 'cluster', 'join', nameOf(1))).toEqual([1, `Failed to join the cluster: {already_in_cluster,'${nameOf(1)}'}\n`]);
    const [code, left] = await ctl(two, 'cluster', 'leave');
    expect([code, left.split('\n').slice(0, 2)]).toEqual([
      0,
      ['Automatic discovery is disabled on this node so that it does not join again; cluster discovery enable or cluster join undoes that.', 'Leave the cluster successfully.'],
    ]);
    await waitFor('the end of the membership', async () => (await ctl(one, 'cluster', 'status'))[1] === status([1]));
    expect(await runningOf(two)).toEqual([nameOf(2)]);
    expect((await ctl(two, 'cluster', 'join', at(1)))[1]).toBe(`Join the cluster successfully.\n${status([1, 2])}`);
  });

  it('removes a member that is away, and refuses what makes no sense', async () => {
    await ctl(two, 'cluster', 'join', at(1));
    two.broker.process.kill('SIGKILL');
    await waitFor('the death', async () => (await ctl(one, 'cluster', 'status'))[1] === status([1], [2]));
    expect(await ctl(one, 'cluster', 'force-leave', nameOf(1))).toEqual([0, 'Ignore.\n']);
    expect(await ctl(one, 'cluster', 'force-leave', nameOf(9))).toEqual([1, 'Failed to remove the node from cluster: node_not_in_cluster\n']);
    expect(await ctl(one, 'cluster', 'force-leave', nameOf(2))).toEqual([0, `Remove the node from cluster successfully.\n${status([1])}`]);
    expect(await ctl(one, 'cluster', 'discovery', 'enable')).toEqual([0, 'Automatic cluster discovery enabled.\n']);
  });

  it('says why a node cannot be joined: nobody there, or another cookie', async () => {
    const [code, text] = await ctl(two, 'cluster', 'join', at(3));
    expect([code, text]).toEqual([1, expect.stringMatching(/^Failed to join the cluster: 127\.0\.0\.1:\d+ could not be joined: .*ECONNREFUSED/)]);
    await start(3, 'node.cookie=another');
    expect((await ctl(two, 'cluster', 'join', at(3)))[1]).toMatch(/could not be joined: .*has another cookie than/);
    expect(await ctl(two, 'cluster', 'status')).toEqual([0, status([2])]);
  }, 60_000);
});

describe('REST', () => {
  it('invites a node, shows the topology, and removes it again', async () => {
    await one.call('PUT', `/cluster/${at(2)}/invite`, { timeout: 10_000 });
    expect(await runningOf(two)).toEqual([nameOf(1), nameOf(2)]);
    expect(await one.get('/cluster/topology')).toEqual([1, 2].map((number) => ({ core_node: nameOf(number), replicant_nodes: [] })));
    await expect(one.call('PUT', `/cluster/${nameOf(1)}/invite`, {})).rejects.toThrow(/400 .*Cannot invite self/);
    await expect(one.call('PUT', `/cluster/${at(3)}/invite`, { timeout: 10 })).rejects.toThrow(/400 .*at least 5000/);
    await expect(one.call('DELETE', `/cluster/${nameOf(1)}/force_leave`)).rejects.toThrow(/400 .*Can't leave self/);
    await expect(one.call('DELETE', `/cluster/${nameOf(9)}/force_leave`)).rejects.toThrow(/404/);
    await one.call('DELETE', `/cluster/${nameOf(2)}/force_leave`);
    await waitFor('the end of the membership', async () => (await runningOf(one)).join() === nameOf(1) && (await runningOf(two)).join() === nameOf(2));
  });
});
