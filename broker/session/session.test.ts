import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../test/support/brokerWorld.ts';
import type { Properties } from '../protocol/packet.ts';

const KEPT: Properties = { sessionExpiryInterval: 1000 };

/** A world with a publisher and a subscriber of `a` whose session outlives its connection. */
function pair(sets: readonly string[] = [], properties: Properties = KEPT) {
  const world = new BrokerWorld({ sets });
  const subscriber = world.connect('s', { properties });
  subscriber.subscribe('a');
  subscriber.take();
  return { world, subscriber, publisher: world.connect('p') };
}

function back(world: BrokerWorld, properties: Properties = KEPT): TestClient {
  return world.connect('s', { cleanStart: false, properties });
}

describe('delivery', () => {
  it.each([
    [0, 2, 0],
    [1, 2, 1],
    [2, 1, 1],
    [2, 2, 2],
    [1, 0, 0],
  ] as const)('of QoS %i to a subscription of QoS %i happens at QoS %i', (published, subscribed, delivered) => {
    const world = new BrokerWorld();
    const subscriber = world.connect('s');
    subscriber.subscribe('a', { qos: subscribed });
    subscriber.take();
    world.connect('p').publish('a', 'x', { qos: published });
    expect(subscriber.taken()).toEqual([`publish a qos${delivered}${delivered > 0 ? ' #1' : ''} "x"`]);
  });

  it('follows the subscription with mqtt.upgrade_qos', () => {
    const { subscriber, publisher } = pair(['mqtt.upgrade_qos=true']);
    publisher.publish('a', 'x');
    expect(subscriber.taken()).toEqual(['publish a qos2 #1 "x"']);
  });

  it('of QoS 2 runs through PUBREC, PUBREL, PUBCOMP and then frees its id', () => {
    const { world, subscriber, publisher } = pair();
    publisher.publish('a', 'x', { qos: 2 });
    subscriber.ack('pubrec', 1);
    subscriber.ack('pubcomp', 1);
    subscriber.ack('pubcomp', 1);
    expect(subscriber.taken()).toEqual(['publish a qos2 #1 "x"', 'pubrel #1']);
    expect(world.metrics.counters()).toMatchObject({ 'messages.acked': 1, 'packets.pubcomp.missed': 1 });
  });

  it('ends with a PUBREC that refuses', () => {
    const { world, subscriber, publisher } = pair();
    publisher.publish('a', 'x', { qos: 2 });
    subscriber.take();
    subscriber.ack('pubrec', 1, 0x83);
    subscriber.vanish();
    expect(back(world).taken()).toEqual([]);
  });

  it('answers a PUBREC it does not know with 0x92, so that the client can go on', () => {
    const { subscriber } = pair();
    subscriber.ack('pubrec', 5);
    expect(subscriber.taken()).toEqual(['pubrel #5 0x92']);
  });

  it('never exceeds the client’s Receive Maximum; PUBREC returns no slot', () => {
    const { subscriber, publisher } = pair([], { ...KEPT, receiveMaximum: 2 });
    for (const text of ['1', '2', '3', '4']) publisher.publish('a', text, { qos: 2 });
    expect(subscriber.taken()).toEqual(['publish a qos2 #1 "1"', 'publish a qos2 #2 "2"']);
    subscriber.ack('pubrec', 1);
    expect(subscriber.taken()).toEqual(['pubrel #1']);
    subscriber.ack('pubcomp', 1);
    expect(subscriber.taken()).toEqual(['publish a qos2 #3 "3"']);
  });

  it('drops what is larger than the client takes, as if it had been delivered', () => {
    const { world, subscriber, publisher } = pair([], { ...KEPT, maximumPacketSize: 20 });
    publisher.publish('a', 'x'.repeat(30), { qos: 1 });
    publisher.publish('a', 'small', { qos: 1 });
    expect(subscriber.taken()).toEqual(['publish a qos1 #2 "small"']);
    expect(world.metrics.get('delivery.dropped.too_large')).toBe(1);
  });

  it('drops QoS 0, and only that, towards a client that does not read', () => {
    const { world, subscriber, publisher } = pair();
    subscriber.congested = true;
    publisher.publish('a', '0');
    publisher.publish('a', '1', { qos: 1 });
    expect(subscriber.taken()).toEqual(['publish a qos1 #1 "1"']);
    expect(world.metrics.counters()).toMatchObject({ 'delivery.dropped': 1, 'delivery.dropped.queue_full': 1 });
  });
});

