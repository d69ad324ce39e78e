/** MQTT.js and Python's paho against a real node. */
import { connect as connectClient, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { canInstallPackages, DEBIAN_PYTHON, installPackages } from '../support/debianPackages.ts';
import { runProcess } from '../support/processes.ts';
import { waitFor, within } from '../support/waitFor.ts';

let broker: BrokerProcess;
const clients: MqttClient[] = [];
beforeAll(async () => {
  broker = await startBroker();
}, 30_000);
afterAll(() => broker.end());
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

/** A client that has begun to connect: listeners can be set before anything arrives. */
function open(options: IClientOptions): MqttClient {
  const client = connectClient({ host: '127.0.0.1', port: broker.port, reconnectPeriod: 0, ...options });
  client.on('error', () => {}); // what a test expects of it, it asks for
  clients.push(client);
  return client;
}

function connackOf(client: MqttClient): Promise<IConnackPacket> {
  return within('CONNACK', new Promise((resolve) => client.once('connect', resolve)));
}

async function connect(options: IClientOptions): Promise<MqttClient> {
  const client = open(options);
  await connackOf(client);
  return client;
}

function collect(client: MqttClient): string[] {
  const got: string[] = [];
  client.on('message', (topic, payload, packet) => got.push(`${topic} ${packet.qos}${packet.retain ? ' retain' : ''}${packet.dup ? ' dup' : ''} ${String(payload)}`));
  return got;
}

describe.each([4, 5] as const)('MQTT.js with version %i', (protocolVersion) => {
  const name = (text: string) => `js${protocolVersion}/${text}`;

  it('publishes and receives at every QoS, in order', async () => {
    const subscriber = await connect({ protocolVersion });
    const got = collect(subscriber);
    expect(await subscriber.subscribeAsync(name('qos/#'), { qos: 2 })).toMatchObject([{ qos: 2 }]);
    const publisher = await connect({ protocolVersion });
    for (const qos of [0, 1, 2] as const) for (const text of ['a', 'b']) await publisher.publishAsync(name(`qos/${qos}`), text, { qos });
    await waitFor('six messages', () => got.length === 6);
    for (const qos of [0, 1, 2]) {
      expect(got.filter((line) => line.startsWith(name(`qos/${qos} `)))).toEqual([`${name(`qos/${qos}`)} ${qos} a`, `${name(`qos/${qos}`)} ${qos} b`]);
    }
  });

  it('resumes its session and gets what it missed', async () => {
    const options: IClientOptions = {
      protocolVersion,
      clientId: name('sleeper'),
      clean: false,
      ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}),
    };
    const first = await connect(options);
    await first.subscribeAsync(name('offline'), { qos: 1 });
    await first.endAsync();
    const publisher = await connect({ protocolVersion });
    for (let index = 0; index < 50; index += 1) await publisher.publishAsync(name('offline'), String(index), { qos: 1 });
    const second = open(options);
    const got = collect(second);
    await waitFor('fifty messages', () => got.length >= 50);
    expect(got).toEqual(Array.from({ length: 50 }, (_, index) => `${name('offline')} 1 ${index}`));
  });

  it('unsubscribes', async () => {
    const client = await connect({ protocolVersion });
    const got = collect(client);
    await client.subscribeAsync([name('u/a'), name('u/b')]);
    await client.unsubscribeAsync(name('u/a'));
    await client.publishAsync(name('u/a'), 'no', { qos: 1 }).catch(() => {}); // MQTT.js reports "no matching subscribers" as an error
    await client.publishAsync(name('u/b'), 'yes', { qos: 1 });
    await waitFor('a message', () => got.length > 0);
    expect(got).toEqual([`${name('u/b')} 0 yes`]);
  });
});

