/**
 * Turns the three places that can set something (a file, the environment, `--set`) into one list of assignments in rising
 * order of precedence: a later one wins, in whatever spelling.
 */
import { EMQX_VARIABLES } from './emqxKeys.ts';
import { parseHocon, parseHoconPath, parseHoconValue, type HoconObject, type HoconProblem, type HoconValue } from './hocon.ts';

/** Where something was said. Line and column are 1-based. */
export type Origin =
  | { readonly source: 'file'; readonly fileName: string; readonly line: number; readonly column: number }
  | { readonly source: 'environment'; readonly variable: string }
  | { readonly source: 'set'; readonly text: string };

export interface Assignment {
  readonly path: readonly string[];
  readonly value: HoconValue;
  readonly origin: Origin;
}

export interface SyntaxProblem {
  readonly message: string;
  readonly origin: Origin;
}

export interface Assignments {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly SyntaxProblem[];
}

/** `emqx.conf:3:7`, `EMQX_NODE__NAME`, `--set node.name`. Never the value, which may be a secret. */
export function describeOrigin(origin: Origin): string {
  if (origin.source === 'file') return `${origin.fileName}:${origin.line}:${origin.column}`;
  if (origin.source === 'environment') return origin.variable;
  return `--set ${origin.text}`;
}

export function fromFile(text: string, fileName: string): Assignments {
  const { root, problems } = parseHocon(text);
  const at = (place: { line: number; column: number }): Origin => ({
    source: 'file',
    fileName,
    line: place.line,
    column: place.column,
  });
  const assignments: Assignment[] = [];
  flatten(root, [], (path, value, place) => assignments.push({ path, value, origin: at(place) }));
  return { assignments, problems: problems.map((problem) => ({ message: problem.message, origin: at(problem.at) })) };
}

/** One `key=value` each, as given after `--set`. */
export function fromSets(sets: readonly string[]): Assignments {
  const assignments: Assignment[] = [];
  const problems: SyntaxProblem[] = [];
  for (const text of sets) {
    const equals = text.indexOf('=');
    const keyText = equals < 0 ? text : text.slice(0, equals);
    const origin: Origin = { source: 'set', text: keyText.trim() };
    const path = equals < 0 ? undefined : parseHoconPath(keyText.trim());
    if (path) addOne(path, text.slice(equals + 1), origin, assignments, problems);
    else problems.push({ message: 'expected key=value, such as node.name=emqx1@127.0.0.1', origin });
  }
  return { assignments, problems };
}

/**
 * `EMQX_` + path in capitals, `__` for the dot (broker-contract 3.1). EMQX_NAME and EMQX_HOST, which EMQX's container
 * understands, make up `node.name` unless EMQX_NODE__NAME or EMQX_NODE_NAME gives it.
 */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Assignments {
  const assignments: Assignment[] = [];
  const problems: SyntaxProblem[] = [];
  const { EMQX_NAME: name, EMQX_HOST: host } = env;
  if (name !== undefined || host !== undefined) {
    const variable = name === undefined ? 'EMQX_HOST' : 'EMQX_NAME';
    addOne(
      ['node', 'name'],
      `${name ?? 'emqx'}@${host ?? '127.0.0.1'}`,
      { source: 'environment', variable },
      assignments,
      problems,
    );
  }
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable];
    if (text === undefined || !/^EMQX_[A-Z0-9]/.test(variable) || EMQX_VARIABLES.includes(variable)) continue;
    const path = variable.slice('EMQX_'.length).toLowerCase().split('__');
    if (!path.includes('')) addOne(path, text, { source: 'environment', variable }, assignments, problems);
  }
  return { assignments, problems };
}

function addOne(
  path: readonly string[],
  text: string,
  origin: Origin,
  assignments: Assignment[],
  problems: SyntaxProblem[],
): void {
  const { value, problems: found } = parseHoconValue(text);
  problems.push(...found.map((problem: HoconProblem) => ({ message: problem.message, origin })));
  if (found.length > 0) return;
  if (isGroup(value, path)) flatten(value, path, (inner, leaf) => assignments.push({ path: inner, value: leaf, origin }));
  else assignments.push({ path, value, origin });
}

/** Objects that are one value: their keys are topics or names, no parts of a path. */
const WHOLE: ReadonlySet<string> = new Set(['mqtt.mqueue_priorities', 'zone.external.mqueue_priorities', 'mqtt.connack_user_properties']);
const isGroup = (value: HoconValue, path: readonly string[]): value is HoconObject => value.type === 'object' && !WHOLE.has(path.join('.'));

function flatten(
  object: HoconObject,
  prefix: readonly string[],
  add: (path: readonly string[], value: HoconValue, at: { line: number; column: number }) => void,
): void {
  for (const field of object.fields) {
    const path = [...prefix, ...field.path];
    if (isGroup(field.value, path)) flatten(field.value, path, add);
    else add(path, field.value, field.at);
  }
}

/** Expands `${NAME}` in front of a path from the environment, as EMQX does for `${EMQX_ETC_DIR}`; unset names stay as written. */
export function expandPath(path: string, env: Readonly<Record<string, string | undefined>>): string {
  return path.replace(/^\$\{([A-Z0-9_]+)\}(?=\/|$)/, (whole, name: string) => env[name] ?? whole);
}
