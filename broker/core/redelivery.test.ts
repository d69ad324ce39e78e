import { describe, expect, it } from 'vitest';
import { BrokerWorld, type ConnectOptions } from '../../test/support/brokerWorld.ts';

const KEPT: ConnectOptions = { version: 4, cleanStart: false };

function withInterval(interval = '10s') {
  const world = new BrokerWorld({ sets: [`mqtt.retry_interval=${interval}`, 'mqtt.max_inflight=2'] });
  return { world, publisher: world.connect('p') };
}

describe('mqtt.retry_interval', () => {
  it('sends a connected MQTT 3 client again what it does not acknowledge, after each interval', () => {
    const { world, publisher } = withInterval();
    const client = world.connect('c', KEPT);
    client.subscribe('t', { qos: 2 });
    publisher.publish('t', 'one', { qos: 1 });
    world.advance(5_000);
    publisher.publish('t', 'two', { qos: 2 });
    publisher.publish('t', 'waits', { qos: 1 });
    client.take();
    world.advance(6_000);
    expect(client.taken()).toEqual(['publish t qos1 dup #1 "one"']);
    client.ack('puback', 1);
    client.take();
    world.advance(5_000);
    expect(client.taken()).toEqual(['publish t qos2 dup #2 "two"']);
    client.ack('puback', 3);
    client.ack('pubrec', 2);
    client.take();
    world.advance(10_000);
    expect(client.taken()).toEqual(['pubrel #2']);
    client.ack('pubcomp', 2);
    world.advance(60_000);
    expect(client.taken()).toEqual([]);
  });

  it('counts from the connection on which something was sent last, and leaves what waits for room alone', () => {
    const { world, publisher } = withInterval();
    const first = world.connect('c', KEPT);
    first.subscribe('t', { qos: 1 });
    for (const text of ['one', 'two']) publisher.publish('t', text, { qos: 1 });
    world.advance(9_500);
    const second = world.connect('c', KEPT);
    second.take();
    world.advance(9_000);
    expect(second.taken()).toEqual([]);
    world.advance(2_000);
    expect(second.taken()).toEqual(['publish t qos1 dup #1 "one"', 'publish t qos1 dup #2 "two"']);
  });

  it('never sends again to MQTT 5, which forbids it [MQTT-4.4.0-1], nor to a client that does not read', () => {
    const { world, publisher } = withInterval();
    const [five, stuck] = [world.connect('five'), world.connect('stuck', KEPT)];
    for (const client of [five, stuck]) client.subscribe('t', { qos: 1 });
    publisher.publish('t', 'x', { qos: 1 });
    for (const client of [five, stuck]) client.take();
    stuck.congested = true;
    world.advance(60_000);
    expect([five.taken(), stuck.taken()]).toEqual([[], []]);
  });

  it('takes no timer where it is infinity, or where nobody is connected', () => {
    const never = new BrokerWorld();
    never.connect('c', KEPT);
    const { world, publisher } = withInterval();
    publisher.disconnect();
    world.advance(3_000);
    expect([never.pendingTimers, world.pendingTimers].map((names) => names.includes('redelivery'))).toEqual([false, false]);
  });
});
