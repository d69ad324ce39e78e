/** Services over two broker processes: what one node says is heard on the other, and a change of settings reaches both. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logIn } from '../support/brokerApi.ts';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(2, ['sys_topics.sys_msg_interval=1s']);
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await cluster.end();
});

async function connectTo(number: number, clientId: string): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`, { clientId, protocolVersion: 5, reconnectPeriod: 0 });
  clients.push(client);
  return client;
}

async function send(number: number, method: string, path: string, body: unknown): Promise<unknown> {
  const { api } = cluster.member(number).broker.ready;
  const headers = { authorization: `Bearer ${await logIn(api)}`, 'content-type': 'application/json' };
  return (await fetch(`${api}${path}`, { method, headers, body: JSON.stringify(body) })).json();
}

describe('two nodes', () => {
  it('tell each other who comes and goes, and who is a member', async () => {
    const watcher = await connectTo(1, 'watcher');
    const heard: string[] = [];
    watcher.on('message', (topic, payload) => void heard.push(topic === '$SYS/brokers' ? `members ${String(payload)}` : topic));
    await watcher.subscribeAsync(['$SYS/brokers/bus2@127.0.0.1/clients/#', '$SYS/brokers']);
    await (await connectTo(2, 'far')).endAsync();
    const base = '$SYS/brokers/bus2@127.0.0.1/clients/far';
    await waitFor('both events', () => heard.includes(`${base}/disconnected`));
    expect(heard.filter((topic) => topic.startsWith(base))).toEqual([`${base}/connected`, `${base}/disconnected`]);
    await waitFor('the members', () => heard.includes('members bus1@127.0.0.1,bus2@127.0.0.1'));
  });

  it('both take a change of settings, and both list what waits on either', async () => {
    expect(await send(1, 'PUT', '/mqtt/delayed', { max_delayed_messages: 9 })).toEqual({ enable: true, max_delayed_messages: 9 });
    expect(await cluster.member(2).get('/mqtt/delayed')).toEqual({ enable: true, max_delayed_messages: 9 });
    const [one, two] = [await connectTo(1, 'd1'), await connectTo(2, 'd2')];
    for (const [client, seconds] of [[one, 200], [two, 100], [one, 300]] as const) {
      await client.publishAsync(`$delayed/${seconds}/t`, 'x', { qos: 1 }).catch(() => {}); // MQTT.js takes "no matching subscribers" for an error
    }
    for (const member of cluster.members) {
      const { data } = (await member.get('/mqtt/delayed/messages')) as { data: { node: string; delayed_interval: number }[] };
      expect(data.map(({ node, delayed_interval }) => `${node} ${delayed_interval}`)).toEqual(['bus2@127.0.0.1 100', 'bus1@127.0.0.1 200', 'bus1@127.0.0.1 300']);
    }
  });

  it('refuse a bad change on both', async () => {
    expect(await send(2, 'PUT', '/mqtt/topic_rewrite', [{ action: 'publish', source_topic: 'x', re: '(', dest_topic: 'z' }])).toMatchObject({ code: 'UPDATE_FAILED' });
    for (const member of cluster.members) expect(await member.get('/mqtt/topic_rewrite')).toEqual([]);
  });
});
