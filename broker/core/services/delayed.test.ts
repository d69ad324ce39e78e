import { describe, expect, it } from 'vitest';
import { BrokerWorld, type WorldOptions } from '../../../test/support/brokerWorld.ts';
import { BrokerServices } from './brokerServices.ts';
import type { DelayedRecord, DelayedStore } from './delayed.ts';

/** A store that can be looked into. */
function memoryStore(records: readonly DelayedRecord[] = []) {
  const kept = new Map(records.map((record) => [record.id, record]));
  const store: DelayedStore & { readonly records: readonly DelayedRecord[] } = {
    records,
    add: (record) => void kept.set(record.id, record),
    remove: (id) => void kept.delete(id),
  };
  return { store, kept };
}

function delayedWorld(options: WorldOptions = {}, records: readonly DelayedRecord[] = []) {
  const world = new BrokerWorld(options);
  const { store, kept } = memoryStore(records);
  const services = new BrokerServices({ node: world.node, version: '1', runningNodes: () => [], listenerPort: () => 1883, delayed: store });
  const watcher = world.connect('watcher');
  watcher.subscribe('#', { qos: 1 });
  watcher.take();
  return { world, services, kept, watcher };
}

const QUIET = { sets: ['sys_topics.sys_msg_interval=disabled', 'sys_topics.sys_heartbeat_interval=disabled'] };

