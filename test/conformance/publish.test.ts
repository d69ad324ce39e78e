/** PUBLISH (3.3): what a message is when it arrives, what is retained, aliases, identifiers and expiry. */
import { describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, hex, publishPacket, subscribePacket } from './raw/build.ts';
import type { RawClient } from './raw/client.ts';

const broker = conformanceBroker(['mqtt.max_topic_alias=10', 'mqtt.max_awaiting_rel=1000']);

async function watch(filter: string, options = 2, props = ''): Promise<RawClient> {
  const client = await broker.connect('');
  await client.subscribe(filter, options, props);
  return client;
}

/** Published and taken in by the broker. */
async function publish(...args: Parameters<RawClient['publish']>): Promise<void> {
  const client = await broker.connect('');
  client.publish(...args);
  await client.texts();
  client.disconnect(0);
}

/** Options of SUBSCRIBE. */
const NO_LOCAL = 4;
const AS_PUBLISHED = 8;
const handling = (value: 0 | 1 | 2) => value << 4;

describe('the flags of a delivery', () => {
  it.each([4, 5] as const)(
    'level %i: DUP is of this hop, QoS 0 has neither DUP nor packet id [MQTT-3.3.1-2] [MQTT-3.3.1-3] [MQTT-2.2.1-2] [MQTT-4.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT3-3.3.1-2] [MQTT3-3.3.1-3] [MQTT3-2.3.1-5] [MQTT3-4.3.1-1]',
    async (level) => {
      const topic = `dup${level}`;
      const watcher = await broker.connect('', { level });
      await watcher.subscribe(topic, 2);
      const publisher = await broker.connect('', { level });
      publisher.publish(topic, '0');
      publisher.publish(topic, '1', { qos: 1, id: 1, dup: true });
      publisher.publish(topic, '2', { qos: 2, id: 2, dup: true });
      await publisher.texts();
      const zero = await watcher.packet();
      expect(zero.bytes.toString('hex')).toBe(publishPacket(level, topic, '0').toString('hex'));
      expect(await watcher.texts()).toEqual([`publish ${topic} q1 #1 "1"`, `publish ${topic} q2 #2 "2"`]);
    },
  );

  it('QoS is the lower of published and granted [MQTT-3.8.4-8] [MQTT3-3.8.4-6]', async () => {
    for (const level of [4, 5] as const) {
      const topic = `qos${level}`;
      const watchers = [];
      for (const granted of [0, 1, 2]) {
        const watcher = await broker.connect('', { level });
        expect(await watcher.subscribe(topic, granted)).toBe(`suback #1 0${granted}`);
        watchers.push(watcher);
      }
      for (const qos of [0, 1, 2] as const) await publish(topic, `${qos}`, { qos });
      const got = await Promise.all(watchers.map(async (watcher) => (await watcher.all()).map((packet) => packet.qos)));
      expect(got).toEqual([
        [0, 0, 0],
        [0, 1, 1],
        [0, 1, 2],
      ]);
    }
  });

  it('RETAIN is cleared, kept for those who want it as published [MQTT-3.3.1-12] [MQTT-3.3.1-13] [MQTT3-3.3.1-9]', async () => {
    const [plain, asPublished, old] = [await watch('rap', 0), await watch('rap', AS_PUBLISHED), await broker.connect('', { level: 4 })];
    await old.subscribe('rap', 0);
    await publish('rap', 'kept', { retain: true });
    await publish('rap', 'live');
    expect(await plain.texts()).toEqual(['publish rap q0 "kept"', 'publish rap q0 "live"']);
    expect(await old.texts()).toEqual(['publish rap q0 "kept"', 'publish rap q0 "live"']);
    expect(await asPublished.texts()).toEqual(['publish rap q0 retain "kept"', 'publish rap q0 "live"']);
  });
});

