import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import type { Authorizer } from '../access/acl/decision.ts';
import { clients } from '../core/adminAnswers.ts';
import { NO_PROPERTIES, type Will } from '../protocol/packet.ts';
import { mountFilter, mountTopic, renderMountpoint } from './mountpoint.ts';

const CLIENT = { clientId: 'c1', username: 'ann', peerHost: '', isBridge: false, attributes: { site: 'north' } };
const MOUNTPOINT = 'dev/${username}/';
const ann = { username: 'ann', mountpoint: MOUNTPOINT } as const;

describe('a mountpoint', () => {
  it.each([
    ['', ''],
    ['a/', 'a/'],
    ['${clientid}/${username}/', 'c1/ann/'],
    ['%c/%u/', 'c1/ann/'],
    ['${client_attrs.site}/', 'north/'],
    ['${client_attrs.none}/${other}/', '${client_attrs.none}/${other}/'],
  ])('%s is rendered for its client', (template, expected) => {
    expect(renderMountpoint(template, CLIENT)).toBe(expected);
  });

  it('keeps a placeholder that has no value', () => {
    expect(renderMountpoint('${username}/', { ...CLIENT, username: undefined })).toBe('${username}/');
  });

  it.each(['+', '#', 'a/#'])('is none with a client id of %s: it would reach what is mounted for others', (clientId) => {
    expect(renderMountpoint('${clientid}/', { ...CLIENT, clientId })).toBe(undefined);
    expect(new BrokerWorld().connect(clientId, { mountpoint: '${clientid}/' }).connack?.reasonCode).toBe(0x85);
  });

  it('stands behind what a filter or a delayed topic begins with', () => {
    expect(['a/#', '$share/g/a', '$queue/a', '$exclusive/a', '$SYS/a'].map((filter) => mountFilter('m/', filter))).toEqual(['m/a/#', '$share/g/m/a', '$queue/m/a', '$exclusive/m/a', 'm/$SYS/a']);
    expect([mountTopic('m/', 'a'), mountTopic('m/', '$delayed/5/a')]).toEqual(['m/a', '$delayed/5/m/a']);
  });
});

describe('a client behind a mountpoint', () => {
  it('publishes below it and sees its own topics, whatever the packet', () => {
    const world = new BrokerWorld();
    const outside = world.connect('outside');
    outside.subscribe('#', { qos: 2 });
    outside.take();
    const client = world.connect('c', ann);
    client.subscribe(['t/+', 'u'], { qos: 2 });
    client.publish('t/1', 'a');
    client.publish('u', 'b', { qos: 1 });
    client.publish('', 'c', { properties: { topicAlias: 1 } });
    expect(client.closed).toBe(true);
    expect(client.taken()).toEqual(['suback #1 0x02 0x02', 'publish t/1 qos0 "a"', 'publish u qos1 #1 "b"', 'puback #2', 'disconnect 0x82']);
    expect(outside.taken()).toEqual(['publish dev/ann/t/1 qos0 "a"', 'publish dev/ann/u qos1 #1 "b"']);
  });

  it('uses topic aliases for the topics it knows', () => {
    const world = new BrokerWorld();
    const outside = world.connect('outside');
    outside.subscribe('dev/#');
    const client = world.connect('c', ann);
    client.publish('t', '1', { properties: { topicAlias: 1 } });
    client.publish('', '2', { properties: { topicAlias: 1 } });
    expect(outside.taken()).toEqual(['suback #1 0x02', 'publish dev/ann/t qos0 "1"', 'publish dev/ann/t qos0 "2"']);
  });

  it('does not see others', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', ann);
    client.subscribe('#');
    world.connect('bob', { username: 'bob', mountpoint: MOUNTPOINT }).publish('t', 'x');
    world.connect('p').publish('t', 'x');
    world.connect('q').publish('dev/ann/t', 'mine');
    expect(client.taken()).toEqual(['suback #1 0x02', 'publish t qos0 "mine"']);
  });

  it('finds its retained messages, keeps its queue while it is away, and unsubscribes by the name it knows', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', { ...ann, properties: { sessionExpiryInterval: 100 } });
    client.publish('r', 'kept', { retain: true });
    client.subscribe('r', { qos: 1 });
    expect(client.taken()).toEqual(['suback #1 0x01', 'publish r qos0 retain "kept"']);
    client.vanish();
    world.connect('p').publish('dev/ann/r', 'missed', { qos: 1 });
    const back = world.connect('c', { ...ann, cleanStart: false, properties: { sessionExpiryInterval: 100 } });
    expect(back.taken()).toEqual(['publish r qos1 #1 "missed"']);
    back.unsubscribe('r', 'r');
    expect(back.taken()).toEqual(['unsuback #1 0x00 0x11']);
    expect(world.metrics.getStat('topics')).toBe(0);
  });

  it('leaves its will below it', () => {
    const world = new BrokerWorld();
    const outside = world.connect('outside');
    outside.subscribe('dev/#');
    const will: Will = { topic: 'gone', payload: Buffer.from('x'), qos: 0, retain: false, properties: NO_PROPERTIES };
    world.connect('c', { ...ann, will }).vanish();
    expect(outside.taken()).toEqual(['suback #1 0x02', 'publish dev/ann/gone qos0 "x"']);
  });

  it('shares a group with others behind the same mountpoint', () => {
    const world = new BrokerWorld();
    const client = world.connect('c', ann);
    client.subscribe('$share/g/t', { qos: 1 });
    world.connect('p').publish('dev/ann/t', 'x', { qos: 1 });
    expect(client.taken()).toEqual(['suback #1 0x01', 'publish t qos1 #1 "x"']);
  });

  it('is judged by the topics it names itself', () => {
    const asked: string[] = [];
    const authorizer: Authorizer = {
      epoch: 0,
      decide: (_client, { topic }) => {
        asked.push(topic);
        return { permission: 'noMatch', rule: 0 };
      },
    };
    const client = new BrokerWorld({ authorizer }).connect('c', ann);
    client.publish('t', 'x');
    client.subscribe('$share/g/f/#');
    expect(asked).toEqual(['t', 'f/#']);
  });

  it('may not name a topic that is too long behind it', () => {
    const client = new BrokerWorld({ sets: ['mqtt.max_packet_size=1MB'] }).connect('c', ann);
    client.publish('x'.repeat(65_530), '');
    expect(client.taken()).toEqual(['disconnect 0x90']);
  });

  it('tells it to the administration', () => {
    const world = new BrokerWorld();
    world.connect('c', ann);
    expect(clients(world.node, {}, 0, 1).rows[0]?.['mountpoint']).toBe('dev/ann/');
  });
});
