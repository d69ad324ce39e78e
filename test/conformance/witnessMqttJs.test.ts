/** MQTT.js, the client library of most JavaScript programs, as a witness from outside. */
import { connect, connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { within } from '../support/waitFor.ts';
import { conformanceBroker } from './broker.ts';

const broker = conformanceBroker();
const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

const LEVELS = [
  { level: 3, protocolId: 'MQIsdp' },
  { level: 4, protocolId: 'MQTT' },
  { level: 5, protocolId: 'MQTT' },
] as const;
type Level = (typeof LEVELS)[number];

interface Heard {
  readonly client: MqttClient;
  /** `topic qos retain payload`, in order of arrival. */
  readonly lines: string[];
  readonly packets: IPublishPacket[];
  readonly count: (wanted: number) => Promise<void>;
}

async function open({ level, protocolId }: Level, clientId: string, options: Partial<IClientOptions> = {}): Promise<Heard> {
  const lines: string[] = [];
  const packets: IPublishPacket[] = [];
  let wake = () => {};
  const client = connect({ host: '127.0.0.1', port: broker.port, protocolVersion: level, protocolId, clientId, reconnectPeriod: 0, ...options });
  clients.push(client);
  client.on('message', (topic, payload, packet) => {
    lines.push(`${topic} ${packet.qos} ${packet.retain ? 1 : 0} ${payload.toString()}`);
    packets.push(packet);
    wake();
  });
  // Only now: what waits in the session comes right behind CONNACK.
  await within(`CONNACK of ${clientId}`, new Promise((resolve) => client.once('connect', resolve)));
  const count = async (wanted: number) => {
    while (lines.length < wanted) await within(`${wanted} messages, got ${lines.join(', ')}`, new Promise<void>((resolve) => (wake = resolve)));
  };
  return { client, lines, packets, count };
}

describe.each(LEVELS)('MQTT.js at level $level', (version) => {
  const name = `js${version.level}`;

  it('publishes and gets messages of every QoS, in order [MQTT3-7.0.0-2]', async () => {
    const { client, lines, count } = await open(version, `${name}-all`);
    await client.subscribeAsync(`${name}/+`, { qos: 2 });
    // MQTT.js does not keep to the Receive Maximum of its broker, so it is not given more than that at once.
    for (let n = 0; n < 50; n += 1) await Promise.all(([0, 1, 2] as const).map((qos) => client.publishAsync(`${name}/${qos}`, String(n), { qos })));
    await count(150);
    for (const qos of [0, 1, 2]) {
      expect(lines.filter((line) => line.startsWith(`${name}/${qos}`))).toEqual(Array.from({ length: 50 }, (_, n) => `${name}/${qos} ${qos} 0 ${n}`));
    }
  });

  it('finds retained messages, and its will goes out when it is cut off', async () => {
    const { client, lines, count } = await open(version, `${name}-watch`);
    await client.publishAsync(`${name}/kept/a`, 'old', { retain: true, qos: 1 });
    await client.publishAsync(`${name}/kept/a`, 'new', { retain: true, qos: 1 });
    await client.subscribeAsync(`${name}/kept/#`, { qos: 1 });
    await count(1);
    const doomed = await open(version, `${name}-doomed`, { will: { topic: `${name}/kept/will`, payload: Buffer.from('gone'), qos: 1, retain: true } });
    doomed.client.stream.destroy();
    await count(2);
    await client.publishAsync(`${name}/kept/a`, '', { retain: true });
    await client.publishAsync(`${name}/kept/will`, '', { retain: true });
    await count(4);
    expect(lines).toEqual([`${name}/kept/a 1 1 new`, `${name}/kept/will 1 0 gone`, `${name}/kept/a 0 0 `, `${name}/kept/will 0 0 `]);
  });

  it('comes back to its session and gets what it missed', async () => {
    const session: Partial<IClientOptions> = { clean: false, ...(version.level === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}) };
    const first = await open(version, `${name}-sleeper`, session);
    await first.client.subscribeAsync(`${name}/missed`, { qos: 2 });
    await first.client.endAsync(true);
    const { client } = await open(version, `${name}-awake`);
    for (const [index, qos] of ([1, 2, 1, 2] as const).entries()) await client.publishAsync(`${name}/missed`, String(index), { qos });
    const second = await open(version, `${name}-sleeper`, session);
    await second.count(4);
    // A QoS 2 message is handed over when its PUBREL comes, hence later than a QoS 1 message behind it.
    expect(second.lines).toEqual(['1 0 0', '1 0 2', '2 0 1', '2 0 3'].map((line) => `${name}/missed ${line}`));
  });
});

