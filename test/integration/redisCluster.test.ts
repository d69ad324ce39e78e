/** Durable sessions kept in Redis, with real nodes and a real redis-server: nodes that are killed and wiped, Redis that is restarted or away (R71). */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker } from '../support/brokerProcess.ts';
import { BrokerCluster, startNode, type ClusterMember } from '../support/brokerCluster.ts';
import type { TestProcess } from '../support/processes.ts';
import { RedisServer } from '../support/redisServer.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const PASSWORD = 'a pass word';
const DURABLE: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, clean: false, properties: { sessionExpiryInterval: 300 } };

let redis: RedisServer;
let directory: string;
let settings: string[];
const clients: MqttClient[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  redis = await RedisServer.make(PASSWORD);
  directory = await createTempDir('redis-nodes-');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${PASSWORD}\n`);
  settings = ['durable_sessions.store=redis', `durable_sessions.redis.port=${redis.port}`, `durable_sessions.redis.password_file=${passwordFile}`];
}, 300_000);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await Promise.all(ends.splice(0).map((end) => end()));
  await redis.end();
  await removeTempDir(directory);
});

interface Opened {
  readonly client: MqttClient;
  readonly present: boolean;
}

function open(port: number, clientId: string, got: string[] = [], options: IClientOptions = DURABLE): Promise<Opened> {
  const client = connect(`mqtt://127.0.0.1:${port}`, { clientId, ...options });
  clients.push(client);
  client.on('message', (_topic, payload) => void got.push(payload.toString()));
  return new Promise((resolve, reject) => {
    client.once('error', reject);
    client.once('connect', ({ sessionPresent }) => {
      client.off('error', reject).on('error', () => {});
      resolve({ client, present: sessionPresent });
    });
  });
}

const texts = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const publishAll = (client: MqttClient, bodies: readonly string[], qos: 1 | 2 = 1): Promise<unknown> => Promise.all(bodies.map((body) => client.publishAsync('t/x', body, { qos })));
const missing = (sent: readonly string[], got: readonly string[]): string[] => sent.filter((text) => !got.includes(text));

/** Publishes one after the other until told to stop; `acknowledged` grows. */
function load(client: MqttClient, acknowledged: string[]): () => Promise<void> {
  let runs = true;
  const lane = async (lane: number): Promise<void> => {
    for (let n = 0; runs; n += 1) {
      await client.publishAsync('t/x', `${lane}.${n}`, { qos: 1 });
      acknowledged.push(`${lane}.${n}`);
    }
  };
  const lanes = texts('', 10).map((_, index) => lane(index));
  return async () => {
    runs = false;
    await Promise.all(lanes);
  };
}

