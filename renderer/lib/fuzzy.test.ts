import { describe, expect, it } from 'vitest';
import { fuzzyMatch, matchRuns } from './fuzzy.ts';

const best = (query: string, texts: readonly string[]) =>
  texts
    .flatMap((text) => {
      const match = fuzzyMatch(query, text);
      return match ? [{ text, score: match.score }] : [];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ text }) => text);

describe('fuzzy matching', () => {
  it('needs every letter in order, whatever the case', () => {
    expect(fuzzyMatch('drn', 'Drain node')).not.toBeNull();
    expect(fuzzyMatch('dnr', 'Drain')).toBeNull();
  });
  it('prefers starts of words and runs of letters', () => {
    expect(best('kill 2', ['Kill busbar-2', 'Skill list 2', 'Kill busbar-3'])).toEqual(['Kill busbar-2', 'Skill list 2']);
    expect(best('log', ['Catalog', 'Show log of all nodes', 'Log'])).toEqual(['Log', 'Show log of all nodes', 'Catalog']);
  });
  it('matches everything when nothing is asked', () => expect(fuzzyMatch('  ', 'anything')).toEqual({ score: 0, at: [] }));
  it('tells which letters matched', () => {
    expect(matchRuns('Stop draining', fuzzyMatch('drain', 'Stop draining')!.at)).toEqual([
      { text: 'Stop ', hit: false },
      { text: 'drain', hit: true },
      { text: 'ing', hit: false },
    ]);
  });
});
