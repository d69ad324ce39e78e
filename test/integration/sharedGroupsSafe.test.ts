/** Shared subscriptions over three broker processes that die, lose members and end sessions: what was acknowledged reaches a member (R52, S57). */
import { connect, Store, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerCluster } from '../support/brokerCluster.ts';
import { waitFor } from '../support/waitFor.ts';

const QUIET: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0 };
const DURABLE: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 300 } };

let cluster: BrokerCluster;
const clients: MqttClient[] = [];
/** What a client remembers of QoS 2 between its connections. */
const stores = new Map<string, Store>();

beforeEach(async () => {
  cluster = await BrokerCluster.start(3, ['durability=replicated']);
}, 60_000);
afterEach(async () => {
  stores.clear();
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await cluster.end();
});

function storeOf(clientId: string): Store {
  const store = stores.get(clientId) ?? new Store({ clean: false });
  stores.set(clientId, store);
  return store;
}

/** `got`: payloads in order of arrival. What waits for a session comes with its CONNACK. */
async function connectTo(number: number, clientId: string, options: IClientOptions = {}, got: string[] = []): Promise<MqttClient> {
  const { port } = cluster.member(number).broker;
  const client = connect(`mqtt://127.0.0.1:${port}`, { clientId, ...QUIET, ...options, incomingStore: storeOf(clientId) });
  client.on('error', () => {});
  client.on('message', (_topic, payload) => void got.push(payload.toString()));
  clients.push(client);
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

async function member(number: number, clientId: string, options: IClientOptions, qos: 1 | 2 = 1): Promise<{ client: MqttClient; got: string[] }> {
  const got: string[] = [];
  const client = await connectTo(number, clientId, options, got);
  await client.subscribeAsync('$share/g/work/#', { qos });
  return { client, got };
}

/** Publishes until told to stop, a window of 20 open, and tells what was acknowledged. */
class Load {
  readonly acknowledged: string[] = [];
  readonly #client: MqttClient;
  readonly #name: string;
  readonly #qos: 1 | 2;
  #n = 0;
  #runs = true;
  readonly #lanes: Promise<void>[];

  constructor(client: MqttClient, name: string, qos: 1 | 2) {
    this.#client = client;
    this.#name = name;
    this.#qos = qos;
    this.#lanes = Array.from({ length: 20 }, () => this.#lane());
  }

  async #lane(): Promise<void> {
    while (this.#runs) {
      this.#n += 1;
      const text = `${this.#name}-${this.#n}`;
      await this.#client.publishAsync(`work/${this.#name}`, text, { qos: this.#qos });
      this.acknowledged.push(text);
    }
  }

  async reached(count: number): Promise<void> {
    await waitFor(`${count} messages of ${this.#name}`, () => this.acknowledged.length >= count);
  }

  async stop(): Promise<void> {
    this.#runs = false;
    await Promise.all(this.#lanes);
  }
}

const isProtected = async (): Promise<boolean> => {
  const states = (await cluster.member(1).get('/cluster/sessions')) as readonly { readonly protected: boolean }[];
  return states.length === 3 && states.every((state) => state.protected);
};

const missing = (sent: readonly string[], ...got: readonly string[][]): string[] => {
  const all = new Set(got.flat());
  return sent.filter((text) => !all.has(text));
};
const repeated = (...got: readonly string[][]): string[] => {
  const seen = new Set<string>();
  return got.flat().filter((text) => seen.size === seen.add(text).size);
};

describe('a shared subscription', { timeout: 60_000 }, () => {
  it.each([1, 2] as const)('loses and doubles nothing of QoS %i when members on other nodes leave under load', async (qos) => {
    const stays = await member(2, 'stays', {}, qos);
    const leavers = await Promise.all([member(3, 'plain', {}, qos), member(3, 'durable', DURABLE, qos)]);
    const load = new Load(await connectTo(1, 'publisher'), 'p', qos);
    await load.reached(200);
    await Promise.all(leavers.map(({ client }) => client.unsubscribeAsync('$share/g/work/#')));
    await load.reached(load.acknowledged.length + 200);
    await load.stop();
    const all = [stays.got, ...leavers.map(({ got }) => got)];
    await waitFor('all to arrive', () => missing(load.acknowledged, ...all).length === 0);
    expect(repeated(...all)).toEqual([]);
    expect(leavers.every(({ got }) => got.length > 0)).toBe(true);
  });

  it.each([1, 2] as const)('loses nothing of QoS %i when the node of a durable member is killed under load, whether its client comes back or not', async (qos) => {
    const stays = await member(2, 'stays', {}, qos);
    const away = await member(3, 'away', DURABLE, qos);
    const back = await member(3, 'back', DURABLE, qos);
    await waitFor('sessions to be safe', isProtected);
    const load = new Load(await connectTo(1, 'publisher'), 'p', qos);
    await load.reached(300);
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    await connectTo(1, 'back', DURABLE, back.got);
    await load.reached(load.acknowledged.length + 300);
    await load.stop();
    // QoS 2 that had left for a client that stays away belongs to that client (MQTT-4.8.2-5).
    if (qos === 2) await connectTo(1, 'away', DURABLE, away.got);
    await waitFor('all to arrive', () => missing(load.acknowledged, stays.got, away.got, back.got).length === 0);
  });

  it('waits for the only member when its node is killed: the session goes on elsewhere and gets all', async () => {
    const only = await member(3, 'only', DURABLE);
    await waitFor('sessions to be safe', isProtected);
    const load = new Load(await connectTo(1, 'publisher'), 'p', 1);
    await load.reached(100);
    cluster.member(3).broker.process.kill('SIGKILL');
    await cluster.gone(3);
    await load.reached(load.acknowledged.length + 100);
    await load.stop();
    await connectTo(2, 'only', DURABLE, only.got);
    await waitFor('all to arrive', () => missing(load.acknowledged, only.got).length === 0);
  });

  it('hands on what a session was given, wherever it came from, when it expires', async () => {
    const brief = await member(3, 'brief', { clean: false, properties: { sessionExpiryInterval: 2 } });
    await brief.client.endAsync();
    const publisher = await connectTo(1, 'publisher');
    const texts = Array.from({ length: 20 }, (_, n) => `x${n}`);
    await Promise.all(texts.map((text) => publisher.publishAsync('work/x', text, { qos: 1 })));
    const heir = await member(2, 'heir', {});
    await waitFor('the heritage', () => missing(texts, heir.got).length === 0);
    expect([repeated(heir.got), brief.got]).toEqual([[], []]);
  });

  it('hands on what a session was given when its client begins anew, on another node', async () => {
    const first = await member(3, 'anew', DURABLE);
    await first.client.endAsync();
    const publisher = await connectTo(1, 'publisher');
    const texts = Array.from({ length: 20 }, (_, n) => `x${n}`);
    await Promise.all(texts.map((text) => publisher.publishAsync('work/x', text, { qos: 1 })));
    const heir = await member(2, 'heir', {});
    await connectTo(1, 'anew', { clean: true });
    await waitFor('the heritage', () => missing(texts, heir.got).length === 0);
    expect([repeated(heir.got), first.got]).toEqual([[], []]);
  });

  it('leaves out members whose queue is full', async () => {
    const full = await member(3, 'full', DURABLE);
    await full.client.endAsync();
    const publisher = await connectTo(1, 'publisher');
    // One more than `mqtt.max_mqueue_len` would push the oldest one out.
    const texts = Array.from({ length: 1_000 }, (_, n) => `x${n}`);
    for (let at = 0; at < texts.length; at += 100) await Promise.all(texts.slice(at, at + 100).map((text) => publisher.publishAsync('work/x', text, { qos: 1 })));
    const other = await member(2, 'other', DURABLE);
    await other.client.endAsync();
    const more = Array.from({ length: 50 }, (_, n) => `y${n}`);
    await Promise.all(more.map((text) => publisher.publishAsync('work/y', text, { qos: 1 })));
    await connectTo(3, 'full', DURABLE, full.got);
    await connectTo(2, 'other', DURABLE, other.got);
    await waitFor('all to arrive', () => missing([...texts, ...more], full.got, other.got).length === 0);
    expect(other.got).toEqual(more);
  });
});
