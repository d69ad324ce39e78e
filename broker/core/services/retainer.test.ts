import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';

function stored(world: BrokerWorld): string[] {
  const topics: string[] = [];
  world.node.retainer.walk(undefined, (message) => topics.push(message.topic) > 0, () => {});
  world.settle();
  return topics.sort();
}

/** Retains messages of one byte under `t/0`, `t/1` … */
function fill(world: BrokerWorld, count: number): TestClient {
  const publisher = world.connect('publisher');
  for (let index = 0; index < count; index += 1) publisher.publish(`t/${index}`, 'x', { retain: true });
  return publisher;
}

describe('the retainer', () => {
  it('gives messages without an expiry the one of the configuration, and leaves others theirs', () => {
    const world = new BrokerWorld({ sets: ['retainer.msg_expiry_interval=10s'] });
    const publisher = fill(world, 1);
    publisher.publish('own', 'x', { retain: true, properties: { messageExpiryInterval: 60 } });
    world.advance(9_999);
    const early = world.connect('early');
    early.subscribe('#');
    expect(early.taken().slice(1)).toHaveLength(2);
    world.advance(1);
    const late = world.connect('late');
    late.subscribe('#');
    expect(late.taken().slice(1)).toEqual(['publish own qos0 retain "x"']);
    expect(world.metrics.getStat('retained')).toBe(1);
  });

  it('without an interval of clearing keeps what nobody meets; with one it sweeps in slices of many turns', () => {
    const world = new BrokerWorld({ sets: ['retainer.msg_expiry_interval=1s'] });
    fill(world, 5000);
    world.advance(60_000);
    expect([world.settle(), world.node.retained.size]).toEqual([0, 5000]);
    world.node.retainer.configure({ ...world.node.retainer.config, msgClearIntervalMs: 5000 });
    world.advance(5000);
    expect(world.settle()).toBeGreaterThan(1);
    expect([world.node.retained.size, world.metrics.getStat('retained')]).toEqual([0, 0]);
    fill(world, 1);
    world.advance(5000);
    expect(world.node.retained.size).toBe(0);
    world.node.retainer.dispose();
    expect(world.pendingTimers).toEqual([]);
  });

  it('stores no payload over the limit and no topic over the number, says so, and delivers all the same', () => {
    const world = new BrokerWorld({ sets: ['retainer.max_payload_size=2', 'retainer.max_retained_messages=2'] });
    const watcher = world.connect('w');
    watcher.subscribe('#', { qos: 0 });
    watcher.take();
    const publisher = world.connect('p');
    for (const [topic, payload] of [['a', '1'], ['b', '123'], ['c', '1'], ['d', '1'], ['a', '2']] as const) publisher.publish(topic, payload, { retain: true });
    expect(watcher.taken()).toHaveLength(5);
    expect(stored(world)).toEqual(['a', 'c']);
    expect(world.logged.map(({ msg, fields }) => [msg, fields['topic'], fields['reason']])).toEqual([
      ['retained_message_not_stored', 'b', 'tooLarge'],
      ['retained_message_not_stored', 'd', 'full'],
    ]);
    expect(world.metrics.get('messages.retained')).toBe(3);
  });

  it.each([
    ['false', ['publish a qos1 #1 ""'], 'puback #1'],
    ['true', [], 'puback #1 0x10'],
  ])('with stop_publish_clear_msg = %s delivers of a clearing message %j', (value, delivered, answer) => {
    const world = new BrokerWorld({ sets: [`retainer.stop_publish_clear_msg=${value}`] });
    const publisher = world.connect('p');
    publisher.publish('a', '1', { retain: true });
    const watcher = world.connect('w');
    watcher.subscribe('a', { retainHandling: 2 });
    watcher.take();
    publisher.publish('a', '', { retain: true, qos: 1 });
    expect([watcher.taken(), publisher.taken(), stored(world)]).toEqual([delivered, [answer], []]);
  });

  it('that is switched off neither stores nor delivers, and has what it had when it is switched on again', () => {
    const world = new BrokerWorld();
    const publisher = fill(world, 1);
    const { retainer } = world.node;
    retainer.configure({ ...retainer.config, enable: false });
    publisher.publish('t/0', 'new', { retain: true });
    publisher.publish('t/1', 'new', { retain: true });
    const off = world.connect('off');
    off.subscribe('t/#');
    retainer.configure({ ...retainer.config, enable: true });
    const on = world.connect('on');
    on.subscribe('t/#');
    expect([off.taken().slice(1), on.taken().slice(1)]).toEqual([[], ['publish t/0 qos0 retain "x"']]);
  });

  it('cleans what a filter matches, slice by slice', () => {
    const world = new BrokerWorld();
    const publisher = fill(world, 5000);
    publisher.publish('$own/a', 'x', { retain: true });
    const counts: number[] = [];
    world.node.retainer.clean('t/1+', (count) => counts.push(count));
    world.node.retainer.clean('t/+', (count) => counts.push(count));
    expect(world.settle()).toBeGreaterThan(1);
    expect(stored(world)).toEqual(['$own/a']);
    world.node.retainer.clean(undefined, (count) => counts.push(count));
    expect([counts, stored(world), world.metrics.getStat('retained')]).toEqual([[0, 5000, 1], [], 0]);
  });
});

describe('retained messages at a rate', () => {
  const take = (client: TestClient) => client.taken().filter((line) => line.startsWith('publish')).length;

  it('come a burst at a time and no faster, all of them', () => {
    const world = new BrokerWorld({ sets: ['retainer.delivery_rate=10/s'] });
    fill(world, 25);
    const client = world.connect('c');
    client.subscribe('t/#', { qos: 0 });
    const seen = [take(client)];
    for (let second = 0; second < 3; second += 1) {
      world.advance(1000);
      world.settle();
      seen.push(take(client));
    }
    expect(seen).toEqual([10, 10, 5, 0]);
    expect([world.pendingTimers, client.channel.session?.retainedFeeds]).toEqual([[], null]);
  });

  it('share the rate among the subscriptions of one session, and not with other sessions', () => {
    const world = new BrokerWorld({ sets: ['retainer.deliver_rate=10/s'] });
    fill(world, 20);
    const one = world.connect('one');
    one.subscribe(['t/+', 't/#'], { qos: 0 });
    const two = world.connect('two');
    two.subscribe('t/#', { qos: 0 });
    expect([take(one), take(two)]).toEqual([10, 10]);
    world.advance(3000);
    expect([take(one), take(two)]).toEqual([30, 10]);
  });

  it('stop with their connection', () => {
    const world = new BrokerWorld({ sets: ['retainer.delivery_rate=1/s'] });
    fill(world, 5);
    const client = world.connect('c', { properties: { sessionExpiryInterval: 60 } });
    client.subscribe('t/#', { qos: 0 });
    client.take();
    client.vanish();
    world.advance(10_000);
    expect([client.taken(), world.node.sessions.get('c')?.mqueueLength]).toEqual([[], 0]);
  });
});
