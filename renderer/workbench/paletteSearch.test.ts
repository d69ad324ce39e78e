import { describe, expect, it } from 'vitest';
import { searchPalette, splitQuery, type PaletteEntry, type PalettePrefix } from './paletteSearch.ts';

const entry = (title: string, prefix: PalettePrefix): PaletteEntry => ({ id: `${prefix}${title}`, prefix, title, icon: undefined, context: undefined, shortcut: undefined, run: () => undefined });
const entries = [entry('busbar-3', ''), entry('device', '@'), entry('dashboard', '@'), entry('plant/#', '#'), entry('Stop busbar-3', '>'), entry('Kill busbar-3', '>')];
const titles = (query: string, recent: readonly string[] = []) => searchPalette(entries, query, recent).map(({ title }) => title);

describe('the palette', () => {
  it('knows its prefixes', () => {
    expect(['> kill', ' @dev', '#', ':7', 'kill'].map(splitQuery)).toEqual([
      { prefix: '>', text: 'kill' }, { prefix: '@', text: 'dev' }, { prefix: '#', text: '' }, { prefix: ':', text: '7' }, { prefix: '', text: 'kill' },
    ]);
  });
  it('searches one kind with a prefix and everything without', () => {
    expect(titles('@d')).toEqual(['device', 'dashboard']);
    expect(titles('busbar')[0]).toBe('busbar-3');
    expect(titles('kill 3')).toEqual(['Kill busbar-3']);
  });
  it('shows what was run last first', () => {
    const rows = searchPalette(entries, '', ['>Kill busbar-3', '@device']);
    expect(rows.slice(0, 3).map(({ title, recent }) => [title, recent])).toEqual([['Kill busbar-3', true], ['device', true], ['busbar-3', false]]);
  });
});