describe('acknowledgements', () => {
  it.each([3, 4, 5] as const)('level %i: none, PUBACK or PUBREC, in order, with the identifier [MQTT-3.3.4-1] [MQTT-2.2.1-5] [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT3-3.3.4-1] [MQTT3-2.3.1-6]', async (level) => {
    const client = await broker.connect('', { level });
    const sink = await watch(`acks${level}`, 0);
    client.publish(`acks${level}`, '0');
    client.publish(`acks${level}`, '1', { qos: 1, id: 77 });
    client.publish(`acks${level}`, '2', { qos: 2, id: 65_535 });
    client.publish(`acks${level}`, '3', { qos: 1, id: 3 });
    expect(await client.texts()).toEqual(['puback #77', 'pubrec #65535', 'puback #3']);
    expect(await sink.texts()).toHaveLength(4);
  });

  it('tell a 5.0 client that nobody listens, older ones nothing [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async () => {
    const five = await broker.connect('');
    five.publish('nobody/listens', 'x', { qos: 1, id: 1 });
    five.publish('nobody/listens', 'x', { qos: 2, id: 2 });
    expect(await five.texts()).toEqual(['puback #1 10', 'pubrec #2 10']);
    const four = await broker.connect('', { level: 4 });
    four.publish('nobody/listens', 'x', { qos: 1, id: 1 });
    four.publish('nobody/listens', 'x', { qos: 2, id: 2 });
    expect(await four.texts()).toEqual(['puback #1', 'pubrec #2']);
  });
});

describe('topics', () => {
  it('reach whoever matches, under the published name, character by character [MQTT-3.3.2-3] [MQTT-4.5.0-1] [MQTT-4.7.3-4] [MQTT-1.5.4-3] [MQTT3-3.3.2-3] [MQTT3-4.5.0-1] [MQTT3-4.7.3-4] [MQTT3-1.5.3-3]', async () => {
    const filters = ['ACCOUNTS', 'Accounts', '\uFEFFbom', 'bom', 'caf\u00e9', 'cafe\u0301', 'a//b', 'a/b', 'a/+/b', '/fin', '+/fin', 'fin', ' sp', 'sp/#', 'sp/+', '+', '/'];
    const topics = ['ACCOUNTS', '\uFEFFbom', 'caf\u00e9', 'a//b', '/fin', ' sp', 'sp', 'sp/', '/'];
    const expected: Record<string, string[]> = {
      ACCOUNTS: ['ACCOUNTS', '+'],
      '\uFEFFbom': ['\uFEFFbom', '+'],
      'caf\u00e9': ['caf\u00e9', '+'],
      'a//b': ['a//b', 'a/+/b'],
      '/fin': ['/fin', '+/fin'],
      ' sp': [' sp', '+'],
      sp: ['sp/#', '+'],
      'sp/': ['sp/#', 'sp/+'],
      '/': ['/'],
    };
    for (const level of [4, 5] as const) {
      const watchers = await Promise.all(
        filters.map(async (filter) => {
          const client = await broker.connect('', { level });
          await client.subscribe(filter, 0);
          return { filter, client };
        }),
      );
      const publisher = await broker.connect('', { level });
      for (const topic of topics) publisher.publish(topic, 'x');
      await publisher.texts();
      const got: Record<string, string[]> = Object.fromEntries(topics.map((topic) => [topic, []]));
      for (const { filter, client } of watchers) for (const packet of await client.all()) got[packet.topic]?.push(filter);
      expect(got).toEqual(expected);
      for (const { client } of watchers) client.vanish();
    }
  });

  it('that begin with $ are hidden from wildcards at the start, retained ones too [MQTT-4.7.2-1] [MQTT3-4.7.2-1]', async () => {
    await publish('$hidden/a', 'kept', { retain: true });
    const hidden = [await watch('#', 0), await watch('+/a', 0), await watch('+/#', 0)];
    const open = await watch('$hidden/#', 0);
    await publish('$hidden/a', 'live');
    for (const client of hidden) {
      const own = (await client.texts()).filter((text) => text.includes('$hidden'));
      expect(own).toEqual([]);
      client.vanish();
    }
    expect(await open.texts()).toEqual(['publish $hidden/a q0 retain "kept"', 'publish $hidden/a q0 "live"']);
  });

  it('have up to 65535 bytes [MQTT-4.7.3-3] [MQTT3-4.7.3-3]', async () => {
    const topic = 'x'.repeat(65_535);
    for (const level of [4, 5] as const) {
      const client = await broker.connect('', { level });
      client.send(subscribePacket(level, 1, [[topic, 0]]));
      expect(await client.next()).toBe('suback #1 00');
      client.publish(topic, 'long');
      expect((await client.packet()).topic).toBe(topic);
      client.vanish();
    }
  });
});

