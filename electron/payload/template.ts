/**
 * Variables and generators in topics, payloads and properties: `{{name}}`, `{{$uuid}}`, `{{$ts}}`, `{{$iso}}`, `{{$rand a b}}`, `{{$seq}}`.
 * Only what has this form is one: `{{` of any other text stays as typed, and `\{{` writes `{{` before what would be one.
 */

export interface Generators {
  readonly nowMs: () => number;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  /** Number of this send, from 1. */
  readonly seq: number;
}

export type TemplateProblem = 'unknownVariable' | 'unknownGenerator' | 'badArguments';
export type Resolved = { readonly ok: true; readonly text: string; /** Expressions found. */ readonly count: number } | { readonly ok: false; readonly problem: TemplateProblem; readonly detail: string };

const EXPRESSION = /\\\{\{|\{\{\s*(\$?[A-Za-z_][\w.-]*)((?:\s+-?\d+(?:\.\d+)?)*)\s*\}\}/g;

/** Replaces every expression. The same generator in one text is asked anew for each place. */
export function resolveTemplate(text: string, variables: Readonly<Record<string, string>>, generators: Generators): Resolved {
  let found: Resolved | undefined;
  let count = 0;
  const resolved = text.replace(EXPRESSION, (whole: string, name: string | undefined, args: string | undefined) => {
    if (name === undefined) return '{{';
    count += 1;
    const value = name.startsWith('$') ? generate(name, numbersOf(args), generators) : (Object.hasOwn(variables, name) ? variables[name] : undefined);
    if (value === undefined) found ??= problemOf(name, whole);
    return value ?? whole;
  });
  return found ?? { ok: true, text: resolved, count };
}

/** Whether a text holds an expression or an escape. */
export function isTemplate(text: string): boolean {
  return text.search(EXPRESSION) !== -1;
}

const GENERATORS = new Set(['$uuid', '$ts', '$iso', '$rand', '$seq']);

function problemOf(name: string, whole: string): Resolved {
  if (!name.startsWith('$')) return { ok: false, problem: 'unknownVariable', detail: name };
  return GENERATORS.has(name) ? { ok: false, problem: 'badArguments', detail: whole } : { ok: false, problem: 'unknownGenerator', detail: name };
}

const numbersOf = (args: string | undefined): number[] => (args ?? '').trim().split(/\s+/).filter((arg) => arg !== '').map(Number);

function generate(name: string, args: readonly number[], generators: Generators): string | undefined {
  switch (name) {
    case '$uuid':
      return args.length === 0 ? uuidOf(generators.random) : undefined;
    case '$ts':
      return args.length === 0 ? String(generators.nowMs()) : undefined;
    case '$iso':
      return args.length === 0 ? new Date(generators.nowMs()).toISOString() : undefined;
    case '$seq':
      return args.length === 0 ? String(generators.seq) : undefined;
    case '$rand':
      return randOf(args, generators.random);
    default:
      return undefined;
  }
}

/** `$rand` 0 to 1 with six places; `$rand a b` an integer of a to b (both included), or with the places of the longer argument. */
function randOf(args: readonly number[], random: () => number): string | undefined {
  if (args.length === 0) return random().toFixed(6);
  const [from, to] = args;
  if (args.length !== 2 || from === undefined || to === undefined || from > to) return undefined;
  const places = Math.max(...[from, to].map((number) => (String(number).split('.')[1] ?? '').length));
  if (places === 0) return String(from + Math.floor(random() * (to - from + 1)));
  return (from + random() * (to - from)).toFixed(places);
}

/** A version 4 UUID (RFC 9562 section 5.4). */
function uuidOf(random: () => number): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
    const digit = Math.floor(random() * 16);
    return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
  });
}

/** The variables every connection brings: what it knows of itself. */
export function variablesOf({ clientId, name, username }: { readonly clientId: string; readonly name: string; readonly username: string }): Record<string, string> {
  return { clientId, name, username };
}
