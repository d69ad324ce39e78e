import { describe, expect, it } from 'vitest';
import type { ClusterEvent } from '../../../electron/contract/cluster.ts';
import { sampleFrame } from './sampleFrames.ts';
import { axisTicks, eventTiles, faultBands, frameIndexAt, rateLines, spanUntil } from './timeBar.ts';

const END = 90_000_000;
const span = spanUntil(END);
const MINUTE = 60_000;
const event = (minutesAgo: number, part: Partial<ClusterEvent> = {}): ClusterEvent => ({ timeMs: END - minutesAgo * MINUTE, kind: 'lifecycle', node: 'busbar-1', key: 'node.running', values: {}, ...part });

describe('event tiles', () => {
  it('merge when they would touch, and show the worst of them', () => {
    const tiles = eventTiles([event(10), event(9.99, { kind: 'fault', key: 'node.killed' }), event(5)], span, 900);
    expect(tiles.map((tile) => [tile.kind, tile.events.length])).toEqual([['fault', 2], ['lifecycle', 1]]);
  });
  it('have their label behind them, before them at the right end, or none', () => {
    const tiles = eventTiles([event(14), event(13), event(12.2), event(0)], span, 900);
    expect(tiles.map((tile) => tile.label?.side ?? null)).toEqual([null, null, 'right', 'left']);
  });
  it('leave out what is older than the bar', () => expect(eventTiles([event(16)], span, 900)).toEqual([]));
  it('tell a first link as a start and a repaired one as healed', () => {
    const pair = { a: 'busbar-1', b: 'busbar-2' };
    const up = { kind: 'healed', key: 'link.up', values: pair } as const;
    const tiles = eventTiles([event(14, up), event(10, { kind: 'fault', key: 'link.down', values: pair }), event(5, up)], span, 900);
    expect(tiles.map((tile) => tile.kind)).toEqual(['lifecycle', 'fault', 'healed']);
  });
});

describe('fault bands', () => {
  it('reach from a fault to the good news of the same node, or until now', () => {
    const bands = faultBands([event(12, { kind: 'fault', key: 'node.killed' }), event(9, { node: 'busbar-2' }), event(6), event(3, { kind: 'fault', key: 'node.failed' })], span);
    expect(bands).toEqual([{ from: 0.2, to: 0.6, open: false }, { from: 0.8, to: 1, open: true }]);
  });
  it('begin at the left edge for a fault that is older than the bar', () => {
    expect(faultBands([event(20, { kind: 'fault', key: 'node.killed' })], span)).toEqual([{ from: 0, to: 1, open: true }]);
    expect(faultBands([event(20, { kind: 'fault', key: 'node.killed' }), event(18)], span)).toEqual([]);
  });
});

describe('the line of messages', () => {
  const frames = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => sampleFrame(['busbar-1'], { timeMs: END - (to - index - 1) * 1_000 - (900 - to) * 1_000 }));
  it('is zero-based and in one piece while pictures come', () => {
    const lines = rateLines(frames(0, 900), span, 600, 40);
    expect(lines).toHaveLength(1);
    for (const { y } of lines[0]!) expect(y).toBeGreaterThanOrEqual(8);
  });
  it('breaks where pictures are missing', () => {
    const all = frames(0, 900);
    expect(rateLines([...all.slice(0, 300), ...all.slice(400)], span, 600, 40)).toHaveLength(2);
    expect(rateLines([], span, 600, 40)).toEqual([]);
  });
});

it('the axis has a mark every three full minutes', () => expect(axisTicks({ fromMs: 100_000, toMs: 1_000_000 })).toEqual([180_000, 360_000, 540_000, 720_000, 900_000]));

it('a moment is found by halving', () => {
  const frames = [1_000, 2_000, 3_000].map((timeMs) => sampleFrame([], { timeMs }));
  expect([0, 1_000, 1_999, 2_000, 9_000].map((timeMs) => frameIndexAt(frames, timeMs))).toEqual([0, 0, 0, 1, 2]);
});
