import { describe, expect, it } from 'vitest';
import type { LinkSnapshot, NodeSnapshot } from '../../broker/api/schema/topology.ts';
import { MAX_FRAMES, STALE_MS, TopologyFrames } from './topologyFrames.ts';

const link = (peer: string, change: Partial<LinkSnapshot> = {}): LinkSnapshot => ({
  ...{ peer: `${peer}@h`, state: 'up', messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0, controlOut: 0, controlIn: 0 },
  ...{ rttMs: 0.4, queueBytes: 0, queueDataBytes: 0, messagesDropped: 0, messagesLost: 0, downs: 0, reason: null },
  ...change,
});
const snapshot = (name: string, uptimeMs: number, change: Partial<NodeSnapshot> = {}) =>
  ({
    ...{ node: `${name}@h`, nodeId: `id-${name}`, uptimeMs, messagesIn: 0, messagesOut: 0, messagesDropped: 0, denied: 0, bytesIn: 0, bytesOut: 0 },
    links: [],
    ...change,
  }) as unknown as NodeSnapshot;

describe('a frame', () => {
  it('shows rates of what two reports counted', () => {
    const frames = new TopologyFrames();
    frames.report('a', snapshot('a', 1_000, { messagesIn: 10, links: [link('b', { messagesOut: 5, bytesOut: 100 })] }), 1_000);
    expect(frames.take(['a'], 1_000).nodes[0]?.rates).toBeNull();
    frames.report('a', snapshot('a', 3_000, { messagesIn: 30, denied: 4, links: [link('b', { messagesOut: 15, bytesOut: 500 })] }), 3_000);
    const frame = frames.take(['a', 'b'], 3_000);
    expect(frame.nodes.map(({ name, rates }) => ({ name, rates }))).toEqual([
      { name: 'a', rates: { messagesIn: 10, messagesOut: 0, dropped: 0, denied: 2, bytesIn: 0, bytesOut: 0 } },
      { name: 'b', rates: null },
    ]);
    expect(frame.links).toEqual([
      { ...{ from: 'a', to: 'b', state: 'up', messagesPerSecond: 5, bytesPerSecond: 200, controlPerSecond: 0 }, ...{ rttMs: 0.4, queueBytes: 0, reason: null } },
    ]);
  });

  it('counts a link that was made anew from zero', () => {
    const frames = new TopologyFrames();
    frames.report('a', snapshot('a', 1_000, { links: [link('b', { messagesOut: 500 })] }), 1_000);
    frames.report('a', snapshot('a', 2_000, { links: [link('b', { messagesOut: 3 })] }), 2_000);
    expect(frames.take(['a'], 2_000).links[0]?.messagesPerSecond).toBe(3);
  });

  it('has no rates across a restart and no figures of a node that fell silent or ended', () => {
    const frames = new TopologyFrames();
    frames.report('a', snapshot('a', 9_000, { messagesIn: 900 }), 1_000);
    frames.report('a', snapshot('a', 500, { messagesIn: 1 }), 2_000);
    expect(frames.take(['a'], 2_000).nodes[0]).toMatchObject({ rates: null, snapshot: { uptimeMs: 500 } });
    expect(frames.take(['a'], 2_000 + STALE_MS + 1).nodes[0]).toEqual({ name: 'a', snapshot: null, rates: null });
    frames.report('a', snapshot('a', 600), 9_000);
    frames.forget('a');
    expect(frames.take(['a'], 9_000).nodes[0]?.snapshot).toBeNull();
  });

  it('is kept for a quarter of an hour', () => {
    const frames = new TopologyFrames();
    for (let second = 1; second <= MAX_FRAMES + 5; second += 1) frames.take(['a'], second * 1_000);
    expect(frames.since(0)).toHaveLength(MAX_FRAMES);
    expect(frames.since(MAX_FRAMES * 1_000).map((frame) => frame.timeMs / 1_000 - MAX_FRAMES)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('link changes', () => {
  it('are told once per pair, whichever end tells first', () => {
    const frames = new TopologyFrames();
    frames.report('a', snapshot('a', 1, { links: [link('b')] }), 0);
    expect(frames.linkChanges()).toEqual([{ key: 'link.up', a: 'a', b: 'b', reason: null }]);
    frames.report('b', snapshot('b', 1, { links: [link('a')] }), 0);
    expect(frames.linkChanges()).toEqual([]);
    frames.report('b', snapshot('b', 2, { links: [link('a', { state: 'down', reason: 'no heartbeat' })] }), 0);
    expect(frames.linkChanges()).toEqual([{ key: 'link.down', a: 'a', b: 'b', reason: 'no heartbeat' }]);
    frames.report('a', snapshot('a', 2, { links: [link('b', { state: 'down' })] }), 0);
    expect(frames.linkChanges()).toEqual([]);
  });

  it('do not tell of a link that is only suspected, nor of one that never was', () => {
    const frames = new TopologyFrames();
    frames.report('a', snapshot('a', 1, { links: [link('b', { state: 'down' })] }), 0);
    expect(frames.linkChanges()).toEqual([]);
    frames.report('a', snapshot('a', 2, { links: [link('b', { state: 'suspect' })] }), 0);
    expect(frames.linkChanges()).toEqual([{ key: 'link.up', a: 'a', b: 'b', reason: null }]);
    frames.report('a', snapshot('a', 3, { links: [link('b', { state: 'suspect' })] }), 0);
    expect(frames.linkChanges()).toEqual([]);
  });
});