describe('properties', () => {
  const props = '01 01 03 "text/plain" 08 "re/ply" 09 0003 00ff00 26 "b" "1" 26 "a" "2" 26 "b" "3" 26 "" ""';
  const seen = [
    ['format', 1],
    ['contentType', 'text/plain'],
    ['responseTopic', 're/ply'],
    ['correlation', '00ff00'],
    ['user', 'b:1'],
    ['user', 'a:2'],
    ['user', 'b:3'],
    ['user', ':'],
  ];

  it.each(['live', 'retained', 'queued'])(
    'pass unchanged and in order: %s [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]',
    async (way) => {
      const topic = `props/${way}`;
      const session = { clean: false, props: '11 00000064' };
      let watcher = await broker.connect(topic, session);
      if (way !== 'retained') await watcher.subscribe(topic, 1);
      if (way === 'queued') watcher.vanish();
      await publish(topic, 'x', { qos: 1, retain: way === 'retained', props });
      if (way === 'queued') watcher = await broker.connect(topic, session);
      if (way === 'retained') await watcher.subscribe(topic, 1);
      const packet = await watcher.packet();
      const users = packet.properties.filter(([name]) => name === 'user');
      expect(users).toEqual(seen.filter(([name]) => name === 'user'));
      expect([...packet.properties].filter(([name]) => name !== 'user').sort()).toEqual([...seen].filter(([name]) => name !== 'user').sort());
    },
  );

  it('that are none are written as length 0 [MQTT-2.2.2-1]', async () => {
    const watcher = await watch('bare', 0);
    await publish('bare', 'x');
    expect((await watcher.packet()).bytes.toString('hex')).toBe('30080004626172650078');
  });

  it('empty correlation data stays, and binary payloads of any size pass', async () => {
    const watcher = await watch('sizes', 0);
    await publish('sizes', '', { props: '09 0000' });
    for (const size of [127, 128, 16_383, 16_384, 70_000]) await publish('sizes', 'z'.repeat(size));
    const packets = await watcher.all();
    expect(packets[0]?.text).toBe('publish sizes q0 "" {correlation=}');
    expect(packets.slice(1).map((packet) => packet.payload.length)).toEqual([127, 128, 16_383, 16_384, 70_000]);
  });
});

