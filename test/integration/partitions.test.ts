/**
 * Partitions between real nodes, made by their own controls (R73): 1:1, 2:1, one direction of one link, and again before all is quiet. Both
 * sides serve, what was acknowledged arrives after the heal, nobody restarts, and the log tells an operator what happened.
 */
import { connect, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { BrokerCluster, type ClusterMember } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

const SETTINGS = ['debug.faults=true', 'durability=replicated', 'log.console.level=info'];
/** Nodes miss each other for 4 s, promotion and hand-in follow; the machine may be busy. */
const EPISODE_MS = 30_000;

interface Device {
  readonly client: MqttClient;
  /** In order, each message once: QoS 1 may repeat with DUP. */
  readonly texts: string[];
  readonly present: boolean;
}

let cluster: BrokerCluster;
const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await cluster.end();
});

/** A client with a lasting session, which connects to this member once. */
async function device(member: ClusterMember, clientId: string, topicFilter?: string, texts: string[] = []): Promise<Device> {
  const url = `mqtt://127.0.0.1:${member.broker.port}`;
  const client = connect(url, { clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties: { sessionExpiryInterval: 600 } });
  clients.push(client);
  client.on('message', (_topic, payload) => {
    const text = payload.toString();
    if (!texts.includes(text)) texts.push(text);
  });
  const present = await new Promise<boolean>((resolve, reject) => {
    client.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
    client.once('error', reject);
  });
  if (topicFilter !== undefined) await client.subscribeAsync(topicFilter, { qos: 1 });
  return { client, texts, present };
}

const toldOf = (member: ClusterMember, msg: string, peer: ClusterMember) => member.told(msg).filter(({ fields }) => fields['peer'] === peer.name);
const cut = (member: ClusterMember, peer: ClusterMember, direction = 'both') => member.call('PUT', `/nodes/${member.name}/faults`, { peer: peer.name, kind: 'cut', direction });
const heal = (member: ClusterMember) => member.call('DELETE', `/nodes/${member.name}/faults`);

/** These have given each other up once more than `before` says. */
async function apart(pairs: readonly (readonly [ClusterMember, ClusterMember])[], episodes = 1): Promise<void> {
  const both = pairs.flatMap(([one, two]) => [[one, two] as const, [two, one] as const]);
  await waitFor('both sides to give each other up', () => both.every(([at, peer]) => toldOf(at, 'cluster_node_down', peer).length >= episodes), EPISODE_MS);
}

async function quiet(): Promise<void> {
  await waitFor('all to have each other', () => cluster.whole().then(() => true), EPISODE_MS);
  const rows = async () => (await cluster.member(1).get('/cluster/sessions')) as { protected: boolean }[];
  await waitFor('the sessions to be safe again', async () => (await rows()).every((row) => row.protected), EPISODE_MS);
}

/** One owner per session, on all nodes together (I2). */
async function owners(clientIds: readonly string[]): Promise<Record<string, number>> {
  const { data } = (await cluster.member(1).get('/clients?limit=100')) as { data: { clientid: string }[] };
  return Object.fromEntries(clientIds.map((id) => [id, data.filter(({ clientid }) => clientid === id).length]));
}

