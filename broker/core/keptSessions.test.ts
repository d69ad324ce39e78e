import { describe, expect, it } from 'vitest';
import { LoneEngine } from '../../test/simulation/sessions/loneEngine.ts';
import type { EngineParts } from '../../test/simulation/sessions/simEngine.ts';
import { BrokerWorld, type TestClient } from '../../test/support/brokerWorld.ts';
import type { NodeId } from '../base/ids.ts';
import type { ConnectResult, SessionsHost, SessionsPort } from '../cluster/sessions/ports.ts';
import type { Properties } from '../protocol/packet.ts';

const KEPT: Properties = { sessionExpiryInterval: 1000 };
const NODE = '11'.repeat(16) as NodeId;

/** A broker whose sessions an engine keeps, which answers at once; `change` puts something else in the place of a part of it. */
function keptWorld(change: (engine: SessionsPort, host: SessionsHost) => SessionsPort = (engine) => engine, sets: readonly string[] = []) {
  const host: { current: SessionsHost | undefined } = { current: undefined };
  const world = new BrokerWorld({
    sets,
    sessions: (of) => {
      host.current = of;
      return change(new LoneEngine({ host: of, queue: { nowMs: 0 } } as unknown as EngineParts, NODE), of);
    },
  });
  return { world, host: host.current as SessionsHost };
}

function subscriber(world: BrokerWorld): TestClient {
  const client = world.connect('s', { properties: KEPT });
  client.subscribe('a');
  client.take();
  return client;
}

function back(world: BrokerWorld): TestClient {
  return world.connect('s', { cleanStart: false, properties: KEPT });
}

