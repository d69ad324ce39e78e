/** What a broker may be told to refuse, and what it tells its clients about it: CONNACK properties, codes, sizes, reason strings. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, hex, PINGREQ, publishPacket, subscribePacket } from './raw/build.ts';

describe('a broker that takes QoS up to 1, retains nothing and knows no wildcards and aliases', () => {
  const broker = conformanceBroker([
    'mqtt.max_qos_allowed=1',
    'mqtt.retain_available=false',
    'mqtt.wildcard_subscription=false',
    'mqtt.shared_subscription=false',
    'mqtt.max_topic_alias=0',
    'mqtt.server_keepalive=1',
    'mqtt.max_packet_size=1KB',
    'mqtt.response_information=reply/here',
  ]);

  it('says so in CONNACK [MQTT-3.2.2-9]', async () => {
    const client = await broker.connect('told');
    expect(Object.fromEntries(client.connack?.properties ?? [])).toMatchObject({
      maximumQos: 1,
      retainAvailable: 0,
      wildcardAvailable: 0,
      sharedAvailable: 0,
      topicAliasMaximum: 0,
      serverKeepAlive: 1,
      maximumPacketSize: 1024,
    });
  });

  it('refuses wills that need what is missing [MQTT-3.2.2-12] [MQTT-3.2.2-13]', async () => {
    expect(await broker.answerTo(5, connectPacket('w', { will: { topic: 'w', qos: 2 } }))).toEqual(['connack 9b']);
    expect(await broker.answerTo(5, connectPacket('w', { will: { topic: 'w', retain: true } }))).toEqual(['connack 9a']);
    // 3.1.1 has no code for it; 3, "unavailable", is what EMQX says.
    expect(await broker.answerTo(4, connectPacket('w', { level: 4, will: { topic: 'w', qos: 2 } }))).toEqual(['connack 03']);
  });

  it.each([
    ['QoS 2', '9b', publishPacket(5, 'a', 'x', { qos: 2 })],
    ['RETAIN', '9a', publishPacket(5, 'a', 'x', { retain: true })],
    ['an alias', '94', publishPacket(5, 'a', 'x', { props: '23 0001' })],
    ['a packet too large, by its header alone', '95', wire('30ffff7f')],
  ])('closes a client that publishes with %s [MQTT-3.2.2-11] [MQTT-3.2.2-14] [MQTT-3.2.2-15] [MQTT-3.2.2-18]', async (_what, code, bytes) => {
    expect((await broker.answerTo(5, connectPacket(''), bytes)).slice(1)).toEqual([`disconnect ${code}`]);
  });

  it('takes a packet of exactly the maximum, refuses one byte more [MQTT-3.2.2-15]', async () => {
    const client = await broker.connect('');
    const overhead = publishPacket(5, 'size', 'x'.repeat(500)).length - 500;
    client.publish('size', 'x'.repeat(1024 - overhead));
    expect(await client.texts()).toEqual([]);
    client.publish('size', 'x'.repeat(1025 - overhead));
    expect(await client.closed()).toEqual(['disconnect 95']);
    expect(await broker.answerTo(5, connectPacket('x'.repeat(1100)))).toEqual(['connack 95']);
    expect(await broker.answerTo(4, connectPacket('x'.repeat(1100), { level: 4 }))).toEqual([]);
  });

  it('still takes SUBSCRIBE for any QoS and grants it: only what is published is bounded [MQTT-3.2.2-10] [MQTT-3.8.4-7]', async () => {
    const client = await broker.connect('');
    client.send(subscribePacket(5, 1, [['a', 0], ['b', 1], ['c', 2]]));
    expect(await client.next()).toBe('suback #1 00 01 02');
    const old = await broker.connect('', { level: 4 });
    expect(await old.subscribe('c', 2)).toBe('suback #1 02');
  });

  it('refuses wildcards and shared subscriptions filter by filter [MQTT-3.9.3-2] [MQTT3-3.8.3-2]', async () => {
    const client = await broker.connect('');
    client.send(subscribePacket(5, 1, [['a/#', 0], ['+', 0], ['$share/g/a', 0], ['a', 0]]));
    expect(await client.next()).toBe('suback #1 a2 a2 9e 00');
    const old = await broker.connect('', { level: 4 });
    old.send(subscribePacket(4, 1, [['a/#', 0], ['a', 0]]));
    expect(await old.next()).toBe('suback #1 80 00');
  });

  it('enforces its own keep alive where it told one, the client’s where it could not [MQTT-3.1.2-21] [MQTT-3.2.2-21]', async () => {
    const told = await broker.connect('kaTold', { keepalive: 600 });
    const off = await broker.connect('kaOff', { keepalive: 0 });
    const old = await broker.connect('kaOld', { level: 4, keepalive: 600 });
    expect([told, off].map((client) => client.announced('serverKeepAlive'))).toEqual([1, 1]);
    expect(await Promise.all([told.closed(), off.closed()])).toEqual([['disconnect 8d'], ['disconnect 8d']]);
    expect(await old.texts()).toEqual([]);
  });

  it('tells Response Information to those who ask [MQTT-3.1.2-28]', async () => {
    expect((await broker.connect('', { props: '19 01' })).announced('responseInformation')).toBe('reply/here');
    expect((await broker.connect('', { props: '19 00' })).announced('responseInformation')).toBeUndefined();
    expect((await broker.connect('')).announced('responseInformation')).toBeUndefined();
  });
});

describe('sizes', () => {
  const broker = conformanceBroker();
  const maximum = (bytes: number) => `27 ${hex(bytes, 4)}`;

  it('a delivery larger than the client takes is dropped as if it had been sent; one of exactly that size is sent [MQTT-3.1.2-24] [MQTT-3.1.2-25]', async () => {
    for (const qos of [0, 1, 2] as const) {
      const id = `small${qos}`;
      const client = await broker.connect(id, { clean: false, props: `11 00000064 21 0001 ${maximum(100)}` });
      await client.subscribe(id, qos);
      const writer = await broker.connect('', { level: 4 });
      const overhead = publishPacket(5, id, '', { qos }).length;
      const publish = async (size: number) => {
        writer.publish(id, 'x'.repeat(size), { qos, id: 1 });
        if (qos === 2) writer.ack('pubrel', 1);
        await writer.texts();
      };
      await publish(101 - overhead);
      expect(await client.texts()).toEqual([]);
      // No identifier, window slot or retry stays behind: the window is 1, and the next one passes.
      await publish(100 - overhead);
      const [packet] = await client.all();
      expect(packet?.bytes.length).toBe(100);
      client.vanish();
      const again = await broker.connect(id, { clean: false, props: `11 00000064 ${maximum(100)}` });
      expect(await again.all()).toHaveLength(qos === 0 ? 0 : 1);
    }
  });

  it('what waits in a session is judged by the size of the connection that fetches it', async () => {
    const session = (bytes: number) => ({ clean: false, props: `11 00000064 ${maximum(bytes)}` });
    const first = await broker.connect('shrinks', session(1000));
    await first.subscribe('shrinks', 1);
    first.vanish();
    await first.closed();
    const writer = await broker.connect('', { level: 4 });
    for (const size of [500, 10]) writer.publish('shrinks', 'x'.repeat(size), { qos: 1 });
    await writer.texts();
    const second = await broker.connect('shrinks', session(100));
    expect(await second.texts()).toEqual([`publish shrinks q1 #2 "${'x'.repeat(10)}"`].map((text) => expect.stringContaining(text.slice(-15))));
  });

  it('CONNACK leaves out what goes without saying, and is not sent at all when it cannot fit [MQTT-3.1.2-24] [MQTT-3.2.2-19] [MQTT-3.2.2-20]', async () => {
    const full = await broker.connect('');
    const size = full.connack?.bytes.length ?? 0;
    const assigned = await broker.connect('short', { props: maximum(size - 30) });
    expect(assigned.connack?.bytes.length).toBeLessThanOrEqual(size - 30);
    expect(assigned.announced('maximumPacketSize')).toBe(1024 * 1024);
    expect(await broker.answerTo(5, connectPacket('', { props: maximum(20) }), PINGREQ)).toEqual([]);
  });

  it('acknowledgements leave out their reason string [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4]', async () => {
    const reasons = async (props: string) => {
      const client = await broker.connect('shed', { props });
      client.ack('pubrel', 5);
      client.ack('pubrec', 6);
      client.send(subscribePacket(5, 7, [['1/'.repeat(200), 0]]), Buffer.of(0xc1, 0));
      const packets = [];
      for (let n = 0; n < 4; n += 1) packets.push(await client.packet());
      return packets.map((packet) => [packet.text, packet.properties.map(([name]) => name).join(), packet.bytes.length <= 40] as const);
    };
    const texts = ['pubcomp #5 92', 'pubrel #6 92', 'suback #7 8f', 'disconnect 81'];
    expect((await reasons('')).map(([text, properties]) => [text, properties])).toEqual(texts.map((text) => [text, 'reason']));
    expect(await reasons(maximum(36))).toEqual([
      [texts[0], '', true],
      [texts[1], '', true],
      [texts[2], expect.any(String), true],
      [texts[3], '', true],
    ]);
  });

  it('UNSUBACK carries neither reason string nor user properties [MQTT-3.11.2-1] [MQTT-3.11.2-2]', async () => {
    const client = await broker.connect('unsuback', { props: maximum(40) });
    await client.subscribe('u', 0);
    client.send(wire('a2 { 0002 { 26 "k" "v" } "u" "never" }'));
    const packet = await client.packet();
    expect([packet.text, packet.properties, packet.bytes.length]).toEqual(['unsuback #2 00 11', [], 7]);
  });
});

describe('outgoing topic aliases', () => {
  const broker = conformanceBroker();

  it('are given to the first topics, up to the client’s maximum, and used from then on [MQTT-3.1.2-26] [MQTT-3.3.2-11]', async () => {
    const client = await broker.connect('', { props: '22 0002' });
    await client.subscribe('long/#', 1);
    const writer = await broker.connect('', { level: 4 });
    for (const topic of ['long/one', 'long/two', 'long/three', 'long/one', 'long/two', 'long/three']) {
      writer.publish(topic, 'x', { qos: 1 });
      writer.publish(topic, 'y');
    }
    await writer.texts();
    const seen = (await client.all()).map((packet) => `${packet.topic} ${packet.payload.toString()} ${packet.properties.map(([, value]) => value).join()}`.trim());
    expect(seen).toEqual([
      'long/one x 1', 'y 1', 'long/two x 2', 'y 2', 'long/three x', 'long/three y',
      'x 1', 'y 1', 'x 2', 'y 2', 'long/three x', 'long/three y',
    ]); // prettier-ignore
  });

  it('are for this connection: a resend names its topic [MQTT-3.3.2-7]', async () => {
    const session = { clean: false, props: '11 00000064 22 000a' };
    const first = await broker.connect('aliased', session);
    await first.subscribe('aliased/#', 1);
    const writer = await broker.connect('', { level: 4 });
    for (const payload of ['a', 'b']) writer.publish('aliased/topic', payload, { qos: 1 });
    await writer.texts();
    expect(await first.texts()).toEqual(['publish aliased/topic q1 #1 "a" {alias=1}', 'publish  q1 #2 "b" {alias=1}']);
    first.vanish();
    const second = await broker.connect('aliased', session);
    expect(await second.texts()).toEqual(['publish aliased/topic q1 dup #1 "a" {alias=1}', 'publish  q1 dup #2 "b" {alias=1}']);
    second.vanish();
    const third = await broker.connect('aliased', { clean: false, props: '11 00000064' });
    expect(await third.texts()).toEqual(['publish aliased/topic q1 dup #1 "a"', 'publish aliased/topic q1 dup #2 "b"']);
  });

  it('are never used towards a client that announced none [MQTT-3.1.2-27]', async () => {
    for (const props of ['', '22 0000']) {
      const client = await broker.connect('', { props });
      await client.subscribe('plain/topic', 0);
      for (const payload of ['a', 'b']) client.publish('plain/topic', payload);
      expect(await client.texts()).toEqual(['publish plain/topic q0 "a"', 'publish plain/topic q0 "b"']);
    }
  });

  it('carry the properties of the message and the identifiers of the subscription', async () => {
    const client = await broker.connect('', { props: '22 0005' });
    await client.subscribe('rich/#', 0, '0b 07');
    for (const payload of ['a', 'b']) client.publish('rich/topic', payload, { props: '02 00000064 26 "k" "v"' });
    const [first, second] = await client.all();
    expect(first?.topic).toBe('rich/topic');
    expect(second?.topic).toBe('');
    expect([...(second?.properties ?? [])].sort()).toEqual([['alias', 1], ['expiry', 100], ['subId', 7], ['user', 'k:v']]);
  });
});

describe('rules that forbid', () => {
  let folder = '';
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const sets: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'busbar-acl-'));
    await writeFile(join(folder, 'acl.conf'), '{deny, all, all, ["forbidden/#"]}.\n{allow, all}.\n');
    sets.push(`authorization.sources=[{type = file, path = "${folder}/acl.conf"}]`);
  });
  const broker = conformanceBroker(sets);

  it('are told by 0x87 with a reason string, and the identifier is free for a new message [MQTT-4.3.3-9] [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async () => {
    const client = await broker.connect('');
    client.publish('forbidden/a', 'x');
    client.publish('forbidden/a', 'x', { qos: 1, id: 1 });
    client.publish('forbidden/a', 'x', { qos: 2, id: 2 });
    client.publish('open/a', 'x', { qos: 2, id: 2 });
    client.send(subscribePacket(5, 9, [['forbidden/a', 0], ['open/a', 0]]));
    const packets = await client.all();
    expect(packets.map((packet) => packet.text)).toEqual(['puback #1 87', 'pubrec #2 87', 'pubrec #2 10', 'suback #9 87 00']);
    expect(packets.map((packet) => packet.properties.map(([name]) => name).join())).toEqual(['reason', 'reason', '', 'reason']);
  });

  it('leave out the reason string when there is no room for it, or the client wants none [MQTT-3.1.2-29] [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.9.2-1]', async () => {
    for (const props of ['17 00', '27 00000021']) {
      const client = await broker.connect('brief', { props });
      client.publish('forbidden/a', 'x', { qos: 1, id: 1 });
      client.publish('forbidden/a', 'x', { qos: 2, id: 2 });
      client.ack('pubrel', 50);
      client.ack('pubrec', 51);
      const wanted = props === '17 00' ? 5 : 4;
      if (wanted === 5) client.send(subscribePacket(5, 9, [['forbidden/a', 0]]));
      const packets = await client.all();
      expect(packets.map((packet) => packet.text)).toEqual(['puback #1 87', 'pubrec #2 87', 'pubcomp #50 92', 'pubrel #51 92', 'suback #9 87'].slice(0, wanted));
      expect(packets.flatMap((packet) => packet.properties)).toEqual([]);
    }
  });

  it('acknowledge a 3.x publisher as usual [MQTT3-3.3.5-2]', async () => {
    const watcher = await broker.connect('');
    const client = await broker.connect('', { level: 4 });
    client.publish('forbidden/a', 'x', { qos: 1, id: 1, retain: true });
    client.publish('forbidden/a', 'x', { qos: 2, id: 2 });
    client.send(subscribePacket(4, 9, [['forbidden/a', 0], ['open/a', 0]]));
    expect(await client.texts()).toEqual(['puback #1', 'pubrec #2', 'suback #9 80 00']);
    expect(await watcher.texts()).toEqual([]);
  });
});

describe('mqtt.strict_mode', () => {
  const broker = conformanceBroker(['mqtt.strict_mode=true', 'mqtt.ignore_loop_deliver=true']);

  it.each(['\u0001', '\u001f', '\u007f', '\u0085', '\ufdd0', '\uffff', '\u{1fffe}', '\u{10ffff}'])('refuses the character %j in topics, filters and properties', async (character) => {
    const text = Buffer.from(`a${character}b`).toString('hex');
    const string = `${hex(text.length / 2, 2)} ${text}`;
    for (const bytes of [`30 { ${string} 00 }`, `82 { 0001 00 ${string} 00 }`, `30 { "a" { 03 ${string} } }`]) {
      expect((await broker.answerTo(5, connectPacket(''), wire(bytes))).slice(1)).toEqual(['disconnect 81']);
    }
    expect(await broker.answerTo(4, connectPacket('', { level: 4 }), wire(`30 { ${string} }`))).toEqual(['connack 00']);
  });

  it('takes every other character', async () => {
    const client = await broker.connect('');
    for (const text of ['\u00a0', '\ufeff', '\ufdcf', '\ufdf0', '\ufffd', '\u{1fffd}', '\u{10fffd}', '~ ']) client.publish(`t/${text}`, 'x');
    expect(await client.texts()).toEqual([]);
  });

  it('refuses payloads that are announced as text and are none', async () => {
    const client = await broker.connect('');
    const bad = (qos: number, id = '') => wire(`${hex(0x30 | (qos << 1), 1)} { "a" ${id} { 01 01 } ff }`);
    client.publish('a', 'text\u0000', { qos: 1, id: 3, props: '01 01' });
    client.send(bad(1, '0001'), bad(2, '0002'), bad(0));
    expect(await client.closed()).toEqual(['puback #3 10', 'puback #1 99', 'pubrec #2 99', 'disconnect 99']);
    expect(await broker.answerTo(5, wire('10 { "MQTT" 05 06 003c 00 "c" { 01 01 } "w" 0001 ff }'))).toEqual(['connack 99']);
  });

  it('holds MQTT 3.1 to its 23 characters', async () => {
    expect(await broker.answerTo(3, connectPacket('x'.repeat(24), { level: 3 }))).toEqual(['connack 02']);
    expect((await broker.connect('x'.repeat(23), { level: 3 })).connack?.text).toBe('connack 00');
  });

  it('mqtt.ignore_loop_deliver spares clients of MQTT 3 their own messages', async () => {
    for (const level of [4, 5] as const) {
      const client = await broker.connect('', { level });
      await client.subscribe('loop', 0);
      client.publish('loop', 'x');
      expect(await client.texts()).toEqual(level === 5 ? ['publish loop q0 "x"'] : []);
    }
  });
});

describe('mqtt.use_username_as_clientid', () => {
  const broker = conformanceBroker(['mqtt.use_username_as_clientid=true']);

  it('finds sessions by user name, and refuses clients without one', async () => {
    const first = await broker.connect('one', { username: 'ann', clean: false, props: '11 00000064' });
    const second = await broker.connect('two', { username: 'ann', clean: false, props: '11 00000064' });
    expect(await first.closed()).toEqual(['disconnect 8e']);
    expect(second.connack?.text).toBe('connack present 00');
    expect(await broker.answerTo(5, connectPacket(''))).toEqual(['connack 85']);
    expect(await broker.answerTo(4, connectPacket('x', { level: 4 }))).toEqual(['connack 02']);
  });
});
