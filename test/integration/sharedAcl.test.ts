/** Rules of authorization over real broker processes: put in force through one node, they hold on all, also on one that was away. */
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { refused, RestCaller } from '../support/restCaller.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;

beforeAll(async () => {
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(() => cluster.end());

const rest = (number: number) => RestCaller.open(cluster.member(number).broker.ready.api);
const deny = (topic: string) => `{deny, all, subscribe, ["${topic}"]}.\n{allow, all}.\n`;

/** Whether a subscription is granted on a node. */
async function maySubscribe(number: number, topic: string): Promise<boolean> {
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`, { protocolVersion: 5, reconnectPeriod: 0 });
  try {
    const [granted] = await client.subscribeAsync(topic);
    return granted?.qos === 0;
  } catch {
    return false;
  } finally {
    await client.endAsync(true);
  }
}

const put = async (number: number, rules: string) => (await rest(number)).call('PUT', '/authorization/sources/file', { type: 'file', rules });

describe('acl.conf', () => {
  it('put through one node holds on both, and both say that they have the same', async () => {
    expect([await maySubscribe(1, 'secret'), await maySubscribe(2, 'secret')]).toEqual([true, true]);
    expect(await put(1, deny('secret'))).toBe(204);
    await waitFor('node 2 to deny too', async () => !(await maySubscribe(2, 'secret')));
    expect(await maySubscribe(1, 'secret')).toBe(false);
    expect(await (await rest(2)).call('GET', '/authorization/sources/file')).toMatchObject([200, { type: 'file', rules: deny('secret') }]);
    expect(await (await rest(2)).call('GET', '/authorization/sources/file/status')).toMatchObject([200, { status: 'connected', node_status: [{ rules: 2 }, { rules: 2 }], node_error: [] }]);
  });

  it('with an error is refused with its place, and the old rules stay on both', async () => {
    expect(await put(2, '{allow, all}.\n{deny, evrybody}.\n')).toEqual(refused(400, 'BAD_REQUEST', /^Line 2, column /));
    expect([await maySubscribe(1, 'secret'), await maySubscribe(2, 'secret')]).toEqual([false, false]);
  });

  it('changed while a node is away holds there when it is back, and after the restart of all', async () => {
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    await put(1, deny('other'));
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to have it', async () => (await maySubscribe(2, 'secret')) && !(await maySubscribe(2, 'other')));
    for (const number of [1, 2]) {
      cluster.member(number).broker.process.kill('SIGKILL');
      await cluster.gone(number);
    }
    await cluster.startMember(2);
    expect(await maySubscribe(2, 'other')).toBe(false);
  });
});
