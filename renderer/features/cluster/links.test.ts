import { describe, expect, it } from 'vitest';
import { laneLine, laneWidth, linksOf, particleGap, placeLabels } from './links.ts';
import { pointsAt, streamsOf } from './particles.ts';
import { bothWays, sampleFrame } from './sampleFrames.ts';

const THREE = ['busbar-1', 'busbar-2', 'busbar-3'];
const all = new Set(THREE);

describe('links as drawn', () => {
  it('are one per pair, with a lane per direction', () => {
    const frame = sampleFrame(THREE, { links: [{ from: 'busbar-2', to: 'busbar-1', messagesPerSecond: 5, bytesPerSecond: 65_536 }, { from: 'busbar-1', to: 'busbar-2', messagesPerSecond: 2, bytesPerSecond: 1_000, rttMs: 3 }] });
    expect(linksOf([frame], all)).toEqual([
      {
        id: 'busbar-1|busbar-2', a: 'busbar-1', b: 'busbar-2', health: 'busy', messages: 7, bytes: 66_536, rttMs: 3, queueBytes: 0, reason: null,
        lanes: [
          { from: 'busbar-1', to: 'busbar-2', messages: 2, control: 0, bytes: 1_000, width: 2 },
          { from: 'busbar-2', to: 'busbar-1', messages: 5, control: 0, bytes: 65_536, width: 6 },
        ],
      },
    ]);
  });
  it('have no lanes when cut, and say why', () => {
    const frame = sampleFrame(THREE, { links: bothWays('busbar-1', 'busbar-2', { state: 'down', reason: 'no heartbeat for 5 s' }) });
    expect(linksOf([frame], all)).toMatchObject([{ health: 'down', lanes: [], reason: 'no heartbeat for 5 s' }]);
  });
  it('are left out where an end is not drawn', () => {
    const frame = sampleFrame(THREE, { links: bothWays('busbar-1', 'busbar-3') });
    expect(linksOf([frame], new Set(['busbar-1', 'busbar-2']))).toEqual([]);
  });
  it('grow one pixel per doubling of bytes, within bounds', () => {
    expect([0, 100, 4_096, 8_192, 65_536, 262_144, 9e9].map(laneWidth)).toEqual([2, 2, 2, 3, 6, 8, 8]);
  });
  it('lie beside each other, each on its own side', () => {
    const places = new Map([['busbar-1', { x: 0, y: 0 }], ['busbar-2', { x: 100, y: 0 }]]);
    const lane = { messages: 1, control: 0, bytes: 0, width: 2 };
    expect(laneLine({ ...lane, from: 'busbar-1', to: 'busbar-2' }, 'busy', places)).toEqual({ from: { x: 0, y: 3 }, to: { x: 100, y: 3 } });
    expect(laneLine({ ...lane, from: 'busbar-2', to: 'busbar-1' }, 'busy', places)!.from.y).toBe(-3);
    expect(laneLine({ ...lane, from: 'busbar-2', to: 'busbar-9' }, 'busy', places)).toBeNull();
  });
});

describe('particles', () => {
  const line = { from: { x: 0, y: 0 }, to: { x: 420, y: 0 } };
  it('come closer with the rate and are never more than twelve on a lane', () => {
    const gaps = [0.1, 1, 10, 100, 1_000, 1e6].map((rate) => particleGap(rate, 420)!);
    expect(gaps).toEqual([...gaps].sort((a, b) => b - a));
    expect(Math.min(...gaps)).toBe(35);
    expect(particleGap(0, 420)).toBeNull();
  });
  it('move 42 pixels in a second whatever the rate', () => {
    const [stream] = streamsOf({ from: 'a', to: 'b', messages: 1, control: 0, bytes: 0, width: 2 }, line);
    expect(pointsAt(stream!, 0)[0]).toEqual({ x: 0, y: 0 });
    expect(pointsAt(stream!, 1_000)[0]!.x).toBeCloseTo(42);
  });
  it('are one stream per kind that has something to show', () => {
    const kinds = (messages: number, control: number) => streamsOf({ from: 'a', to: 'b', messages, control, bytes: 0, width: 2 }, line).map((stream) => stream.kind);
    expect([kinds(1, 1), kinds(1, 0), kinds(0, 0)]).toEqual([['forward', 'route'], ['forward'], []]);
  });
});

describe('labels', () => {
  it('sit in the middle, and step aside for cards and for each other', () => {
    const a = { x: 0, y: 0 };
    const b = { x: 1_000, y: 0 };
    const places = placeLabels([{ id: 'first', a, b, width: 100, height: 20 }, { id: 'second', a, b, width: 100, height: 20 }], [{ x: 450, y: -10, width: 20, height: 20 }]);
    expect(places.get('first')).toEqual({ x: 580, y: 0 });
    expect(places.get('second')).toEqual({ x: 360, y: 0 });
  });
});
