/** Three broker processes on loopback, real MQTT clients, SIGKILL: what the simulation promises, on real sockets. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster, joiningBroker, type ClusterMember } from '../support/brokerCluster.ts';
import { BROKER_MAIN, setArguments } from '../support/brokerProcess.ts';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor, within } from '../support/waitFor.ts';

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(3);
}, 60_000);
afterAll(() => cluster.end());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

interface Subscriber {
  readonly client: MqttClient;
  readonly messages: { readonly topic: string; readonly text: string; readonly qos: number }[];
}

async function connectTo(number: number, clientId = `c${number}-${clients.length}`): Promise<Subscriber> {
  const { port } = cluster.member(number).broker;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, protocolVersion: 5, reconnectPeriod: 0 });
  clients.push(client);
  const messages: Subscriber['messages'] = [];
  client.on('message', (topic, payload, { qos }) => void messages.push({ topic, text: payload.toString(), qos }));
  return { client, messages };
}

const forwarded = async (member: ClusterMember) =>
  ((await member.get('/metrics?aggregate=false')) as NodeMetrics[]).find((row) => row.node === member.name)?.['messages.forward'];
type NodeMetrics = Readonly<Record<string, number>> & { readonly node: string };
const topicsOf = async (member: ClusterMember, node: string) =>
  ((await member.get(`/topics?node=${node}`)) as { data: { topic: string }[] }).data.map((row) => row.topic);

describe('three nodes', () => {
  it('have each other as running, on every node', async () => {
    for (const member of cluster.members) {
      const nodes = (await member.get('/nodes')) as { node: string; node_status: string }[];
      expect(nodes.map(({ node, node_status }) => [node, node_status])).toEqual([
        ['bus1@127.0.0.1', 'running'],
        ['bus2@127.0.0.1', 'running'],
        ['bus3@127.0.0.1', 'running'],
      ]);
    }
  });

  it.each([0, 1, 2] as const)(
    'subscribe here, publish there, without waiting: QoS %i arrives from every node at every other',
    async (qos) => {
      const ends = await Promise.all([1, 2, 3].map((number) => connectTo(number)));
      for (let round = 0; round < 5; round += 1) {
        for (const subscriber of ends) {
          for (const publisher of ends) {
            const topic = `now/${qos}/${round}/${ends.indexOf(subscriber)}/${ends.indexOf(publisher)}`;
            const arrived = within(
              `${topic} to arrive`,
              new Promise<string>((resolve) => subscriber.client.once('message', (name) => resolve(name))),
              5_000,
            );
            await subscriber.client.subscribeAsync(topic, { qos });
            publisher.client.publish(topic, 'x', { qos });
            expect(await arrived).toBe(topic);
          }
        }
      }
    },
  );

  it('carry topic, payload, QoS and properties unchanged, by wildcard too', async () => {
    const [subscriber, publisher] = [await connectTo(2), await connectTo(3)];
    await subscriber.client.subscribeAsync('plant/+/state', { qos: 2 });
    const arrived = new Promise<unknown>((resolve) =>
      subscriber.client.once('message', (topic, payload, { qos, properties }) =>
        resolve({
          topic,
          payload: payload.toString('hex'),
          qos,
          type: properties?.contentType,
          user: { ...properties?.userProperties },
        }),
      ),
    );
    const properties = { contentType: 'x/y', userProperties: { line: '7' } };
    await publisher.client.publishAsync('plant/7/state', Buffer.from([0, 255, 1]), { qos: 2, properties });
    expect(await within('the message', arrived)).toEqual({
      topic: 'plant/7/state',
      payload: '00ff01',
      qos: 2,
      type: 'x/y',
      user: { line: '7' },
    });
  });

  it('keep the order of a publisher across nodes', async () => {
    const [here, there, publisher] = [await connectTo(2), await connectTo(3), await connectTo(1)];
    for (const { client } of [here, there]) await client.subscribeAsync('order/#', { qos: 1 });
    const texts = Array.from({ length: 1_000 }, (_, index) => String(index));
    await Promise.all(texts.map((text) => publisher.client.publishAsync('order/t', text, { qos: 1 })));
    await waitFor('all messages', () => here.messages.length >= 1_000 && there.messages.length >= 1_000);
    for (const { messages } of [here, there]) expect(messages.map((message) => message.text)).toEqual(texts);
  });

  it('forward only to nodes with a matching subscriber, one copy per node', async () => {
    const [one, two, publisher] = [await connectTo(2, 'one'), await connectTo(2, 'two'), await connectTo(1)];
    for (const { client } of [one, two]) await client.subscribeAsync('only/bus2', { qos: 1 });
    const before = await forwarded(cluster.member(1));
    for (let count = 0; count < 10; count += 1) {
      await publisher.client.publishAsync('only/bus2', String(count), { qos: 1 });
      await publisher.client.publishAsync('only/nobody', String(count), { qos: 1 });
    }
    await waitFor('ten messages at both', () => one.messages.length === 10 && two.messages.length === 10);
    expect((await forwarded(cluster.member(1))) ?? 0).toBe((before ?? 0) + 10);
    await Promise.all([one, two].map(({ client }) => client.unsubscribeAsync('only/bus2')));
    await waitFor('the route to go', async () => !(await topicsOf(cluster.member(1), 'bus2@127.0.0.1')).includes('only/bus2'));
    await publisher.client.publishAsync('only/bus2', 'late', { qos: 1 });
    expect((await forwarded(cluster.member(1))) ?? 0).toBe((before ?? 0) + 10);
  });

  it('answer for each other: one REST request lists the clients and routes of all', async () => {
    const ends = await Promise.all([1, 2, 3].map((number) => connectTo(number, `listed-${number}`)));
    await Promise.all(ends.map(({ client }, index) => client.subscribeAsync(`listed/${index + 1}`)));
    const listed = (await cluster.member(2).get('/clients?like_clientid=listed-')) as {
      data: { clientid: string; node: string }[];
    };
    expect(listed.data.map(({ clientid, node }) => [clientid, node]).sort()).toEqual(
      [1, 2, 3].map((number) => [`listed-${number}`, `bus${number}@127.0.0.1`]),
    );
    const topics = (await cluster.member(3).get('/topics')) as { data: { topic: string; node: string }[] };
    expect(topics.data.filter(({ topic }) => topic.startsWith('listed/'))).toEqual(
      [1, 2, 3].map((number) => ({ topic: `listed/${number}`, node: `bus${number}@127.0.0.1` })),
    );
  });
});

describe('a process that does not belong', () => {
  it('with another cookie: one event on both sides, and the cluster goes on', async () => {
    const stranger = await joiningBroker(cluster, ['node.name=bus9@127.0.0.1', 'node.cookie=guess']);
    try {
      await waitFor(
        'both refusals',
        () => stranger.told('cluster_link_refused').length >= 3 && cluster.member(1).told('cluster_link_refused').length > 0,
      );
      expect(stranger.told('cluster_link_refused')[0]).toMatchObject({
        level: 'warning',
        fields: { code: 'CLUSTER_WRONG_COOKIE', hint: 'Set the same node.cookie on all nodes.' },
      });
      expect(cluster.member(1).told('cluster_link_refused')).toMatchObject([
        { fields: { code: 'CLUSTER_WRONG_COOKIE', peer: 'bus9@127.0.0.1' } },
      ]);
      expect(stranger.broker.process.stderr()).not.toContain('guess');
      await cluster.whole();
    } finally {
      await stranger.broker.end();
    }
  });

  it('with a name that is taken: told so, and serves alone', async () => {
    const double = await joiningBroker(cluster, ['node.name=bus2@127.0.0.1']);
    try {
      await waitFor('the refusal', () => double.told('cluster_link_refused').length > 0);
      expect(double.told('cluster_link_refused')[0]).toMatchObject({
        fields: { code: 'DUPLICATE_NODE_NAME', hint: 'Give every node its own node.name.' },
      });
      expect(await double.get('/cluster')).toMatchObject({ nodes: ['bus2@127.0.0.1'] });
      await cluster.whole();
    } finally {
      await double.broker.end();
    }
  });

  it('on a cluster port that is taken: ends with an error that names the port', async () => {
    const { clusterPort } = cluster.member(1);
    const dataDir = await createTempDir();
    const settings = [`node.data_dir=${dataDir}`, `cluster.port=${clusterPort}`, 'listeners.tcp.default.bind=127.0.0.1:0', 'listeners.ws.default.enable=false'];
    const result = await runProcess(process.execPath, [BROKER_MAIN, ...setArguments(settings)], { lifetimeMs: 20_000 });
    await removeTempDir(dataDir);
    expect(result.code).not.toBe(0);
    const failed = result.stderr.split('\n').find((line) => line.startsWith('{"event":"failed"'));
    expect(JSON.parse(failed ?? '{}')).toMatchObject({ code: 'CLUSTER_PORT_IN_USE', details: { port: clusterPort } });
  });
});

describe('a member that dies', () => {
  const routesAt = (number: number) => topicsOf(cluster.member(number), 'bus3@127.0.0.1');

  it('by SIGKILL: its routes vanish from the others, and it is taken back when it returns', async () => {
    const [lost, publisher] = [await connectTo(3), await connectTo(1)];
    await lost.client.subscribeAsync('dies/t');
    expect(await routesAt(1)).toEqual(['dies/t']);
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    await waitFor(
      'the routes to vanish',
      async () => (await routesAt(1)).length === 0 && (await routesAt(2)).length === 0,
      5_000,
    );
    expect(await cluster.member(1).get('/nodes')).toContainEqual(
      expect.objectContaining({ node: 'bus3@127.0.0.1', node_status: 'stopped' }),
    );
    await publisher.client.publishAsync('dies/t', 'to nobody', { qos: 1 });

    await cluster.startMember(3);
    await cluster.whole();
    const back = await connectTo(3, 'back');
    await back.client.subscribeAsync('dies/t', { qos: 1 });
    await publisher.client.publishAsync('dies/t', 'again', { qos: 1 });
    await waitFor('the message', () => back.messages.length > 0);
    expect(back.messages).toEqual([{ topic: 'dies/t', text: 'again', qos: 1 }]);
  });

  it('by SIGTERM: says goodbye, so that its routes vanish at once', async () => {
    const lost = await connectTo(3);
    await lost.client.subscribeAsync('ends/t');
    cluster.member(3).broker.process.kill('SIGTERM');
    await cluster.gone(3);
    await waitFor('the routes to vanish', async () => (await routesAt(1)).length === 0, 1_000);
    expect(cluster.member(1).told('cluster_node_down').at(-1)).toMatchObject({
      fields: { reason: 'bus3@127.0.0.1 was stopped' },
    });
    await cluster.startMember(3);
    await cluster.whole();
  });

  it('only for a while, by SIGSTOP: is given up after 4 s, and comes back by itself with its routes', async () => {
    const frozen = await connectTo(3);
    await frozen.client.subscribeAsync('sleeps/t', { qos: 1 });
    const { process: stopped } = cluster.member(3).broker;
    stopped.kill('SIGSTOP');
    try {
      await waitFor('the routes to vanish', async () => (await routesAt(1)).length === 0, 8_000);
    } finally {
      stopped.kill('SIGCONT');
    }
    await waitFor(
      'the routes to return',
      async () => (await routesAt(1)).includes('sleeps/t') && (await routesAt(2)).includes('sleeps/t'),
      15_000,
    );
    await cluster.whole();
    const publisher = await connectTo(2);
    await publisher.client.publishAsync('sleeps/t', 'awake', { qos: 1 });
    await waitFor('the message', () => frozen.messages.length > 0);
  });
});
