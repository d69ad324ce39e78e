/** Fuzzy matching for the palette: letters in order, better where they start words or follow each other. */

export interface FuzzyMatch {
  /** Higher is better. */
  readonly score: number;
  /** Indices of the matched letters in the text, ascending. */
  readonly at: readonly number[];
}

const WORD_START = 8;
const FOLLOWS = 6;
const FIRST_LETTER = 4;

/** Null when a letter of the query is missing. An empty query matches everything with score 0. Spaces in the query are free. */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | null {
  const wanted = [...query.toLowerCase()].filter((letter) => letter !== ' ');
  if (wanted.length === 0) return { score: 0, at: [] };
  const lower = text.toLowerCase();
  let best: FuzzyMatch | null = null;
  // Greedy from every place the first letter occurs: short enough texts make this exact in practice.
  for (let start = lower.indexOf(wanted[0]!); start !== -1; start = lower.indexOf(wanted[0]!, start + 1)) {
    const match = matchFrom(wanted, lower, text, start);
    if (match !== null && (best === null || match.score > best.score)) best = match;
  }
  return best;
}

function matchFrom(wanted: readonly string[], lower: string, text: string, start: number): FuzzyMatch | null {
  const at: number[] = [];
  let score = start === 0 ? FIRST_LETTER : 0;
  let from = start;
  for (const letter of wanted) {
    const found = lower.indexOf(letter, from);
    if (found === -1) return null;
    if (startsWord(text, found)) score += WORD_START;
    if (at.at(-1) === found - 1) score += FOLLOWS;
    else score -= Math.min(3, found - from);
    at.push(found);
    from = found + 1;
  }
  return { score: score - text.length / 100, at };
}

function startsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text[at - 1]!;
  return /[\s/_.:-]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(text[at]!));
}

/** The text in runs, for drawing matched letters stronger. */
export function matchRuns(text: string, at: readonly number[]): { readonly text: string; readonly hit: boolean }[] {
  const hits = new Set(at);
  const runs: { text: string; hit: boolean }[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const hit = hits.has(index);
    const last = runs.at(-1);
    if (last && last.hit === hit) last.text += text[index];
    else runs.push({ text: text[index]!, hit });
  }
  return runs;
}
