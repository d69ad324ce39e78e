// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const TOKENS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const THEMES = ['light', 'dark', 'contrast'] as const;
type Theme = (typeof THEMES)[number];

const SURFACES = ['frame', 'side', 'surface', 'sunken', 'raised', 'overlay', 'canvas', 'selected'];
const VERDICTS = ['allow', 'deny', 'warn', 'info', 'unknown'];
const SOFT = ['accent', ...VERDICTS].map((name) => `${name}-soft`);
const CODE = ['text', 'comment', 'punct', 'atom', 'string', 'number', 'key', 'hole', 'regex'].map((name) => `code-${name}`);
const NODE_STATES = ['starting', 'joining', 'running', 'draining', 'isolated', 'stopped', 'failed'].map((name) => `node-${name}`);
const LINKS = ['edge', 'idle', 'slow', 'down'].map((name) => `link-${name}`);
const KINDS = ['forward', 'session', 'route', 'retain'].map((name) => `kind-${name}`);
const SERIES = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `series-${number}`);

/** One row of the table in ui.md, section 5: what stands on what, the limit of WCAG 2.2 (1.4.3 text, 1.4.11 graphics). */
interface Row {
  readonly name: string;
  readonly foregrounds: readonly string[];
  readonly backgrounds: readonly string[];
  readonly limit: 3 | 4.5;
}

const ROWS: readonly Row[] = [
  { name: 'text', foregrounds: ['text'], backgrounds: [...SURFACES, ...SOFT], limit: 4.5 },
  { name: 'text-2', foregrounds: ['text-2'], backgrounds: [...SURFACES, ...SOFT], limit: 4.5 },
  { name: 'text-3', foregrounds: ['text-3'], backgrounds: SURFACES, limit: 4.5 },
  { name: 'accent, link', foregrounds: ['accent', 'link'], backgrounds: [...SURFACES, 'accent-soft', 'warn-soft', 'deny-soft'], limit: 4.5 },
  { name: 'on-accent', foregrounds: ['on-accent'], backgrounds: ['accent', 'accent-hover', 'accent-press'], limit: 4.5 },
  ...VERDICTS.map((name): Row => ({ name, foregrounds: [name], backgrounds: [...SURFACES, `${name}-soft`], limit: 4.5 })),
  ...VERDICTS.map((name): Row => ({ name: `on-${name}`, foregrounds: [`on-${name}`], backgrounds: [name], limit: 4.5 })),
  { name: 'code-*', foregrounds: CODE, backgrounds: ['surface', 'sunken', 'code-line', 'code-select'], limit: 4.5 },
  { name: 'chart-axis', foregrounds: ['chart-axis'], backgrounds: ['surface'], limit: 4.5 },
  { name: 'line-control', foregrounds: ['line-control'], backgrounds: ['surface', 'side', 'raised', 'overlay'], limit: 3 },
  { name: 'focus', foregrounds: ['focus'], backgrounds: ['frame', 'surface', 'side', 'raised', 'canvas', 'selected'], limit: 3 },
  { name: 'node-*', foregrounds: NODE_STATES, backgrounds: ['raised', 'canvas', 'side'], limit: 3 },
  { name: 'link-*', foregrounds: LINKS, backgrounds: ['canvas'], limit: 3 },
  { name: 'kind-*', foregrounds: KINDS, backgrounds: ['canvas', 'link-lane'], limit: 3 },
  { name: 'series-*', foregrounds: SERIES, backgrounds: ['surface', 'raised'], limit: 3 },
];

/** The `--bb-*` hex colours of one theme, as the cascade leaves them: the light block is everybody's default. */
function coloursOf(theme: Theme): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  for (const [, selector = '', body = ''] of TOKENS.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const selectors = selector.split(',').map((part) => part.trim());
    if (!selectors.includes(':root') && !selectors.includes(`:root[data-theme='${theme}']`)) continue;
    for (const [, name = '', value = ''] of body.matchAll(/--bb-([\w-]+):\s*(#[0-9a-f]{6})\s*;/gi)) colours.set(name, value);
  }
  return colours;
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(one: string, other: string): number {
  const [dark = 0, bright = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

describe('contrast of the tokens', () => {
  it('computes the ratio as WCAG defines it', () => {
    expect(ratio('#000000', '#ffffff')).toBe(21);
    expect(ratio('#777777', '#ffffff').toFixed(2)).toBe('4.48');
  });

  for (const theme of THEMES) {
    const colours = coloursOf(theme);
    const colour = (name: string): string => {
      const hex = colours.get(name);
      if (!hex) throw new Error(`--bb-${name} is not a plain hex colour in ${theme}`);
      return hex;
    };
    it.each(ROWS)(`${theme}: $name reaches $limit on all it is used on`, ({ foregrounds, backgrounds, limit }) => {
      const below = foregrounds.flatMap((fg) =>
        backgrounds
          .map((bg) => ({ pair: `${fg} on ${bg}`, ratio: ratio(colour(fg), colour(bg)) }))
          .filter((found) => found.ratio < limit)
          .map((found) => `${found.pair}: ${found.ratio.toFixed(2)}`),
      );
      expect(below).toEqual([]);
    });
  }
});
