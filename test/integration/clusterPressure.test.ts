/** A node that stands still for a moment must not cost messages: the link holds publishers back before it drops anything (R23). */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

const MESSAGES = 3_000;
/** In all three times what a link may have waiting. */
const PAYLOAD = Buffer.alloc(16 * 1024, 0x2e);

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(2);
}, 60_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await cluster.end();
});

async function connectTo(number: number): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.member(number).broker.port}`, { clientId: `c${number}`, protocolVersion: 5, reconnectPeriod: 0 });
  clients.push(client);
  return client;
}

async function metric(number: number, name: string): Promise<number> {
  const member = cluster.member(number);
  // Of this node alone: the other one does not answer while it stands still.
  const rows = (await member.get(`/nodes/${member.name}/metrics`)) as Readonly<Record<string, number>>;
  return rows[name] ?? Number.NaN;
}

it('a publisher at another node waits while a node stands still for a moment, and none of its messages is dropped', async () => {
  const subscriber = await connectTo(2);
  await subscriber.subscribeAsync('flood');
  const publisher = await connectTo(1);
  await metric(1, 'messages.received');
  const { process: far } = cluster.member(2).broker;
  far.kill('SIGSTOP');
  try {
    for (let count = 0; count < MESSAGES; count += 1) publisher.publish('flood', PAYLOAD);
    let before = -1;
    await waitFor('the publisher to be held back', async () => {
      const now = await metric(1, 'messages.received');
      const isHeld = now === before && now > 0;
      before = now;
      return isHeld;
    });
    expect(before).toBeLessThan(MESSAGES);
  } finally {
    far.kill('SIGCONT');
  }
  await waitFor('all messages to be forwarded', async () => (await metric(1, 'messages.forward')) === MESSAGES, 20_000);
  expect([await metric(1, 'messages.forward.dropped'), await metric(1, 'messages.forward.lost')]).toEqual([0, 0]);
});