describe('MQTT.js at level 5', () => {
  const five = LEVELS[2];

  it('uses properties, subscription identifiers and options', async () => {
    const { client, packets, lines, count } = await open(five, 'js-props');
    await client.subscribeAsync('jsp/a', { qos: 1, rap: true, properties: { subscriptionIdentifier: 7 } });
    await client.subscribeAsync('jsp/#', { qos: 1, nl: true, rh: 2, properties: { subscriptionIdentifier: 8 } });
    const properties = { contentType: 'text/plain', responseTopic: 'jsp/reply', correlationData: Buffer.from('id'), userProperties: { k: ['v', 'w'] }, messageExpiryInterval: 60, payloadFormatIndicator: true };
    await client.publishAsync('jsp/a', 'x', { qos: 1, retain: true, properties });
    await count(1);
    expect(packets[0]?.properties).toMatchObject({ ...properties, userProperties: { k: ['v', 'w'] }, subscriptionIdentifier: 7 });
    expect(lines[0]).toBe('jsp/a 1 1 x');
    const other = await open(five, 'js-other');
    await other.client.publishAsync('jsp/a', 'y', { qos: 1 });
    await count(2);
    expect([packets[1]?.properties?.subscriptionIdentifier].flat().sort()).toEqual([7, 8]);
    await client.publishAsync('jsp/a', '', { retain: true });
  });

  it('uses topic aliases both ways', async () => {
    const { client, lines, packets, count } = await open(five, 'js-alias', { properties: { topicAliasMaximum: 3 }, autoUseTopicAlias: true, autoAssignTopicAlias: true });
    await client.subscribeAsync('jsa/#', { qos: 1 });
    for (let round = 0; round < 3; round += 1) for (const topic of ['jsa/one', 'jsa/two', 'jsa/three', 'jsa/four']) await client.publishAsync(topic, String(round), { qos: 1 });
    await count(12);
    expect(lines.map((line) => line.split(' ')[0])).toEqual([0, 1, 2].flatMap(() => ['jsa/one', 'jsa/two', 'jsa/three', 'jsa/four']));
    expect(packets.map((packet) => packet.properties?.topicAlias)).toEqual([1, 2, 3, undefined, 1, 2, 3, undefined, 1, 2, 3, undefined]);
  });

  it('is told the reason when it is refused or thrown out', async () => {
    await expect(connectAsync({ host: '127.0.0.1', port: broker.port, protocolVersion: 5, reconnectPeriod: 0, properties: { authenticationMethod: 'x' } })).rejects.toMatchObject({ code: 0x8c });
    const first = await open(five, 'js-twice');
    const code = new Promise((resolve) => first.client.once('disconnect', (packet) => resolve(packet.reasonCode)));
    await open(five, 'js-twice');
    expect(await within('DISCONNECT', code)).toBe(0x8e);
  });

  it('shares a subscription with others', async () => {
    const members = await Promise.all(['a', 'b', 'c'].map((id) => open(five, `js-share-${id}`)));
    for (const member of members) await member.client.subscribeAsync('$share/js/jss', { qos: 1 });
    const { client } = await open(five, 'js-share-pub');
    for (let n = 0; n < 30; n += 1) await client.publishAsync('jss', String(n), { qos: 1 });
    await within('all 30', (async () => {
      while (members.reduce((sum, member) => sum + member.lines.length, 0) < 30) await new Promise((resolve) => setTimeout(resolve, 10));
    })());
    const numbers = members.flatMap((member) => member.lines.map((line) => Number(line.split(' ')[3])));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(members.every((member) => member.lines.length > 0)).toBe(true);
  });
});
