import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../../test/support/brokerWorld.ts';
import { standalone } from '../../core/clusterPort.ts';

describe('SUBACK', () => {
  it.each([
    ['the QoS asked for', [], 'a/b', '0x01'],
    ['0xA2 for a wildcard where they are off', ['mqtt.wildcard_subscription=false'], 'a/#', '0xa2'],
    ['0x8F for too many levels', ['mqtt.max_topic_levels=2'], 'a/b/c', '0x8f'],
    ['0x9E for a shared subscription where they are off', ['mqtt.shared_subscription=false'], '$share/g/a', '0x9e'],
    ['0x9E for one of the queue group too', ['mqtt.shared_subscription=off'], '$queue/a', '0x9e'],
    ['the QoS asked for to a shared subscription', [], '$share/g/a', '0x01'],
    ['0xA2 for a shared wildcard where wildcards are off', ['mqtt.wildcard_subscription=false'], '$share/g/#', '0xa2'],
    ['0x8F for a prefix within a prefix', [], '$share/g/$queue/a', '0x8f'],
    ['0x8F for an exclusive subscription, which is off', [], '$exclusive/a', '0x8f'],
  ] as const)('gives %s', (_name, sets, filter, code) => {
    const client = new BrokerWorld({ sets }).connect('c');
    client.subscribe(filter, { qos: 1 });
    expect(client.taken()).toEqual([`suback #1 ${code}`]);
  });

  it('answers every filter in order; a refused one does not hold up the others', () => {
    const world = new BrokerWorld({
      sets: ['mqtt.max_subscriptions=2'],
      authorizer: { epoch: 0, decide: (_client, { topic }) => ({ permission: topic.startsWith('secret') ? 'deny' : 'allow', rule: 1 }) },
    });
    const client = world.connect('c');
    client.subscribe(['a', 'secret/#', 'b', 'a', 'c']);
    expect(client.taken()).toEqual(['suback #1 0x02 0x87 0x02 0x02 0x97']);
    expect([...(world.node.sessions.get('c')?.subscriptions?.keys() ?? [])]).toEqual(['a', 'b']);
  });

  it('is replaced by the end of the connection when deny_action says so, and nothing is subscribed', () => {
    const world = new BrokerWorld({
      sets: ['authorization.deny_action=disconnect'],
      authorizer: { epoch: 0, decide: (_client, { topic }) => ({ permission: topic === 'b' ? 'deny' : 'allow', rule: 1 }) },
    });
    const client = world.connect('c');
    client.subscribe(['a', 'b']);
    expect({ got: client.taken(), routes: world.node.routes.localSubscriptions }).toEqual({ got: ['disconnect 0x87'], routes: 0 });
  });

  it('waits until the cluster knows the routes; retained messages follow it', () => {
    const waiting: (() => void)[] = [];
    const routes: string[] = [];
    const world = new BrokerWorld({
      cluster: {
        ...standalone,
        routeAdded: (filter) => void routes.push(`+${filter}`),
        routeRemoved: (filter) => void routes.push(`-${filter}`),
        routeBarrier: (done) => void waiting.push(done),
      },
    });
    world.connect('p').publish('a', 'kept', { retain: true });
    const client = world.connect('c');
    client.subscribe('a');
    expect(client.taken()).toEqual([]);
    for (const done of waiting.splice(0)) done();
    expect(client.taken()).toEqual(['suback #1 0x02', 'publish a qos0 retain "kept"']);
    client.subscribe('a', { qos: 1 });
    world.connect('other').subscribe('a');
    client.vanish();
    world.node.kick('other');
    expect(routes).toEqual(['+a', '-a']);
  });
});

