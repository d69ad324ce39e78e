/** CONNECT and CONNACK (3.1, 3.2): who gets in, what is announced, and what a refusal leaves alone. */
import { describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, PINGREQ, publishPacket, subscribePacket, type Level } from './raw/build.ts';

const broker = conformanceBroker(['mqtt.idle_timeout=1500ms', 'mqtt.max_clientid_len=64', 'mqtt.max_topic_levels=8']);
/** Sessions outlive connections: Session Expiry Interval of 5.0, clean session 0 before. */
const lasting = (level: Level) => ({ level, clean: false, props: level === 5 ? '11 000000ff' : '' });
/** A CONNECT that is well-formed and refused: a will topic deeper than this broker takes. */
const refused = { will: { topic: '1/2/3/4/5/6/7/8/9' } };

describe('an accepted CONNECT', () => {
  it.each([3, 4, 5] as const)('of level %i is answered by CONNACK 0 with clear flags [MQTT-3.1.4-5] [MQTT-3.2.2-1] [MQTT3-3.1.4-4]', async (level) => {
    const client = await broker.connect(`accepted${level}`, { level });
    expect(client.connack?.text).toBe('connack 00');
    expect(client.connack?.bytes.subarray(0, 4).toString('hex')).toMatch(level === 5 ? /^20..0000$/ : /^20020000$/);
    expect(await client.texts()).toEqual([]);
  });

  it.each([3, 4, 5] as const)('of level %i with the bridge bit is a bridge', async (level) => {
    const bridge = await broker.connect(`bridge${level}`, { level, bridge: true });
    await bridge.subscribe(`bridge${level}/#`);
    bridge.publish(`bridge${level}/own`, 'x', { retain: true });
    const other = await broker.connect(`notBridge${level}`);
    other.publish(`bridge${level}/foreign`, 'x', { retain: true });
    await other.texts();
    // In 3.x the bit means No Local and Retain As Published; 5.0 has options for both.
    expect(await bridge.texts()).toEqual(
      level === 5 ? ['publish bridge5/own q0 "x"', 'publish bridge5/foreign q0 "x"'] : [`publish bridge${level}/foreign q0 retain "x"`],
    );
  });

  it('is told every limit and feature of this broker', async () => {
    const client = await broker.connect('told', { props: '21 0005' });
    expect(Object.fromEntries(client.connack?.properties ?? [])).toMatchObject({
      receiveMaximum: 5,
      retainAvailable: 1,
      maximumPacketSize: 1024 * 1024,
      topicAliasMaximum: 65_535,
      wildcardAvailable: 1,
      subIdAvailable: 1,
    });
    for (const absent of ['maximumQos', 'serverKeepAlive', 'assignedClientId', 'responseInformation']) expect(client.announced(absent)).toBeUndefined();
  });

  it('precedes all answers to what was sent with it, in one write [MQTT-3.2.0-1] [MQTT-3.2.0-2] [MQTT3-3.2.0-1]', async () => {
    for (const level of [4, 5] as const) {
      const client = await broker.open();
      client.level = level;
      client.send(connectPacket('', { level }), subscribePacket(level, 7, [['first/#', 1]]), publishPacket(level, 'first/a', 'x', { qos: 1, id: 8 }));
      const texts = (await client.all()).map((packet) => packet.text);
      expect(texts[0]).toBe('connack 00');
      expect(texts.slice(1).sort()).toEqual(['puback #8', 'publish first/a q1 #1 "x"', 'suback #7 01']);
    }
  });

  it('of a resumed session precedes what waited for it [MQTT-3.2.0-1] [MQTT3-3.2.0-1]', async () => {
    for (const level of [4, 5] as const) {
      const first = await broker.connect(`waiting${level}`, lasting(level));
      await first.subscribe(`waiting${level}`, 1);
      first.vanish();
      const publisher = await broker.connect('');
      publisher.publish(`waiting${level}`, 'x', { qos: 1 });
      await publisher.next();
      const second = await broker.open();
      second.connect(`waiting${level}`, lasting(level));
      expect(await second.take(2)).toEqual(['connack present 00', `publish waiting${level} q1 #1 "x"`]);
    }
  });
});

