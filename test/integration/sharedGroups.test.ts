/** Shared and exclusive subscriptions over three broker processes, with real MQTT clients: one member of the whole cluster per message, one holder. */
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

let cluster: BrokerCluster;
const clients: MqttClient[] = [];

beforeAll(async () => {
  cluster = await BrokerCluster.start(3, ['mqtt.exclusive_subscription=true']);
}, 60_000);
afterAll(() => cluster.end());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

async function connectTo(number: number, clientId: string, options: IClientOptions = {}): Promise<MqttClient> {
  const { port } = cluster.member(number).broker;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, protocolVersion: 5, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

interface Member {
  readonly client: MqttClient;
  /** Payloads from the group, in order of arrival. */
  readonly got: string[];
  readonly fences: string[];
}

/** A member of a group on a node, who also hears every fence. */
async function join(number: number, clientId: string, group: string, options: IClientOptions = {}): Promise<Member> {
  const client = await connectTo(number, clientId, options);
  const member: Member = { client, got: [], fences: [] };
  client.on('message', (topic, payload) => void (topic.startsWith('fence/') ? member.fences : member.got).push(payload.toString()));
  await client.subscribeAsync([`$share/${group}/${group}/#`, 'fence/#'], { qos: 1 });
  return member;
}

/** Everybody has what was published before: links and connections keep the order, and fences go to all. */
async function fence(publishers: readonly MqttClient[], members: readonly Member[], name: string): Promise<void> {
  for (const [index, publisher] of publishers.entries()) await publisher.publishAsync(`fence/${name}`, `${name}${index}`, { qos: 1 });
  const passed = (member: Member) => publishers.every((_, index) => member.fences.includes(`${name}${index}`));
  await waitFor(`the fence ${name}`, () => members.every(passed));
}

const publishAll = (publisher: MqttClient, topic: string, texts: readonly string[]) =>
  Promise.all(texts.map((text) => publisher.publishAsync(topic, text, { qos: 1 })));
const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const all = (members: readonly Member[]) => members.flatMap((member) => member.got).toSorted();

describe('an exclusive subscription on three nodes', () => {
  const granted = (client: MqttClient, filter: string): Promise<number> =>
    new Promise((resolve) => {
      client.subscribe(filter, { qos: 1 }, (_error, _granted, packet) => resolve(Number(packet?.granted[0])));
    });

  it('has one holder, whoever asks first, and is free when that one ends', async () => {
    const ends = await Promise.all([1, 2, 3].map((number) => connectTo(number, `e${number}`)));
    for (let round = 0; round < 10; round += 1) {
      const codes = await Promise.all(ends.map((client) => granted(client, `$exclusive/only/${round}`)));
      expect({ round, codes: codes.toSorted((a, b) => a - b) }).toEqual({ round, codes: [1, 0x97, 0x97] });
      const holder = ends[codes.indexOf(1)];
      await holder?.unsubscribeAsync(`$exclusive/only/${round}`);
      const free = async () => (await granted(ends[round % 3] as MqttClient, `$exclusive/only/${round}`)) === 1;
      await waitFor('the subscription to be free', free);
    }
  });
});

describe('a shared subscription on three nodes', () => {
  it('gives every message to exactly one member, and every member its part', async () => {
    const members = await Promise.all([1, 1, 2, 2, 3, 3].map((number, index) => join(number, `m${index}`, 'part')));
    const publishers = await Promise.all([1, 2, 3].map((number) => connectTo(number, `p${number}`)));
    await Promise.all(publishers.map((publisher, index) => publishAll(publisher, 'part/x', texts(`p${index}-`, 300))));
    await fence(publishers, members, 'part');
    expect(all(members)).toEqual([0, 1, 2].flatMap((index) => texts(`p${index}-`, 300)).toSorted());
    expect(members.map((member) => member.got.length)).toEqual([150, 150, 150, 150, 150, 150]);
    const { data } = (await cluster.member(1).get('/topics?topic=%24share%2Fpart%2Fpart%2F%23')) as { data: { node: string }[] };
    expect(data.map((row) => row.node)).toEqual(['bus1@127.0.0.1', 'bus2@127.0.0.1', 'bus3@127.0.0.1']);
    const { data: rows } = (await cluster.member(2).get('/subscriptions?share_group=part')) as { data: { clientid: string; topic: string }[] };
    expect(rows.map((row) => `${row.clientid} ${row.topic}`)).toEqual(members.map((_, index) => `m${index} $share/part/part/#`));
  });

  it('goes to members that are connected while others of other nodes are away', async () => {
    const kept: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 300 } };
    const away = await join(1, 'away', 'seen', kept);
    const here = await join(2, 'here', 'seen');
    const publisher = await connectTo(3, 'publisher');
    await away.client.endAsync();
    // Node 1 answers node 3 on the same link on which it has told of its member before.
    await waitFor('node 3 to have heard of it', async () => !((await cluster.member(3).get('/clients/away')) as { connected: boolean }).connected);
    await publishAll(publisher, 'seen/x', texts('x', 20));
    await fence([publisher], [here], 'seen');
    expect(here.got).toEqual(texts('x', 20));
  });

  it('hands what waited for a session that expires to a member on another node', async () => {
    const brief: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 1 } };
    const first = await join(3, 'brief', 'left', brief);
    await first.client.endAsync();
    const publisher = await connectTo(3, 'publisher');
    await publishAll(publisher, 'left/x', texts('x', 10));
    const second = await join(1, 'heir', 'left');
    await waitFor('the heritage', () => second.got.length === 10);
    expect(second.got).toEqual(texts('x', 10));
  });

  it('goes on among those that are left when a node is killed', async () => {
    const members = await Promise.all([1, 2, 3].map((number) => join(number, `k${number}`, 'kill')));
    const publisher = await connectTo(1, 'publisher');
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    await waitFor('node 1 to have given node 3 up', async () => {
      const { data } = (await cluster.member(1).get('/topics?topic=%24share%2Fkill%2Fkill%2F%23')) as { data: unknown[] };
      return data.length === 2;
    });
    const left = members.slice(0, 2);
    await publishAll(publisher, 'kill/x', texts('x', 40));
    await fence([publisher], left, 'kill');
    expect(left.map((member) => member.got.length)).toEqual([20, 20]);
    expect(all(left)).toEqual(texts('x', 40).toSorted());
  });
});