describe('subscription options', () => {
  it('No Local keeps out the session’s own messages', () => {
    const world = new BrokerWorld();
    const client = world.connect('c');
    client.subscribe('a', { noLocal: true, qos: 0 });
    client.take();
    client.publish('a', 'own');
    world.connect('p').publish('a', 'foreign');
    expect(client.taken()).toEqual(['publish a qos0 "foreign"']);
    expect(world.metrics.get('delivery.dropped.no_local')).toBe(1);
  });

  it('No Local takes out only the subscription that has it', () => {
    const client = new BrokerWorld().connect('c');
    client.subscribe('a', { noLocal: true, qos: 1 }, { subscriptionIdentifiers: [1] });
    client.subscribe('#', { qos: 0 }, { subscriptionIdentifiers: [2] });
    client.take();
    client.publish('a', 'own', { qos: 1 });
    expect(client.take()).toMatchObject([
      { type: 'publish', qos: 0, properties: { subscriptionIdentifiers: [2] } },
      { type: 'puback' },
    ]);
  });

  it('No Local on a shared subscription is a protocol error', () => {
    const client = new BrokerWorld().connect('c');
    client.subscribe('$share/g/a', { noLocal: true });
    expect(client.taken()).toEqual(['disconnect 0x82']);
  });

  it.each([
    [false, 'publish a qos0 "x"'],
    [true, 'publish a qos0 retain "x"'],
  ])('Retain As Published %s decides RETAIN of live messages', (retainAsPublished, expected) => {
    const world = new BrokerWorld();
    const client = world.connect('c');
    client.subscribe('a', { retainAsPublished, qos: 0 });
    client.take();
    world.connect('p').publish('a', 'x', { retain: true });
    expect(client.taken()).toEqual([expected]);
  });

  it.each([
    [0, ['kept', 'kept']],
    [1, ['kept']],
    [2, []],
  ] as const)('Retain Handling %i decides about retained messages of a new and of a repeated subscription', (retainHandling, expected) => {
    const world = new BrokerWorld();
    world.connect('p').publish('a', 'kept', { retain: true });
    const client = world.connect('c');
    for (let time = 0; time < 2; time += 1) client.subscribe('a', { retainHandling });
    expect(client.taken().filter((line) => line.startsWith('publish'))).toEqual(expected.map((text) => `publish a qos0 retain "${text}"`));
  });

  it('overlapping ones give one copy, at the highest QoS, with all identifiers', () => {
    const world = new BrokerWorld();
    const client = world.connect('c');
    client.subscribe('a/#', { qos: 0 }, { subscriptionIdentifiers: [1] });
    client.subscribe('a/+', { qos: 2 }, { subscriptionIdentifiers: [2] });
    client.subscribe('+/b', { qos: 1 });
    client.take();
    world.connect('p').publish('a/b', 'x', { qos: 2 });
    const got = client.take();
    expect(got).toMatchObject([{ type: 'publish', qos: 2 }]);
    expect(got[0]?.type === 'publish' && got[0].properties.subscriptionIdentifiers?.toSorted()).toEqual([1, 2]);
  });

  it('are replaced by a second SUBSCRIBE, the identifier included', () => {
    const world = new BrokerWorld();
    const client = world.connect('c');
    client.subscribe('a', { qos: 2 }, { subscriptionIdentifiers: [1] });
    client.subscribe('a', { qos: 0 });
    client.take();
    world.connect('p').publish('a', 'x', { qos: 2 });
    expect(client.take()).toMatchObject([{ type: 'publish', qos: 0, properties: {} }]);
    expect(world.node.routes.localSubscriptions).toBe(1);
  });

  it('of a bridge are No Local and Retain As Published', () => {
    const world = new BrokerWorld();
    const bridge = world.connect('c', { version: 4, bridge: true });
    bridge.subscribe('#', { qos: 0 });
    bridge.take();
    bridge.publish('a', 'own');
    world.connect('p').publish('a', 'x', { retain: true });
    expect(bridge.taken()).toEqual(['publish a qos0 retain "x"']);
  });
});

