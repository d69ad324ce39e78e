import { describe, expect, it } from 'vitest';
import { BrokerWorld, nodeNamed, type ConnectOptions, type TestClient } from '../../test/support/brokerWorld.ts';
import { arrived, messagesIn } from '../../test/support/forwarding.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES, type Qos } from '../protocol/packet.ts';
import { Publication } from '../session/publication.ts';
import { standalone } from './clusterPort.ts';

const N2 = nodeNamed('n2@127.0.0.1');
const N3 = nodeNamed('n3@127.0.0.1');
/** A session that outlives its connection. */
const KEPT: ConnectOptions = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };
const ROUND = ['mqtt.shared_subscription_strategy=round_robin_per_group'];

/** Members of `$share/g/t`, their SUBACKs taken. */
function members(world: BrokerWorld, names: readonly string[], qos: Qos = 1, options: ConnectOptions = KEPT): TestClient[] {
  return names.map((name) => {
    const client = world.connect(name, options);
    client.subscribe('$share/g/t', { qos });
    client.take();
    return client;
  });
}

function publishAll(world: BrokerWorld, payloads: readonly string[], qos: Qos = 1): void {
  const publisher = world.connect('p');
  for (const payload of payloads) publisher.publish('t', payload, { qos });
}

/** Payloads of what came. */
function texts(client: TestClient): string[] {
  return client.take().flatMap((packet) => (packet.type === 'publish' ? [new TextDecoder().decode(packet.payload)] : []));
}

describe('a message to a shared subscription', () => {
  it('goes to one member of each group, and to every ordinary subscriber', () => {
    const world = new BrokerWorld();
    const clients = ['a', 'b', 'c', 'd'].map((name) => world.connect(name));
    for (const [index, filter] of ['$share/g/t/+', '$share/g/t/+', '$share/h/t/1', 't/#'].entries()) clients[index]?.subscribe(filter, { qos: 1 });
    for (const client of clients) client.take();
    world.connect('p').publish('t/1', 'x', { qos: 1 });
    const [a, b, c, d] = clients.map(texts);
    expect([[...(a ?? []), ...(b ?? [])], c, d]).toEqual([['x'], ['x'], ['x']]);
    expect(world.metrics.get('messages.delivered')).toBe(3);
  });

  it('has the QoS and the identifier of the member that was chosen [MQTT-4.8.2-3]', () => {
    const world = new BrokerWorld({ sets: ROUND });
    const [one, two] = [world.connect('one'), world.connect('two')];
    one.subscribe('$share/g/t', { qos: 0 }, { subscriptionIdentifiers: [7] });
    two.subscribe('$share/g/t', { qos: 2 }, { subscriptionIdentifiers: [9] });
    for (const client of [one, two]) client.take();
    publishAll(world, ['x', 'y'], 1);
    expect([one.take(), two.take()]).toMatchObject([
      [{ qos: 0, properties: { subscriptionIdentifiers: [7] } }],
      [{ qos: 1, properties: { subscriptionIdentifiers: [9] } }],
    ]);
  });

  it('reaches the group named $queue under both of its spellings', () => {
    const world = new BrokerWorld({ sets: ROUND });
    const [one, two] = [world.connect('one'), world.connect('two')];
    one.subscribe('$queue/t', { qos: 0 });
    two.subscribe('$share/$queue/t', { qos: 0 });
    for (const client of [one, two]) client.take();
    publishAll(world, ['x', 'y'], 0);
    expect([texts(one).length, texts(two).length]).toEqual([1, 1]);
  });

  it('is no retained one on subscribing, and needs no other subscriber', () => {
    const world = new BrokerWorld();
    world.connect('p').publish('t', 'kept', { retain: true, qos: 1 });
    const [one] = members(world, ['one']);
    one?.subscribe('$queue/t');
    expect(one?.taken()).toEqual(['suback #2 0x02']);
    const publisher = world.connect('q');
    publisher.publish('t', 'x', { qos: 1 });
    one?.disconnect(0, { sessionExpiryInterval: 0 });
    publisher.publish('t', 'y', { qos: 1 });
    expect(publisher.taken()).toEqual(['puback #1', 'puback #2 0x10']);
  });

  it('may come to the one that published it', () => {
    const [one] = members(new BrokerWorld(), ['one']);
    one?.publish('t', 'own', { qos: 1 });
    expect(one?.taken()).toEqual(['publish t qos1 #1 "own"', 'puback #2']);
  });

  it('is not kept from a bridge of MQTT 3 by No Local, which it cannot ask for', () => {
    const bridge = new BrokerWorld().connect('bridge', { version: 4, bridge: true });
    bridge.subscribe('$share/g/t', { qos: 0 });
    bridge.publish('t', 'own');
    expect(bridge.taken()).toEqual(['suback #1 0x00', 'publish t qos0 "own"']);
  });
});

