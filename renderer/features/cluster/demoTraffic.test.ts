import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeApp } from '../../host/fake/fakeApp.ts';
import { useClusterStore } from '../../stores/cluster.ts';
import { useConnectionsStore } from '../../stores/connections.ts';
import { useDemoStore } from './demoTraffic.ts';

describe('the first run', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  async function start() {
    const { host } = createFakeApp('empty');
    const sent: string[] = [];
    host.port.on('client/messages', ({ id, messages }) => sent.push(...messages.map((message) => `${id} ${message.topic}`)));
    await useClusterStore().load();
    await useConnectionsStore().load();
    const demo = useDemoStore();
    await demo.startEverything();
    return { host, sent, demo };
  }

  it('starts three nodes, connects two clients to different ones, and lets them talk both ways', async () => {
    const { sent, demo } = await start();
    const connections = useConnectionsStore();
    expect(useClusterStore().status.nodes.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    expect(connections.specs.map(({ name, target }) => [name, target])).toEqual([
      ['device', { kind: 'node', node: 'busbar-1' }],
      ['dashboard', { kind: 'node', node: 'busbar-3' }],
    ]);
    const filters = connections.specs.map(({ id }) => connections.states.get(id)?.subscriptions.map(({ topicFilter }) => topicFilter));
    expect(filters).toEqual([['plant/line-1/press-07/cmd/#'], ['plant/#']]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sent).toEqual([...Array.from({ length: 4 }, () => 'device plant/line-1/press-07/telemetry'), 'dashboard plant/line-1/press-07/cmd/setpoint']);
    demo.stop();
  });

  it('waits for a client that is away, and ends when one is removed or it is stopped', async () => {
    const { host, sent, demo } = await start();
    await host.port.call('client/disconnect', { id: 'device' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent).toHaveLength(1);
    await host.port.call('client/connect', { id: 'device' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(3);
    await host.port.call('connection/remove', { id: 'dashboard' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(demo.running).toBe(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toHaveLength(3);
  });

  it('does not make a second device when there is one already', async () => {
    const { demo } = await start();
    demo.stop();
    await demo.startEverything();
    expect(useConnectionsStore().specs.map(({ name }) => name)).toEqual(['device', 'dashboard']);
    demo.stop();
  });
});