describe('client identifiers', () => {
  it('of 1 to 23 letters and digits are taken [MQTT-3.1.3-5] [MQTT3-3.1.3-5]', async () => {
    for (const level of [3, 4, 5] as const) {
      for (const id of ['a', '0123456789ABCDEFGHIJKLM', 'nopqrstuvwxyzNOPQRSTUVW', 'XYZ']) {
        const client = await broker.connect(`${id}`, { level });
        expect(client.connack?.text).toBe('connack 00');
        client.disconnect(0);
        await client.closed();
      }
    }
  });

  it('that are empty get one of their own, which 5.0 clients are told [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => broker.connect('', lasting(5))));
    const ids = clients.map((client) => String(client.announced('assignedClientId')));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => id.length > 8)).toBe(true);
    await clients[0]?.subscribe('assigned/1', 1);
    clients[0]?.vanish();
    const again = await broker.connect(ids[0] ?? '', lasting(5));
    expect(again.connack?.text).toBe('connack present 00');
  });

  it('that are empty are taken from a 3.x client with clean session 1, each a session of its own [MQTT3-3.1.3-6]', async () => {
    for (const level of [3, 4] as const) {
      const [one, two] = [await broker.connect('', { level }), await broker.connect('', { level })];
      await one.subscribe(`anonymous${level}`);
      two.publish(`anonymous${level}`, 'x');
      await two.texts();
      expect(await one.texts()).toEqual([`publish anonymous${level} q0 "x"`]);
    }
  });

  it('that are empty with clean session 0 get return code 2 [MQTT3-3.1.3-7] [MQTT3-3.1.3-8]', async () => {
    for (const level of [3, 4] as const) expect(await broker.answerTo(level, connectPacket('', { level, clean: false }))).toEqual(['connack 02']);
  });

  it('that are too long are refused [MQTT-3.1.3-8] [MQTT3-3.1.3-9]', async () => {
    expect(await broker.answerTo(5, connectPacket('x'.repeat(65)))).toEqual(['connack 85']);
    expect(await broker.answerTo(4, connectPacket('x'.repeat(65), { level: 4 }))).toEqual(['connack 02']);
    expect((await broker.connect('é'.repeat(32))).connack?.text).toBe('connack 00');
  });
});

describe('protocol name and version', () => {
  it('of others are refused and closed [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT3-3.1.2-1] [MQTT3-3.1.2-2]', async () => {
    expect(await broker.answerTo(5, wire('10 { "MQTX" 05 02 003c 00 "c" }'))).toEqual(['connack 84']);
    expect(await broker.answerTo(4, wire('10 { "MQTX" 04 02 003c "c" }'))).toEqual(['connack 01']);
    expect(await broker.answerTo(5, wire('10 { "MQTT" 06 02 003c 00 "c" }'))).toEqual(['connack 84']);
    for (const level of ['00', '01', '02', '03']) expect(await broker.answerTo(4, wire(`10 { "MQTT" ${level} 02 003c "c" }`))).toEqual(['connack 01']);
    expect(await broker.answerTo(4, wire('10 { "MQIsdp" 04 02 003c "c" }'))).toEqual(['connack 01']);
  });
});

describe('the first packet', () => {
  it.each([
    ['PUBLISH', publishPacket(4, 'a', 'x')],
    ['PUBACK', wire('40 { 0001 }')],
    ['SUBSCRIBE', subscribePacket(4, 1, [['a', 0]])],
    ['UNSUBSCRIBE', wire('a2 { 0001 "a" }')],
    ['PINGREQ', PINGREQ],
    ['DISCONNECT', wire('e000')],
    ['AUTH', wire('f000')],
    ['CONNACK', wire('20020000')],
  ])('is not %s: closed without a word [MQTT-3.1.0-1] [MQTT-3.14.0-1] [MQTT3-3.1.0-1]', async (_name, bytes) => {
    expect(await broker.answerTo(4, bytes, connectPacket('late', { level: 4 }))).toEqual([]);
  });

  it('must come in time', async () => {
    expect(await Promise.all([broker.answerTo(4), broker.answerTo(4, wire('10'))])).toEqual([[], []]);
  });
});

