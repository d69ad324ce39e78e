// @vitest-environment node
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'vue/compiler-sfc';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { createWords } from './i18n.ts';
import { zh } from './zh.ts';

const RENDERER = fileURLToPath(new URL('../..', import.meta.url));
const sources = (pattern: string) =>
  globSync(pattern, { cwd: RENDERER })
    .filter((file) => !file.endsWith('.test.ts') && !file.startsWith('lib/i18n/'))
    .map((file) => ({ file, text: readFileSync(`${RENDERER}/${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '') }));

function flat(messages: object, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === 'string') all.set(prefix + key, value);
    else for (const [inner, text] of flat(value as object, `${prefix}${key}.`)) all.set(inner, text);
  }
  return all;
}

/** What is wrong with a rule is said in English by the ACL language itself (broker/access/acl/problems.ts); only the translation is here. */
const SAID_BY_THE_LANGUAGE = 'access.problems.text.';
const english = flat(en);
const chinese = flat(zh);
const holes = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]))].sort();

type Template = NonNullable<NonNullable<ReturnType<typeof parse>['descriptor']['template']>['ast']>;
type TemplateChildNode = Template['children'][number];
const TEXT = 2;
const ELEMENT = 1;
const PLAIN_ATTRIBUTE = 6;

/** Text a reader would see, in the nodes of a template and in the attributes that are read. */
function textOf(nodes: readonly TemplateChildNode[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === TEXT) return [node.content];
    if (node.type !== ELEMENT) return [];
    const read = node.props.flatMap((prop) => (prop.type === PLAIN_ATTRIBUTE && ['title', 'aria-label', 'placeholder', 'alt', 'label', 'data-tip'].includes(prop.name) ? [prop.value?.content ?? ''] : []));
    return [...read, ...textOf(node.children as TemplateChildNode[])];
  });
}

describe('the words of the product', () => {
  it('exist in both languages, with the same holes', () => {
    const common = [...chinese.keys()].filter((key) => !key.startsWith(SAID_BY_THE_LANGUAGE));
    expect(common.sort()).toEqual([...english.keys()].sort());
    const different = [...english].filter(([key, text]) => holes(text).join() !== holes(chinese.get(key) ?? '').join()).map(([key]) => key);
    expect(different).toEqual([]);
  });

  it('compile in both languages without a word missing', () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      const { t } = createWords(locale).global;
      const broken = [...english.keys()].filter((key) => !key.endsWith('.text') && t(key) === key);
      expect(broken).toEqual([]);
    }
  });

  it('are asked for by keys that exist', () => {
    const asked = sources('**/*.{vue,ts}').flatMap(({ file, text }) => [...text.matchAll(/(?:\bt\(|[kK]ey: )'([a-z]\w*(?:\.\w+)+)'/g)].map((found) => ({ file, key: found[1]! })));
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter(({ key }) => !english.has(key) && Object.hasOwn(en, key.split('.')[0]!))).toEqual([]);
  });

  it('never stand in a template themselves', () => {
    const hard = sources('**/*.vue').flatMap(({ file, text }) => {
      const template = parse(text).descriptor.template?.ast;
      if (!template) return [];
      // A word is three letters in a row; `/s`, `·`, `pid` before a number and `msg/s` are data.
      return textOf(template.children)
        .filter((words) => /\p{L}{3,}/u.test(words.replace(/\b(pid|msg|Node|api|cluster)\b/g, '')))
        .map((words) => `${file}: ${words.trim()}`);
    });
    expect(hard).toEqual([]);
  });
});
