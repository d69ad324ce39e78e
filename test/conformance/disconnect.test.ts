/** DISCONNECT (3.14) and the codes with which the broker ends connections (4.13). */
import { describe, expect, it } from 'vitest';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { startBroker } from '../support/brokerProcess.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, PINGREQ, publishPacket, subscribePacket, type ConnectBytes } from './raw/build.ts';
import { RawClient } from './raw/client.ts';

const broker = conformanceBroker(['mqtt.max_topic_levels=4']);
/** Table 3-1 of 5.0. */
const CONNACK_CODES = [0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f];

describe('a DISCONNECT of the broker', () => {
  it.each([
    ['81', 'a malformed packet', Buffer.of(0, 0)],
    ['82', 'a protocol error', connectPacket('x')],
    ['90', 'a topic too deep', publishPacket(5, 'a/b/c/d/e', '')],
    ['8f', 'an invalid filter', subscribePacket(5, 1, [['#/a', 0]])],
    ['94', 'an alias of 0', publishPacket(5, 'a', '', { props: '23 0000' })],
    ['95', 'a packet too large', Buffer.from('30ffffff7f', 'hex')],
  ])('has code 0x%s for %s, no session expiry, and nothing follows it but the close [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.1-1] [MQTT-4.13.2-1]', async (code, _what, bytes) => {
    const client = await broker.connect('', { clean: false, props: '11 00000064' });
    client.send(bytes, PINGREQ, publishPacket(5, 'a', 'x', { qos: 1 }));
    const packet = await client.packet();
    expect(packet.text).toBe(`disconnect ${code}`);
    expect(packet.properties.map(([name]) => name).filter((name) => name !== 'reason')).toEqual([]);
    expect(await client.closed()).toEqual([]);
  });

  it('says in words what was wrong, also when the client wants no problem information [MQTT-3.1.2-29]', async () => {
    for (const props of ['', '17 00']) {
      const client = await broker.connect('', { props });
      client.send(Buffer.of(0x36, 0));
      expect((await client.packet()).properties).toEqual([['reason', 'both QoS bits are set']]);
    }
    const refused = await broker.open();
    refused.connect('will', { will: { topic: '+' } });
    expect((await refused.packet()).properties).toEqual([['reason', expect.stringContaining('will topic')]]);
  });

  it('never comes in 3.x, and never before CONNACK [MQTT-3.14.0-1]', async () => {
    expect(await broker.answerTo(4, connectPacket('', { level: 4 }), Buffer.of(0, 0))).toEqual(['connack 00']);
    expect(await broker.answerTo(5, Buffer.of(0xe0, 0))).toEqual([]);
  });
});

describe('CONNACK', () => {
  it('has codes of its table only, and closes with every refusal [MQTT-3.2.2-8] [MQTT-3.2.2-7] [MQTT3-3.2.2-6]', async () => {
    const refusals = [
      connectPacket('deep', { will: { topic: 'a/b/c/d/e' } }),
      connectPacket('method', { props: '15 0001 78' }),
      wire('10 { "MQTT" 06 02 003c 00 "c" }'),
      wire('10 { "MQTT" 05 03 003c 00 "c" }'),
    ];
    for (const bytes of refusals) {
      const answer = await broker.answerTo(5, bytes);
      expect(answer).toHaveLength(1);
      const code = Number.parseInt(answer[0]?.replace('connack ', '') ?? '', 16);
      expect(code).toBeGreaterThanOrEqual(0x80);
      expect(CONNACK_CODES).toContain(code);
    }
    // 3.1.1 has five codes; a CONNECT that breaks the form gets none of them.
    expect(await broker.answerTo(4, connectPacket('deep', { level: 4, will: { topic: 'a/b/c/d/e' } }))).toEqual(['connack 03']);
    expect(await broker.answerTo(4, wire('10 { "MQTT" 04 03 003c "c" }'))).toEqual([]);
  });
});

describe('a DISCONNECT of the client', () => {
  it('with a code that only servers may send is a protocol error [MQTT-3.14.2-1]', async () => {
    for (const code of [0x01, 0x87, 0x8b, 0x8d, 0x8e, 0x9c, 0xff]) {
      const client = await broker.connect('');
      client.disconnect(code);
      expect(await client.closed()).toEqual(['disconnect 82']);
    }
  });

  it('may change the session expiry, but not from 0: that is an error, and the will goes out', async () => {
    const watcher = await broker.connect('');
    await watcher.subscribe('raised');
    const none = await broker.connect('raised', { clean: false, will: { topic: 'raised' } });
    none.disconnect(0, '11 00000064');
    expect(await none.closed()).toEqual(['disconnect 82']);
    expect(await watcher.next()).toBe('publish raised q0 ""');
    const longer = await broker.connect('longer', { clean: false, props: '11 00000001' });
    longer.disconnect(0, '11 00000064');
    await longer.closed();
    const ended = await broker.connect('ended', { clean: false, props: '11 00000064' });
    ended.disconnect(0, '11 00000000');
    await ended.closed();
    expect((await broker.connect('ended', { clean: false })).connack?.sessionPresent).toBe(false);
    const brief = await broker.connect('brief', { clean: false, props: '11 00000064', will: { topic: 'raised', props: '18 00000064' } });
    brief.disconnect(0x04, '11 00000001');
    expect(await watcher.next()).toBe('publish raised q0 ""');
    // By now more than the second has passed that `longer` had at first.
    expect((await broker.connect('longer', { clean: false })).connack?.sessionPresent).toBe(true);
  });
});

describe('a fault that concerns one connection', () => {
  it('leaves the others alone [MQTT3-4.8.0-1] [MQTT3-4.8.0-2]', async () => {
    const others = await Promise.all([4, 5].map((level) => broker.connect(`other${level}`, { level: level as 4 | 5 })));
    for (const other of others) await other.subscribe('others', 0);
    for (const level of [4, 5] as const) {
      await broker.answerTo(level, connectPacket('', { level }), Buffer.of(0, 0));
      // A buffer that would have to hold more than allowed: closed, not kept.
      await broker.answerTo(level, connectPacket('', { level }), Buffer.from('30ffffff7f', 'hex'));
    }
    others[0]?.publish('others', 'x');
    await others[0]?.texts();
    expect(await others[1]?.texts()).toEqual(['publish others q0 "x"']);
  });
});

describe('a node that stops', () => {
  it('tells 5.0 clients 0x8b, closes all, and lets their wills go out while somebody is there to hear', async () => {
    const node = await startBroker();
    try {
      const open = async (id: string, options: ConnectBytes) => {
        const client = await RawClient.open(node.port);
        client.connect(id, options);
        await client.packet();
        return client;
      };
      const five = await open('five', { will: { topic: 'last/word', payload: 'five' } });
      const four = await open('four', { level: 4 });
      await four.subscribe('last/word', 0);
      node.process.kill('SIGTERM');
      expect(await five.closed()).toEqual(['disconnect 8b']);
      expect(await four.closed()).toEqual(['publish last/word q0 "five"']);
    } finally {
      await node.end();
    }
  });
});
