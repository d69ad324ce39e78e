import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import { clients, nodeInfo, subscriptions, type ClientFilter, type SubscriptionFilter } from './adminAnswers.ts';

function world(): BrokerWorld {
  const made = new BrokerWorld();
  made.connect('a1', { username: 'ann', peerHost: '10.0.0.1', properties: { sessionExpiryInterval: 10 }, keepalive: 30 });
  made.advance(1_000);
  made.connect('b2', { version: 4, username: 'bob', cleanStart: false });
  made.connect('a3', { properties: { sessionExpiryInterval: 0xffff_ffff } }).vanish();
  return made;
}

describe('clients', () => {
  it.each<[string, ClientFilter, string[]]>([
    ['all, in order of client id', {}, ['a1', 'a3', 'b2']],
    ['by client ids', { clientid: ['b2', 'zz', 'b2'] }, ['b2']],
    ['by part of the client id', { like_clientid: 'a' }, ['a1', 'a3']],
    ['by user names', { username: ['ann', 'bob'] }, ['a1', 'b2']],
    ['by part of the user name', { like_username: 'o' }, ['b2']],
    ['by address', { ip_address: '10.0.0.1' }, ['a1']],
    ['connected', { conn_state: 'connected' }, ['a1', 'b2']],
    ['disconnected', { conn_state: 'disconnected' }, ['a3']],
    ['by version', { proto_ver: 4 }, ['b2']],
    ['by clean start', { clean_start: false }, ['b2']],
    ['by time', { gte_created_at: 1_000_500, lte_connected_at: 2_000_000 }, ['a3', 'b2']],
    ['by all of several', { like_clientid: 'a', conn_state: 'connected' }, ['a1']],
  ])('%s', (_name, filter, expected) => {
    const { count, rows } = clients(world().node, filter, 0, 100);
    expect({ count, ids: rows.map((row) => row.clientid) }).toEqual({ count: expected.length, ids: expected });
  });

  it('come in pages with the count of all', () => {
    const { count, rows } = clients(world().node, {}, 1, 1);
    expect({ count, ids: rows.map((row) => row.clientid) }).toEqual({ count: 3, ids: ['a3'] });
  });

  it('have the attributes their authenticator gave them, and say whether their listener asks at all', () => {
    const made = new BrokerWorld();
    const authenticate = () => ({ result: 'ok', clientAttrs: { role: 'sensor' } }) as const;
    made.authn.global = made.chain({ id: 'test:attrs', authenticate, begin: () => undefined });
    made.connect('asked');
    const asked = clients(made.node, {}, 0, 1).rows[0];
    made.authn.listeners.set('tcp:default', { mode: 'off', chain: null });
    made.connect('asked');
    const unasked = clients(made.node, {}, 0, 1).rows[0];
    expect([asked?.['client_attrs'], asked?.['enable_authn'], unasked?.['client_attrs'], unasked?.['enable_authn']]).toEqual([{ role: 'sensor' }, true, {}, false]);
  });

  it('have EMQX’s fields', () => {
    const made = world();
    const client = made.connect('busy', { properties: { sessionExpiryInterval: 10, receiveMaximum: 2 } });
    client.subscribe('t', { qos: 1 });
    for (let count = 0; count < 3; count += 1) client.publish('t', 'x', { qos: 1 });
    client.publish('nobody', 'x', { qos: 2 });
    const [row] = clients(made.node, { clientid: ['busy'] }, 0, 1).rows;
    expect(row).toMatchObject({
      clientid: 'busy',
      node: 'test@127.0.0.1',
      username: null,
      connected: true,
      connected_at: '1970-01-01T00:16:41.000Z',
      proto_name: 'MQTT',
      proto_ver: 5,
      expiry_interval: 10,
      is_persistent: true,
      subscriptions_cnt: 1,
      subscriptions_max: 'infinity',
      inflight_cnt: 2,
      inflight_max: 2,
      mqueue_len: 1,
      mqueue_max: 1000,
      awaiting_rel_cnt: 1,
      awaiting_rel_max: 100,
      recv_pkt: 6,
      recv_msg: 4,
      'recv_msg.qos1': 3,
      'recv_msg.qos2': 1,
      'send_msg.qos1': 2,
    });
    expect(clients(made.node, { clientid: ['a3'] }, 0, 1).rows[0]).toMatchObject({
      connected: false,
      disconnected_at: '1970-01-01T00:16:41.000Z',
      expiry_interval: 0xffff_ffff,
      recv_pkt: 0,
    });
  });
});

describe('subscriptions', () => {
  it.each<[string, SubscriptionFilter, string[]]>([
    ['all, by client and topic', {}, ['a1 a/#', 'a1 b', 'b2 a/+']],
    ['of a client', { clientid: 'a1' }, ['a1 a/#', 'a1 b']],
    ['by QoS', { qos: 1 }, ['b2 a/+']],
    ['by topic as subscribed', { topic: 'a/+' }, ['b2 a/+']],
    ['by a topic they match', { match_topic: 'a/x' }, ['a1 a/#', 'b2 a/+']],
    ['by share group', { share_group: 'g' }, []],
  ])('%s', (_name, filter, expected) => {
    const made = new BrokerWorld();
    made.connect('a1').subscribe(['b', 'a/#'], { noLocal: true, retainHandling: 1 });
    made.connect('b2').subscribe('a/+', { qos: 1 });
    const { count, rows } = subscriptions(made.node, filter, 0, 10);
    expect({ count, rows: rows.map((row) => `${row.clientid} ${row.topic}`) }).toEqual({ count: expected.length, rows: expected });
    if (rows[1]?.topic === 'b') expect(rows[1]).toEqual({ clientid: 'a1', node: 'test@127.0.0.1', topic: 'b', qos: 2, nl: 1, rap: 0, rh: 1, durable: false });
  });
});

it('a node describes itself with EMQX’s fields', () => {
  const made = world();
  const facts = {
    load: [1, 2, 3] as const,
    memoryTotalBytes: 512 * 1024 * 1024,
    memoryUsedBytes: 1024 * 1024,
    maxFds: 1024,
    activeResources: 7,
    runtime: 'Node.js 24',
    sysPath: '/srv',
  };
  expect(nodeInfo(made.node, facts, made.nowMs + 500)).toMatchObject({
    node: 'test@127.0.0.1',
    node_status: 'running',
    connections: 3,
    live_connections: 2,
    load1: 1,
    memory_total: '512.00M',
    memory_used: '1.00M',
    uptime: 1_500,
    max_fds: 1024,
  });
});
