/**
 * Small expressions over the words of a client, as EMQX 5.7 has them: `nth(1, tokens(clientid, '-'))`, `coalesce(username, 'guest')`.
 *
 *     expression = name [ "(" [ expression { "," expression } ] ")" ] | text | digits | "[" [ expression { "," expression } ] "]"
 *
 * A name without brackets is a variable. One that has no value makes everything around it have none, except in `coalesce`,
 * which takes the first of its arguments that has one, and in `iif(condition, then, else)`, for which it is false.
 */
import { compileRegex, type CompiledRegex } from '../regex/regexRun.ts';
import { FUNCTIONS, isTrue, type ExpressionFunction, type Value } from './functions.ts';

export const EXPRESSION_LIMITS = {
  /** Characters of an expression. */
  length: 1024,
  /** Calls and lists in one another. */
  depth: 16,
  /** Characters of a value: a text of MQTT. A longer one is none. */
  valueLength: 65_535,
} as const;

export type LookUp = (variable: string) => string | undefined;

export interface Expression {
  readonly source: string;
  /** Names of the variables in it. */
  readonly variables: readonly string[];
  /** Undefined: it has no value, or one that is no text, or an empty one. */
  evaluate(lookUp: LookUp): string | undefined;
}

type Node =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'list' | 'coalesce'; readonly items: readonly Node[] }
  | { readonly type: 'iif'; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly type: 'call'; readonly call: ExpressionFunction; readonly args: readonly Node[]; readonly pattern: CompiledRegex | undefined };

const TOKEN = /\s*(?:([A-Za-z_][A-Za-z0-9_.-]*)|('[^']*'|"[^"]*")|(\d{1,9})|([()[\],]))/y;

class Fault extends Error {}

/** The expression, or why it is none. */
export function parseExpression(source: string): Expression | { readonly fault: string } {
  try {
    const parser = new Parser(source);
    const node = parser.parse();
    return {
      source,
      variables: [...parser.variables],
      evaluate: (lookUp) => {
        const value = evaluate(node, lookUp);
        return typeof value === 'string' && value !== '' && value.length <= EXPRESSION_LIMITS.valueLength ? value : undefined;
      },
    };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
}

class Parser {
  readonly #source: string;
  readonly variables = new Set<string>();
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    if (source.length > EXPRESSION_LIMITS.length) throw new Fault(`it is longer than ${EXPRESSION_LIMITS.length} characters`);
    this.#source = source.trimEnd();
  }

  parse(): Node {
    const node = this.#expression();
    if (this.#at < this.#source.length) throw this.#unexpected();
    return node;
  }

  /** Moves behind the next token when it is of the wanted kind: 1 name, 2 text, 3 digits, 4 sign. */
  #take(kind: 1 | 2 | 3 | 4, wanted?: string): string | undefined {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#source)?.[kind];
    if (token === undefined || (wanted !== undefined && token !== wanted)) return undefined;
    this.#at = TOKEN.lastIndex;
    return token;
  }

  #expression(): Node {
    const quoted = this.#take(2);
    if (quoted !== undefined) return { type: 'text', value: quoted.slice(1, -1) };
    const digits = this.#take(3);
    if (digits !== undefined) return { type: 'text', value: digits };
    if (this.#take(4, '[') !== undefined) return { type: 'list', items: this.#items(']') };
    const name = this.#take(1);
    if (name === undefined) throw this.#unexpected();
    if (this.#take(4, '(') !== undefined) return this.#call(name, this.#items(')'));
    this.variables.add(name);
    return { type: 'variable', name };
  }

  #items(end: ')' | ']'): readonly Node[] {
    this.#depth += 1;
    if (this.#depth > EXPRESSION_LIMITS.depth) throw new Fault(`it is nested deeper than ${EXPRESSION_LIMITS.depth}`);
    const items: Node[] = [];
    if (this.#take(4, end) === undefined) {
      do items.push(this.#expression());
      while (this.#take(4, ',') !== undefined);
      if (this.#take(4, end) === undefined) throw this.#unexpected();
    }
    this.#depth -= 1;
    return items;
  }

  #call(name: string, args: readonly Node[]): Node {
    if (name === 'coalesce') return { type: 'coalesce', items: args.flatMap((arg) => (arg.type === 'list' ? arg.items : arg)) };
    if (name === 'iif') {
      const [condition, then, otherwise, ...rest] = args;
      if (condition === undefined || then === undefined || otherwise === undefined || rest.length > 0) throw new Fault('iif takes 3 arguments');
      return { type: 'iif', condition, then, otherwise };
    }
    const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (call === undefined) throw new Fault(`there is no function ${name}; known are ${['coalesce', 'iif', ...Object.keys(FUNCTIONS)].join(', ')}`);
    const { minArgs, maxArgs } = call;
    if (args.length < minArgs || args.length > maxArgs) throw new Fault(`${name} takes ${minArgs === maxArgs ? minArgs : `${minArgs} to ${maxArgs}`} arguments`);
    return { type: 'call', call, args, pattern: call.patternAt === undefined ? undefined : patternOf(name, args[call.patternAt]) };
  }

  #unexpected(): Fault {
    const rest = this.#source.slice(this.#at).trim();
    return new Fault(rest === '' ? 'it ends too early' : `${rest.slice(0, 20)} is not expected there`);
  }
}

function patternOf(name: string, node: Node | undefined): CompiledRegex {
  if (node?.type !== 'text') throw new Fault(`the pattern of ${name} must be a text`);
  const compiled = compileRegex(node.value);
  if ('fault' in compiled) throw new Fault(`the pattern of ${name} cannot be used: ${compiled.fault}`);
  return compiled;
}

function evaluate(node: Node, lookUp: LookUp): Value | undefined {
  switch (node.type) {
    case 'text':
      return node.value;
    case 'variable':
      return lookUp(node.name);
    case 'list': {
      const items = node.items.map((item) => evaluate(item, lookUp));
      return items.every((item) => typeof item === 'string') ? items : undefined;
    }
    case 'coalesce':
      for (const item of node.items) {
        const value = evaluate(item, lookUp);
        if (value !== undefined && value.length > 0) return value;
      }
      return undefined;
    case 'iif': {
      const condition = evaluate(node.condition, lookUp);
      return evaluate(condition !== undefined && isTrue(condition) ? node.then : node.otherwise, lookUp);
    }
    case 'call': {
      const args = node.args.map((arg) => evaluate(arg, lookUp));
      return args.every((arg) => arg !== undefined) ? node.call.run(args, node.pattern) : undefined;
    }
  }
}