describe('members that come and go', () => {
  it('get nothing while they are away and somebody else is connected', () => {
    const world = new BrokerWorld({ sets: ROUND });
    const [one, two] = members(world, ['one', 'two']);
    one?.vanish();
    publishAll(world, ['x', 'y']);
    expect(texts(two as TestClient)).toEqual(['x', 'y']);
    const back = world.connect('one', KEPT);
    publishAll(world, ['z', 'w']);
    expect([texts(back).length, texts(two as TestClient).length]).toEqual([1, 1]);
  });

  it('queue their share when all of them are away', () => {
    const world = new BrokerWorld({ sets: ROUND });
    for (const client of members(world, ['one', 'two'])) client.vanish();
    publishAll(world, ['x', 'y']);
    expect([texts(world.connect('one', KEPT)).length, texts(world.connect('two', KEPT)).length]).toEqual([1, 1]);
  });

  it('leave what they could not finish to the others, in order; QoS 2 that was sent stays with them [MQTT-4.8.2-5]', () => {
    const world = new BrokerWorld({ sets: ['mqtt.max_inflight=2'] });
    const [one] = members(world, ['one'], 2);
    const publisher = world.connect('p');
    publisher.publish('t', 'acked', { qos: 1 });
    one?.ack('puback', 1);
    publisher.publish('t', 'sent at 2', { qos: 2 });
    publisher.publish('t', 'sent at 1', { qos: 1 });
    publisher.publish('t', 'waits at 2', { qos: 2 });
    publisher.publish('t', 'waits at 1', { qos: 1 });
    const [two] = members(world, ['two'], 2);
    one?.vanish();
    expect(two?.taken()).toEqual([]);
    world.advance(100_000);
    expect(two?.taken()).toEqual(['publish t qos1 #1 "sent at 1"', 'publish t qos2 #2 "waits at 2"']);
    two?.ack('puback', 1);
    expect(two?.taken()).toEqual(['publish t qos1 #3 "waits at 1"']);
  });

  it.each([
    ['is kicked', (world: BrokerWorld, client: TestClient) => void (world.node.kick('one'), client)],
    ['ends its session', (_world: BrokerWorld, client: TestClient) => client.disconnect(0, { sessionExpiryInterval: 0 })],
    ['starts anew', (world: BrokerWorld) => void world.connect('one', { cleanStart: true })],
  ])('hand on what is not acknowledged when one %s', (_how, end) => {
    const world = new BrokerWorld();
    const [one] = members(world, ['one']);
    publishAll(world, ['x']);
    const [two] = members(world, ['two']);
    end(world, one as TestClient);
    expect(texts(two as TestClient)).toEqual(['x']);
  });

  it('keep what is theirs over a take-over', () => {
    const world = new BrokerWorld();
    members(world, ['one']);
    publishAll(world, ['x']);
    const [two] = members(world, ['two']);
    const again = world.connect('one', KEPT);
    expect([again.taken(), two?.taken()]).toEqual([['publish t qos1 dup #1 "x"'], []]);
  });

  it('who refuse a message have had it: nobody else gets it [MQTT-4.8.2-6]', () => {
    const world = new BrokerWorld();
    const [one] = members(world, ['one']);
    publishAll(world, ['x']);
    one?.ack('puback', 1, 0x83);
    const [two] = members(world, ['two']);
    world.node.kick('one');
    expect(two?.taken()).toEqual([]);
  });

  it('take the share with them when the last one goes', () => {
    const world = new BrokerWorld();
    members(world, ['one']);
    publishAll(world, ['x']);
    world.node.kick('one');
    expect([world.metrics.get('messages.dropped.no_subscribers'), world.metrics.getStat('topics')]).toEqual([1, 0]);
  });

  it('are counted', () => {
    const world = new BrokerWorld();
    const [one] = members(world, ['one', 'two']);
    one?.subscribe(['t', '$share/h/t']);
    one?.subscribe('$share/g/t', { qos: 2 });
    world.node.remoteGroupChanged(N2, '$share/g/t', 1, 4);
    const stats = () => ['topics', 'subscriptions', 'subscriptions.shared'].map((name) => world.metrics.getStat(name as 'topics'));
    expect(stats()).toEqual([3, 4, 7]);
    world.node.remoteNodeDown(N2);
    world.node.kick('one');
    expect(stats()).toEqual([1, 1, 1]);
  });
});

