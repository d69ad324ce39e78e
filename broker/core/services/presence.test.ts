import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';
import { BrokerServices } from './brokerServices.ts';

const CLIENTS = '$SYS/brokers/test@127.0.0.1/clients/';

function presenceWorld(...sets: string[]) {
  const world = new BrokerWorld({ sets });
  const services = new BrokerServices({ node: world.node, version: '1', runningNodes: () => [], listenerPort: () => 1883 });
  const watcher = world.connect('watcher');
  watcher.subscribe('$SYS/brokers/+/clients/#');
  watcher.take();
  return { world, services, watcher };
}

/** `<client id>/<event>` with its payload read. */
function events(watcher: TestClient): readonly (readonly [string, unknown])[] {
  return watcher
    .take()
    .flatMap((packet) => (packet.type === 'publish' ? [packet] : []))
    .map(({ topic, payload }) => [topic.replace(CLIENTS, ''), JSON.parse(new TextDecoder().decode(payload)) as unknown] as const);
}
const names = (watcher: TestClient) => events(watcher).map(([name, payload]) => `${name} ${(payload as { reason?: string }).reason ?? ''}`.trim());

describe('a presence event', () => {
  it('has the fields of EMQX 5', () => {
    const { world, watcher } = presenceWorld();
    const client = world.connect('c1', { username: 'u', keepalive: 60, cleanStart: false, properties: { sessionExpiryInterval: 7200 } });
    world.advance(5000);
    client.disconnect();
    const common = {
      clientid: 'c1',
      username: 'u',
      ipaddress: '127.0.0.1',
      sockport: 1883,
      protocol: 'mqtt',
      proto_name: 'MQTT',
      proto_ver: 5,
      connected_at: 1_000_000,
    };
    expect(events(watcher)).toEqual([
      ['c1/connected', { ...common, ts: 1_000_000, keepalive: 60, clean_start: false, expiry_interval: 7_200_000 }],
      ['c1/disconnected', { ...common, disconnected_at: 1_005_000, ts: 1_005_000, reason: 'normal' }],
    ]);
  });

  it('has those of EMQX 4 where asked', () => {
    const { world, watcher } = presenceWorld('sys_topics.payloads=emqx4', 'module.presence.qos=1');
    world.connect('c1', { version: 4, cleanStart: false });
    const [packet] = watcher.received;
    expect(packet).toMatchObject({ type: 'publish', qos: 1, retain: false });
    expect(events(watcher)).toMatchObject([['c1/connected', { username: 'undefined', expiry_interval: 7200, connack: 0, proto_ver: 4 }]]);
  });

  it('is not made for a CONNECT that is refused, nor for the end of its connection', () => {
    const { world, watcher } = presenceWorld();
    world.hooks.on('client.authenticate', () => ({ next: { result: 'error', reasonCode: 0x86 } }), { owner: 'test' });
    const refused = world.connect('c1');
    refused.vanish();
    world.accept().vanish();
    expect([refused.connack?.reasonCode, events(watcher)]).toEqual([0x86, []]);
  });

  it.each([
    ['the connection breaks', (client: TestClient) => client.vanish(), 'tcp_closed'],
    ['it is kicked', (_client: TestClient, world: BrokerWorld) => void world.node.kick('c1'), 'kicked'],
    ['it is silent', (_client: TestClient, world: BrokerWorld) => world.advance(20_000), 'keepalive_timeout'],
  ])('says why a client went when %s', (_why, end, reason) => {
    const { world, watcher } = presenceWorld();
    const client = world.connect('c1', { keepalive: 10 });
    watcher.take();
    end(client, world);
    expect(events(watcher)).toMatchObject([['c1/disconnected', { reason }]]);
  });

  it('of the old connection comes before that of the new one when a client id is taken over or discarded', () => {
    const { world, watcher } = presenceWorld();
    world.connect('c1', { cleanStart: false, properties: { sessionExpiryInterval: 10 } });
    world.connect('c1', { cleanStart: false });
    world.connect('c1');
    expect(names(watcher)).toEqual(['c1/connected', 'c1/disconnected takenover', 'c1/connected', 'c1/disconnected discarded', 'c1/connected']);
  });

  it('of a client id with wildcards has a valid topic and the id itself in its payload', () => {
    const { world, watcher } = presenceWorld();
    world.connect('a/+/#');
    expect(events(watcher)).toMatchObject([['a/%2B/%23/connected', { clientid: 'a/+/#' }]]);
  });

  it('tells of subscriptions only when switched on', () => {
    const { world, services, watcher } = presenceWorld();
    const client = world.connect('c1');
    client.subscribe('quiet');
    watcher.take();
    const { events: switches } = services.sysTopics;
    services.configureSysTopics({ ...services.sysTopics, events: { ...switches, clientSubscribed: true, clientUnsubscribed: true } });
    client.subscribe('t/#', { qos: 1, noLocal: true }, { subscriptionIdentifiers: [7] });
    client.subscribe('t/#', { qos: 0, retainHandling: 2 });
    client.unsubscribe('t/#');
    const common = { clientid: 'c1', username: 'undefined', protocol: 'mqtt', topic: 't/#', ts: 1_000_000 };
    expect(events(watcher)).toEqual([
      ['c1/subscribed', { ...common, subopts: { qos: 1, nl: 1, rap: 0, rh: 0, is_new: true, sub_props: { 'Subscription-Identifier': 7 } } }],
      ['c1/subscribed', { ...common, subopts: { qos: 0, nl: 0, rap: 0, rh: 2, is_new: false, sub_props: {} } }],
      ['c1/unsubscribed', common],
    ]);
    services.configureSysTopics({ ...services.sysTopics, events: { clientConnected: false, clientDisconnected: false, clientSubscribed: false, clientUnsubscribed: false } });
    client.disconnect();
    expect(events(watcher)).toEqual([]);
    expect((['client.connected', 'client.disconnected', 'session.subscribed', 'session.unsubscribed'] as const).map((point) => world.hooks.has(point))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