describe('a partition', { timeout: 120_000 }, () => {
  it('1:1, S29, S30: both serve, a client goes over and finds its session, and after the heal all is one again', async () => {
    cluster = await BrokerCluster.start(2, SETTINGS);
    const [one, two] = [cluster.member(1), cluster.member(2)];
    const pids = cluster.members.map(({ broker }) => broker.process.pid);
    const stays = await device(one, 'stays', 'split/#');
    const goes = await device(two, 'goes', 'split/#');
    const [atOne, atTwo] = [await device(one, 'p1'), await device(two, 'p2')];
    await quiet();
    await cut(one, two);
    await apart([[one, two]]);
    // Nobody is kept waiting: both sides acknowledge.
    const acknowledged: string[] = [];
    for (let n = 0; n < 10; n += 1)
      for (const [name, { client }] of [['one', atOne], ['two', atTwo]] as const) {
        await client.publishAsync('split/t', `${name}${n}`, { qos: n % 2 === 0 ? 1 : 2 });
        acknowledged.push(`${name}${n}`);
      }
    await waitFor('what was sent on its own side', () => stays.texts.length === 10 && goes.texts.length === 10);
    expect(stays.texts).toEqual(acknowledged.filter((text) => text.startsWith('one')));
    await goes.client.endAsync(true);
    const came = await device(one, 'goes', undefined, goes.texts);
    expect(came.present).toBe(true);
    await heal(one);
    await quiet();
    await waitFor('everything everywhere', () => stays.texts.length === 20 && goes.texts.length === 20, EPISODE_MS);
    for (const { texts } of [stays, goes]) expect([...texts].sort()).toEqual([...acknowledged].sort());
    expect(await owners(['stays', 'goes', 'p1', 'p2'])).toEqual({ stays: 1, goes: 1, p1: 1, p2: 1 });
    expect(cluster.members.map(({ broker }) => broker.process.pid)).toEqual(pids);
    // What an operator reads, in this order.
    for (const [at, peer] of [[one, two], [two, one]] as const) {
      expect(toldOf(at, 'cluster_node_down', peer)).toHaveLength(1);
      expect(toldOf(at, 'cluster_node_down', peer)[0]).toMatchObject({ level: 'warning', fields: { reason: expect.stringMatching(/^(Nothing|No|bus|The)/i) as string } });
      expect(toldOf(at, 'cluster_sessions_continued', peer)).toMatchObject([{ level: 'warning', fields: { sessions: 2 } }]);
      expect(toldOf(at, 'cluster_node_up', peer).length).toBe(2);
    }
    expect(one.told('cluster_fault_set')).toMatchObject([{ fields: { peer: two.name, kind: 'cut' } }]);
    expect(one.told('cluster_fault_healed').length).toBeGreaterThan(0);
  });

  it('2:1, S31: the side of one serves, its client goes over to the two with its session, twice, and nothing acknowledged is lost', async () => {
    cluster = await BrokerCluster.start(3, SETTINGS);
    const [one, two, three] = [cluster.member(1), cluster.member(2), cluster.member(3)];
    const subscriber = await device(three, 'roams', 'roam/#');
    const lonely = await device(three, 'lonely', 'roam/#');
    const [atOne, atThree] = [await device(one, 'p1'), await device(three, 'p3')];
    const acknowledged: string[] = [];
    const publish = async (count: number) => {
      for (let n = 0; n < count; n += 1)
        for (const [name, { client }] of [['one', atOne], ['three', atThree]] as const) {
          const text = `${name}${acknowledged.length}`;
          await client.publishAsync('roam/t', text, { qos: n % 2 === 0 ? 1 : 2 });
          acknowledged.push(text);
        }
    };
    for (let episode = 1; episode <= 2; episode += 1) {
      await quiet();
      await publish(2);
      await Promise.all([one, two].map((peer) => cut(three, peer)));
      await apart([[one, three], [two, three]], episode);
      await publish(5);
      await subscriber.client.endAsync(true);
      const over = await device(episode === 1 ? one : two, 'roams', undefined, subscriber.texts);
      expect(over.present).toBe(true);
      await publish(3);
      await heal(three);
      await over.client.endAsync(true);
      const back = await device(three, 'roams', undefined, subscriber.texts);
      expect(back.present).toBe(true);
    }
    await quiet();
    await waitFor('everything everywhere', () => [subscriber, lonely].every(({ texts }) => texts.length >= acknowledged.length), EPISODE_MS);
    for (const { texts } of [subscriber, lonely]) expect([...texts].sort()).toEqual([...acknowledged].sort());
    expect(await owners(['roams', 'lonely'])).toEqual({ roams: 1, lonely: 1 });
    const continued = [one, two].flatMap((member) => toldOf(member, 'cluster_sessions_continued', three));
    expect(continued.length).toBeGreaterThan(0);
  });

  it('of one direction of one link among three: what is acknowledged waits for the node that cannot be reached, and arrives', async () => {
    cluster = await BrokerCluster.start(3, SETTINGS);
    const [one, two] = [cluster.member(1), cluster.member(2)];
    const subscriber = await device(two, 'there', 'way/#');
    const publisher = await device(one, 'p1');
    await quiet();
    await cut(one, two, 'in');
    await apart([[one, two]]);
    const acknowledged: string[] = [];
    for (let n = 0; n < 10; n += 1) {
      await publisher.client.publishAsync('way/t', String(n), { qos: n % 2 === 0 ? 1 : 2 });
      acknowledged.push(String(n));
    }
    // The third node sees both: nobody takes their sessions away from them (R58).
    expect(cluster.members.flatMap((member) => member.told('cluster_sessions_continued'))).toEqual([]);
    await heal(one);
    await quiet();
    await waitFor('everything', () => subscriber.texts.length >= acknowledged.length, EPISODE_MS);
    expect(subscriber.texts).toEqual(acknowledged);
  });
});
