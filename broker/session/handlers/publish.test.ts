import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../../test/support/brokerWorld.ts';
import type { Authorizer } from '../../access/acl/decision.ts';

const denyAll: Authorizer = { epoch: 0, decide: () => ({ permission: 'deny', rule: 3 }) };

describe('the topics behind aliases', () => {
  it('are bounded in all, so that a client cannot fill the memory with them', () => {
    const client = new BrokerWorld().connect('c');
    let topicAlias = 0;
    for (; !client.closed && topicAlias < 100; topicAlias += 1) client.publish(`${topicAlias}/${'x'.repeat(60_000)}`, '', { properties: { topicAlias: topicAlias + 1 } });
    expect({ ended: client.taken(), topicAlias }).toEqual({ ended: ['disconnect 0x97'], topicAlias: 70 });
  });

  it('count once when an alias gets another topic', () => {
    const client = new BrokerWorld().connect('c');
    for (let count = 0; count < 200; count += 1) client.publish(`${count}/${'x'.repeat(60_000)}`, '', { properties: { topicAlias: 1 } });
    expect(client.closed).toBe(false);
  });
});

describe('acknowledging a PUBLISH', () => {
  it.each([
    ['QoS 1 with a subscriber', 1, true, ['puback #1']],
    ['QoS 1 without', 1, false, ['puback #1 0x10']],
    ['QoS 2 with a subscriber', 2, true, ['pubrec #1']],
    ['QoS 2 without', 2, false, ['pubrec #1 0x10']],
    ['QoS 0', 0, true, []],
  ] as const)('%s', (_name, qos, subscribed, expected) => {
    const world = new BrokerWorld();
    if (subscribed) world.connect('s').subscribe('a');
    const publisher = world.connect('p');
    publisher.publish('a', 'x', { qos });
    expect(publisher.taken()).toEqual(expected);
  });

  it('comes after the message was handed to subscribers', () => {
    const world = new BrokerWorld();
    const order: string[] = [];
    const client = world.connect('c');
    client.subscribe('a', { qos: 0 });
    client.take();
    world.hooks.on('message.delivered', () => void order.push('delivered'), { owner: 'test' });
    world.hooks.on('message.puback', () => void order.push('acknowledging'), { owner: 'test' });
    client.publish('a', 'x', { qos: 1 });
    expect({ order, got: client.taken() }).toEqual({ order: ['delivered', 'acknowledging'], got: ['publish a qos0 "x"', 'puback #2'] });
  });
});

describe('QoS 2 from a client', () => {
  it('is published once, however often it is repeated before PUBREL', () => {
    const world = new BrokerWorld();
    const subscriber = world.connect('s');
    subscriber.subscribe('a', { qos: 0 });
    subscriber.take();
    const publisher = world.connect('p', { properties: { sessionExpiryInterval: 10 } });
    publisher.publish('a', 'x', { qos: 2, packetId: 7 });
    publisher.publish('a', 'x', { qos: 2, packetId: 7, dup: true });
    publisher.vanish();
    const back = world.connect('p', { cleanStart: false });
    back.publish('a', 'x', { qos: 2, packetId: 7, dup: true });
    back.ack('pubrel', 7);
    back.publish('a', 'y', { qos: 2, packetId: 7 });
    expect(subscriber.taken()).toEqual(['publish a qos0 "x"', 'publish a qos0 "y"']);
    expect(publisher.taken().concat(back.taken())).toEqual(['pubrec #7', 'pubrec #7', 'pubrec #7', 'pubcomp #7', 'pubrec #7']);
    expect(world.metrics.get('packets.publish.inuse')).toBe(2);
  });

  it('answers a PUBREL it does not know with 0x92', () => {
    const client = new BrokerWorld().connect('c');
    client.ack('pubrel', 9);
    expect(client.taken()).toEqual(['pubcomp #9 0x92']);
  });

  it('ends the connection with 0x93 above the announced window', () => {
    const world = new BrokerWorld({ sets: ['mqtt.max_inflight=2'] });
    world.connect('s').subscribe('a', { qos: 0 });
    const publisher = world.connect('p');
    for (let count = 0; count < 3; count += 1) publisher.publish('a', 'x', { qos: 2 });
    expect(publisher.taken()).toEqual(['pubrec #1', 'pubrec #2', 'disconnect 0x93']);
  });

  it('frees an id whose PUBREL never came', () => {
    const world = new BrokerWorld({ sets: ['mqtt.max_inflight=1', 'mqtt.await_rel_timeout=10s'] });
    const publisher = world.connect('p');
    publisher.publish('a', 'x', { qos: 2 });
    world.advance(10_000);
    publisher.publish('a', 'x', { qos: 2 });
    expect(publisher.taken()).toEqual(['pubrec #1 0x10', 'pubrec #2 0x10']);
    expect(world.metrics.get('messages.dropped.await_pubrel_timeout')).toBe(1);
  });
});

