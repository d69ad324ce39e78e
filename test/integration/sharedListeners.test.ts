/**
 * What was changed at run time while a node was away, over real broker processes: that node does the same when it is back, but for what
 * its own configuration says (broker-contract 3.1).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start(2, ['delayed.max_delayed_messages=7', 'listeners.tcp.default.max_connections=50']);
}, 60_000);
afterAll(() => cluster.end());

interface Shown {
  readonly enable: boolean;
  readonly max_connections: number | string;
  readonly node_status: readonly { readonly node: string; readonly status: { readonly running: boolean; readonly max_connections: number | string } }[];
}

const call = (number: number, method: string, path: string, body?: unknown) => cluster.member(number).call(method, path, body);

/** Of the second node: whether it runs and how many it takes; 'absent' without the listener. */
async function atSecond(id: string): Promise<unknown> {
  const shown = (await call(1, 'GET', `/listeners/${id}`)) as Shown;
  const there = shown.node_status.find(({ node }) => node === 'bus2@127.0.0.1');
  return there === undefined ? 'absent' : [there.status.running, there.status.max_connections];
}

const until = (what: string, id: string, wanted: unknown) => waitFor(what, async () => JSON.stringify(await atSecond(id)) === JSON.stringify(wanted));

async function awaySecond(meanwhile: () => Promise<unknown>): Promise<void> {
  cluster.member(2).broker.process.kill('SIGKILL');
  await cluster.gone(2);
  await meanwhile();
  await cluster.startMember(2);
  await cluster.whole();
}

describe('a listener of the cluster', () => {
  it('added while a node was away is opened there when it is back, and again after its restart', async () => {
    await awaySecond(() => call(1, 'POST', '/listeners', { type: 'tcp', name: 'late', bind: '127.0.0.1:0', max_connections: 4 }));
    await until('node 2 to open it', 'tcp:late', [true, 4]);
    await awaySecond(async () => {});
    await until('node 2 to open it again', 'tcp:late', [true, 4]);
  });

  it('changed and stopped while a node was away is so there when it is back, and stays stopped when that node starts again', async () => {
    await awaySecond(async () => {
      await call(1, 'PUT', '/listeners/tcp:late', { max_connections: 6 });
      await call(1, 'POST', '/listeners/tcp:late/stop');
    });
    await until('node 2 to stop it', 'tcp:late', [false, 6]);
    await awaySecond(async () => {});
    await until('node 2 to keep it stopped', 'tcp:late', [false, 6]);
    await call(1, 'POST', '/listeners/tcp:late/start');
    expect(await atSecond('tcp:late')).toEqual([true, 6]);
  });

  it('that one node has by itself outlives the restart of that node', async () => {
    await call(1, 'PUT', '/listeners/tcp:late?node=bus2@127.0.0.1', { max_connections: 3 });
    await awaySecond(async () => {});
    await until('node 2 to keep its own', 'tcp:late', [true, 3]);
  });

  it('removed while a node was away is removed there too', async () => {
    await awaySecond(() => call(1, 'DELETE', '/listeners/tcp:late'));
    await waitFor('node 2 to remove it', async () => !((await call(1, 'GET', '/listeners')) as { id: string }[]).some(({ id }) => id === 'tcp:late'));
  });
});

describe('a setting that the configuration says too', () => {
  it('holds on all nodes while they run, and yields at a start; the log names the key', async () => {
    const maxAt = async (number: number) => ((await call(number, 'GET', '/mqtt/delayed')) as { max_delayed_messages: number; enable: boolean }).max_delayed_messages;
    await call(1, 'PUT', '/mqtt/delayed', { max_delayed_messages: 9, enable: false });
    await call(1, 'PUT', '/listeners/tcp:default', { max_connections: 60, mountpoint: 'm/' });
    expect([await maxAt(1), await maxAt(2), await atSecond('tcp:default')]).toEqual([9, 9, [true, 60]]);
    await awaySecond(async () => {});
    expect([await maxAt(1), await maxAt(2), await atSecond('tcp:default')]).toEqual([9, 7, [true, 50]]);
    expect(await call(2, 'GET', '/mqtt/delayed')).toMatchObject({ enable: false });
    expect(await call(2, 'GET', '/listeners/tcp:default')).toMatchObject({ mountpoint: 'm/' });
    const told = cluster.member(2).told('runtime_setting_overridden').map(({ fields }) => fields['key']);
    expect([...new Set(told)].sort()).toEqual(['delayed.max_delayed_messages', 'listeners.tcp.default.max_connections']);
  });
});
