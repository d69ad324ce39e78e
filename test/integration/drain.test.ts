/** A node is emptied before it is stopped (R72, S48): by `ctl node drain`, with clients that are told where to go, and without loss. */
import { fileURLToPath } from 'node:url';
import { connect, connectAsync, type IDisconnectPacket, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster, startNode, type ClusterMember } from '../support/brokerCluster.ts';
import { runProcess } from '../support/processes.ts';
import { waitFor } from '../support/waitFor.ts';

const CTL = fileURLToPath(new URL('../../broker/cli/main.ts', import.meta.url));
let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(3, ['durability=replicated', 'log.console.level=info']);
}, 60_000);
afterAll(() => cluster.end());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

const ctl = (member: Pick<ClusterMember, 'broker'>, ...args: string[]) => runProcess(process.execPath, [CTL, ...args, '--api', member.broker.ready.api]);
const mqttPort = (member: ClusterMember) => member.broker.port;
const reference = (...numbers: number[]) => numbers.map((number) => `127.0.0.1:${mqttPort(cluster.member(number))}`).join(' ');

async function lastingClient(clientId: string, member: ClusterMember, protocolVersion: 4 | 5 = 5): Promise<MqttClient> {
  const options = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 600 } } : {};
  const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort(member)}`, { clientId, protocolVersion, clean: false, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

/** Goes wherever it is told to go, as MQTT 5 clients should; counts what it gets. */
function obedientSubscriber(clientId: string, member: ClusterMember, topicFilter: string) {
  const texts: string[] = [];
  const told: (string | undefined)[] = [];
  const state = { present: true, connects: 0 };
  const go = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const client = connect({ host: '127.0.0.1', port, clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties: { sessionExpiryInterval: 600 } });
      clients.push(client);
      client.on('error', reject);
      // With QoS 1 what was not acknowledged before the goodbye may come again, marked so.
      client.on('message', (_topic, payload, { qos, dup }) => {
        const text = payload.toString();
        if (qos === 2 || !dup || !texts.includes(text)) texts.push(text);
      });
      client.on('disconnect', ({ properties }: IDisconnectPacket) => {
        told.push(properties?.serverReference);
        const next = Number(properties?.serverReference?.split(' ')[0]?.split(':').at(-1));
        client.once('close', () => void go(next).catch((error: unknown) => texts.push(String(error))));
      });
      client.on('connect', ({ sessionPresent }) => {
        state.connects += 1;
        if (state.connects > 1) state.present &&= sessionPresent;
        if (state.connects > 1) return resolve();
        client.subscribeAsync(topicFilter, { qos: 2 }).then(() => resolve(), reject);
      });
    });
  return { ready: go(mqttPort(member)), texts, told, state };
}

describe('ctl node drain', () => {
  it('sends clients to the other nodes and loses nothing that is published meanwhile; then the node can be stopped, and comes back', { timeout: 60_000 }, async () => {
    const [one, two] = [cluster.member(1), cluster.member(2)];
    const subscribers = Array.from({ length: 20 }, (_, index) => obedientSubscriber(`obedient${index}`, two, 'drain/#'));
    await Promise.all(subscribers.map(({ ready }) => ready));
    // Sessions without a client, and clients of MQTT 3.1.1, which cannot be told.
    const absent = await lastingClient('absent', two);
    await absent.subscribeAsync('drain/#', { qos: 1 });
    await absent.endAsync();
    const old = await lastingClient('old', two, 4);
    const closed = new Promise<void>((resolve) => old.once('close', () => resolve()));
    await old.subscribeAsync('drain/#', { qos: 1 });
    const publisher = await lastingClient('publisher', one);
    const sent: string[] = [];
    const publish = async () => {
      for (let n = 0; n < 400; n += 1) {
        await publisher.publishAsync('drain/t', String(n), { qos: n % 2 === 0 ? 1 : 2 });
        sent.push(String(n));
      }
    };
    const publishing = publish();
    await waitFor('the first messages', () => sent.length > 20);

    const drained = await ctl(two, 'node', 'drain');
    expect({ code: drained.code, stderr: drained.stderr, last: drained.stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      stderr: '',
      last: 'bus2@127.0.0.1 has handed over its sessions; it can be stopped.',
    });
    expect(drained.stdout).toMatch(/^bus2@127\.0\.0\.1 still has \d+ clients, \d+ sessions/);
    expect((await ctl(one, 'node', 'drain', 'status', two.name)).stdout).toBe('bus2@127.0.0.1 has handed over its sessions; it can be stopped.\n');
    await closed;
    two.broker.process.kill('SIGTERM');
    await cluster.gone(2);
    await publishing;
    await waitFor('every message everywhere', () => subscribers.every(({ texts }) => texts.length >= sent.length));
    for (const { texts, told, state } of subscribers) {
      expect(texts.filter((text) => Number(text) % 2 === 0)).toEqual(sent.filter((text) => Number(text) % 2 === 0));
      expect(texts.filter((text) => Number(text) % 2 === 1)).toEqual(sent.filter((text) => Number(text) % 2 === 1));
      expect({ told, state }).toEqual({ told: [reference(1, 3)], state: { present: true, connects: 2 } });
    }
    const found = connect(`mqtt://127.0.0.1:${mqttPort(cluster.member(3))}`, { clientId: 'absent', protocolVersion: 5, clean: false, reconnectPeriod: 0, properties: { sessionExpiryInterval: 600 } });
    clients.push(found);
    const later: string[] = [];
    found.on('message', (_topic, payload) => void later.push(payload.toString()));
    await waitFor('what waited for the client that was away', () => later.length >= sent.length);
    expect(later).toEqual(sent);

    await cluster.startMember(2);
    await cluster.whole();
  });

  it('is taken back by cancel: the node serves again, and says so', { timeout: 30_000 }, async () => {
    const three = cluster.member(3);
    const told = await three.call('POST', `/nodes/${three.name}/drain`);
    expect(told).toMatchObject({ node: three.name, clients: 0 });
    await expect(connectAsync(`mqtt://127.0.0.1:${mqttPort(three)}`, { reconnectPeriod: 0 })).rejects.toThrow(/ECONNREFUSED/);
    expect((await ctl(three, 'node', 'drain', 'cancel')).stdout).toBe('bus3@127.0.0.1 serves again.\n');
    expect((await ctl(three, 'node', 'drain', 'cancel')).stdout).toBe('bus3@127.0.0.1 was not to be stopped; it serves as before.\n');
    expect(three.told('node_drain_cancelled')).toHaveLength(1);
    expect(await three.get(`/nodes/${three.name}/drain`)).toMatchObject({ state: 'serving', since: null });
    const [listener] = (await three.get('/listeners')) as { node_status: { node: string; status: { running: boolean } }[] }[];
    expect(listener?.node_status.find(({ node }) => node === three.name)?.status).toMatchObject({ running: true });
  });

  it('is refused where there is no other node, or no such node', { timeout: 30_000 }, async () => {
    const lone = await startNode(['node.name=lone@127.0.0.1']);
    try {
      const refused = await ctl(lone, 'node', 'drain');
      expect({ code: refused.code, text: refused.stderr }).toMatchObject({ code: 2, text: expect.stringContaining('No other node runs that could take the sessions of lone@127.0.0.1') as string });
      const unknown = await ctl(lone, 'node', 'drain', 'bus7@127.0.0.1');
      expect(unknown.stderr).toContain('bus7@127.0.0.1 is not a running node');
    } finally {
      await lone.broker.end();
    }
  });
});
