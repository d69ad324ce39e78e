import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';
import type { Ban } from '../access/bans.ts';

const ban = (as: Ban['as'], who: string): Ban => ({ as, who, by: 'test', reason: 'because', atMs: 0, untilMs: Number.POSITIVE_INFINITY });

describe('a banned client', () => {
  it('is refused with 0x8A before anybody is asked who it is', () => {
    const world = new BrokerWorld();
    world.bans.put(ban('clientid', 'c'));
    world.authn.global = world.chain({ id: 'test:no', authenticate: () => ({ result: 'error', reasonCode: 0x86 }), begin: () => undefined });
    const client = world.connect('c');
    expect({ connack: client.connack, closed: client.closed }).toEqual({
      connack: { type: 'connack', sessionPresent: false, reasonCode: 0x8a, properties: {} },
      closed: true,
    });
    expect(world.metrics.counters()).toMatchObject({ 'packets.connack.error': 1, 'packets.connack.auth_error': 0, 'client.authenticate': 0 });
    expect(world.logged).toEqual([{ msg: 'client_banned', fields: { clientid: 'c', username: undefined, peerhost: '127.0.0.1', as: 'clientid', by: 'test', reason: 'because' } }]);
  });

  it('is refused too when the ban came while somebody was asked who it is', async () => {
    const world = new BrokerWorld();
    const answer = Promise.withResolvers<{ result: 'ok' }>();
    world.authn.global = world.chain({ id: 'test:slow', authenticate: () => answer.promise, begin: () => undefined });
    const client = world.connect('c');
    world.bans.put(ban('clientid', 'c'));
    answer.resolve({ result: 'ok' });
    await new Promise((resolve) => setImmediate(resolve));
    expect({ connack: client.connack?.reasonCode, closed: client.closed, sessions: world.node.sessions.size }).toEqual({ connack: 0x8a, closed: true, sessions: 0 });
  });

  it('keeps its session until it is ended, and its will does not go out', () => {
    const world = new BrokerWorld();
    const watcher = world.connect('watcher');
    watcher.subscribe('w');
    watcher.take();
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 0, retain: false, properties: {} } as const;
    const clients = ['banned', 'welcome'].map((clientId) => world.connect(clientId, { will }));
    world.bans.put(ban('clientid', 'banned'));
    for (const client of clients) world.node.kick(client.channel.identity.clientId);
    expect([clients.map((client) => client.taken()), watcher.taken()]).toEqual([[['disconnect 0x98'], ['disconnect 0x98']], ['publish w qos0 "gone"']]);
  });
});

describe('a client that connects too often', () => {
  it('is reported once it does; the ban itself is for the next time', () => {
    const world = new BrokerWorld({ sets: ['flapping_detect.enable=true', 'flapping_detect.max_count=3'] });
    const codes = [1, 2, 3, 4].map(() => world.connect('c').connack?.reasonCode);
    expect({ codes, flapping: world.flapping }).toEqual({ codes: [0, 0, 0, 0], flapping: ['c'] });
  });

  it('is not counted while it is banned', () => {
    const world = new BrokerWorld({ sets: ['flapping_detect.enable=true', 'flapping_detect.max_count=2'] });
    world.bans.put(ban('clientid', 'c'));
    for (let count = 0; count < 5; count += 1) world.connect('c');
    expect(world.flapping).toEqual([]);
  });
});