describe('a session that is kept for the cluster', () => {
  it('gets each message once, and what it has acknowledged never again', () => {
    const { world } = keptWorld();
    const client = subscriber(world);
    const publisher = world.connect('p');
    publisher.publish('a', 'one', { qos: 1 });
    publisher.publish('a', 'two', { qos: 2 });
    expect(client.taken()).toEqual(['publish a qos1 #1 "one"', 'publish a qos2 #2 "two"']);
    expect(publisher.taken()).toEqual(['puback #1', 'pubrec #2']);
    client.ack('puback', 1);
    client.ack('pubrec', 2);
    expect(client.taken()).toEqual(['pubrel #2']);
    client.ack('pubcomp', 2);
    client.vanish();
    const again = back(world);
    expect({ present: again.connack?.sessionPresent, got: again.taken() }).toEqual({ present: true, got: [] });
  });

  it('gets what came while it was away, and what it has not acknowledged again under its packet id', () => {
    const { world } = keptWorld();
    const client = subscriber(world);
    const publisher = world.connect('p');
    publisher.publish('a', 'open', { qos: 1 });
    publisher.publish('a', 'half', { qos: 2 });
    client.ack('pubrec', 2);
    client.vanish();
    publisher.publish('a', 'away', { qos: 1 });
    expect(back(world).taken()).toEqual(['pubrel #2', 'publish a qos1 dup #1 "open"', 'publish a qos1 #3 "away"']);
  });

  it('keeps QoS 0 that waits on this node alone', () => {
    const { world } = keptWorld(undefined, ['mqtt.mqueue_store_qos0=true']);
    subscriber(world).vanish();
    world.connect('p').publish('a', 'zero');
    const again = back(world);
    world.settle();
    expect(again.taken()).toEqual(['publish a qos0 "zero"']);
  });

  it('gets retained messages, and those of a shared group, as deliveries that are safe', () => {
    const { world } = keptWorld();
    const publisher = world.connect('p');
    publisher.publish('kept', 'old', { qos: 1, retain: true });
    const client = subscriber(world);
    client.subscribe('kept');
    client.subscribe('$share/g/b');
    world.settle();
    publisher.publish('b', 'mine', { qos: 1 });
    expect(client.taken().filter((packet) => packet.startsWith('publish'))).toEqual(['publish kept qos1 retain #1 "old"', 'publish b qos1 #2 "mine"']);
    client.vanish();
    expect(back(world).taken()).toEqual(['publish kept qos1 dup retain #1 "old"', 'publish b qos1 dup #2 "mine"']);
  });

  it('is taken over by a second connection, and begins anew with a clean start', () => {
    const { world } = keptWorld();
    const first = subscriber(world);
    const second = back(world);
    expect({ first: first.taken(), closed: first.closed, present: second.connack?.sessionPresent }).toEqual({ first: ['disconnect 0x8e'], closed: true, present: true });
    const third = world.connect('s', { properties: KEPT });
    world.connect('p').publish('a', 'nobody', { qos: 1 });
    expect({ second: second.taken(), present: third.connack?.sessionPresent, third: third.taken() }).toEqual({ second: ['disconnect 0x8e'], present: false, third: [] });
    expect(world.node.sessions.size).toBe(2);
  });

  it('acknowledges in order when a message becomes safe later than the one behind it', () => {
    const waiting: (() => void)[] = [];
    const { world } = keptWorld((engine) =>
      Object.create(engine, {
        publish: { value: (_message: unknown, _targets: unknown, _groups: unknown, _source: unknown, waiter: { published(receivers: number): void }) => void waiting.push(() => waiter.published(1)) },
        engaged: { value: true },
        connect: { value: engine.connect.bind(engine) },
        disconnected: { value: () => {} },
      }) as SessionsPort,
    );
    const publisher = world.connect('p');
    publisher.publish('a', '1', { qos: 1 });
    publisher.publish('a', '2', { qos: 2 });
    waiting[1]?.();
    expect(publisher.taken()).toEqual([]);
    waiting[0]?.();
    expect(publisher.taken()).toEqual(['puback #1', 'pubrec #2']);
  });

  it('is answered when another node has given it up, and holds what the client sends meanwhile', () => {
    let answer: ((result: ConnectResult) => void) | undefined;
    let cancelled = 0;
    const { world } = keptWorld((engine) =>
      Object.create(engine, {
        engaged: { value: false },
        disconnected: { value: () => {} },
        connect: {
          value: (_clientId: string, _options: unknown, done: (result: ConnectResult) => void) => {
            answer = done;
            return { cancel: () => void (cancelled += 1) };
          },
        },
      }) as SessionsPort,
    );
    const opened: ConnectResult = {
      kind: 'opened',
      session: { present: false, durable: false, subscriptions: [], awaitingRel: [], client: { username: undefined, mountpoint: '' }, expiryMs: 0, packetIdsFrom: 1 },
    };
    const client = world.connect('c');
    client.subscribe('x');
    expect({ connack: client.connack, got: client.taken() }).toEqual({ connack: undefined, got: [] });
    answer?.(opened);
    expect({ reason: client.connack?.reasonCode, got: client.taken() }).toEqual({ reason: 0, got: ['suback #1 0x02'] });
    const impatient = world.connect('i');
    impatient.vanish();
    answer?.(opened);
    expect({ cancelled, sessions: world.node.sessions.size }).toEqual({ cancelled: 1, sessions: 1 });
    const refused = world.connect('r');
    answer?.({ kind: 'busy' });
    expect({ reason: refused.connack?.reasonCode, closed: refused.closed }).toEqual({ reason: 0x89, closed: true });
  });

  it('comes here without a client, and goes again without a trace', () => {
    const { world, host } = keptWorld();
    const subscription = { topicFilter: 'q/+', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, subscriptionId: 0 } as const;
    host.adopted('moved', {
      present: true,
      durable: true,
      subscriptions: [subscription],
      awaitingRel: [7],
      client: { username: 'u', mountpoint: '' },
      expiryMs: 5_000,
      packetIdsFrom: 1,
    });
    const session = world.node.sessions.get('moved');
    expect({ filters: [...(session?.subscriptions?.values() ?? [])].map((known) => known.topicFilter), awaiting: session?.awaitingRel?.has(7), user: session?.identity.username }).toEqual({ filters: ['q/+'], awaiting: true, user: 'u' });
    host.released('moved');
    expect({ sessions: world.node.sessions.size, wanted: world.node.wanted('q/1') }).toEqual({ sessions: 0, wanted: false });
  });

  it('leaves QoS 0 that waits for its client behind when it goes on elsewhere, and counts it', () => {
    const { world, host } = keptWorld();
    subscriber(world).vanish();
    const publisher = world.connect('p');
    publisher.publish('a', 'one', { qos: 0 });
    publisher.publish('a', 'two', { qos: 1 });
    host.released('s');
    expect(['delivery.dropped', 'delivery.dropped.qos0_msg'].map((name) => world.metrics.get(name as 'delivery.dropped'))).toEqual([1, 1]);
  });

  it('brings QoS 0 that waited behind what its keeper brings: order holds for each QoS [MQTT-4.6.0-6]', () => {
    const { world } = keptWorld();
    subscriber(world).vanish();
    const publisher = world.connect('p');
    for (const [payload, qos] of [['zero1', 0], ['one1', 1], ['zero2', 0], ['one2', 1]] as const) publisher.publish('a', payload, { qos });
    const client = back(world);
    world.settle();
    expect(client.taken().map((packet) => packet.split(' ').at(-1))).toEqual(['"one1"', '"one2"', '"zero1"', '"zero2"']);
  });
});
