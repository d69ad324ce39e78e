/** A node that stays away is forgotten, and comes back as the configuration says, in real processes (R13, R14, S51; broker-contract 7.8). */
import { afterEach, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

const NAMES = ['bus1@127.0.0.1', 'bus2@127.0.0.1'];

let cluster: BrokerCluster | undefined;
afterEach(async () => {
  await cluster?.end();
  cluster = undefined;
});

/** Names of running and stopped nodes as a node has them: what `cluster status` prints. */
async function statusAt(number: number): Promise<unknown> {
  const nodes = (await cluster?.member(number).get('/nodes')) as { node: string; node_status: string }[];
  const named = (status: string) => nodes.flatMap(({ node, node_status: is }) => (is === status ? [node] : [])).sort();
  return { running_nodes: named('running'), stopped_nodes: named('stopped') };
}

const shows = (number: number, running: readonly string[], stopped: readonly string[]) =>
  waitFor(`node ${number} to show ${running.join()} and ${stopped.join()}`, async () => JSON.stringify(await statusAt(number)) === JSON.stringify({ running_nodes: running, stopped_nodes: stopped }), 60_000);

/** The second node dies, is shown as stopped, and is forgotten when it stays away. */
async function loseSecond(autoheal: boolean): Promise<void> {
  const made = await BrokerCluster.start(2, ['cluster.autoclean=3s', `cluster.autoheal=${autoheal}`]);
  cluster = made;
  made.member(2).broker.process.kill('SIGKILL');
  await made.gone(2);
  await shows(1, NAMES.slice(0, 1), NAMES.slice(1));
  await shows(1, NAMES.slice(0, 1), []);
  expect(made.member(1).told('cluster_member_autocleaned').map(({ fields }) => fields['node'])).toEqual(['bus2@127.0.0.1']);
}

describe('a node that was away longer than cluster.autoclean', () => {
  it('is forgotten, and with cluster.autoheal comes back by itself, with what the cluster wrote meanwhile', async () => {
    await loseSecond(true);
    await cluster?.member(1).call('POST', '/banned', { as: 'clientid', who: 'meanwhile' });
    await cluster?.startMember(2);
    await shows(1, NAMES, []);
    await shows(2, NAMES, []);
    await waitFor('the ban', async () => ((await cluster?.member(2).get('/banned')) as { data: unknown[] }).data.length === 1);
    const { data } = (await cluster?.member(1).get('/cluster/events')) as { data: { message: string }[] };
    expect(data.map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringMatching(/^node bus2@127\.0\.0\.1 was away for [\d.]+ s and is forgotten \(cluster\.autoclean\)$/), expect.stringMatching(/^node bus2@127\.0\.0\.1 was forgotten while it was away and is a member again/)]));
  }, 120_000);

  it('stays alone without cluster.autoheal, and says which command joins it; that command does', async () => {
    await loseSecond(false);
    await cluster?.startMember(2);
    await waitFor('node 2 to say so', () => (cluster?.member(2).told('cluster_forgotten').length ?? 0) > 0, 60_000);
    expect(cluster?.member(2).told('cluster_forgotten')[0]?.fields['hint']).toMatch(/cluster join/);
    await shows(1, NAMES.slice(0, 1), []);
    await shows(2, NAMES.slice(1), []);
    await cluster?.member(2).call('POST', '/cluster/join', { node: `bus1@127.0.0.1:${cluster.member(1).clusterPort}` });
    await shows(1, NAMES, []);
    await shows(2, NAMES, []);
  }, 120_000);
});
