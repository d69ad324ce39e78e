import { describe, expect, it } from 'vitest';
import { createFakeApp } from '../host/fake/fakeApp.ts';
import { appendFrame, MOST_FRAMES, useClusterStore } from './cluster.ts';

const frameAt = (timeMs: number) => ({ timeMs, nodes: [], links: [] });

describe('the ring of pictures', () => {
  it('keeps 15 minutes and lets the oldest go', () => {
    const full = Array.from({ length: MOST_FRAMES }, (_, second) => frameAt(second));
    const next = appendFrame(full, frameAt(5_000));
    expect([next.length, next[0]!.timeMs, next.at(-1)!.timeMs]).toEqual([MOST_FRAMES, 1, 5_000]);
  });
  it('replaces the last one by a picture that is not newer', () => {
    expect(appendFrame([frameAt(1), frameAt(2)], frameAt(2)).map(({ timeMs }) => timeMs)).toEqual([1, 2]);
  });
});

describe('the cluster', () => {
  it('is read whole, and follows events', async () => {
    const startMs = Date.now();
    const { host, setNow } = createFakeApp('busy', startMs);
    const cluster = useClusterStore();
    expect(cluster.loaded).toBe(false);
    await cluster.load();
    expect([cluster.loaded, cluster.status.name, cluster.status.nodes.length, cluster.events.length]).toEqual([true, 'plant-a', 5, 6]);
    const before = cluster.frames.length;
    setNow(startMs + 1_000);
    host.tick();
    expect([cluster.frames.length, cluster.lastFrame?.timeMs]).toEqual([before + 1, startMs + 1_000]);
  });

  it('is made by its first start, and its nodes obey', async () => {
    createFakeApp('empty');
    const cluster = useClusterStore();
    await cluster.load();
    expect(cluster.status.state).toBe('none');
    await cluster.start(3);
    expect(cluster.status.nodes.map(({ name, state }) => [name, state])).toEqual([['busbar-1', 'running'], ['busbar-2', 'running'], ['busbar-3', 'running']]);
    await cluster.act('node/kill', 'busbar-2');
    expect(cluster.node('busbar-2')).toMatchObject({ state: 'failed', reason: 'killed', exitCode: 137 });
    await cluster.act('node/start', 'busbar-2');
    await cluster.addNode();
    expect(cluster.status.nodes.map(({ state }) => state)).toEqual(['running', 'running', 'running', 'running']);
    await cluster.stop();
    expect(cluster.status.state).toBe('stopped');
  });

  it('runs one action at a time and tells which', async () => {
    createFakeApp('down');
    const cluster = useClusterStore();
    await cluster.load();
    const both = [cluster.start(), cluster.start()];
    expect([...cluster.busy]).toEqual(['cluster/start']);
    await Promise.all(both);
    expect([...cluster.busy]).toEqual([]);
    // The second press did not start anything again.
    expect(cluster.events.filter(({ key }) => key === 'node.running')).toHaveLength(6);
  });

  it('passes failures on and is free again', async () => {
    createFakeApp('quiet');
    const cluster = useClusterStore();
    await expect(cluster.act('node/stop', 'busbar-9')).rejects.toMatchObject({ code: 'NODE_UNKNOWN' });
    expect(cluster.busy.size).toBe(0);
  });
});
