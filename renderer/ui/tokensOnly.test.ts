// @vitest-environment node
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const RENDERER = fileURLToPath(new URL('..', import.meta.url));
const TOKENS_FILE = 'ui/tokens.css';

/** Colour words somebody would type. System colours (`CanvasText`), `transparent`, `currentColor` and keywords stay allowed. */
const COLOUR_WORDS =
  'black|silver|gr[ae]y|white|maroon|red|purple|fuchsia|green|lime|olive|yellow|navy|blue|teal|aqua|orange|brown|cyan|magenta|gold|indigo|violet|' +
  'pink|crimson|coral|salmon|tomato|khaki|beige|ivory|tan|turquoise|(?:dark|light|medium|pale|deep|hot|dim|slate|steel|royal|sky|sea|forest)[a-z]*(?:blue|green|gr[ae]y|red|pink|orange|cyan)';
const COLOUR_PROPERTIES = /^(?:.*color|background.*|border.*|outline.*|fill|stroke|.*shadow|text-decoration.*|stop-color)$/;
const HEX = /#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b/i;
const COLOUR_FUNCTION = /\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(/i;

/** What is wrong with a style sheet (or the style blocks of a component), as "line: text". */
function problemsOfCss(css: string): string[] {
  const bare = css.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  const problems: string[] = [];
  for (const found of bare.matchAll(/([\w-]+)\s*:\s*([^;{}]+)(?=[;}])/g)) {
    const [text, property = '', value = ''] = found;
    const word = new RegExp(`(?<![\\w-])(?:${COLOUR_WORDS})(?![\\w-])`, 'i');
    const literal = HEX.test(value) || COLOUR_FUNCTION.test(value) || (COLOUR_PROPERTIES.test(property) && word.test(value));
    if (literal || /!important/.test(value)) problems.push(`${lineOf(bare, found.index)}: ${text.trim()}`);
  }
  return problems;
}

/** Colour properties in `style="…"` and `:style="…"`. Handing a token to a custom property (`'--series': …`) is the way instead. */
function problemsOfTemplate(template: string): string[] {
  const problems: string[] = [];
  for (const found of template.matchAll(/(?<![\w-]):?style\s*=\s*"([^"]*)"/g)) {
    const names = [...(found[1] ?? '').matchAll(/(?<!-)['"]?\b([a-zA-Z-]+)['"]?\s*:/g)].map((name) => (name[1] ?? '').replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`));
    if (names.some((name) => COLOUR_PROPERTIES.test(name)) || HEX.test(found[1] ?? '')) problems.push(`${lineOf(template, found.index)}: ${found[0]}`);
  }
  for (const found of template.matchAll(/\s(?:fill|stroke|color)\s*=\s*"([^"]+)"/g)) {
    if (!/^(?:none|currentColor|var\(--[\w-]+\))$/.test(found[1] ?? '')) problems.push(`${lineOf(template, found.index)}: ${found[0].trim()}`);
  }
  return problems;
}

/** String literals in script that are a colour. `'#'` alone is a topic filter. */
function problemsOfScript(script: string): string[] {
  return [...script.matchAll(/(['"`])(#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})|(?:rgba?|hsla?|oklch)\([^'"`]*\))\1/gi)].map(
    (found) => `${lineOf(script, found.index)}: ${found[0]}`,
  );
}

function problemsOf(file: string, text: string): string[] {
  if (file.endsWith('.css')) return problemsOfCss(text);
  if (file.endsWith('.ts')) return problemsOfScript(text);
  const blank = (block: string) => block.replace(/[^\n]/g, ' ');
  const style = /<style[^>]*>[\s\S]*?<\/style>/g;
  const script = /<script[^>]*>[\s\S]*?<\/script>/g;
  const only = (blocks: RegExp) => {
    let rest = text;
    for (const found of text.matchAll(blocks)) rest = rest.replace(found[0], () => `\u0000${found[0]}\u0000`);
    return rest.split('\u0000').map((part, index) => (index % 2 === 1 ? part : blank(part))).join('');
  };
  const template = text.replace(style, blank).replace(script, blank);
  return [...problemsOfCss(only(style)), ...problemsOfTemplate(template), ...problemsOfScript(only(script))];
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

describe('the check for literal colours', () => {
  it.each([
    ['hex in a style block', 'a.vue', '<template>\n</template>\n<style>\n.a { color: #fff; }\n</style>', '4: color: #fff'],
    ['a colour function', 'a.css', '.a { background: rgba(0, 0, 0, 0.5) }', '1: background: rgba(0, 0, 0, 0.5)'],
    ['a colour word', 'a.css', '.a {\n border: 1px solid red;\n}', '2: border: 1px solid red'],
    ['!important', 'a.css', '.a { width: 1px !important; }', '1: width: 1px !important'],
    ['an inline colour', 'a.vue', '<template>\n<b style="color: inherit" /></template>', '2: style="color: inherit"'],
    ['a bound inline colour', 'a.vue', `<template><b :style="{ backgroundColor: tone }" /></template>`, `1: :style="{ backgroundColor: tone }"`],
    ['an SVG attribute', 'a.vue', '<template><path fill="teal" /></template>', '1: fill="teal"'],
    ['a literal in script', 'a.ts', "const tone = '#ff8800';", "1: '#ff8800'"],
    ['a literal in the script of a component', 'a.vue', "<script setup>\nconst tone = 'rgb(1 2 3)';\n</script>", "2: 'rgb(1 2 3)'"],
  ])('reports %s', (_what, file, text, problem) => expect(problemsOf(file, text)).toEqual([problem]));

  it.each([
    ['tokens and keywords', 'a.css', '/* red #fff */ .red:hover { color: var(--bb-text); background: transparent; outline: 1px solid CanvasText; }'],
    ['mixes of tokens', 'a.css', '.a { color: color-mix(in srgb, var(--bb-accent) 20%, transparent); }'],
    ['sizes and custom properties inline', 'a.vue', `<template><b :style="{ width: w, '--series': 'var(--bb-series-1)' }" fill="none" /></template>`],
    ['topic filters', 'a.ts', "const all = '#'; const below = 'a/#'; const id = '#abc-def';"],
  ])('lets %s pass', (_what, file, text) => expect(problemsOf(file, text)).toEqual([]));
});

it('components and styles use tokens only', () => {
  const files = globSync('**/*.{vue,css,ts}', { cwd: RENDERER }).filter((file) => file !== TOKENS_FILE && !file.endsWith('.test.ts'));
  const problems = files.flatMap((file) => problemsOf(file, readFileSync(`${RENDERER}/${file}`, 'utf8')).map((problem) => `${file}:${problem}`));
  expect(files.length).toBeGreaterThan(0);
  expect(problems).toEqual([]);
});