describe('a topic alias', () => {
  it('stands for the topic it was set with, and can be changed', () => {
    const world = new BrokerWorld();
    const subscriber = world.connect('s');
    subscriber.subscribe('#', { qos: 0 });
    subscriber.take();
    const publisher = world.connect('p');
    publisher.publish('a', '1', { properties: { topicAlias: 3 } });
    publisher.publish('', '2', { properties: { topicAlias: 3 } });
    publisher.publish('b', '3', { properties: { topicAlias: 3 } });
    publisher.publish('', '4', { properties: { topicAlias: 3, contentType: 'x' } });
    const got = subscriber.take();
    expect(got.map((packet) => packet.type === 'publish' && [packet.topic, packet.properties])).toEqual([
      ['a', {}],
      ['a', {}],
      ['b', {}],
      ['b', { contentType: 'x' }],
    ]);
  });

  it.each([
    ['above the maximum', 11, 'a', 0x94],
    ['unknown with an empty topic', 5, '', 0x82],
  ])('%s ends the connection', (_name, topicAlias, topic, code) => {
    const world = new BrokerWorld({ sets: ['mqtt.max_topic_alias=10'] });
    const client = world.connect('c');
    client.publish(topic, 'x', { properties: { topicAlias } });
    expect(client.taken()).toEqual([`disconnect 0x${code.toString(16)}`]);
  });

  it('is set even if the publish is refused, and forgotten with the connection', () => {
    let denied = true;
    const world = new BrokerWorld({ authorizer: { epoch: 0, decide: () => ({ permission: denied ? 'deny' : 'allow', rule: 1 }) } });
    const client = world.connect('c');
    client.publish('a', 'x', { qos: 1, properties: { topicAlias: 1 } });
    denied = false;
    client.publish('', 'x', { qos: 1, retain: true, properties: { topicAlias: 1 } });
    expect(client.taken()).toEqual(['puback #1 0x87', 'puback #2 0x10']);
    const again = world.connect('c', { cleanStart: false });
    again.publish('', 'x', { properties: { topicAlias: 1 } });
    expect(again.taken()).toEqual(['disconnect 0x82']);
  });
});

describe('a PUBLISH over a limit ends the connection', () => {
  it.each([
    ['QoS', 'mqtt.max_qos_allowed=1', { qos: 2 }, 'a', 0x9b],
    ['RETAIN', 'mqtt.retain_available=false', { retain: true }, 'a', 0x9a],
    ['topic levels', 'mqtt.max_topic_levels=2', {}, 'a/b/c', 0x90],
  ] as const)('%s', (_name, set, options, topic, code) => {
    const client = new BrokerWorld({ sets: [set] }).connect('c');
    client.publish(topic, 'x', options);
    expect(client.taken()).toEqual([`disconnect 0x${code.toString(16)}`]);
  });
});

describe('a denied PUBLISH', () => {
  it.each([
    [5, 0, []],
    [5, 1, ['puback #1 0x87']],
    [5, 2, ['pubrec #1 0x87']],
    [4, 1, ['puback #1 0x87']],
  ] as const)('in MQTT %i at QoS %i is dropped and answered', (version, qos, expected) => {
    const world = new BrokerWorld({ authorizer: denyAll });
    const client = world.connect('c', { version });
    client.publish('a', 'x', { qos, retain: true });
    expect({ got: client.taken(), closed: client.closed, retained: world.node.retained.size }).toEqual({ got: expected, closed: false, retained: 0 });
    expect(world.metrics.counters()).toMatchObject({ 'authorization.deny': 1, 'authorization.matched.deny': 1, 'packets.publish.auth_error': 1 });
  });

  it('ends the connection when deny_action says so', () => {
    const world = new BrokerWorld({ authorizer: denyAll, sets: ['authorization.deny_action=disconnect'] });
    const client = world.connect('c');
    client.publish('a', 'x');
    expect(client.taken()).toEqual(['disconnect 0x87']);
  });

  it('is what authorization.no_match = deny makes of a topic no rule names', () => {
    const world = new BrokerWorld({ sets: ['authorization.no_match=deny'] });
    const client = world.connect('c');
    client.publish('a', 'x', { qos: 1 });
    expect(client.taken()).toEqual(['puback #1 0x87']);
    expect(world.metrics.counters()).toMatchObject({ 'authorization.nomatch': 1, 'authorization.matched.deny': 0 });
  });
});

describe('a fault of ours while a PUBLISH is handled', () => {
  it('ends this connection with 0x83, publishes nothing and harms nobody else', () => {
    const broken: Authorizer = {
      epoch: 0,
      decide(_client, { topic }) {
        if (topic === 'bad') throw new Error('broken');
        return { permission: 'allow', rule: 1 };
      },
    };
    const world = new BrokerWorld({ authorizer: broken });
    const other = world.connect('other');
    other.subscribe('#', { qos: 0 });
    other.take();
    const client = world.connect('c');
    client.publish('bad', 'x', { qos: 1 });
    other.publish('good', 'y');
    expect([client.taken(), client.closed, other.taken()]).toEqual([['disconnect 0x83'], true, ['publish good qos0 "y"']]);
    expect(world.logged).toMatchObject([{ msg: 'channel_failed', fields: { clientid: 'c', packet: 'publish', reason: 'broken' } }]);
  });
});

describe('the verdict of the rules', () => {
  it('is asked once for a topic that repeats, and again when rules, topic, QoS or RETAIN change', () => {
    let asked = 0;
    const rules = {
      epoch: 1,
      decide: () => {
        asked += 1;
        return { permission: 'allow', rule: 1 } as const;
      },
    };
    const world = new BrokerWorld({ authorizer: rules });
    const client = world.connect('c');
    const counts: number[] = [];
    const publish = (...args: Parameters<typeof client.publish>) => {
      client.publish(...args);
      counts.push(asked);
    };
    publish('a', '1');
    publish('a', '2');
    publish('a', '3', { qos: 1 });
    publish('a', '4', { qos: 1, retain: true });
    publish('b', '5');
    publish('b', '6');
    rules.epoch = 2;
    publish('b', '7');
    expect(counts).toEqual([1, 1, 2, 3, 4, 4, 5]);
    expect(world.metrics.counters()).toMatchObject({ 'authorization.allow': 7, 'authorization.cache_hit': 2, 'authorization.cache_miss': 5 });
  });
});
