/** QoS 1 and 2 (4.3), delivery again (4.4), flow control (4.9): both sides of both handshakes, through lost connections. */
import { describe, expect, it } from 'vitest';
import { conformanceBroker } from './broker.ts';
import { ackPacket, PINGREQ, publishPacket } from './raw/build.ts';
import type { RawClient } from './raw/client.ts';

const broker = conformanceBroker(['mqtt.max_awaiting_rel=8', 'mqtt.await_rel_timeout=1s', 'mqtt.max_inflight=6']);
const LEVELS = [4, 5] as const;
const lasting = (level: 4 | 5, props = '') => ({ level, clean: false, props: level === 5 ? `11 00000064 ${props}` : '' });
/** Everybody's acknowledgement of a delivery that arrived, in text `publish … #id …`. */
const idOf = (text: string) => Number(/#(\d+)/.exec(text)?.[1]);

async function reader(id: string, level: 4 | 5, qos: number, props = ''): Promise<RawClient> {
  const client = await broker.connect(id, lasting(level, props));
  await client.subscribe(id, qos);
  return client;
}

async function publish(topic: string, payload: string, qos: 1 | 2): Promise<void> {
  const client = await broker.connect('');
  client.publish(topic, payload, { qos, id: 1 });
  if (qos === 2) client.ack('pubrel', 1);
  await client.texts();
  client.disconnect(0);
}

describe('receiving', () => {
  it.each(LEVELS)('level %i: QoS 1 identifiers are free again after PUBACK, whatever DUP says [MQTT-4.3.2-5] [MQTT3-4.3.2-2]', async (level) => {
    const topic = `again1/${level}`;
    const sink = await reader(topic, level, 0);
    const client = await broker.connect('', { level });
    for (const dup of [false, true, true]) client.publish(topic, 'x', { qos: 1, id: 9, dup });
    expect(await client.texts()).toEqual(['puback #9', 'puback #9', 'puback #9']);
    expect(await sink.texts()).toHaveLength(3);
  });

  it.each(LEVELS)(
    'level %i: a QoS 2 message is delivered once, however often it is repeated before PUBREL, also over a reconnect [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12] [MQTT3-4.3.3-2]',
    async (level) => {
      const topic = `once/${level}`;
      const sink = await reader(topic, level, 0);
      const id = `once-${level}`;
      const first = await broker.connect(id, lasting(level));
      for (const dup of [false, true, true]) first.publish(topic, 'x', { qos: 2, id: 7, dup });
      expect(await first.texts()).toEqual(['pubrec #7', 'pubrec #7', 'pubrec #7']);
      const second = await broker.connect(id, lasting(level));
      second.publish(topic, 'x', { qos: 2, id: 7, dup: true });
      second.ack('pubrel', 7);
      second.ack('pubrel', 7);
      second.publish(topic, 'new', { qos: 2, id: 7 });
      expect(await second.texts()).toEqual(['pubrec #7', 'pubcomp #7', level === 5 ? 'pubcomp #7 92' : 'pubcomp #7', 'pubrec #7']);
      expect(await sink.texts()).toEqual([`publish ${topic} q0 "x"`, `publish ${topic} q0 "new"`]);
    },
  );

  it('a QoS 2 retransmission whose first copy never arrived is a message like any other', async () => {
    const sink = await reader('lostFirst', 5, 0);
    const client = await broker.connect('');
    client.publish('lostFirst', 'x', { qos: 2, id: 7, dup: true });
    expect(await client.texts()).toEqual(['pubrec #7']);
    expect(await sink.texts()).toEqual(['publish lostFirst q0 "x"']);
  });

  it('the handshake goes on when the message has expired [MQTT-4.3.3-13]', async () => {
    const client = await broker.connect('');
    client.publish('expires', 'x', { qos: 2, id: 3, props: '02 00000000' });
    client.ack('pubrel', 3);
    expect(await client.texts()).toEqual(['pubrec #3 10', 'pubcomp #3']);
  });

  it('a client that never sends PUBREL gets its identifiers back after mqtt.await_rel_timeout', async () => {
    const client = await broker.connect('');
    client.publish('forgotten', 'x', { qos: 2, id: 3 });
    await client.texts();
    const answer = async () => {
      client.ack('pubrel', 3);
      return (await client.texts())[0];
    };
    await new Promise((resolve) => setTimeout(resolve, 1_250));
    expect(await answer()).toBe('pubcomp #3 92');
  });
});

describe('receive maximum of the broker', () => {
  it('is announced, and a client that exceeds it is closed with 0x93 [MQTT-3.3.4-7]', async () => {
    const client = await broker.connect('');
    expect(client.announced('receiveMaximum')).toBe(6);
    for (let id = 1; id <= 6; id += 1) client.publish('window', 'x', { qos: 2, id });
    // A repeat is the same message, and QoS 0 and 1 do not wait.
    client.publish('window', 'x', { qos: 2, id: 1, dup: true });
    client.publish('window', 'x', { qos: 1, id: 99 });
    client.publish('window', 'x');
    client.ack('pubrel', 1);
    client.publish('window', 'x', { qos: 2, id: 7 });
    expect((await client.texts()).filter((text) => text.startsWith('pubrec'))).toHaveLength(8);
    client.publish('window', 'x', { qos: 2, id: 8 });
    expect(await client.closed()).toEqual([expect.stringMatching(/^disconnect 93/)]);
  });

  it('counts what was sent on this connection: identifiers left over from an earlier one take no room from it', async () => {
    const session = lasting(5);
    const first = await broker.connect('leftOver', session);
    for (let id = 1; id <= 2; id += 1) first.publish('window', 'x', { qos: 2, id });
    await first.texts();
    const second = await broker.connect('leftOver', session);
    for (let id = 11; id <= 16; id += 1) second.publish('window', 'x', { qos: 2, id });
    second.ack('pubrel', 1);
    expect((await second.texts()).at(-1)).toBe('pubcomp #1');
  });
});

describe('sending', () => {
  it('every delivery has an identifier of its own until it is acknowledged, also after 65535 [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.2-3] [MQTT-4.3.3-1] [MQTT3-2.3.1-4]', async () => {
    const topic = 'ids';
    const client = await reader(topic, 4, 2);
    const writer = await broker.connect('', { level: 4 });
    // One delivery stays open over the wrap; its identifier must not be taken again.
    writer.publish(topic, 'open', { qos: 1, id: 1 });
    expect(idOf(await client.next())).toBe(1);
    const seen: number[] = [];
    const total = 65_540;
    // As one client would: packets in batches, each delivery acknowledged.
    for (let sent = 0; sent < total; ) {
      const batch = Math.min(4_000, total - sent);
      const packet = publishPacket(4, topic, '', { qos: 1, id: 2 });
      for (let n = 0; n < batch; n += 5) {
        writer.send(...Array.from({ length: Math.min(5, batch - n) }, () => packet));
        for (let k = 0; k < Math.min(5, batch - n); k += 1) {
          const { packetId } = await client.packet();
          seen.push(packetId);
          client.ack('puback', packetId);
        }
      }
      sent += batch;
      await writer.all();
    }
    expect(seen).not.toContain(0);
    expect(seen).not.toContain(1);
    const wrap = seen.findIndex((id, index) => id < (seen[index - 1] ?? 0));
    expect(seen[wrap - 1]).toBeGreaterThan(65_500);
    expect(new Set(seen.slice(0, wrap)).size).toBe(wrap);
    client.ack('puback', 1);
  });

  it.each(LEVELS)(
    'level %i: what was not acknowledged comes again on reconnect, with its identifier and DUP, in order, before anything new [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-4.3.2-2] [MQTT-4.3.3-3] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT3-3.3.1-1] [MQTT3-4.4.0-1] [MQTT3-4.3.2-1] [MQTT3-4.3.3-1] [MQTT3-3.1.2-5]',
    async (level) => {
      const topic = `resend/${level}`;
      let client = await reader(topic, level, 2);
      for (const [payload, qos] of [['a', 1], ['b', 2], ['c', 2], ['d', 1]] as const) await publish(topic, payload, qos);
      expect(await client.take(4)).toEqual([`publish ${topic} q1 #1 "a"`, `publish ${topic} q2 #2 "b"`, `publish ${topic} q2 #3 "c"`, `publish ${topic} q1 #4 "d"`]);
      client.ack('pubrec', 3);
      expect(await client.next()).toBe('pubrel #3');
      // Nothing is sent again within a connection.
      expect(await client.texts()).toEqual([]);
      client.vanish();
      await publish(topic, 'e', 1);
      client = await broker.connect(topic, lasting(level));
      const again = [`publish ${topic} q1 dup #1 "a"`, `publish ${topic} q2 dup #2 "b"`, `publish ${topic} q1 dup #4 "d"`, `publish ${topic} q1 #5 "e"`];
      const texts = await client.texts();
      expect(texts.filter((text) => text.startsWith('publish'))).toEqual(again);
      expect(texts.filter((text) => !text.startsWith('publish'))).toEqual(['pubrel #3']);
      client.ack('puback', 1);
      client.ack('puback', 4);
      client.ack('puback', 5);
      client.ack('pubcomp', 3);
      client.ack('pubrec', 2);
      expect(await client.texts()).toEqual(['pubrel #2']);
      client.vanish();
      client = await broker.connect(topic, lasting(level));
      expect(await client.texts()).toEqual(['pubrel #2']);
      client.ack('pubcomp', 2);
      client.vanish();
      client = await broker.connect(topic, lasting(level));
      expect(await client.texts()).toEqual([]);
    },
  );

  it('PUBREC is answered by PUBREL as often as it comes, in order, and an unknown one with 0x92 [MQTT-4.3.3-4] [MQTT-3.6.2-1] [MQTT-3.7.2-1]', async () => {
    const client = await reader('pubrec', 5, 2);
    for (const payload of ['a', 'b']) await publish('pubrec', payload, 2);
    expect((await client.take(2)).map(idOf)).toEqual([1, 2]);
    for (const id of [1, 2, 1, 500]) client.ack('pubrec', id);
    expect(await client.texts()).toEqual(['pubrel #1', 'pubrel #2', 'pubrel #1', 'pubrel #500 92']);
    for (const id of [1, 2, 500]) client.ack('pubcomp', id);
    expect(await client.texts()).toEqual([]);
  });

  it('a refusal ends the flow: not sent again, and its slot is free [MQTT-4.4.0-2] [MQTT-4.3.3-9]', async () => {
    let client = await reader('refusal', 5, 2, '21 0002');
    for (const [payload, qos] of [['a', 1], ['b', 2], ['c', 1], ['d', 2]] as const) await publish('refusal', payload, qos);
    expect(await client.texts()).toEqual(['publish refusal q1 #1 "a"', 'publish refusal q2 #2 "b"']);
    client.ack('puback', 1, 0x97);
    client.ack('pubrec', 2, 0x80);
    expect(await client.texts()).toEqual(['publish refusal q1 #3 "c"', 'publish refusal q2 #4 "d"']);
    client.vanish();
    client = await broker.connect('refusal', lasting(5, '21 0002'));
    expect(await client.texts()).toEqual(['publish refusal q1 dup #3 "c"', 'publish refusal q2 dup #4 "d"']);
  });

  it('QoS 2 is sent again although it expired meanwhile [MQTT-4.3.3-7]', async () => {
    let client = await reader('expired', 5, 2);
    const writer = await broker.connect('');
    writer.publish('expired', 'x', { qos: 2, id: 1, props: '02 00000001' });
    expect(await client.next()).toBe('publish expired q2 #1 "x" {expiry=1}');
    client.vanish();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    client = await broker.connect('expired', lasting(5));
    expect(await client.texts()).toEqual(['publish expired q2 dup #1 "x" {expiry=0}']);
  });
});

describe('receive maximum of the client', () => {
  it.each([1, 2] as const)('QoS %i: is kept, also when sending again; the rest follows slot by slot [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2]', async (qos) => {
    const topic = `window/${qos}`;
    let client = await reader(topic, 5, qos, '21 0003');
    const finish = (id: number) => {
      if (qos === 1) return client.ack('puback', id);
      client.ack('pubrec', id);
      client.ack('pubcomp', id);
    };
    for (let n = 1; n <= 6; n += 1) await publish(topic, `${n}`, qos);
    const publishes = async () => (await client.texts()).filter((text) => text.startsWith('publish')).map((text) => /"(\d)"/.exec(text)?.[1] + (text.includes('dup') ? ' again' : ''));
    expect(await publishes()).toEqual(['1', '2', '3']);
    if (qos === 2) {
      // A PUBREC that accepts gives no slot back.
      client.ack('pubrec', 1);
      expect(await publishes()).toEqual([]);
      client.ack('pubcomp', 1);
    } else finish(1);
    expect(await publishes()).toEqual(['4']);
    client.vanish();
    client = await broker.connect(topic, lasting(5, '21 0001'));
    expect(await publishes()).toEqual(['2 again']);
    finish(2);
    expect(await publishes()).toEqual(['3 again']);
    finish(3);
    expect(await publishes()).toEqual(['4 again']);
    finish(4);
    expect(await publishes()).toEqual(['5']);
  });

  it('a PUBREL left over from an earlier connection takes a slot until its PUBCOMP', async () => {
    let client = await reader('slot', 5, 2, '21 0001');
    for (const payload of ['a', 'b', 'c']) await publish('slot', payload, 2);
    expect(await client.texts()).toEqual(['publish slot q2 #1 "a"']);
    client.ack('pubrec', 1);
    expect(await client.texts()).toEqual(['pubrel #1']);
    client.vanish();
    client = await broker.connect('slot', lasting(5, '21 0001'));
    // Never more than one unfinished: neither now nor after PUBCOMP of the old one.
    const first = await client.texts();
    client.ack('pubcomp', 1);
    const second = await client.texts();
    expect([...first, ...second].filter((text) => text.startsWith('publish'))).toEqual(['publish slot q2 #2 "b"']);
  });

  it('holds back nothing else: QoS 0, acknowledgements, SUBACK and PINGRESP go on [MQTT-3.3.4-10] [MQTT-4.9.0-3]', async () => {
    const client = await reader('full', 5, 2, '21 0001');
    for (const payload of ['a', 'b']) await publish('full', payload, 1);
    expect(await client.texts()).toEqual(['publish full q1 #1 "a"']);
    await client.subscribe('full/zero', 0);
    client.publish('full/zero', 'q0', { qos: 1, id: 5 });
    client.send(PINGREQ, ackPacket('pubrel', 9));
    expect((await client.take(4)).sort()).toEqual(['pingresp', 'puback #5', 'pubcomp #9 92', 'publish full/zero q0 "q0"']);
    expect(await client.unsubscribe('full/zero')).toBe('unsuback #2 00');
  });

  it('is mqtt.max_inflight for those who name none', async () => {
    const client = await reader('unnamed', 4, 1);
    for (let n = 0; n < 9; n += 1) await publish('unnamed', `${n}`, 1);
    expect(await client.texts()).toHaveLength(6);
  });
});

describe('acknowledgements of nothing', () => {
  it.each(LEVELS)('level %i: are passed over', async (level) => {
    const client = await broker.connect('', { level });
    client.ack('puback', 1);
    client.ack('pubcomp', 2);
    expect(await client.texts()).toEqual([]);
    client.ack('pubrec', 3);
    client.ack('pubrel', 4);
    expect(await client.texts()).toEqual(level === 5 ? ['pubrel #3 92', 'pubcomp #4 92'] : ['pubrel #3', 'pubcomp #4']);
  });
});
