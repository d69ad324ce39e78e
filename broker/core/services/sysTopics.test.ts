import { describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';
import { BrokerServices } from './brokerServices.ts';

const NODE = 'test@127.0.0.1';

function sysWorld(...sets: string[]) {
  const world = new BrokerWorld({ sets });
  const services = new BrokerServices({
    node: world.node,
    version: '1.2.3',
    runningNodes: () => [NODE, 'other@127.0.0.1'],
    listenerPort: (listener) => (listener === 'tcp:default' ? 1883 : undefined),
  });
  return { world, services };
}

/** Topic below `$SYS/brokers/` → payload, of the messages that came since the last call. */
function said(client: TestClient): Record<string, string> {
  const messages = client.take().flatMap((packet) => (packet.type === 'publish' ? [packet] : []));
  return Object.fromEntries(messages.map(({ topic, payload }) => [topic.replace('$SYS/brokers/', ''), new TextDecoder().decode(payload)]));
}

describe('$SYS topics', () => {
  it('tell uptime and time at each heartbeat, first one interval after start', () => {
    const { world } = sysWorld();
    const watcher = world.connect('w');
    watcher.subscribe(['$SYS/brokers/+/uptime', '$SYS/brokers/+/datetime']);
    watcher.take();
    world.advance(29_999);
    expect(said(watcher)).toEqual({});
    world.advance(1);
    expect(said(watcher)).toEqual({ [`${NODE}/uptime`]: '30000', [`${NODE}/datetime`]: '1970-01-01T00:17:10.000000000+00:00' });
    world.advance(30_000);
    expect(said(watcher)[`${NODE}/uptime`]).toBe('60000');
  });

  it('keep members, version and description as the only retained messages of a fresh node', () => {
    const { world } = sysWorld();
    world.advance(60_000);
    const watcher = world.connect('w');
    watcher.subscribe('$SYS/#');
    expect(said(watcher)).toEqual({ '$SYS/brokers': `${NODE},other@127.0.0.1`, [`${NODE}/version`]: '1.2.3', [`${NODE}/sysdescr`]: 'Busbar' });
    expect(world.metrics.getStat('retained')).toBe(3);
  });

  it('tell gauges and counters with slashes for dots, and count neither themselves as published nor as dropped', () => {
    const { world } = sysWorld();
    const watcher = world.connect('w');
    watcher.subscribe('$SYS/brokers/+/stats/#');
    watcher.subscribe('$SYS/brokers/+/metrics/messages/#');
    watcher.take();
    world.advance(60_000);
    const told = said(watcher);
    expect(told).toMatchObject({
      [`${NODE}/stats/connections/count`]: '1',
      [`${NODE}/stats/subscriptions/shared/max`]: '0',
      [`${NODE}/stats/routes/count`]: '2',
      [`${NODE}/metrics/messages/publish`]: '0',
      [`${NODE}/metrics/messages/dropped/no_subscribers`]: '0',
    });
    expect(Object.keys(told).filter((topic) => topic.includes('/metrics/packets/'))).toEqual([]);
  });

  it('are out of reach for # and +/#', () => {
    const { world } = sysWorld();
    const watcher = world.connect('w');
    watcher.subscribe(['#', '+/#']);
    watcher.take();
    world.advance(120_000);
    world.connect('other');
    expect(said(watcher)).toEqual({});
  });

  it('that are disabled are silent and set no timer, and can be switched on while the node runs', () => {
    const { world, services } = sysWorld('sys_topics.sys_msg_interval=disabled', 'broker.sys_heartbeat=disabled');
    const watcher = world.connect('w');
    watcher.subscribe('$SYS/brokers/+/uptime');
    watcher.take();
    world.advance(3_600_000);
    expect([said(watcher), world.metrics.getStat('retained'), world.pendingTimers]).toEqual([{}, 0, []]);
    services.configureSysTopics({ ...services.sysTopics, heartbeatIntervalMs: 1000 });
    world.advance(1000);
    expect(Object.keys(said(watcher))).toEqual([`${NODE}/uptime`]);
    services.dispose();
    expect(world.pendingTimers).toEqual([]);
  });

  it('are written for people when payloads are those of EMQX 4', () => {
    const { world } = sysWorld('sys_topics.payloads=emqx4', 'broker.sys_heartbeat=292s');
    const watcher = world.connect('w');
    watcher.subscribe('$SYS/#');
    watcher.take();
    world.advance(292_000);
    expect(said(watcher)).toMatchObject({ [`${NODE}/uptime`]: '4 minutes, 52 seconds', [`${NODE}/datetime`]: '1970-01-01 00:21:32' });
  });
});