describe('a group over several nodes', () => {
  function clusterWorld(reachable: readonly string[] = [N2, N3]) {
    const told: string[] = [];
    const sent: string[] = [];
    const world = new BrokerWorld({
      sets: ROUND,
      cluster: {
        ...standalone,
        groupChanged: (key, online, total) => void told.push(`${key} ${online}/${total}`),
        forwardShared(node, publish, key, again) {
          if (!reachable.includes(node)) return false;
          const [message] = messagesIn(arrived(publish), 0);
          sent.push(`${node} ${key} ${new TextDecoder().decode(message?.payload)}${again ? ' again' : ''}`);
          return true;
        },
      },
    });
    return { world, told, sent };
  }

  const message: Message = {
    topic: 't',
    payload: new TextEncoder().encode('far'),
    qos: 1,
    retain: false,
    properties: NO_PROPERTIES,
    fromClientId: 'p',
    fromUsername: undefined,
    timestampMs: 1_000_000,
  };

  it('hears how many members are here, and how many of them are connected', () => {
    const { world, told } = clusterWorld();
    const [one] = members(world, ['one', 'two']);
    one?.vanish();
    world.connect('one', KEPT);
    world.node.kick('one');
    world.node.sessions.get('two')?.channel?.disconnect(0x8b);
    world.advance(100_000);
    expect(told).toEqual(['1/1', '2/2', '1/2', '2/2', '1/2', '1/1', '0/1', '0/0'].map((numbers) => `$share/g/t ${numbers}`));
  });

  it('gets each message on one node only', () => {
    const { world, sent } = clusterWorld();
    const [one] = members(world, ['one']);
    world.node.remoteGroupChanged(N2, '$share/g/t', 1, 1);
    publishAll(world, ['x', 'y', 'z', 'w']);
    expect([texts(one as TestClient).length, sent.length, new Set(sent.map((line) => line.slice(0, -2)))]).toEqual([
      2,
      2,
      new Set([`${N2} $share/g/t`]),
    ]);
  });

  it('finds a member that can be reached when the chosen one cannot', () => {
    const { world, sent } = clusterWorld([N3]);
    world.node.remoteGroupChanged(N2, '$share/g/t', 1, 1);
    publishAll(world, ['lost']);
    world.node.remoteGroupChanged(N3, '$share/g/t', 0, 1);
    publishAll(world, ['x']);
    const [one] = members(world, ['one']);
    one?.vanish();
    publishAll(world, ['y']);
    expect([sent, texts(world.connect('one', KEPT)), world.metrics.get('messages.dropped')]).toEqual([[`${N3} $share/g/t x again`], ['y'], 1]);
  });

  it('sends on, once, what came for members that have just left', () => {
    const { world, sent } = clusterWorld();
    world.node.remoteGroupChanged(N3, '$share/g/t', 1, 1);
    world.node.dispatchShared(N2, arrived(new Publication(message)), '$share/g/t', false);
    world.node.dispatchShared(N2, arrived(new Publication(message)), '$share/g/t', true);
    world.node.dispatchShared(N2, arrived(new Publication(message)), '$share/unknown/t', false);
    expect([sent, world.metrics.get('messages.dropped.no_subscribers')]).toEqual([[`${N3} $share/g/t far again`], 2]);
  });

  it('delivers what came from another node to a member of this one', () => {
    const { world, sent } = clusterWorld();
    const [one] = members(world, ['one']);
    world.node.remoteGroupChanged(N2, '$share/g/t', 5, 5);
    world.node.dispatchShared(N2, arrived(new Publication(message)), '$share/g/t', false);
    expect([one?.taken(), sent]).toEqual([['publish t qos1 #1 "far"'], []]);
  });
});