describe('retained messages', () => {
  it.each([4, 5] as const)(
    'level %i: are replaced and removed by RETAIN 1, and by nothing else [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT-3.3.1-8] [MQTT3-3.3.1-5] [MQTT3-3.3.1-6] [MQTT3-3.3.1-7] [MQTT3-3.3.1-8] [MQTT3-3.3.1-10] [MQTT3-3.3.1-11] [MQTT3-3.3.1-12] [MQTT3-3.1.2-7]',
    async (level) => {
      const topic = `retained${level}`;
      const publisher = await broker.connect('', { level });
      const kept = async () => {
        await publisher.texts();
        const client = await broker.connect('', { level });
        await client.subscribe(topic, 2);
        const texts = await client.texts();
        client.vanish();
        return texts;
      };
      publisher.publish(topic, 'one', { retain: true, qos: 2, id: 1 });
      publisher.ack('pubrel', 1);
      expect(await kept()).toEqual([`publish ${topic} q2 retain #1 "one"`]);
      publisher.publish(topic, 'live');
      publisher.publish(topic, '');
      expect(await kept()).toEqual([`publish ${topic} q2 retain #1 "one"`]);
      publisher.publish(topic, 'two', { retain: true, qos: 1, id: 2 });
      expect(await kept()).toEqual([`publish ${topic} q1 retain #1 "two"`]);
      publisher.publish(topic, 'three', { retain: true });
      expect(await kept()).toEqual([`publish ${topic} q0 retain "three"`]);
      const current = await broker.connect('', { level });
      await current.subscribe(topic, level === 5 ? AS_PUBLISHED : 0);
      await current.texts();
      publisher.publish(topic, '', { retain: true });
      expect(await kept()).toEqual([]);
      expect(await current.texts()).toEqual([`publish ${topic} q0${level === 5 ? ' retain' : ''} ""`]);
      // They belong to the topic, not to the session of the publisher.
      publisher.publish(topic, 'four', { retain: true });
      await publisher.texts();
      publisher.disconnect(0);
      await publisher.closed();
      const late = await broker.connect('', { level });
      await late.subscribe(topic, 0);
      expect(await late.texts()).toEqual([`publish ${topic} q0 retain "four"`]);
    },
  );

  it('are sent by retain handling [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] [MQTT3-3.8.4-3]', async () => {
    await publish('rh/a', 'kept', { retain: true });
    const kept = ['publish rh/a q0 retain "kept"'];
    const session = { clean: false, props: '11 00000064' };
    let client = await broker.connect('rh', session);
    const answer = async (options: number, filter = 'rh/+') => {
      await client.subscribe(filter, options);
      return client.texts();
    };
    expect(await answer(handling(2))).toEqual([]);
    expect(await answer(handling(1))).toEqual([]);
    expect(await answer(handling(1), 'rh/#')).toEqual(kept);
    expect(await answer(handling(1), 'rh/#')).toEqual([]);
    expect(await answer(handling(0))).toEqual(kept);
    expect(await answer(handling(0) | AS_PUBLISHED)).toEqual(kept);
    client.vanish();
    client = await broker.connect('rh', session);
    expect(client.connack?.sessionPresent).toBe(true);
    expect(await answer(handling(1))).toEqual([]);
    const old = await broker.connect('', { level: 4 });
    for (const _again of [1, 2]) {
      await old.subscribe('rh/+', 0);
      expect(await old.texts()).toEqual(kept);
    }
  });
});

