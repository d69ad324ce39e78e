import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';
import { loadConfig } from '../../config/load.ts';
import { BrokerServices } from './brokerServices.ts';

function autoWorld(topics: string, denyAll = false) {
  const authorizer = { epoch: 0, decide: () => ({ permission: denyAll ? ('deny' as const) : ('allow' as const), rule: 1 }) };
  const world = new BrokerWorld({ sets: [`auto_subscribe.topics=${topics}`], authorizer });
  const services = new BrokerServices({ node: world.node, version: '1', runningNodes: () => [], listenerPort: () => 1883 });
  return { world, services };
}

const filters = (client: TestClient) => [...(client.channel.session?.subscriptions?.values() ?? [])].map(({ topicFilter, qos, noLocal, retainAsPublished, retainHandling }) => `${topicFilter} ${qos} ${Number(noLocal)}${Number(retainAsPublished)}${retainHandling}`);

describe('auto subscribe', () => {
  it('gives every client its filters with its own values, without asking the rules', () => {
    const { world } = autoWorld('[{topic = "c/${clientid}/${username}/#", qos = 1, nl = 1}, {topic = "at/${host}/${port}", rap = 1, rh = 2}, {topic = "%c"}]', true);
    const client = world.connect('c1', { username: 'u1' });
    expect(filters(client)).toEqual([]);
    world.settle();
    expect(filters(client)).toEqual(['c/c1/u1/# 1 100', 'at/127.0.0.1/50000 0 012', 'c1 0 000']);
    expect(world.metrics.get('client.subscribe')).toBe(3);
  });

  it('skips a filter whose value is missing or would make it wider, and says so', () => {
    const { world } = autoWorld('[{topic = "of/${username}"}, {topic = "c/${clientid}"}]');
    const [wide, plain] = [world.connect('+/#', { username: 'u' }), world.connect('c')];
    world.settle();
    expect([filters(wide), filters(plain)]).toEqual([['of/u 0 000'], ['c/c 0 000']]);
    expect(world.logged.map(({ fields }) => `${String(fields['clientid'])} ${String(fields['topic'])} ${String(fields['reason'])}`)).toEqual([
      '+/# c/${clientid} wildcard_in_value',
      'c of/${username} placeholder_without_value',
    ]);
  });

  it('brings retained messages as the options say, after what a session that is resumed still gets', () => {
    const { world } = autoWorld('[{topic = "kept/#", qos = 1}]');
    const publisher = world.connect('p');
    world.settle();
    const options = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const first = world.connect('c', options);
    first.subscribe('live', { qos: 1 });
    world.settle();
    first.vanish();
    publisher.publish('live', 'missed', { qos: 1 });
    publisher.publish('kept/a', 'old', { retain: true });
    const second = world.connect('c', options);
    world.settle();
    expect(second.taken()).toEqual(['publish live qos1 #1 "missed"', 'publish kept/a qos0 "old"', 'publish kept/a qos0 retain "old"']);
  });

  it('does nothing for a client that has gone meanwhile, and each connection has its own turn', () => {
    const { world } = autoWorld('[{topic = "t/${port}"}]');
    const gone = world.connect('gone');
    gone.vanish();
    world.connect('twice', { cleanStart: false, properties: { sessionExpiryInterval: 60 } });
    const again = world.connect('twice', { cleanStart: false });
    world.settle();
    expect([world.node.sessions.has('gone'), filters(again), world.metrics.get('client.subscribe')]).toEqual([false, ['t/50000 0 000'], 1]);
  });

  it('without topics hooks nothing; changed ones concern clients that come later', () => {
    const { world, services } = autoWorld('[]');
    expect(world.hooks.has('client.connected')).toBe(true); // presence
    services.configureSysTopics({ ...services.sysTopics, events: { clientConnected: false, clientDisconnected: false, clientSubscribed: false, clientUnsubscribed: false } });
    expect(world.hooks.has('client.connected')).toBe(false);
    const early = world.connect('early');
    services.autoSubscribe.configure([{ topic: 't', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 }]);
    const late = world.connect('late');
    world.settle();
    expect([filters(early), filters(late)]).toEqual([[], ['t 2 000']]);
  });
});

it.each(['[{qos = 1}]', '[{topic = "a/#/b"}]', '[{topic = a, qos = 3}]', '[{topic = a, other = 1}]', '{topic = a}', `[${'{topic = a},'.repeat(21)}]`])(
  'auto_subscribe.topics = %s is refused',
  (topics) => {
    expect(loadConfig({ sets: [`auto_subscribe.topics=${topics}`] }).problems.length).toBeGreaterThan(0);
  },
);
