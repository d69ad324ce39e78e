/** The will: when it goes out, when it does not, and as what (3.1.2.5, 3.1.3.2, 3.14.4). */
import { describe, expect, it } from 'vitest';
import { connectPacket, PINGREQ } from './raw/build.ts';
import { conformanceBroker } from './broker.ts';

const broker = conformanceBroker(['mqtt.keepalive_multiplier=1']);

/** A subscriber of `topic` and all below it. */
async function watch(topic: string, options = 2) {
  const watcher = await broker.connect('');
  await watcher.subscribe(`${topic}/#`, options);
  return watcher;
}

/** A will with that delay in seconds, and a session that lives `expiry` seconds. */
const delayed = (topic: string, delay: number, expiry = 100, payload = 'gone') => ({
  clean: false,
  props: `11 ${expiry.toString(16).padStart(8, '0')}`,
  will: { topic, payload, props: `18 ${delay.toString(16).padStart(8, '0')}` },
});

describe('a will is published', () => {
  it.each([3, 4, 5] as const)('level %i: when the network fails, once [MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT3-3.1.2-8] [MQTT3-3.1.2-10]', async (level) => {
    const topic = `fails${level}`;
    const watcher = await watch(topic);
    const client = await broker.connect(topic, { level, will: { topic, payload: 'gone', qos: 1 } });
    expect(await watcher.texts()).toEqual([]);
    client.vanish();
    expect(await watcher.next()).toBe(`publish ${topic} q1 #1 "gone"`);
    watcher.ack('puback', 1);
    const again = await broker.connect(topic, { level });
    again.vanish();
    await broker.connect(topic, { level });
    expect(await watcher.texts()).toEqual([]);
  });

  it('level 5: when the client closes without DISCONNECT, is thrown out, or asks for it with 0x04 or any other code [MQTT-3.1.2-8] [MQTT3-3.1.2-8]', async () => {
    const watcher = await watch('left');
    const half = await broker.connect('left1', { will: { topic: 'left/half' } });
    half.socket.end();
    expect(await watcher.next()).toBe('publish left/half q0 ""');
    const wrong = await broker.connect('left2', { will: { topic: 'left/wrong' } });
    wrong.send(Buffer.of(0, 0));
    expect(await watcher.next()).toBe('publish left/wrong q0 ""');
    for (const code of [0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]) {
      const client = await broker.connect('left3', { will: { topic: `left/${code}` } });
      client.disconnect(code);
      expect(await client.closed()).toEqual([]);
      expect(await watcher.next()).toBe(`publish left/${code} q0 ""`);
    }
  });

  it('with its QoS, and retained or not as it says [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT3-3.1.2-16] [MQTT3-3.1.2-17]', async () => {
    for (const level of [4, 5] as const) {
      const topic = `kept${level}`;
      const watcher = await watch(topic, 0x0a);
      for (const qos of [0, 1, 2] as const) {
        const client = await broker.connect(topic, { level, will: { topic: `${topic}/${qos}`, payload: 'w', qos, retain: qos !== 1 } });
        client.vanish();
        expect((await watcher.next()).replace(/ #\d+/, '')).toBe(`publish ${topic}/${qos} q${qos}${qos === 1 ? '' : ' retain'} "w"`);
      }
      const late = await broker.connect('');
      await late.subscribe(`${topic}/#`);
      expect((await late.texts()).map((text) => text.replace(/ #\d+/, '')).sort()).toEqual([`publish ${topic}/0 q0 retain "w"`, `publish ${topic}/2 q2 retain "w"`]);
    }
  });

  it('with all its properties, user properties in order, and no delay among them [MQTT-3.1.3-10] [MQTT-3.3.2-4] [MQTT-3.3.2-18]', async () => {
    const watcher = await watch('props');
    const props = '18 00000000 01 01 02 00000064 03 "text" 08 "re/ply" 09 0002 0001 26 "b" "1" 26 "a" "2" 26 "b" "3"';
    const client = await broker.connect('props', { will: { topic: 'props', payload: 'w', props } });
    client.vanish();
    const { properties } = await watcher.packet();
    expect(properties.filter(([name]) => name !== 'user').sort()).toEqual([
      ['contentType', 'text'],
      ['correlation', '0001'],
      ['expiry', 100],
      ['format', 1],
      ['responseTopic', 're/ply'],
    ]);
    expect(properties.filter(([name]) => name === 'user').map(([, value]) => value)).toEqual(['b:1', 'a:2', 'b:3']);
  });
});

describe('a will is dropped', () => {
  it.each([3, 4, 5] as const)('level %i: by DISCONNECT 0x00, and there is none without the flag [MQTT-3.1.2-10] [MQTT-3.14.4-3] [MQTT-3.14.4-1] [MQTT3-3.1.2-10] [MQTT3-3.1.2-12] [MQTT3-3.14.4-3] [MQTT3-3.14.4-1] [MQTT3-3.14.4-2]', async (level) => {
    const topic = `dropped${level}`;
    const watcher = await watch(topic);
    for (const code of level === 5 ? [undefined, 0x00] : [undefined]) {
      const client = await broker.connect(topic, { level, will: { topic, payload: 'gone' } });
      client.disconnect(code);
      // Nothing behind a DISCONNECT counts, and the broker closes.
      client.publish(topic, 'late');
      client.send(PINGREQ);
      expect(await client.closed()).toEqual([]);
    }
    const without = await broker.connect(topic, { level });
    without.vanish();
    await broker.connect(topic, { level });
    expect(await watcher.texts()).toEqual([]);
  });

  it('by a client that comes back to its session before the delay ends [MQTT-3.1.3-9]', async () => {
    const watcher = await watch('back');
    const first = await broker.connect('back', delayed('back', 1));
    first.vanish();
    const second = await broker.connect('back', { clean: false, props: '11 00000064' });
    expect(second.connack?.sessionPresent).toBe(true);
    const marker = await broker.connect('marker', delayed('back/marker', 1));
    marker.vanish();
    // A will of the same delay that was left later: the first one would have come before it.
    expect(await watcher.next()).toBe('publish back/marker q0 "gone"');
  });
});

describe.concurrent('a delayed will', () => {
  it('waits for its delay, also when the session lives on [MQTT-3.1.2-8]', async () => {
    const watcher = await watch('delay');
    const client = await broker.connect('delay', delayed('delay', 1));
    const startedMs = performance.now();
    client.vanish();
    expect(await watcher.texts()).toEqual([]);
    expect(await watcher.next()).toBe('publish delay q0 "gone"');
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect((await broker.connect('delay', { clean: false })).connack?.sessionPresent).toBe(true);
  });

  it('goes out with the end of the session if that is sooner, at once when the session ends with the connection', async () => {
    const watcher = await watch('sooner');
    const none = await broker.connect('sooner0', delayed('sooner/none', 100, 0));
    none.vanish();
    expect(await watcher.next()).toBe('publish sooner/none q0 "gone"');
    const brief = await broker.connect('sooner1', delayed('sooner/brief', 100, 1));
    brief.vanish();
    expect(await watcher.next()).toBe('publish sooner/brief q0 "gone"');
  });

  it('goes out when a clean start ends the session that has it [MQTT-3.1.2-4]', async () => {
    const watcher = await watch('clean');
    const client = await broker.connect('clean', delayed('clean', 100));
    client.vanish();
    await client.closed();
    await broker.connect('clean');
    expect(await watcher.next()).toBe('publish clean q0 "gone"');
  });

  it('is bounded by the expiry that DISCONNECT 0x04 names', async () => {
    const watcher = await watch('shorter');
    const client = await broker.connect('shorter', delayed('shorter', 100));
    client.disconnect(0x04, '11 00000001');
    await client.closed();
    expect(await watcher.texts()).toEqual([]);
    expect(await watcher.next()).toBe('publish shorter q0 "gone"');
    const now = await broker.connect('shorter', delayed('shorter', 100));
    now.disconnect(0x04, '11 00000000');
    expect(await watcher.next()).toBe('publish shorter q0 "gone"');
  });
});

describe('take-over', () => {
  it.each([
    ['no delay', 0, 100, false, true],
    ['a session that ends with its connection', 100, 0, false, true],
    ['a clean start of the newcomer', 100, 100, true, true],
    ['a delay and a session that goes on', 100, 100, false, false],
  ] as const)('with %s', async (name, delay, expiry, clean, published) => {
    const topic = `over/${name}`;
    const watcher = await watch(topic);
    const first = await broker.connect(topic, delayed(topic, delay, expiry));
    const second = await broker.open();
    second.send(connectPacket(topic, { clean, props: '11 00000064' }));
    expect(await first.closed()).toEqual(['disconnect 8e']);
    expect(await watcher.texts()).toEqual(published ? [`publish ${topic} q0 "gone"`] : []);
  });

  it('level 4: publishes the will of the older connection', async () => {
    const watcher = await watch('over4');
    const first = await broker.connect('over4', { level: 4, clean: false, will: { topic: 'over4', payload: 'gone' } });
    await broker.connect('over4', { level: 4, clean: false });
    await first.closed();
    expect(await watcher.texts()).toEqual(['publish over4 q0 "gone"']);
  });
});