describe('a second CONNECT', () => {
  it.each([4, 5] as const)('of level %i ends the connection, and the will goes out [MQTT-3.1.0-2] [MQTT3-3.1.0-2]', async (level) => {
    const watcher = await broker.connect('');
    await watcher.subscribe(`second${level}`);
    const client = await broker.connect(`second${level}`, { level, will: { topic: `second${level}`, payload: 'gone' } });
    client.send(connectPacket(`second${level}`, { level }), PINGREQ);
    expect(await client.closed()).toEqual(level === 5 ? [expect.stringMatching(/^disconnect 82/)] : []);
    expect(await watcher.next()).toBe(`publish second${level} q0 "gone"`);
  });
});

describe('sessions', () => {
  it.each([4, 5] as const)(
    'of level %i are found by client id, kept, resumed and discarded [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.1.2-23] [MQTT-3.1.3-2] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-4.1.0-1] [MQTT3-3.1.2-4] [MQTT3-3.1.2-6] [MQTT3-3.1.3-2] [MQTT3-3.1.4-3] [MQTT3-3.2.2-1] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] [MQTT3-4.1.0-1] [MQTT3-4.1.0-2]',
    async (level) => {
      const id = `session${level}`;
      const heard = async (client: Awaited<ReturnType<typeof broker.connect>>) => {
        const publisher = await broker.connect('');
        publisher.publish(id, 'x');
        await publisher.texts();
        return client.texts();
      };
      const created = await broker.connect(id, lasting(level));
      expect(created.connack?.sessionPresent).toBe(false);
      created.vanish();
      // A session counts as present even if nothing is in it.
      const resumed = await broker.connect(id, lasting(level));
      expect(resumed.connack?.sessionPresent).toBe(true);
      await resumed.subscribe(id, 0);
      resumed.disconnect(0);
      await resumed.closed();
      const again = await broker.connect(id, lasting(level));
      expect(again.connack?.sessionPresent).toBe(true);
      expect(await heard(again)).toEqual([`publish ${id} q0 "x"`]);
      again.vanish();
      const clean = await broker.connect(id, { level, clean: true });
      expect(clean.connack?.sessionPresent).toBe(false);
      expect(await heard(clean)).toEqual([]);
      clean.vanish();
      const after = await broker.connect(id, lasting(level));
      expect(after.connack?.sessionPresent).toBe(false);
    },
  );

  it('end with the connection when 5.0 names no expiry, and last until their expiry otherwise [MQTT-4.1.0-2]', async () => {
    const none = await broker.connect('expiry0', { clean: false });
    none.vanish();
    const short = await broker.connect('expiry1', { clean: false, props: '11 00000001' });
    short.vanish();
    const never = await broker.connect('expiryNever', { clean: false, props: '11 ffffffff' });
    never.vanish();
    expect((await broker.connect('expiry0', { clean: false })).connack?.sessionPresent).toBe(false);
    expect((await broker.connect('expiry1', { clean: false, props: '11 00000001' })).connack?.sessionPresent).toBe(true);
    const brief = await broker.connect('expiry2', { clean: false, props: '11 00000001', will: { topic: 'expired', props: '18 00000064' } });
    const watcher = await broker.connect('');
    await watcher.subscribe('expired');
    brief.vanish();
    // The delay of its will is longer than its life: the will tells when the session has ended.
    expect(await watcher.next()).toBe('publish expired q0 ""');
    expect((await broker.connect('expiry2', { clean: false })).connack?.sessionPresent).toBe(false);
    expect((await broker.connect('expiryNever', { clean: false })).connack?.sessionPresent).toBe(true);
  });
});

