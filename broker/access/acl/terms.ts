/** Tokens → Erlang terms, one per dot. A broken one is reported once and skipped up to its dot, or to the next rule's start. */
import { ACL_LIMITS } from './limits.ts';
import type { Token } from './lexer.ts';
import type { Report, Span } from './problems.ts';

export type Term = Span &
  (
    | { readonly type: 'tuple' | 'list'; readonly items: readonly Term[] }
    | { readonly type: 'atom'; readonly value: string }
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'binary'; readonly value: string; readonly utf8: boolean }
    | { readonly type: 'integer'; readonly value: number; readonly source: string }
  );

/** One term with its dot; `term` is missing when it could not be read. */
export interface TopTerm extends Span {
  readonly term: Term | undefined;
}

const CLOSING = { '{': '}', '[': ']' } as const;

class TermReader {
  readonly #tokens: readonly Token[];
  readonly #report: Report;
  #at = 0;

  constructor(tokens: readonly Token[], report: Report) {
    this.#tokens = tokens;
    this.#report = report;
  }

  all(): TopTerm[] {
    const terms: TopTerm[] = [];
    while (this.#peek() !== undefined) terms.push(this.#top());
    return terms;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** End of the token before the present one: where something is missing. */
  #previousEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  #top(): TopTerm {
    const first = this.#peek() as Token;
    const term = this.#term(1);
    const next = this.#peek();
    if (term === undefined) {
      this.#skipToNextRule(first);
    } else if (next?.type === 'dot') {
      if (next.problem !== undefined) this.#report(next.problem, next);
      this.#at += 1;
    } else if (next === undefined || this.#startsRule(this.#at)) {
      const end = this.#previousEnd();
      this.#report('dotMissing', { start: end - 1, end });
    } else {
      this.#unexpected('.');
      this.#skipToNextRule(first);
      return { term: undefined, start: first.start, end: this.#previousEnd() };
    }
    return { term, start: first.start, end: this.#previousEnd() };
  }

  /** `{allow,` or `{deny,`: the beginning of a rule, wherever a forgotten dot or bracket left us. */
  #startsRule(at: number): boolean {
    const word = this.#tokens[at + 1];
    return this.#tokens[at]?.type === '{' && word?.type === 'atom' && (word.value === 'allow' || word.value === 'deny');
  }

  /** Always moves on by at least one token. */
  #skipToNextRule(first: Token): void {
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token !== first && this.#startsRule(this.#at)) return;
      this.#at += 1;
      if (token.type === 'dot') return;
    }
  }

  /** Undefined when a problem was reported. */
  #term(depth: number): Term | undefined {
    const token = this.#peek();
    if (token === undefined || token.type === 'dot' || token.type === ',' || token.type === '}' || token.type === ']') {
      this.#unexpected('a value');
      return undefined;
    }
    if (token.problem !== undefined) {
      this.#report(token.problem, token, { text: token.problemText ?? '' });
      // A reserved word is unmistakable and a bad escape local: read on, so that the rest of the rule is checked too.
      if (token.problem !== 'reservedWord' && token.problem !== 'badEscape') return undefined;
    }
    const { start, end } = token;
    switch (token.type) {
      case '{':
      case '[':
        return this.#sequence(token, depth);
      case 'atom':
      case 'string':
        this.#at += 1;
        return { type: token.type, value: token.value, start, end };
      case 'binary':
        this.#at += 1;
        return { type: 'binary', value: token.value, utf8: token.marked, start, end };
      case 'integer':
        this.#at += 1;
        return { type: 'integer', value: Number(token.value), source: token.value, start, end };
      default:
        this.#unexpected('a value');
        return undefined;
    }
  }

  #sequence(open: Token, depth: number): Term | undefined {
    if (depth > ACL_LIMITS.nesting) {
      this.#report('tooDeep', open, { limit: ACL_LIMITS.nesting });
      return undefined;
    }
    const opening = open.type as '{' | '[';
    const closing = CLOSING[opening];
    const items: Term[] = [];
    this.#at += 1;
    if (this.#peek()?.type !== closing) {
      for (;;) {
        if (this.#neverCloses(open, closing)) return undefined;
        const item = this.#term(depth + 1);
        if (item === undefined) return undefined;
        items.push(item);
        if (this.#peek()?.type !== ',') break;
        this.#at += 1;
      }
    }
    if (this.#neverCloses(open, closing)) return undefined;
    if (this.#peek()?.type !== closing) {
      this.#unexpected(`, or ${closing}`);
      return undefined;
    }
    this.#at += 1;
    return { type: opening === '{' ? 'tuple' : 'list', items, start: open.start, end: this.#previousEnd() };
  }

  /** The rule ends, or another begins, while this bracket is open. */
  #neverCloses(open: Token, closing: string): boolean {
    const token = this.#peek();
    const ended = token === undefined || token.type === 'dot' || this.#startsRule(this.#at);
    if (ended) this.#report('notClosed', open, { open: open.value, close: closing });
    return ended;
  }

  #unexpected(wanted: string): void {
    const token = this.#peek();
    if (token === undefined) {
      const end = this.#previousEnd();
      this.#report('unexpectedEnd', { start: Math.max(0, end - 1), end }, { wanted });
    } else if (token.problem !== undefined && token.type === 'bad') {
      this.#report(token.problem, token, { text: token.problemText ?? '' });
    } else {
      this.#report('unexpected', token, { wanted, found: token.type === 'string' ? `"${token.value}"` : token.value });
    }
  }
}

/** Reads all terms of a token list without comments. Never throws. */
export function readTerms(tokens: readonly Token[], report: Report): TopTerm[] {
  return new TermReader(tokens, report).all();
}