describe('sessions in Redis', { timeout: 120_000 }, () => {
  it('survive the death of their node and the loss of its data', async () => {
    await redis.start();
    const dataDir = join(directory, 'data');
    const own = ['node.name=bus1@127.0.0.1', `node.data_dir=${dataDir}`, ...settings];
    const first = await startNode(own);
    const { client } = await open(first.broker.port, 's');
    await client.subscribeAsync('t/#', { qos: 2 });
    await client.endAsync();
    const publisher = await open(first.broker.port, 'p');
    await publishAll(publisher.client, texts('a', 20));
    await publishAll(publisher.client, texts('b', 20), 2);
    first.broker.process.kill('SIGKILL');
    await first.broker.process.exit();
    await rm(dataDir, { recursive: true });
    const second = await startNode(own);
    ends.push(() => second.broker.end());
    const got: string[] = [];
    const { present } = await open(second.broker.port, 's', got);
    await waitFor('what was owed', () => got.length === 40);
    expect([present, got]).toEqual([true, [...texts('a', 20), ...texts('b', 20)]]);
    expect(first.broker.process.stderr() + second.broker.process.stderr()).not.toContain(PASSWORD);
  });

  it('go on at another node when theirs is killed under load, and nothing is lost', async () => {
    await redis.start();
    const cluster = await BrokerCluster.start(3, settings);
    ends.push(() => cluster.end());
    const got: string[] = [];
    const { client } = await open(cluster.member(3).broker.port, 's', got);
    await client.subscribeAsync('t/#', { qos: 1 });
    const publisher = await open(cluster.member(1).broker.port, 'p');
    const acknowledged: string[] = [];
    const stop = load(publisher.client, acknowledged);
    await waitFor('the first messages', () => acknowledged.length > 200);
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    const { present } = await open(cluster.member(2).broker.port, 's', got);
    const count = acknowledged.length;
    await waitFor('more messages', () => acknowledged.length > count + 200);
    await stop();
    await waitFor('all to arrive', () => missing(acknowledged, got).length === 0);
    expect(present).toBe(true);
  });

  it('move with their client to another node, and are written there', async () => {
    await redis.start();
    const cluster = await BrokerCluster.start(2, settings);
    ends.push(() => cluster.end());
    const { client } = await open(cluster.member(1).broker.port, 's');
    await client.subscribeAsync('t/#', { qos: 1 });
    const publisher = await open(cluster.member(1).broker.port, 'p');
    await client.endAsync();
    await publishAll(publisher.client, texts('a', 20));
    const got: string[] = [];
    const moved = await open(cluster.member(2).broker.port, 's', got);
    await waitFor('what was owed', () => got.length === 20);
    await moved.client.endAsync();
    await publishAll(publisher.client, texts('b', 20));
    cluster.member(2).broker.process.kill('SIGKILL');
    await cluster.gone(2);
    const again: string[] = [];
    const back = await open(cluster.member(1).broker.port, 's', again);
    await waitFor('what came meanwhile', () => missing(texts('b', 20), again).length === 0);
    expect([moved.present, got, back.present]).toEqual([true, texts('a', 20), true]);
  });

  it('wait for Redis while it is away under load, with an alarm, and lose nothing', async () => {
    await redis.start();
    const node = await startNode(settings);
    ends.push(() => node.broker.end());
    const got: string[] = [];
    const { client } = await open(node.broker.port, 's', got);
    await client.subscribeAsync('t/#', { qos: 1 });
    const publisher = await open(node.broker.port, 'p');
    const acknowledged: string[] = [];
    const stop = load(publisher.client, acknowledged);
    await waitFor('the first messages', () => acknowledged.length > 100);
    await redis.kill();
    const alarms = async () => ((await node.get('/alarms')) as { data: { name: string }[] }).data.map(({ name }) => name);
    await waitFor('the alarm', async () => (await alarms()).includes('session_store_unreachable'));
    const held = acknowledged.length;
    const counters = async () => ((await node.get('/cluster/sessions')) as { counters: Record<string, number> }[])[0]?.counters;
    expect(await counters()).toMatchObject({ storeAway: 1 });
    expect(acknowledged.length).toBe(held);
    await redis.start();
    await waitFor('more messages', () => acknowledged.length > held + 100);
    await stop();
    await waitFor('all to arrive', () => missing(acknowledged, got).length === 0);
    await waitFor('the end of the alarm', async () => !(await alarms()).includes('session_store_unreachable'));
    expect(node.told('session_store_not_written').length).toBe(1);
  });

  it('are waited for by a node that starts while Redis is away', async () => {
    await redis.start();
    const dataDir = join(directory, 'data');
    const own = [`node.data_dir=${dataDir}`, ...settings];
    const first: Omit<ClusterMember, 'name' | 'clusterPort'> = await startNode(own);
    const { client } = await open(first.broker.port, 's');
    await client.subscribeAsync('t/#', { qos: 1 });
    await client.endAsync();
    const publisher = await open(first.broker.port, 'p');
    await publishAll(publisher.client, texts('a', 10));
    await first.broker.end();
    await redis.kill();
    let isReady = false;
    let said: TestProcess | undefined;
    const starting = startBroker(own, { started: (process) => (said = process) }).then((broker) => ((isReady = true), broker));
    await waitFor('the node to say so', () => said?.stderr().includes('session_store_not_written') === true, 30_000);
    expect(isReady).toBe(false);
    await redis.start();
    const broker = await starting;
    ends.push(() => broker.end());
    const got: string[] = [];
    const { present } = await open(broker.port, 's', got);
    await waitFor('what was owed', () => got.length === 10);
    expect(present).toBe(true);
  });
});
