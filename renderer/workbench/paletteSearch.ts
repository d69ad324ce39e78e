/** What the palette lists for a query. Pure. */
import { fuzzyMatch, matchRuns } from '../lib/fuzzy.ts';
import type { BbIconName } from '../ui/icons.ts';

export type PalettePrefix = '' | '>' | '@' | '#' | ':';

export interface PaletteEntry {
  readonly id: string;
  readonly prefix: PalettePrefix;
  readonly title: string;
  readonly icon: BbIconName | undefined;
  readonly context: string | undefined;
  readonly shortcut: string | undefined;
  readonly run: () => void | Promise<void>;
}
export interface PaletteRow extends PaletteEntry {
  readonly runs: readonly { readonly text: string; readonly hit: boolean }[];
  readonly recent: boolean;
}

/** Rows drawn at most; the count of the rest is told. */
export const MOST_ROWS = 50;

/** `> drain` is the prefix `>` with the query `drain`. */
export function splitQuery(query: string): { readonly prefix: PalettePrefix; readonly text: string } {
  const first = query.trimStart().charAt(0);
  if (first === '>' || first === '@' || first === '#' || first === ':') return { prefix: first, text: query.trimStart().slice(1).trim() };
  return { prefix: '', text: query.trim() };
}

/** Best first; without words, what was run last comes first. Without a prefix everything is searched, commands behind things. */
export function searchPalette(entries: readonly PaletteEntry[], query: string, recent: readonly string[]): readonly PaletteRow[] {
  const { prefix, text } = splitQuery(query);
  const found = entries
    .filter((entry) => prefix === '' || entry.prefix === prefix)
    .flatMap((entry, order) => {
      const match = fuzzyMatch(text, entry.title);
      if (match === null) return [];
      const age = recent.indexOf(entry.id);
      const recency = age === -1 ? 0 : (recent.length - age) * (text === '' ? 100 : 1);
      const row: PaletteRow = { ...entry, runs: matchRuns(entry.title, match.at), recent: text === '' && age !== -1 };
      return [{ row, rank: match.score + recency, order }];
    });
  return found.sort((a, b) => b.rank - a.rank || a.order - b.order).map(({ row }) => row);
}
