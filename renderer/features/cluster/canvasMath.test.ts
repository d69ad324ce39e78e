import { describe, expect, it } from 'vitest';
import { bubblePlace, bubbleRadius } from './bubbles.ts';
import { newConnection } from './newConnection.ts';
import { fitted, toDrawing, zoomAt } from './panZoom.ts';

const WHOLE = fitted({ width: 100, height: 100 }, { width: 100, height: 100 });

describe('all of the drawing', () => {
  it('is shown at its own size where it fits, in the middle', () => expect(fitted({ width: 400, height: 300 }, { width: 500, height: 300 })).toEqual({ scale: 1, x: 50, y: 0 }));
  it('shrinks to a small stage', () => expect(fitted({ width: 800, height: 400 }, { width: 400, height: 400 })).toEqual({ scale: 0.5, x: 0, y: 100 }));
});

describe('zooming', () => {
  it('keeps the point under the pointer where it is', () => {
    const point = { x: 300, y: 200 };
    const view = zoomAt(zoomAt(WHOLE, 1.7, { x: 10, y: 40 }), 0.6, point);
    const before = toDrawing(zoomAt(WHOLE, 1.7, { x: 10, y: 40 }), point);
    expect(toDrawing(view, point).x).toBeCloseTo(before.x);
    expect(toDrawing(view, point).y).toBeCloseTo(before.y);
  });
  it('stays within bounds', () => expect([zoomAt(WHOLE, 100, { x: 0, y: 0 }).scale, zoomAt(WHOLE, 0.001, { x: 0, y: 0 }).scale]).toEqual([2.5, 0.4]));
});

describe('the bubble of other clients', () => {
  const card = { width: 216, height: 122 };
  const stage = { width: 1_000, height: 700 };
  it('grows with the root of their number, within bounds', () => expect([1, 100, 1_000, 1e6].map(bubbleRadius)).toEqual([13, 14, 21, 22]));
  it('hangs on the outer side, and above the card where the stage ends', () => {
    expect(bubblePlace({ x: 500, y: 100 }, card, 20, stage, 4).centre).toEqual({ x: 642, y: 100 });
    expect(bubblePlace({ x: 300, y: 600 }, card, 20, stage, 4).centre).toEqual({ x: 158, y: 600 });
    expect(bubblePlace({ x: 874, y: 300 }, card, 20, stage, 4).centre).toEqual({ x: 956, y: 205 });
    expect(bubblePlace({ x: 874, y: 80 }, card, 20, stage, 4).centre).toEqual({ x: 956, y: 175 });
  });
});

describe('a fresh connection', () => {
  it('has a name that is free', () => {
    const first = newConnection('busbar-2', []);
    expect(first).toMatchObject({ id: 'client-1', name: 'client-1', clientId: 'client-1', target: { kind: 'node', node: 'busbar-2' } });
    expect(newConnection('busbar-2', [first]).name).toBe('client-2');
    expect(newConnection('busbar-2', [{ ...first, name: 'device' }], 'device').name).toBe('device-2');
  });
});
