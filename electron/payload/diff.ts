/** What changed from one payload to the next: by JSON path where both have values, else by line. */
import { notationOf } from './notation.ts';

export interface ValueChange {
  /** `$.a.b[0]` */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: string;
  readonly after?: string;
  /** After minus before, when both are finite numbers. */
  readonly delta?: number;
}

/** Changes told at most; the rest is counted. */
export const MOST_CHANGES = 500;

export interface ValueDiff {
  readonly changes: readonly ValueChange[];
  /** Changes beyond MOST_CHANGES. */
  readonly more: number;
}

/** Compares two decoded values; the order of keys does not matter, the order of lists does. */
export function diffValues(before: unknown, after: unknown): ValueDiff {
  const changes: ValueChange[] = [];
  let more = 0;
  const tell = (change: ValueChange) => {
    if (changes.length < MOST_CHANGES) changes.push(change);
    else more += 1;
  };
  compare('$', before, after, tell);
  return { changes, more };
}

const short = (value: unknown): string => notationOf(value).replace(/\s*\n\s*/g, ' ');
const step = (path: string, key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`);

function compare(path: string, before: unknown, after: unknown, tell: (change: ValueChange) => void): void {
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      compareEntry(`${path}[${index}]`, { has: index < before.length, value: before[index] as unknown }, { has: index < after.length, value: after[index] as unknown }, tell);
    }
    return;
  }
  const [a, b] = [entriesOf(before), entriesOf(after)];
  if (a && b) {
    for (const key of new Set([...a.keys(), ...b.keys()])) compareEntry(step(path, key), { has: a.has(key), value: a.get(key) }, { has: b.has(key), value: b.get(key) }, tell);
    return;
  }
  if (Object.is(before, after)) return;
  const [was, is] = [short(before), short(after)];
  if (was === is) return;
  const numbers = typeof before === 'number' && typeof after === 'number' && Number.isFinite(after - before);
  tell({ path, kind: 'changed', before: was, after: is, ...(numbers ? { delta: after - before } : {}) });
}

interface Entry {
  readonly has: boolean;
  readonly value: unknown;
}

function compareEntry(path: string, before: Entry, after: Entry, tell: (change: ValueChange) => void): void {
  if (before.has && after.has) compare(path, before.value, after.value, tell);
  else if (before.has) tell({ path, kind: 'removed', before: short(before.value) });
  else tell({ path, kind: 'added', after: short(after.value) });
}

/** The entries of an object or map with text keys. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (value instanceof Map) return [...value.keys()].every((key) => typeof key === 'string') ? (value as Map<string, unknown>) : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return undefined;
  return Object.getPrototypeOf(value) === Object.prototype ? new Map(Object.entries(value)) : undefined;
}

export interface LineChange {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Lines compared in full; beyond, common beginnings and ends are still found and the middle is shown as removed and added. */
const MOST_COMPARED_LINES = 600;

/** Compares two texts line by line (longest common subsequence between the common beginning and end). */
export function diffLines(before: string, after: string): LineChange[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (text: string): LineChange => ({ kind: 'same', text });
  const middle = diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...a.slice(0, start).map(same), ...middle, ...(end > 0 ? a.slice(-end) : []).map(same)];
}

function diffMiddle(a: readonly string[], b: readonly string[]): LineChange[] {
  const removed = (text: string): LineChange => ({ kind: 'removed', text });
  const added = (text: string): LineChange => ({ kind: 'added', text });
  if (a.length > MOST_COMPARED_LINES || b.length > MOST_COMPARED_LINES) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const out: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      out.push(removed(a[i] ?? ''));
      i += 1;
    } else {
      out.push(added(b[j] ?? ''));
      j += 1;
    }
  }
  return out;
}