describe('take-over', () => {
  it.each([4, 5] as const)('level %i: the older connection is told and closed, then the session goes on or not [MQTT-3.1.4-3] [MQTT-3.1.4-4] [MQTT3-3.1.4-2]', async (level) => {
    const id = `takeover${level}`;
    const first = await broker.connect(id, lasting(level));
    await first.subscribe(id, 0);
    const second = await broker.connect(id, lasting(level));
    expect(await first.closed()).toEqual(level === 5 ? ['disconnect 8e'] : []);
    expect(second.connack?.sessionPresent).toBe(true);
    const third = await broker.connect(id, { level });
    expect(await second.closed()).toEqual(level === 5 ? ['disconnect 8e'] : []);
    expect(third.connack?.sessionPresent).toBe(false);
    third.publish(id, 'x');
    expect(await third.texts()).toEqual([]);
  });
});

describe('a refused CONNECT', () => {
  it.each([
    [5, 'connack 90'],
    [4, 'connack 03'],
  ] as const)(
    'of level %i is told with session present 0, closed, and leaves session and connection of the id alone [MQTT-3.1.4-2] [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-4.13.2-1] [MQTT3-3.2.2-4] [MQTT3-3.2.2-5]',
    async (level, answer) => {
      const id = `refused${level}`;
      const live = await broker.connect(id, lasting(level));
      await live.subscribe(id);
      expect(await broker.answerTo(level, connectPacket(id, { ...lasting(level), ...refused }))).toEqual([answer]);
      expect(await broker.answerTo(level, connectPacket(id, { level, ...refused }))).toEqual([answer]);
      live.publish(id, 'still here');
      expect(await live.texts()).toEqual([`publish ${id} q0 "still here"`]);
      live.vanish();
      expect((await broker.connect(id, lasting(level))).connack?.sessionPresent).toBe(true);
    },
  );

  it('makes void what was sent behind it [MQTT-3.1.4-6] [MQTT3-3.1.4-5]', async () => {
    for (const level of [4, 5] as const) {
      const topic = `void${level}`;
      const watcher = await broker.connect('');
      await watcher.subscribe(topic);
      const rest = [subscribePacket(level, 1, [[topic, 0]]), publishPacket(level, topic, 'x', { qos: 1, retain: true })];
      expect((await broker.answerTo(level, connectPacket(topic, { level, ...refused }), ...rest)).length).toBe(1);
      expect(await watcher.texts()).toEqual([]);
      const late = await broker.connect('');
      expect(await late.subscribe(topic)).toBe('suback #1 02');
      expect(await late.texts()).toEqual([]);
    }
  });
});

describe.concurrent('keep alive', () => {
  it.each([4, 5] as const)(
    'level %i: silence for one and a half times the value ends the connection as a network failure would [MQTT-3.1.2-20] [MQTT-3.1.2-22] [MQTT-3.2.2-22] [MQTT3-3.1.2-23] [MQTT3-3.1.2-24]',
    async (level) => {
      const watcher = await broker.connect('');
      await watcher.subscribe(`silent${level}`);
      const silent = await broker.connect(`silent${level}`, { level, keepalive: 1, will: { topic: `silent${level}`, payload: 'gone' } });
      const startedMs = performance.now();
      const closed = silent.closed();
      // What the client is sent does not count for it, and any packet of its own does.
      const talker = await broker.connect(`talker${level}`, { level, keepalive: 1 });
      const off = await broker.connect(`off${level}`, { level, keepalive: 0 });
      const talk = setInterval(() => talker.send(wire('40 { 0001 }')), 300);
      try {
        expect(await closed).toEqual(level === 5 ? ['disconnect 8d'] : []);
        expect(performance.now() - startedMs).toBeGreaterThan(1_400);
        expect(await watcher.next()).toBe(`publish silent${level} q0 "gone"`);
        expect(await talker.texts()).toEqual([]);
        expect(await off.texts()).toEqual([]);
      } finally {
        clearInterval(talk);
      }
    },
  );
});