describe('UNSUBSCRIBE', () => {
  it('compares filters as strings and answers each', () => {
    const world = new BrokerWorld();
    const client = world.connect('c');
    client.subscribe(['#', 'a']);
    client.unsubscribe('#', 'b');
    world.connect('p').publish('a', 'x');
    world.connect('p').publish('b', 'x');
    expect(client.taken()).toEqual(['suback #1 0x02 0x02', 'unsuback #2 0x00 0x11', 'publish a qos0 "x"']);
  });
});

describe('retained messages', () => {
  it('are the last of each topic, without those below $ for a leading wildcard', () => {
    const world = new BrokerWorld();
    const publisher = world.connect('p');
    publisher.publish('a/1', 'old', { retain: true });
    publisher.publish('a/1', 'new', { retain: true });
    publisher.publish('a/2', 'gone', { retain: true });
    publisher.publish('a/2', '', { retain: true });
    publisher.publish('$x/1', 'hidden', { retain: true });
    publisher.publish('a/3', 'plain');
    const client = world.connect('c');
    client.subscribe('#', { qos: 1 });
    expect(client.taken()).toEqual(['suback #1 0x01', 'publish a/1 qos0 retain "new"']);
  });

  it('arrive in slices that leave room for others, all of them and each once', () => {
    const world = new BrokerWorld();
    const publisher = world.connect('p');
    const count = 2_000;
    for (let index = 0; index < count; index += 1) publisher.publish(`t/${index}`, String(index), { retain: true });
    const client = world.connect('c');
    client.subscribe('#', { qos: 0 });
    const first = client.take().length;
    expect(first).toBeLessThan(600);
    const turns = world.settle();
    const rest = client.taken().filter((line) => line.startsWith('publish'));
    expect(first - 1 + rest.length).toBe(count);
    expect(turns).toBeGreaterThan(2);
  });

  it('wait for a client that does not read, and for a full window, and lose nothing', () => {
    const world = new BrokerWorld({ sets: ['mqtt.max_inflight=2', 'mqtt.max_mqueue_len=10'] });
    const publisher = world.connect('p');
    const count = 100;
    for (let index = 0; index < count; index += 1) publisher.publish(`t/${index}`, String(index), { retain: true, qos: 1 });
    const client = world.connect('c');
    client.congested = true;
    client.subscribe('t/#', { qos: 1 });
    world.settle();
    client.congested = false;
    client.channel.drained();
    const topics = new Set<string>();
    for (;;) {
      world.settle();
      const batch = client.take().filter((packet) => packet.type === 'publish');
      if (batch.length === 0) break;
      for (const packet of batch) {
        topics.add(packet.topic);
        client.ack('puback', packet.packetId);
      }
    }
    expect({ topics: topics.size, dropped: world.metrics.get('delivery.dropped') }).toEqual({ topics: count, dropped: 0 });
  });

  it('are refused above the limits, and what was stored before stays', () => {
    const world = new BrokerWorld({ sets: ['retainer.max_retained_messages=1', 'retainer.max_payload_size=4B'] });
    const publisher = world.connect('p');
    publisher.publish('a', '1', { retain: true });
    publisher.publish('b', '2', { retain: true });
    publisher.publish('a', '12345', { retain: true });
    const client = world.connect('c');
    client.subscribe('#', { qos: 0 });
    expect(client.taken()).toEqual(['suback #1 0x00', 'publish a qos0 retain "1"']);
    expect(world.logged.filter((record) => record.msg === 'retained_message_not_stored').map((record) => record.fields['reason'])).toEqual(['full', 'tooLarge']);
  });

  it('expire, and tell what is left of their time', () => {
    const world = new BrokerWorld();
    world.connect('p').publish('a', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
    world.advance(9_000);
    const early = world.connect('early');
    early.subscribe('a', { qos: 0 });
    expect(early.taken()).toEqual(['suback #1 0x00', 'publish a qos0 retain "x"']);
    world.advance(1_000);
    const late = world.connect('late');
    late.subscribe('a', { qos: 0 });
    expect(late.taken()).toEqual(['suback #1 0x00']);
    expect(world.node.retained.size).toBe(0);
  });
});
