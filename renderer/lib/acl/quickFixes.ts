/** The simple repairs of problems, as edits of the text. */
import type { AclTree, Item } from '../../../broker/access/acl/ast.ts';
import type { Problem } from '../../../broker/access/acl/problems.ts';

export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface QuickFix {
  /** Key below `access.fix`. */
  readonly key: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly edits: readonly TextEdit[];
}

const KNOWN_WORDS: Partial<Record<Problem['kind'], readonly string[]>> = {
  permission: ['allow', 'deny'],
  action: ['publish', 'subscribe', 'all'],
};

/** Edits until one word is the other (Levenshtein), for short words. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The known word most like this one; undefined when none is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((other) => ({ other, distance: editDistance(word.toLowerCase(), other) }))
    .sort((x, y) => x.distance - y.distance);
  const [best] = ranked;
  return best && best.distance <= 2 && best.distance < best.other.length - 1 ? best.other : undefined;
}

/** A rule with the lines it fills, line break included; the comments above it stay out, they often speak of its neighbours too. */
function lineOf(file: AclTree, item: Item): { start: number; end: number } {
  const { start } = item.node;
  const lineStart = file.text.lastIndexOf('\n', start - 1) + 1;
  const tail = item.trailing?.end ?? item.node.end;
  const lineEnd = file.text.indexOf('\n', tail);
  const rest = file.text.slice(tail, lineEnd < 0 ? undefined : lineEnd);
  return {
    start: file.text.slice(lineStart, start).trim() === '' ? lineStart : start,
    end: rest.trim() === '' ? (lineEnd < 0 ? file.text.length : lineEnd + 1) : tail,
  };
}

function itemNumbered(file: AclTree, number: number | string | undefined): Item | undefined {
  return file.items.find((item) => item.node.number === number);
}

export function removeRule(file: AclTree, number: number): readonly TextEdit[] {
  const item = itemNumbered(file, number);
  return item ? [{ ...lineOf(file, item), text: '' }] : [];
}

/** Moves a rule with its own line before another one; the comments above either stay where they are. */
export function moveRuleBefore(file: AclTree, number: number, target: number): readonly TextEdit[] {
  const item = itemNumbered(file, number);
  const other = itemNumbered(file, target);
  if (!item || !other || number === target) return [];
  const from = lineOf(file, item);
  const text = file.text.slice(from.start, from.end);
  const at = lineOf(file, other).start;
  return [
    { ...from, text: '' },
    { start: at, end: at, text: text.endsWith('\n') ? text : `${text}\n` },
  ].sort((a, b) => a.start - b.start);
}

/** A new rule on its own line above another one; at the end where there is no such rule. */
export function insertRuleBefore(file: AclTree, rule: string, target: number): readonly TextEdit[] {
  const other = itemNumbered(file, target);
  if (other) {
    const { start } = lineOf(file, other);
    return [{ start, end: start, text: `${rule}\n` }];
  }
  const end = file.text.length;
  return [{ start: end, end, text: `${file.text === '' || file.text.endsWith('\n') ? '' : '\n'}${rule}\n` }];
}

/** Moves a rule to the end of the list. */
export function moveRuleLast(file: AclTree, number: number): readonly TextEdit[] {
  const item = itemNumbered(file, number);
  const last = file.items.at(-1);
  if (!item || !last || item === last) return [];
  const from = lineOf(file, item);
  const at = lineOf(file, last).end;
  const text = file.text.slice(from.start, from.end).replace(/\n$/, '');
  const glue = file.text.slice(0, at).endsWith('\n') ? '' : '\n';
  return [
    { ...from, text: '' },
    { start: at, end: at, text: `${glue}${text}\n` },
  ];
}

function replace(problem: Problem, key: string, text: string): QuickFix {
  return { key, values: { text }, edits: [{ start: problem.start, end: problem.end, text }] };
}

/** Repairs of one problem, the most likely first; empty where a person must decide. */
export function quickFixes(file: AclTree, problem: Problem): readonly QuickFix[] {
  const source = file.text.slice(problem.start, problem.end);
  const { values } = problem;
  switch (problem.kind) {
    case 'dotMissing':
      return [{ key: 'addDot', values: {}, edits: [{ start: problem.end, end: problem.end, text: '.' }] }];
    case 'dotNeedsBlank':
      return [{ key: 'newLine', values: {}, edits: [{ start: problem.end, end: problem.end, text: '\n' }] }];
    case 'reservedWord':
      return [replace(problem, 'write', `'${source}'`)];
    case 'permission':
    case 'action': {
      const word = nearestWord(source, KNOWN_WORDS[problem.kind] ?? []);
      return word === undefined ? [] : [replace(problem, 'write', word)];
    }
    case 'pubsub':
      return [replace(problem, 'write', 'all')];
    case 'topicsNotList':
    case 'bareTopic':
      return source.startsWith('{')
        ? []
        : [{ key: 'brackets', values: {}, edits: [{ start: problem.start, end: problem.end, text: `[${source}]` }] }];
    case 'oldPlaceholder':
      return [
        {
          ...replace(problem, 'write', source.replaceAll(String(values['value']), String(values['better']))),
          values: { text: String(values['better']) },
        },
      ];
    case 'unknownPlaceholder':
      return values['value'] === '${cn}'
        ? [
            {
              ...replace(problem, 'write', source.replaceAll('${cn}', '${cert_common_name}')),
              values: { text: '${cert_common_name}' },
            },
          ]
        : [];
    case 'regexUnanchored':
      return [replace(problem, 'write', `"^${String(values['value'])}$"`)];
    case 'regexEscape':
      return [
        {
          key: 'doubleBackslash',
          values: {},
          edits: [{ start: problem.start, end: problem.end, text: source.replace(/\\(?=[^\\"])/g, '\\\\') }],
        },
      ];
    case 'cidrHostBits':
      return [replace(problem, 'write', `"${String(values['network'])}"`)];
    case 'unreachable':
    case 'shadowed':
      return [
        {
          key: 'moveAbove',
          values: { rule: values['by'] as number },
          edits: moveRuleBefore(file, values['rule'] as number, values['by'] as number),
        },
        { key: 'delete', values: {}, edits: removeRule(file, values['rule'] as number) },
      ];
    case 'redundant':
      return [{ key: 'delete', values: {}, edits: removeRule(file, values['rule'] as number) }];
    default:
      return [];
  }
}

/** The text with the edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}