describe('a delayed message', () => {
  it('is published when its time has come, to the topic behind the prefix, and is acknowledged at once as one nobody got', () => {
    const { world, kept, watcher } = delayedWorld();
    const publisher = world.connect('p');
    publisher.publish('$delayed/10/a/b', 'later', { qos: 1 });
    expect([publisher.taken(), watcher.taken(), kept.size]).toEqual([['puback #1 0x10'], [], 1]);
    expect([world.metrics.getStat('delayed'), world.metrics.get('messages.delayed'), world.metrics.get('messages.dropped')]).toEqual([1, 1, 0]);
    world.advance(9_999);
    expect(watcher.taken()).toEqual([]);
    world.advance(1);
    expect(watcher.taken()).toEqual(['publish a/b qos1 #1 "later"']);
    expect([kept.size, world.metrics.getStat('delayed')]).toEqual([0, 0]);
  });

  it('may name a moment instead, also one that has passed, but none too far ahead', () => {
    const { world, watcher } = delayedWorld(QUIET);
    const publisher = world.connect('p');
    world.advance(1_700_000_000_000);
    const now = Math.round(world.nowMs / 1000);
    publisher.publish(`$delayed/${now + 5}/moment`, '');
    publisher.publish(`$delayed/${now - 5}/passed`, '');
    publisher.publish(`$delayed/${now + 4_294_968}/far`, '', { qos: 1 });
    world.advance(0);
    expect(watcher.taken()).toEqual(['publish passed qos0 ""']);
    world.advance(5000);
    expect(watcher.taken()).toEqual(['publish moment qos0 ""']);
    expect([publisher.taken(), world.logged.at(-1)?.fields['reason'], world.metrics.get('messages.dropped.quota_exceeded')]).toEqual([['puback #1 0x10'], 'too_far_ahead', 1]);
  });

  it('keeps the order in which those of one moment came, and overtakes those that are due later', () => {
    const { world, watcher } = delayedWorld();
    const publisher = world.connect('p');
    publisher.publish('$delayed/5/t', 'third');
    world.advance(1000);
    publisher.publish('$delayed/2/t', 'first');
    publisher.publish('$delayed/2/t', 'second');
    world.advance(10_000);
    expect(watcher.taken()).toEqual(['first', 'second', 'third'].map((text) => `publish t qos0 "${text}"`));
  });

  it('is retained when it is published, under its own topic', () => {
    const { world } = delayedWorld(QUIET);
    world.connect('p').publish('$delayed/1/kept', 'x', { retain: true });
    expect(world.node.retained.size).toBe(0);
    world.advance(1000);
    expect(world.node.retained.get('kept')?.topic).toBe('kept');
  });

  it('is authorized by the topic behind the prefix; one that cannot be read is refused', () => {
    const asked: string[] = [];
    const authorizer = {
      epoch: 0,
      decide: (_client: unknown, { topic }: { topic: string }) => {
        asked.push(topic);
        return { permission: topic === 'secret' ? ('deny' as const) : ('allow' as const), rule: 1 };
      },
    };
    const { world, kept } = delayedWorld({ authorizer });
    const publisher = world.connect('p');
    asked.length = 0;
    for (const topic of ['$delayed/1/open', '$delayed/1/secret', '$delayed/1/$delayed/2/secret', '$delayed/x/open', '$delayed/1/', '$delayed/1']) publisher.publish(topic, '', { qos: 1 });
    expect(publisher.taken()).toEqual(['puback #1 0x10', ...[2, 3, 4, 5, 6].map((id) => `puback #${id} 0x87`)]);
    expect([asked, kept.size]).toEqual([['open', 'secret', 'secret'], 1]);
  });

  it('is dropped, counted and told when too many wait', () => {
    const { world, kept, services } = delayedWorld({ sets: ['delayed.max_delayed_messages=2'] });
    const publisher = world.connect('p');
    for (const text of ['1', '2', '3']) publisher.publish('$delayed/10/t', text);
    expect([kept.size, world.metrics.get('messages.dropped.quota_exceeded'), world.logged.at(-1)]).toEqual([
      2,
      1,
      { msg: 'delayed_message_dropped', fields: { topic: '$delayed/10/t', clientid: 'p', reason: 'max_delayed_messages_reached' } },
    ]);
    services.delayed.configure({ ...services.delayed.config, maxDelayedMessages: 3 });
    publisher.publish('$delayed/10/t', '3');
    expect(kept.size).toBe(3);
  });

  it('is an ordinary message while the feature is off, and those that fall due meanwhile are dropped', () => {
    const { world, services, watcher } = delayedWorld();
    const direct = world.connect('direct');
    direct.subscribe('$delayed/5/t', { qos: 0 });
    direct.take();
    const publisher = world.connect('p');
    publisher.publish('$delayed/1/t', 'lost');
    publisher.publish('$delayed/100/t', 'kept');
    services.delayed.configure({ ...services.delayed.config, enable: false });
    publisher.publish('$delayed/5/t', 'plain');
    world.advance(10_000);
    expect([direct.taken(), watcher.taken(), world.logged.at(-1)?.fields['reason']]).toEqual([['publish $delayed/5/t qos0 "plain"'], [], 'delayed_publish_is_off']);
    services.delayed.configure({ ...services.delayed.config, enable: true });
    world.advance(100_000);
    expect(watcher.taken()).toEqual(['publish t qos0 "kept"']);
  });

  it('is dropped if its publisher is banned when its time comes', () => {
    const { world, watcher } = delayedWorld();
    for (const [clientId, username] of [['bad', 'u'], ['b', 'badUser'], ['good', 'u']] as const) world.connect(clientId, { username }).publish('$delayed/1/t', clientId);
    for (const [as, who] of [['clientid', 'bad'], ['username', 'badUser']] as const) {
      world.bans.put({ as, who, by: 'test', reason: '', atMs: 0, untilMs: Number.POSITIVE_INFINITY });
    }
    world.advance(1000);
    expect([watcher.taken(), world.logged.map(({ fields }) => `${String(fields['clientid'])} ${String(fields['reason'])}`)]).toEqual([
      ['publish t qos0 "good"'],
      ['bad publisher_is_banned', 'b publisher_is_banned'],
    ]);
  });

  it('of an earlier life is published when due, at once if it was due while the node was down', () => {
    const first = delayedWorld();
    const publisher = first.world.connect('p', { username: 'u' });
    for (const seconds of [10, 3600]) publisher.publish(`$delayed/${seconds}/t`, `after ${seconds}`, { qos: 1, properties: { contentType: 'x' } });
    const left = [...first.kept.values()];
    const second = delayedWorld({}, left.map((record) => ({ ...record, dueAtMs: record.dueAtMs - 60_000 })));
    expect(second.world.metrics.getStat('delayed')).toBe(2);
    second.world.advance(0);
    expect(second.watcher.take()).toMatchObject([{ topic: 't', qos: 1, properties: { contentType: 'x' } }]);
    second.world.advance(3_600_000);
    expect(second.watcher.taken()).toEqual(['publish t qos1 #2 "after 3600"']);
  });

  it('can be listed in the order of their times, found and removed', () => {
    const { world, services, kept, watcher } = delayedWorld(QUIET);
    const publisher = world.connect('p');
    for (const [seconds, topic] of [[30, 'c'], [10, 'a'], [20, 'b'], [40, 'a']] as const) publisher.publish(`$delayed/${seconds}/${topic}`, '');
    const list = () => [...services.delayed.list()].map(({ message, delaySeconds, id }) => `${message.topic} ${delaySeconds} ${services.delayed.get(id)?.id === id}`);
    expect(list()).toEqual(['a 10 true', 'b 20 true', 'c 30 true', 'a 40 true']);
    expect([services.delayed.removeTopic('a'), services.delayed.removeTopic('a'), services.delayed.remove('0'.repeat(32))]).toEqual([2, 0, false]);
    expect([list(), kept.size]).toEqual([['b 20 true', 'c 30 true'], 2]);
    world.advance(60_000);
    expect(watcher.taken()).toHaveLength(2);
    expect(world.pendingTimers).toEqual([]);
  });

  it('is published in slices of many turns when very many are due at once', () => {
    const { world, watcher } = delayedWorld();
    const publisher = world.connect('p');
    for (let index = 0; index < 1200; index += 1) publisher.publish('$delayed/1/t', String(index));
    world.advance(1000);
    expect(watcher.taken()).toHaveLength(500);
    expect(world.settle()).toBe(2);
    expect(watcher.taken()).toHaveLength(700);
  });
});