describe('MQTT.js with version 5', () => {
  it('is told its assigned id, the limits, and why it was taken over', async () => {
    const first = open({ protocolVersion: 5, clientId: '' });
    const connack = await connackOf(first);
    expect(connack.properties).toMatchObject({ receiveMaximum: 32, maximumPacketSize: 1_048_576, topicAliasMaximum: 65_535, retainAvailable: true });
    const assigned = connack.properties?.assignedClientIdentifier ?? '';
    expect(assigned).toMatch(/^busbar-[0-9a-f]{20}$/);
    const reasons: (number | undefined)[] = [];
    first.on('disconnect', (packet) => reasons.push(packet.reasonCode));
    await connect({ protocolVersion: 5, clientId: assigned });
    await waitFor('the disconnect', () => reasons.length > 0);
    expect(reasons).toEqual([0x8e]);
  });

  it('sends topic aliases and gets subscription identifiers and user properties', async () => {
    const client = await connect({ protocolVersion: 5, autoAssignTopicAlias: true });
    const seen: unknown[] = [];
    client.on('message', (topic, payload, packet) => seen.push([topic, String(payload), packet.properties?.subscriptionIdentifier, { ...packet.properties?.userProperties }]));
    await client.subscribeAsync('alias/#', { qos: 1, properties: { subscriptionIdentifier: 77 } });
    for (const text of ['1', '2', '3']) await client.publishAsync('alias/topic', text, { qos: 1, properties: { userProperties: { k: text } } });
    await waitFor('three messages', () => seen.length === 3);
    expect(seen).toEqual(['1', '2', '3'].map((text) => ['alias/topic', text, 77, { k: text }]));
  });

  it('answers a request by Response Topic and Correlation Data', async () => {
    const server = await connect({ protocolVersion: 5 });
    await server.subscribeAsync('service/echo');
    server.on('message', (_topic, payload, packet) => {
      const { responseTopic = '', correlationData } = packet.properties ?? {};
      server.publish(responseTopic, payload, { properties: correlationData === undefined ? {} : { correlationData } });
    });
    const client = await connect({ protocolVersion: 5 });
    await client.subscribeAsync('answers/1');
    const answers: string[] = [];
    client.on('message', (_topic, payload, packet) => answers.push(`${String(payload)} ${String(packet.properties?.correlationData)}`));
    await client.publishAsync('service/echo', 'hello', { properties: { responseTopic: 'answers/1', correlationData: Buffer.from('c-1') } });
    await waitFor('the answer', () => answers.length === 1);
    expect(answers).toEqual(['hello c-1']);
  });
});

const PAHO = `
import sys, threading
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
port, version, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
proto = {3: mqtt.MQTTv31, 4: mqtt.MQTTv311, 5: mqtt.MQTTv5}[version]
got, subscribed, done = [], threading.Event(), threading.Event()
def on_message(client, userdata, m):
    got.append('%s %d %s' % (m.topic, m.qos, m.payload.decode()))
    if len(got) == 3: done.set()
sub = mqtt.Client('py-sub-%d' % version, protocol=proto)
sub.on_message = on_message
sub.on_subscribe = lambda *args: subscribed.set()
sub.connect('127.0.0.1', port, 30)
sub.loop_start()
sub.subscribe(prefix + '/+', 2)
assert subscribed.wait(10), 'no SUBACK'
pub = mqtt.Client('py-pub-%d' % version, protocol=proto)
pub.connect('127.0.0.1', port, 30)
pub.loop_start()
for qos in (0, 1, 2):
    pub.publish('%s/%d' % (prefix, qos), 'q%d' % qos, qos).wait_for_publish(10)
assert done.wait(10), 'messages missing: %r' % got
print('|'.join(sorted(got)))
sub.disconnect(); pub.disconnect(); sub.loop_stop(); pub.loop_stop()
`;

async function pahoReason(): Promise<string | undefined> {
  const has = async () => (await runProcess(DEBIAN_PYTHON, ['-c', 'import paho.mqtt.client']).catch(() => ({ code: 1 }))).code === 0;
  if (await has()) return undefined;
  if (!(await canInstallPackages())) return 'python3-paho-mqtt is not installed and this user may not install it';
  await installPackages(['python3-paho-mqtt']);
  return (await has()) ? undefined : 'python3-paho-mqtt could not be installed';
}

const reason = await pahoReason();

describe.skipIf(reason !== undefined)(`Python paho${reason === undefined ? '' : ` (${reason})`}`, () => {
  it.each([3, 4, 5])('with version %i publishes and receives at every QoS', async (version) => {
    const prefix = `py${version}`;
    const { code, stdout, stderr } = await runProcess(DEBIAN_PYTHON, ['-c', PAHO, String(broker.port), String(version), prefix], { lifetimeMs: 60_000 });
    expect({ code, stderr, got: stdout.trim() }).toEqual({ code: 0, stderr: '', got: [0, 1, 2].map((qos) => `${prefix}/${qos} ${qos} q${qos}`).join('|') });
  });
});
