/** SUBSCRIBE and UNSUBSCRIBE (3.8 to 3.11), PINGREQ (3.12). */
import { describe, expect, it } from 'vitest';
import { conformanceBroker } from './broker.ts';
import { PINGREQ, subscribePacket, unsubscribePacket } from './raw/build.ts';

const broker = conformanceBroker(['mqtt.max_topic_levels=8', 'mqtt.max_subscriptions=20']);
const LEVELS = [3, 4, 5] as const;
const REPLAY_OFF = 0x20;

describe.each(LEVELS)('level %i', (level) => {
  it('SUBSCRIBE is answered by one SUBACK with its identifier and a code per filter, in order [MQTT-2.2.1-6] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT3-2.3.1-7] [MQTT3-3.8.4-1] [MQTT3-3.8.4-2] [MQTT3-3.8.4-4] [MQTT3-3.8.4-5] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2]', async () => {
    const client = await broker.connect('', { level });
    client.send(subscribePacket(level, 65_535, [['a', 2], ['1/2/3/4/5/6/7/8/9', 0], ['a', 0], ['b/#', 1]]));
    expect(await client.texts()).toEqual([`suback #65535 02 ${level === 5 ? '8f' : '80'} 00 01`]);
    // The later entry of the same filter wins, as it would in a packet of its own.
    client.publish('a', 'x', { qos: 1, id: 1 });
    expect(await client.texts()).toEqual(expect.arrayContaining(['publish a q0 "x"']));
  });

  it('UNSUBSCRIBE is answered by one UNSUBACK, whatever was found [MQTT-2.2.1-6] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT3-2.3.1-7] [MQTT3-3.10.4-4] [MQTT3-3.10.4-5] [MQTT3-3.10.4-6]', async () => {
    const client = await broker.connect('', { level });
    client.send(subscribePacket(level, 1, [['a', 0], ['b', 0]]), unsubscribePacket(level, 500, ['b', 'never', 'a', 'a']));
    expect(await client.texts()).toEqual(['suback #1 00 00', level === 5 ? 'unsuback #500 00 11 00 11' : 'unsuback #500']);
    client.send(unsubscribePacket(level, 501, ['never']));
    expect(await client.texts()).toEqual([level === 5 ? 'unsuback #501 11' : 'unsuback #501']);
  });

  it('UNSUBSCRIBE compares character by character [MQTT-3.10.4-1] [MQTT3-3.10.4-1]', async () => {
    const client = await broker.connect('', { level });
    await client.subscribe('cmp/a', 0);
    await client.unsubscribe('#', 'cmp/+', 'cmp/A', 'cmp/a/', 'cmp/#');
    client.publish('cmp/a', 'still');
    expect(await client.texts()).toEqual(['publish cmp/a q0 "still"']);
    await client.unsubscribe('cmp/a');
    client.publish('cmp/a', 'gone');
    expect(await client.texts()).toEqual([]);
  });

  it('UNSUBSCRIBE stops new messages at once and lets those begun be finished [MQTT-3.10.4-2] [MQTT-3.10.4-3] [MQTT3-3.10.4-2] [MQTT3-3.10.4-3]', async () => {
    const id = `begun${level}`;
    const session = { level, clean: false, props: '11 00000064' };
    let client = await broker.connect(id, session);
    await client.subscribe(id, 2);
    client.publish(id, 'one', { qos: 1, id: 1 });
    client.publish(id, 'two', { qos: 2, id: 2 });
    client.ack('pubrel', 2);
    await client.texts();
    await client.unsubscribe(id);
    client.publish(id, 'three', { qos: 1, id: 3 });
    expect(await client.texts()).toEqual([level === 5 ? 'puback #3 10' : 'puback #3']);
    client.ack('pubrec', 2);
    expect(await client.texts()).toEqual(['pubrel #2']);
    client.vanish();
    client = await broker.connect(id, session);
    expect((await client.texts()).sort()).toEqual([`publish ${id} q1 dup #1 "one"`, 'pubrel #2']);
  });

  it('UNSUBSCRIBE ends the retained messages that are still to come [MQTT-3.10.4-2] [MQTT3-3.10.4-2]', async () => {
    const writer = await broker.connect('');
    for (let n = 0; n < 1_500; n += 1) writer.publish(`many${level}/${n}`, 'x', { retain: true });
    await writer.texts();
    const client = await broker.connect('', { level });
    client.send(subscribePacket(level, 1, [[`many${level}/#`, 1]]), unsubscribePacket(level, 2, [`many${level}/#`]));
    expect(await client.next()).toBe('suback #1 01');
    const before = [];
    for (let packet = await client.packet(); packet.type !== 'unsuback'; packet = await client.packet()) before.push(packet);
    expect(before.length).toBeLessThan(1_500);
    for (let turn = 0; turn < 5; turn += 1) expect((await client.texts()).length).toBe(0);
    for (let n = 0; n < 1_500; n += 1) writer.publish(`many${level}/${n}`, '', { retain: true });
    await writer.texts();
  });

  it('SUBSCRIBE again replaces: one delivery by the new options, nothing lost while messages stream [MQTT-3.8.4-3] [MQTT-3.8.4-4] [MQTT3-3.8.4-3]', async () => {
    const topic = `replace${level}`;
    const client = await broker.connect('', { level });
    await client.subscribe(topic, 0);
    const writer = await broker.connect('', { level: 4 });
    for (let n = 0; n < 300; n += 1) {
      writer.publish(topic, `${n}`);
      if (n % 3 === 0) client.send(subscribePacket(level, 1, [[topic, level === 5 ? REPLAY_OFF : 0]]));
      if (n % 50 === 0) await writer.texts();
    }
    await writer.texts();
    const payloads = (await client.all()).filter((packet) => packet.type === 'publish').map((packet) => Number(packet.payload));
    expect(payloads).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('PINGREQ is answered by PINGRESP [MQTT-3.12.4-1] [MQTT3-3.12.4-1]', async () => {
    const client = await broker.connect('', { level });
    client.send(PINGREQ, PINGREQ);
    expect(await client.take(2)).toEqual(['pingresp', 'pingresp']);
  });

  it('more subscriptions than allowed are refused one by one, and replacing is always allowed', async () => {
    const client = await broker.connect('', { level });
    client.send(subscribePacket(level, 1, Array.from({ length: 22 }, (_, n) => [`limit/${n}`, 0] as const)));
    expect(await client.next()).toBe(`suback #1 ${'00 '.repeat(20)}${level === 5 ? '97 97' : '80 80'}`);
    expect(await client.subscribe('limit/3', 1)).toBe('suback #1 01');
  });
});
