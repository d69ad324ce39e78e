import { describe, expect, it } from 'vitest';
import { BrokerWorld, nodeNamed } from '../../test/support/brokerWorld.ts';
import { arrived, messagesIn } from '../../test/support/forwarding.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { Publication } from '../session/publication.ts';
import { standalone, type ForwardedPublish } from './clusterPort.ts';

const N2 = nodeNamed('n2@127.0.0.1');
const N3 = nodeNamed('n3@127.0.0.1');

const topicOf = (publish: ForwardedPublish) => messagesIn(arrived(publish), 0)[0]?.topic;

function clusterWorld() {
  const forwarded: string[] = [];
  const routes: string[] = [];
  const world = new BrokerWorld({
    cluster: {
      ...standalone,
      routeAdded: (filter) => void routes.push(`+${filter}`),
      routeRemoved: (filter) => void routes.push(`-${filter}`),
      forward: (node, publish) => void forwarded.push(`${node} ${topicOf(publish)}`),
    },
  });
  return { world, forwarded, routes };
}

function message(topic: string): Message {
  return {
    topic,
    payload: new TextEncoder().encode('x'),
    qos: 1,
    retain: false,
    properties: NO_PROPERTIES,
    fromClientId: 'far',
    fromUsername: undefined,
    timestampMs: 1_000_000,
  };
}

describe('a node in a cluster', () => {
  it('tells its peers of the first subscriber of a filter and of the last one going, whatever the reason', () => {
    const { world, routes } = clusterWorld();
    const one = world.connect('one');
    one.subscribe(['a', 'b/#']);
    world.connect('two').subscribe('a');
    one.unsubscribe('a');
    world.node.kick('two');
    one.vanish();
    expect(routes).toEqual(['+a', '+b/#', '-a', '-b/#']);
  });

  it('forwards one copy to each node with a matching row, and none to others', () => {
    const { world, forwarded } = clusterWorld();
    world.node.remoteRouteAdded(N2, 'a/#');
    world.node.remoteRouteAdded(N2, 'a/+');
    world.node.remoteRouteAdded(N3, 'c');
    const publisher = world.connect('p');
    publisher.publish('a/b', 'x', { qos: 1 });
    publisher.publish('z', 'x', { qos: 1 });
    world.node.remoteRouteRemoved(N2, 'a/#');
    publisher.publish('a/b', 'x');
    publisher.publish('a/b/c', 'x');
    world.node.remoteNodeDown(N2);
    publisher.publish('a/b', 'x');
    expect(forwarded).toEqual([`${N2} a/b`, `${N2} a/b`]);
    expect(publisher.taken()).toEqual(['puback #1', 'puback #2 0x10']);
    expect(world.metrics.get('messages.forward')).toBe(2);
  });

  it('delivers a forwarded message to local subscribers and never forwards it again', () => {
    const { world, forwarded } = clusterWorld();
    world.node.remoteRouteAdded(N3, 'a');
    const client = world.connect('c');
    client.subscribe('a', { qos: 1 });
    client.take();
    world.node.dispatchForwarded(N2, arrived(new Publication(message('a'))));
    expect({ got: client.taken(), forwarded }).toEqual({ got: ['publish a qos1 #1 "x"'], forwarded: [] });
  });
});

describe('a node that stops', () => {
  it('tells MQTT 5 clients 0x8B and closes the others', () => {
    const world = new BrokerWorld();
    const [five, four] = [world.connect('five'), world.connect('four', { version: 4 })];
    world.node.shutdown();
    expect([five.taken(), five.closed, four.taken(), four.closed]).toEqual([['disconnect 0x8b'], true, [], true]);
  });
});

describe('gauges', () => {
  it('show now and the highest since the start', () => {
    const world = new BrokerWorld();
    const [one, two] = [world.connect('one', { properties: { sessionExpiryInterval: 10 } }), world.connect('two')];
    one.subscribe(['a', 'b']);
    two.subscribe('a');
    two.publish('r', 'x', { retain: true });
    one.vanish();
    two.vanish();
    expect(world.metrics.stats()).toMatchObject({
      'connections.count': 1,
      'connections.max': 2,
      'live_connections.count': 0,
      'live_connections.max': 2,
      'sessions.count': 1,
      'topics.count': 2,
      'subscriptions.count': 2,
      'subscriptions.max': 3,
      'retained.count': 1,
    });
  });
});