describe('a client that comes back', () => {
  it('gets what it did not acknowledge again, in the order of sending, then what it missed', () => {
    const { world, subscriber, publisher } = pair();
    publisher.publish('a', '1', { qos: 1 });
    publisher.publish('a', '2', { qos: 2 });
    publisher.publish('a', '3', { qos: 2 });
    publisher.publish('a', '4', { qos: 1 });
    subscriber.ack('pubrec', 2);
    subscriber.ack('puback', 4);
    subscriber.vanish();
    publisher.publish('a', '5', { qos: 1 });
    publisher.publish('a', '6');
    const again = back(world);
    expect(again.taken()).toEqual(['pubrel #2', 'publish a qos1 dup #1 "1"', 'publish a qos2 dup #3 "3"', 'publish a qos1 #5 "5"', 'publish a qos0 "6"']);
  });

  it('with a smaller window gets the same order, slot by slot, and nothing newer overtakes', () => {
    const { world, subscriber, publisher } = pair();
    for (const text of ['1', '2', '3']) publisher.publish('a', text, { qos: 1 });
    subscriber.vanish();
    const again = back(world, { ...KEPT, receiveMaximum: 1 });
    publisher.publish('a', '4', { qos: 1 });
    const got: string[] = [];
    for (let id = 1; id <= 4; id += 1) {
      got.push(...again.taken());
      again.ack('puback', id);
    }
    expect(got).toEqual(['publish a qos1 dup #1 "1"', 'publish a qos1 dup #2 "2"', 'publish a qos1 dup #3 "3"', 'publish a qos1 #4 "4"']);
  });

  it('finds the oldest dropped when its queue was full', () => {
    const { world, subscriber, publisher } = pair(['mqtt.max_mqueue_len=2']);
    subscriber.vanish();
    for (const text of ['1', '2', '3']) publisher.publish('a', text, { qos: 1 });
    expect(back(world).taken()).toEqual(['publish a qos1 #1 "2"', 'publish a qos1 #2 "3"']);
    expect(world.metrics.counters()).toMatchObject({ 'delivery.dropped': 1, 'delivery.dropped.queue_full': 1 });
  });

  it('finds no QoS 0 messages when they are not stored', () => {
    const { world, subscriber, publisher } = pair(['mqtt.mqueue_store_qos0=false']);
    subscriber.vanish();
    publisher.publish('a', '0');
    publisher.publish('a', '1', { qos: 1 });
    expect(back(world).taken()).toEqual(['publish a qos1 #1 "1"']);
    expect(world.metrics.get('delivery.dropped.qos0_msg')).toBe(1);
  });

  it('gets no message whose time has passed, and what is left of the others', () => {
    const { world, subscriber, publisher } = pair();
    subscriber.vanish();
    publisher.publish('a', 'short', { qos: 1, properties: { messageExpiryInterval: 5 } });
    publisher.publish('a', 'long', { qos: 1, properties: { messageExpiryInterval: 50 } });
    world.advance(5_000);
    expect(back(world).taken()).toEqual(['publish a qos1 #1 "long"']);
    expect(world.metrics.get('delivery.dropped.expired')).toBe(1);
  });

  it('gets no message older than mqtt.message_expiry_interval, unless it has an expiry of its own, which alone is sent along', () => {
    const world = new BrokerWorld({ sets: ['mqtt.message_expiry_interval=10s'] });
    const options = { cleanStart: false, properties: { sessionExpiryInterval: 600 } };
    const subscriber = world.connect('s', options);
    subscriber.subscribe('a', { qos: 1 });
    subscriber.vanish();
    const publisher = world.connect('p');
    publisher.publish('a', 'old', { qos: 1 });
    publisher.publish('a', 'own', { qos: 1, properties: { messageExpiryInterval: 50 } });
    world.advance(5_000);
    publisher.publish('a', 'new', { qos: 1 });
    world.advance(5_000);
    const again = world.connect('s', options).take();
    const text = (payload: Uint8Array) => new TextDecoder().decode(payload);
    expect(again.map((packet) => (packet.type === 'publish' ? [text(packet.payload), packet.properties] : packet.type))).toEqual([
      ['own', { messageExpiryInterval: 50 }],
      ['new', {}],
    ]);
    expect(world.metrics.get('delivery.dropped.expired')).toBe(1);
  });

  it('may have lowered its expiry on leaving', () => {
    const { world, subscriber } = pair();
    subscriber.disconnect(0, { sessionExpiryInterval: 0 });
    expect(world.node.sessions.has('s')).toBe(false);
    expect(back(world).connack?.sessionPresent).toBe(false);
  });
});

