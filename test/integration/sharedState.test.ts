/** State that all nodes share, over real broker processes: written at one, in force at all, also at those that were away. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { RestCaller } from '../support/restCaller.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await cluster.end();
});

async function rest(number: number): Promise<RestCaller> {
  return RestCaller.open(cluster.member(number).broker.ready.api);
}

async function connectTo(number: number, clientId: string, more: { username?: string; password?: string } = {}): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`, { clientId, protocolVersion: 5, reconnectPeriod: 0, ...more });
  clients.push(client);
  return client;
}

/** The reason code of the CONNACK; 0 when the client is let in. */
async function reasonAt(number: number, clientId: string, more: { username?: string; password?: string } = {}): Promise<number> {
  try {
    await (await connectTo(number, clientId, more)).endAsync(true);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe('a ban', () => {
  it('set on one node ends the session on the other, and keeps the client out of both (S60)', async () => {
    const victim = await connectTo(2, 'victim');
    const ended = new Promise<void>((resolve) => void victim.once('close', resolve));
    await (await rest(1)).call('POST', '/banned', { as: 'clientid', who: 'victim' });
    await ended;
    expect([await reasonAt(1, 'victim'), await reasonAt(2, 'victim')]).toEqual([0x8a, 0x8a]);
  });

  it('taken back on one node is taken back on both', async () => {
    expect(await (await rest(2)).call('DELETE', '/banned/clientid/victim')).toBe(204);
    await waitFor('node 1 to let the client in', async () => (await reasonAt(1, 'victim')) === 0);
    expect(await reasonAt(2, 'victim')).toBe(0);
  });

  it('set while a node is away is in force when it is back, and what was taken back meanwhile is not', async () => {
    const first = await rest(1);
    await first.call('POST', '/banned', { as: 'username', who: 'old' });
    await waitFor('node 2 to know it', async () => (await reasonAt(2, 'any', { username: 'old' })) === 0x8a);
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    await first.call('POST', '/banned', { as: 'username', who: 'new' });
    await first.call('DELETE', '/banned/username/old');
    await cluster.startMember(2);
    await cluster.whole();
    await waitFor('node 2 to know both', async () => (await reasonAt(2, 'any', { username: 'new' })) === 0x8a && (await reasonAt(2, 'any', { username: 'old' })) === 0);
  });

  it('survives the death of all nodes', async () => {
    for (const number of [1, 2]) {
      cluster.member(number).broker.process.kill('SIGKILL');
      await cluster.gone(number);
    }
    await cluster.startMember(2);
    expect(await reasonAt(2, 'any', { username: 'new' })).toBe(0x8a);
    await cluster.startMember(1);
    await cluster.whole();
  });
});
