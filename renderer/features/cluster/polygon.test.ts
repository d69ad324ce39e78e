import { describe, expect, it } from 'vitest';
import { byNumber, drawingFor, neighbour, polygon, type Stage } from './polygon.ts';

const stage: Stage = { width: 1_000, height: 700, card: { width: 216, height: 122 }, margin: { side: 18, top: 14, bottom: 44 } };
const names = (count: number) => Array.from({ length: count }, (_, index) => `busbar-${index + 1}`);

describe('the drawing for a small stage', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('lets %s cards stand apart', (count) => {
    const small: Stage = { ...stage, width: 420, height: 160 };
    const places = [...polygon(names(count), { ...small, ...drawingFor(names(count), small) }).values()];
    const overlapping = places.flatMap((a, index) =>
      places.slice(index + 1).filter((b) => Math.abs(a.x - b.x) < small.card.width && Math.abs(a.y - b.y) < small.card.height),
    );
    expect(overlapping).toEqual([]);
  });
  it('is the stage where there is room', () => expect(drawingFor(names(3), stage)).toEqual({ width: 1_000, height: 700 }));
});

describe('the polygon', () => {
  it('puts one node in the middle and two side by side', () => {
    expect(polygon(names(1), stage)).toEqual(new Map([['busbar-1', { x: 500, y: 335 }]]));
    const two = polygon(names(2), stage);
    expect(two.get('busbar-1')!.y).toBe(two.get('busbar-2')!.y);
    expect(two.get('busbar-1')!.x).toBeLessThan(two.get('busbar-2')!.x);
  });
  it.each([3, 4, 5, 7, 9])('keeps %s cards inside the stage, node 1 on top', (count) => {
    const places = polygon(names(count), stage);
    expect(places.size).toBe(count);
    const top = places.get('busbar-1')!;
    for (const [name, { x, y }] of places) {
      expect(x - 108).toBeGreaterThanOrEqual(18);
      expect(x + 108).toBeLessThanOrEqual(982);
      expect(y - 61).toBeGreaterThanOrEqual(13);
      expect(y + 61).toBeLessThanOrEqual(657);
      if (name !== 'busbar-1') expect(y).toBeGreaterThan(top.y);
    }
  });
  it('goes clockwise by number, whatever order the nodes came in', () => {
    const places = polygon(['busbar-10', 'busbar-2', 'busbar-1'], stage);
    expect(places.get('busbar-2')!.x).toBeGreaterThan(500);
    expect(places.get('busbar-10')!.x).toBeLessThan(500);
    expect(polygon(['busbar-1', 'busbar-2', 'busbar-10'], stage)).toEqual(places);
  });
  it('sorts by number, not by letter', () => expect(['busbar-10', 'busbar-9', 'busbar-1'].sort(byNumber)).toEqual(['busbar-1', 'busbar-9', 'busbar-10']));
  it('has no negative sizes on a stage that is too small', () => {
    for (const { x, y } of polygon(names(3), { ...stage, width: 100, height: 80 }).values()) expect([Number.isFinite(x), Number.isFinite(y)]).toEqual([true, true]);
  });
});

describe('walking with arrows', () => {
  const places = polygon(names(5), stage);
  it('goes to the nearest node in the direction', () => {
    expect(neighbour(places, 'busbar-1', 'right')).toBe('busbar-2');
    expect(neighbour(places, 'busbar-1', 'left')).toBe('busbar-5');
    expect(neighbour(places, 'busbar-4', 'right')).toBe('busbar-3');
    expect(neighbour(places, 'busbar-3', 'up')).toBe('busbar-2');
    expect(neighbour(places, 'busbar-1', 'up')).toBeUndefined();
  });
});