describe('order of one publisher and topic', () => {
  it('holds through windows, disconnects and re-sends', () => {
    const { world, subscriber, publisher } = pair([], { ...KEPT, receiveMaximum: 3 });
    let current = subscriber;
    const seen: number[] = [];
    const read = (ack: boolean) => {
      for (const packet of current.take()) {
        if (packet.type !== 'publish') continue;
        seen.push(Number(new TextDecoder().decode(packet.payload)));
        if (ack) current.ack('puback', packet.packetId);
      }
    };
    for (let index = 0; index < 60; index += 1) {
      publisher.publish('a', String(index), { qos: 1 });
      if (index % 7 === 6) {
        read(false);
        current.vanish();
      } else if (index % 7 === 1 && current.channel.connState === 'disconnected') current = back(world, { ...KEPT, receiveMaximum: 3 });
      else if (current.channel.connState === 'connected') read(index % 2 === 0);
    }
    // What was read and not acknowledged is the old connection's loss: only a new one gets it again.
    current.vanish();
    current = back(world, KEPT);
    for (let round = 0; round < 60; round += 1) read(true);
    // Re-sends repeat numbers; the first sight of each must come in order, and none may be missing.
    const firstSights = seen.filter((value, at) => seen.indexOf(value) === at);
    expect(firstSights).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });
});

describe('hooks', () => {
  it('see the life of a session and its messages', () => {
    const world = new BrokerWorld();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(name);
    for (const point of ['client.connected', 'client.disconnected', 'session.created', 'session.resumed', 'session.terminated', 'session.discarded'] as const) {
      world.hooks.on(point, note(point), { owner: 'test' });
    }
    for (const point of ['session.subscribed', 'session.unsubscribed', 'message.acked', 'message.dropped', 'delivery.completed'] as const) {
      world.hooks.on(point, note(point), { owner: 'test' });
    }
    const client = world.connect('c', { properties: KEPT });
    client.subscribe('a');
    client.publish('a', 'x', { qos: 1 });
    client.ack('puback', 1);
    client.unsubscribe('a');
    client.publish('a', 'x');
    client.vanish();
    const again = world.connect('c', { cleanStart: false, properties: KEPT });
    again.disconnect(0, { sessionExpiryInterval: 0 });
    expect(seen).toEqual([
      'session.created',
      'client.connected',
      'session.subscribed',
      'message.acked',
      'delivery.completed',
      'session.unsubscribed',
      'message.dropped',
      'client.disconnected',
      'session.resumed',
      'client.connected',
      'client.disconnected',
      'session.terminated',
    ]);
  });

  it('change or stop a message before routing', () => {
    const world = new BrokerWorld();
    const subscriber = world.connect('s');
    subscriber.subscribe('#');
    subscriber.take();
    world.hooks.on('message.publish', ({ message, allow }) => ({ next: { message: { ...message, topic: `in/${message.topic}` }, allow } }), { owner: 'test' });
    world.hooks.on('message.publish', ({ message }) => (message.topic === 'in/drop' ? { next: { message, allow: false } } : undefined), { owner: 'test' });
    const publisher = world.connect('p');
    publisher.publish('a', 'x');
    publisher.publish('drop', 'x');
    expect(subscriber.taken()).toEqual(['publish in/a qos0 "x"']);
  });
});

describe('a queue that fills', () => {
  it('holds back those who send from its half on, and lets them go when a quarter is left', () => {
    const { world, subscriber, publisher } = pair(['mqtt.max_inflight=1', 'mqtt.max_mqueue_len=8']);
    const publish = (count: number): void => {
      for (let index = 0; index < count; index += 1) publisher.publish('a', 'x', { qos: 1 });
    };
    const seen: boolean[] = [];
    publish(4);
    seen.push(subscriber.isFull);
    publish(1);
    seen.push(subscriber.isFull);
    for (const packetId of [1, 2, 3]) {
      seen.push(subscriber.isFull);
      subscriber.ack('puback', packetId);
    }
    seen.push(subscriber.isFull);
    expect({ seen, dropped: world.metrics.get('delivery.dropped') }).toEqual({ seen: [false, true, true, true, false, false], dropped: 0 });
  });
});
