/** Finds what a dotted path means: a key of ours in any spelling, a key of EMQX, or nothing with the nearest key as help. */
import { EMQX_KEYS, type EmqxKey } from './emqxKeys.ts';
import { ALL_KEYS, type ConfigKey } from './schema.ts';

export type AnyKey = ConfigKey<unknown>;

export type Lookup =
  | {
      readonly kind: 'key';
      readonly key: AnyKey;
      /** What stands for `<name>`; undefined when the key has none. */ readonly name: string | undefined;
    }
  | { readonly kind: 'emqx'; readonly entry: EmqxKey }
  /** A group of keys, such as `mqtt`, where one value was given. */
  | { readonly kind: 'group' }
  | { readonly kind: 'unknown'; readonly nearest: string | undefined };

const WILDCARD = '<name>';
/** Names of listeners: they appear in ids, logs and file names. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

interface Pattern {
  readonly segments: readonly string[];
  readonly key: AnyKey;
}

/** Spellings without a free name come first: `listener.tcp.external` is the default listener, not one of that name. */
const patterns: readonly Pattern[] = ALL_KEYS
  .flatMap((key) => [key.path, ...key.aliases].map((spelling) => ({ segments: spelling.split('.'), key })))
  .sort((left, right) => Number(left.segments.includes(WILDCARD)) - Number(right.segments.includes(WILDCARD)));

export function lookUp(path: readonly string[]): Lookup {
  for (const { segments, key } of patterns) {
    if (segments.length !== path.length || !fits(segments, path)) continue;
    const at = segments.indexOf(WILDCARD);
    return { kind: 'key', key, name: at >= 0 ? path[at] : key.path.includes(WILDCARD) ? 'default' : undefined };
  }
  for (const entry of EMQX_KEYS) {
    if (fitsEmqxKey(entry.path.split('.'), path)) return { kind: 'emqx', entry };
  }
  if (patterns.some(({ segments }) => segments.length > path.length && fits(segments.slice(0, path.length), path)))
    return { kind: 'group' };
  return { kind: 'unknown', nearest: nearestKey(path.join('.')) };
}

/** The table's spelling of a key, with the name where it has one; a path that means none stays as it is. */
export function canonical(path: string): string {
  const found = lookUp(path.split('.'));
  if (found.kind !== 'key') return path;
  return found.name === undefined ? found.key.path : found.key.path.replace('<name>', found.name);
}

function fits(segments: readonly string[], path: readonly string[]): boolean {
  return segments.every((segment, index) => segment === path[index] || (segment === WILDCARD && NAME.test(path[index] ?? '')));
}

function fitsEmqxKey(segments: readonly string[], path: readonly string[]): boolean {
  if (segments.at(-1) !== '*') return segments.length === path.length && fits(segments, path);
  return path.length >= segments.length && fits(segments.slice(0, -1), path);
}

/** The key most like a misspelt one; undefined when none is near enough to be meant. */
export function nearestKey(given: string): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(4, Math.floor(given.length / 3)) + 1;
  for (const { path } of ALL_KEYS) {
    const segments = given.split('.');
    const candidate = path
      .split('.')
      .map((segment, index) => (segment === WILDCARD ? (segments[index] ?? 'default') : segment))
      .join('.');
    const distance = editDistance(given.slice(0, 128), candidate, bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance; answers `limit` for everything that is not nearer. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return Math.min(previous[right.length] ?? limit, limit);
}
