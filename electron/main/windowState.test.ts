import { describe, expect, it } from 'vitest';
import { fitToDisplays, parseWindowState } from './windowState.ts';

const LEFT = { x: 0, y: 0, width: 1920, height: 1040 };
const RIGHT = { x: 1920, y: 100, width: 2560, height: 1400 };
const FIRST = { width: 1440, height: 900, maximized: false };

describe('the kept window state', () => {
  it('is read as it was written', () => {
    const state = { x: -20, y: 30, width: 1300, height: 800, maximized: true };
    expect(parseWindowState(JSON.stringify(state))).toEqual(state);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"width": 13'],
    ['null', 'null'],
    ['another kind', '[1, 2]'],
    ['words for numbers', '{"width":"1300","height":800}'],
    ['no size', '{"width":0,"height":800}'],
    ['absurd size', '{"width":1e9,"height":800}'],
  ])('starts anew from %s', (_what, text) => expect(parseWindowState(text)).toEqual(FIRST));

  it('keeps size without a sound position', () => {
    expect(parseWindowState('{"width":1300,"height":800,"x":"left","y":0}')).toEqual({ width: 1300, height: 800, maximized: false });
  });
});

describe('a window put back on the displays there are', () => {
  const at = (x: number, y: number, width = 1300, height = 800) => ({ x, y, width, height, maximized: false });

  it('stays where a display shows its title bar', () => {
    expect(fitToDisplays(at(2000, 200), [LEFT, RIGHT])).toEqual(at(2000, 200));
    expect(fitToDisplays(at(-1100, 0), [LEFT, RIGHT])).toEqual(at(-1100, 0));
  });

  it.each([
    ['its display is gone', at(2000, 200)],
    ['the title bar is above the display', at(100, -30)],
    ['only a sliver shows', at(-1250, 0)],
    ['it is below the display', at(100, 1030)],
  ])('is placed by the system when %s', (_why, state) => {
    expect(fitToDisplays(state, [LEFT])).toEqual({ width: 1300, height: 800, maximized: false });
  });

  it('shrinks to a smaller display but not below the smallest useful size', () => {
    expect(fitToDisplays(at(0, 0, 3000, 2000), [LEFT])).toEqual(at(0, 0, 1920, 1040));
    expect(fitToDisplays(at(0, 0, 3000, 2000), [{ x: 0, y: 0, width: 800, height: 600 }])).toEqual(at(0, 0, 1024, 700));
  });
});
