/** Shared subscriptions (4.8): who gets a message, and what becomes of it when that member fails. */
import { describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, subscribePacket } from './raw/build.ts';
import type { RawClient } from './raw/client.ts';

const broker = conformanceBroker();
const lasting = { clean: false, props: '11 00000064' };

async function publish(topic: string, payloads: readonly string[], qos: 1 | 2): Promise<void> {
  const client = await broker.connect('');
  for (const [index, payload] of payloads.entries()) {
    client.publish(topic, payload, { qos, id: index + 1 });
    if (qos === 2) client.ack('pubrel', index + 1);
  }
  await client.texts();
  client.disconnect(0);
}

const published = async (client: RawClient) => (await client.texts()).filter((text) => text.startsWith('publish'));

describe('filters', () => {
  it.each([
    ['no name', '$share//a'],
    ['no filter', '$share/g'],
    ['an empty filter', '$share/g/'],
    ['+ in the name', '$share/+/a'],
    ['# in the name', '$share/g#/a'],
    ['a bad filter inside', '$share/g/a#'],
  ])('with %s end the connection [MQTT-4.8.2-1] [MQTT-4.8.2-2]', async (_what, filter) => {
    expect((await broker.answerTo(5, connectPacket(''), subscribePacket(5, 1, [[filter, 0]]))).slice(1)).toEqual(['disconnect 8f']);
    expect((await broker.answerTo(5, connectPacket(''), wire(`a2 { 0001 00 "${filter}" }`))).slice(1)).toEqual(['disconnect 8f']);
  });

  it('may be shared in 3.1.1 too, and No Local on them is an error [MQTT-3.8.3-4]', async () => {
    const old = await broker.connect('', { level: 4 });
    expect(await old.subscribe('$share/g//x', 1)).toBe('suback #1 01');
    expect((await broker.answerTo(5, connectPacket(''), subscribePacket(5, 1, [['$share/g/a', 4]]))).slice(1)).toEqual(['disconnect 82']);
  });
});

describe('a group', () => {
  it('gets each message once, every member at most at its granted QoS [MQTT-4.8.2-3] [MQTT-3.8.4-8]', async () => {
    const members = [];
    for (const qos of [0, 1, 2]) {
      const member = await broker.connect('');
      expect(await member.subscribe('$share/g/qos', qos)).toBe(`suback #1 0${qos}`);
      members.push(member);
    }
    await publish('qos', Array.from({ length: 12 }, (_, n) => `${n}`), 2);
    const got = await Promise.all(members.map((member) => member.all()));
    expect(got.flat().map((packet) => Number(packet.payload)).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
    for (const [qos, packets] of got.entries()) {
      expect(packets.length).toBeGreaterThan(0);
      expect(new Set(packets.map((packet) => packet.qos))).toEqual(new Set([qos]));
    }
  });

  it('and an ordinary subscription are two: both deliver, with their own identifiers', async () => {
    const client = await broker.connect('');
    await client.subscribe('$share/g/both', 0, '0b 01');
    await client.subscribe('both', 0, '0b 02');
    client.publish('both', 'x');
    expect((await client.texts()).sort()).toEqual(['publish both q0 "x" {subId=1}', 'publish both q0 "x" {subId=2}']);
    expect(await client.unsubscribe('$share/g/both', 'both')).toBe('unsuback #2 00 00');
  });

  it('gets no retained messages', async () => {
    const writer = await broker.connect('');
    writer.publish('kept/shared', 'x', { retain: true });
    await writer.texts();
    const member = await broker.connect('');
    await member.subscribe('$share/g/kept/+', 0);
    expect(await member.texts()).toEqual([]);
  });

  it('hides $ topics from wildcards at the start of the inner filter [MQTT-4.7.2-1]', async () => {
    const member = await broker.connect('');
    await member.subscribe('$share/g/+/dollar', 0);
    member.publish('$x/dollar', 'no');
    member.publish('x/dollar', 'yes');
    expect(await member.texts()).toEqual(['publish x/dollar q0 "yes"']);
  });
});

/** Two members, and which of them was given the one message. */
async function pair(topic: string, qos: 1 | 2): Promise<{ chosen: RawClient; other: RawClient; id: string; packetId: number }> {
  const members = [];
  for (const id of [`${topic}-a`, `${topic}-b`]) {
    const client = await broker.connect(id, lasting);
    await client.subscribe(`$share/g/${topic}`, 2);
    members.push({ client, id });
  }
  await publish(topic, ['x'], qos);
  const got = await Promise.all(members.map(({ client }) => client.all()));
  expect(got.flat()).toHaveLength(1);
  const index = got.findIndex((packets) => packets.length === 1);
  const [chosen, other] = [members[index], members[1 - index]];
  if (chosen === undefined || other === undefined) throw new Error('nobody was given the message');
  return { chosen: chosen.client, other: other.client, id: chosen.id, packetId: got[index]?.[0]?.packetId ?? 0 };
}

describe('a message of QoS 2', () => {
  it('is completed with the member it was begun with [MQTT-4.8.2-4]', async () => {
    const { chosen, other, id, packetId } = await pair('complete', 2);
    chosen.ack('pubrec', packetId);
    expect(await chosen.texts()).toEqual([`pubrel #${packetId}`]);
    chosen.vanish();
    const back = await broker.connect(id, lasting);
    expect(await back.texts()).toEqual([`pubrel #${packetId}`]);
    back.ack('pubcomp', packetId);
    expect(await published(other)).toEqual([]);
  });

  it('waits for that member also before its PUBREC [MQTT-4.8.2-4]', async () => {
    const { chosen, other, id, packetId } = await pair('waits', 2);
    chosen.vanish();
    const back = await broker.connect(id, lasting);
    expect(await back.texts()).toEqual([`publish waits q2 dup #${packetId} "x"`]);
    expect(await published(other)).toEqual([]);
  });

  it('goes to nobody else when the session of that member ends [MQTT-4.8.2-5]', async () => {
    const { chosen, other, id, packetId } = await pair('ends', 2);
    chosen.ack('pubrec', packetId);
    await chosen.texts();
    chosen.disconnect(0, '11 00000000');
    await chosen.closed();
    await broker.connect(id);
    expect(await published(other)).toEqual([]);
  });
});

describe('a refusal of the member', () => {
  it.each([1, 2] as const)('discards a message of QoS %i: no other member gets it [MQTT-4.8.2-6]', async (qos) => {
    const { chosen, other, packetId } = await pair(`refused${qos}`, qos);
    chosen.ack(qos === 1 ? 'puback' : 'pubrec', packetId, 0x80);
    expect(await chosen.texts()).toEqual([]);
    expect(await published(other)).toEqual([]);
  });
});