describe('message expiry', () => {
  it('counts down in the broker, and the expired are not delivered [MQTT-3.3.2-5] [MQTT-3.3.2-6]', async () => {
    const session = { clean: false, props: '11 00000064' };
    const away = await broker.connect('expiry', session);
    await away.subscribe('expiry/+', 1);
    away.vanish();
    await away.closed();
    await publish('expiry/short', 'x', { qos: 1, props: '02 00000001' });
    await publish('expiry/long', 'x', { qos: 1, props: '02 00000064' });
    await publish('expiry/never', 'x', { qos: 1 });
    await publish('expiry/kept', 'x', { retain: true, props: '02 00000001' });
    await publish('expiry/stays', 'x', { retain: true, props: '02 00000064' });
    const at = performance.now();
    const live = await watch('expiry/#', 0);
    expect((await live.texts()).sort()).toEqual(['publish expiry/kept q0 retain "x" {expiry=1}', 'publish expiry/stays q0 retain "x" {expiry=100}']);
    await new Promise((resolve) => setTimeout(resolve, 1_100 - (performance.now() - at)));
    const back = await broker.connect('expiry', session);
    const texts = (await back.texts()).map((text) => text.replace(/#\d+/, '#n'));
    expect(texts).toEqual([
      expect.stringMatching(/^publish expiry\/long q1 #n "x" \{expiry=9[89]\}$/),
      'publish expiry/never q1 #n "x"',
      expect.stringMatching(/^publish expiry\/stays q0 "x" \{expiry=9[89]\}$/),
    ]);
    const late = await watch('expiry/#', 0);
    expect(await late.texts()).toEqual([expect.stringMatching(/^publish expiry\/stays q0 retain "x" \{expiry=9[89]\}$/)]);
  });
});

describe('inbound topic aliases', () => {
  it('are all taken up to the maximum, kept apart, and may be set anew [MQTT-3.3.2-12]', async () => {
    const watcher = await watch('alias/#', 0);
    const client = await broker.connect('');
    expect(client.announced('topicAliasMaximum')).toBe(10);
    for (let alias = 1; alias <= 10; alias += 1) client.publish(`alias/${alias}`, 'set', { props: `23 ${hex(alias, 2)}` });
    for (let alias = 10; alias >= 1; alias -= 1) client.publish('', 'used', { props: `23 ${hex(alias, 2)}` });
    client.publish('alias/new', 'set', { props: '23 0005' });
    client.publish('', 'used', { props: '23 0005' });
    await client.texts();
    const got = (await watcher.all()).map((packet) => `${packet.topic} ${packet.payload.toString()}`);
    const count = Array.from({ length: 10 }, (_, index) => index + 1);
    expect(got).toEqual([...count.map((n) => `alias/${n} set`), ...count.reverse().map((n) => `alias/${n} used`), 'alias/new set', 'alias/new used']);
  });

  it('end with the connection [MQTT-3.3.2-7]', async () => {
    const session = { clean: false, props: '11 00000064' };
    const first = await broker.connect('aliasEnds', session);
    first.publish('alias/x', 'set', { props: '23 0001' });
    await first.texts();
    const second = await broker.connect('aliasEnds', session);
    second.publish('', 'used', { props: '23 0001' });
    expect(await second.closed()).toEqual([expect.stringMatching(/^disconnect 82/)]);
  });

  it.each([
    ['0', '23 0000', '94'],
    ['above the maximum', '23 000b', '94'],
    ['never set', '23 0009', '82'],
  ])('%s end the connection [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.2.2-17]', async (_name, props, code) => {
    const client = await broker.connect('');
    client.publish(code === '82' ? '' : 'a', 'x', { props });
    expect(await client.closed()).toEqual([expect.stringMatching(new RegExp(`^disconnect ${code}`))]);
  });

  it('belong to the hop: no subscriber sees them', async () => {
    const watcher = await watch('hop', 0);
    await publish('hop', 'x', { retain: true, props: '23 0001' });
    expect(await watcher.texts()).toEqual(['publish hop q0 "x"']);
    expect(await (await watch('hop', 0)).texts()).toEqual(['publish hop q0 retain "x"']);
  });
});

describe('overlapping subscriptions', () => {
  it.each([4, 5] as const)('level %i: one copy at the highest QoS [MQTT-3.3.4-2] [MQTT3-3.3.5-1]', async (level) => {
    const topic = `overlap${level}/a`;
    const client = await broker.connect('', { level });
    client.send(subscribePacket(level, 1, [[topic, 0], [`overlap${level}/#`, 2], [`overlap${level}/+`, 1]]));
    expect(await client.next()).toBe('suback #1 00 02 01');
    await publish(topic, 'x', { qos: 2 });
    await publish(topic, 'y', { qos: 1 });
    expect(await client.texts()).toEqual([`publish ${topic} q2 #1 "x"`, `publish ${topic} q1 #2 "y"`]);
  });

  it('carry all their identifiers, retained messages that of their SUBSCRIBE [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5] [MQTT-3.8.4-3]', async () => {
    await publish('ids/a', 'kept', { retain: true });
    const client = await broker.connect('');
    await client.subscribe('ids/a', 0, '0b 01');
    expect(await client.next()).toBe('publish ids/a q0 retain "kept" {subId=1}');
    await client.subscribe('ids/+', handling(2), '0b ffffff7f');
    await client.subscribe('ids/#', handling(2), '0b 01');
    await client.subscribe('#', handling(2));
    await publish('ids/a', 'x');
    const ids = async () => (await client.packet()).properties.map(([, value]) => value).sort();
    expect(await ids()).toEqual([1, 1, 268_435_455]);
    await client.subscribe('ids/+', handling(2), '0b 07');
    await publish('ids/a', 'x');
    expect(await ids()).toEqual([1, 1, 7]);
    await client.subscribe('ids/+', handling(2));
    await client.unsubscribe('ids/a', 'ids/#');
    await publish('ids/a', 'x');
    expect(await client.next()).toBe('publish ids/a q0 "x"');
  });

  it('No Local takes out only the subscription that has it [MQTT-3.8.3-3]', async () => {
    const client = await broker.connect('');
    await client.subscribe('local/+', NO_LOCAL | 1, '0b 01');
    client.publish('local/a', 'own');
    expect(await client.texts()).toEqual([]);
    await client.subscribe('local/#', 0, '0b 02');
    client.publish('local/a', 'own', { qos: 1, id: 1 });
    expect(await client.texts()).toEqual(expect.arrayContaining(['publish local/a q0 "own" {subId=2}']));
    await publish('local/a', 'foreign', { qos: 1 });
    expect((await client.packet()).qos).toBe(1);
    // Judged by client id, so the own messages of an earlier connection are own ones too.
    const session = { clean: false, props: '11 00000064' };
    const first = await broker.connect('local', session);
    await first.subscribe('mine', NO_LOCAL | 1);
    const second = await broker.connect('local', session);
    second.publish('mine', 'x', { qos: 1, id: 1 });
    expect(await second.texts()).toEqual(['puback #1']);
  });
});

describe('order', () => {
  it('of one publisher, topic and QoS is kept, live and over a reconnect [MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT3-4.6.0-5] [MQTT3-4.6.0-6]', async () => {
    for (const level of [4, 5] as const) {
      for (const qos of [0, 1, 2] as const) {
        const topic = `order${level}/${qos}`;
        const session = { level, clean: false, props: '11 00000064' };
        let reader = await broker.connect(topic, session);
        await reader.subscribe(topic, qos);
        const writer = await broker.connect('', { level });
        const send = (from: number, to: number) => {
          for (let n = from; n < to; n += 1) {
            writer.publish(topic, `${n}`, { qos, id: n + 1 });
            if (qos === 2) writer.ack('pubrel', n + 1);
          }
          return writer.texts();
        };
        await send(0, 60);
        const first = (await reader.all()).filter((packet) => packet.type === 'publish').map((packet) => Number(packet.payload));
        if (qos > 0) {
          reader.vanish();
          reader = await broker.connect(topic, session);
        }
        await send(60, 80);
        const order: number[] = [];
        while (order.length < (qos === 0 ? 20 : 80)) {
          const packet = await reader.packet();
          if (packet.type !== 'publish') continue;
          order.push(Number(packet.payload));
          if (qos === 1) reader.ack('puback', packet.packetId);
          if (qos === 2) {
            reader.ack('pubrec', packet.packetId);
            reader.ack('pubcomp', packet.packetId);
          }
        }
        expect(first).toEqual(Array.from({ length: first.length }, (_, index) => index));
        expect(order).toEqual(Array.from({ length: order.length }, (_, index) => index + (qos === 0 ? 60 : 0)));
      }
    }
  });

  it('and nothing is read from a connection that is not a byte stream in order [MQTT-4.2.0-1] [MQTT3-7.1.1-1]', async () => {
    const client = await broker.open();
    const bytes = Buffer.concat([connectPacket('bytewise'), subscribePacket(5, 1, [['bytewise', 0]]), publishPacket(5, 'bytewise', 'x'), wire('c000')]);
    for (const byte of bytes) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.take(4)).toEqual(['connack 00', 'suback #1 00', 'publish bytewise q0 "x"', 'pingresp']);
  });
});
