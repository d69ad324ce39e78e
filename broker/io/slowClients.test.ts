import { beforeEach, describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../test/support/brokerWorld.ts';
import { Alarms } from '../core/services/alarms.ts';
import { SlowClients, type SlowClient } from './slowClients.ts';

const BOUND = 1_000_000;
let world: BrokerWorld;
let alarms: Alarms;
let slow: SlowClients;

beforeEach(() => {
  world = new BrokerWorld();
  const { node, metrics, log } = world;
  alarms = new Alarms({ port: node, node: node.config.node.name, log, config: node.config.alarm });
  slow = new SlowClients({
    congestion: { enableAlarm: true, minAlarmSustainMs: 60_000 },
    forceShutdown: { maxWaitingBytes: BOUND },
    alarms,
    timers: node.timers,
    clock: node.clock,
    metrics,
    log,
  });
});

function clientOf({ channel }: TestClient, waitingBytes: number, congested = false): SlowClient {
  return { channel, connection: { waitingBytes, congested } };
}
const active = () => alarms.list(true).map(({ name }) => name);

describe('a client that takes in less than it is sent', () => {
  it('raises an alarm, which ends when it has kept up for a while', () => {
    const client = clientOf(world.connect('slow', { username: 'ann' }), 5_000);
    slow.look(client, 900);
    expect(active()).toEqual([]);
    slow.look(client, 1_900);
    slow.look(client, 2_900);
    expect(alarms.list(true)).toMatchObject([{ name: 'conn_congestion/slow/ann', details: { clientid: 'slow', username: 'ann', listener: 'tcp:default', waiting_bytes: 5_000 } }]);
    world.advance(40_000);
    slow.look(client, 1_500);
    world.advance(40_000);
    expect(active()).toEqual(['conn_congestion/slow/ann']);
    world.advance(21_000);
    expect([active(), alarms.list(false).length]).toEqual([[], 1]);
  });

  it('raises it at once when QoS 0 is dropped for it, and ends it by going', () => {
    const client = clientOf(world.connect('slow'), 5_000, true);
    slow.look(client, 0);
    expect(active()).toEqual(['conn_congestion/slow/undefined']);
    slow.gone(client);
    expect(active()).toEqual([]);
    world.advance(120_000);
    expect(alarms.list(false).length).toBe(1);
  });

  it('is nobody before it has connected', () => {
    const client = world.connect('slow');
    client.channel.disconnect(0x98);
    slow.look(clientOf(client, BOUND + 1, true), 10_000);
    expect([active(), world.logged]).toEqual([[], []]);
  });
});

describe('a client that takes up too much memory', () => {
  it('is disconnected with a reason, and nobody else is', () => {
    const hungry = world.connect('hungry', { version: 5 });
    const other = world.connect('other');
    hungry.take();
    slow.look(clientOf(hungry, BOUND), 0);
    expect(hungry.closed).toBe(false);
    slow.look(clientOf(hungry, 3 * 1_048_576), 0);
    expect(hungry.take()).toEqual([{ type: 'disconnect', reasonCode: 0x97, properties: { reasonString: '3 MB wait for this client, more than force_shutdown.max_heap_size' } }]);
    expect([hungry.closed, other.closed, world.metrics.get('overload_protection.client_shutdown')]).toEqual([true, false, 1]);
    expect(world.logged).toMatchObject([{ msg: 'client_force_shutdown', fields: { clientid: 'hungry', waiting_bytes: 3_145_728 } }]);
  });
});
