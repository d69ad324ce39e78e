/** Colours of `acl.conf`, one line at a time, by the broker's own lexer. */
import { tokenize, type Token } from '../../../broker/access/acl/lexer.ts';

export type AclScope =
  | 'keyword.allow'
  | 'keyword.deny'
  | 'type'
  | 'string'
  | 'string.regex'
  | 'variable.placeholder'
  | 'number'
  | 'comment'
  | 'delimiter'
  | 'invalid';

export interface ColouredSpan {
  readonly start: number;
  readonly scope: AclScope;
}

/** What the next line must know of the ones before it. */
export interface LineState {
  /** Open brackets. */
  readonly depth: number;
  /** What stood before: an opening brace, `re`, or `re,`. */
  readonly before: 'brace' | 're' | 'reComma' | 'other';
}

export const FIRST_LINE: LineState = { depth: 0, before: 'other' };

const HOLE = /\$\{[A-Za-z0-9_.-]+\}|(?<=["/])%[uc](?=["/])/g;
const RULE_START = /^\s*\{\s*(allow|deny)\b/;

function textSpans(line: string, token: Token, scope: AclScope): ColouredSpan[] {
  const spans: ColouredSpan[] = [{ start: token.start, scope }];
  const source = line.slice(token.start, token.end);
  for (const hole of source.matchAll(HOLE)) {
    const start = token.start + hole.index;
    spans.push({ start, scope: 'variable.placeholder' }, { start: start + hole[0].length, scope });
  }
  return spans;
}

/** The pattern inside its quotes; the quotes themselves are string. */
function regexSpans(token: Token): ColouredSpan[] {
  if (token.end - token.start < 2) return [{ start: token.start, scope: 'string' }];
  return [
    { start: token.start, scope: 'string' },
    { start: token.start + 1, scope: 'string.regex' },
    { start: token.end - 1, scope: 'string' },
  ];
}

function atomScope(token: Token, state: LineState): AclScope {
  const isPermission = state.depth === 1 && state.before === 'brace';
  if (isPermission && token.value === 'allow') return 'keyword.allow';
  if (isPermission && token.value === 'deny') return 'keyword.deny';
  return 'type';
}

function after(token: Token, { depth, before }: LineState): LineState {
  switch (token.type) {
    case '{':
      return { depth: depth + 1, before: 'brace' };
    case '[':
      return { depth: depth + 1, before: 'other' };
    case '}':
    case ']':
      return { depth: Math.max(0, depth - 1), before: 'other' };
    case 'dot':
      return FIRST_LINE;
    case 'comment':
      return { depth, before };
    case 'atom':
      return { depth, before: before === 'brace' && token.value === 're' ? 're' : 'other' };
    case ',':
      return { depth, before: before === 're' ? 'reComma' : 'other' };
    default:
      return { depth, before: 'other' };
  }
}

function spansOf(line: string, token: Token, state: LineState): ColouredSpan[] {
  switch (token.type) {
    case 'string':
    case 'binary':
      return state.before === 'reComma' && token.type === 'string' ? regexSpans(token) : textSpans(line, token, 'string');
    case 'atom':
      return [{ start: token.start, scope: atomScope(token, state) }];
    case 'integer':
      return [{ start: token.start, scope: 'number' }];
    case 'comment':
      return [{ start: token.start, scope: 'comment' }];
    case 'bad':
      return [{ start: token.start, scope: 'invalid' }];
    default:
      return [{ start: token.start, scope: 'delimiter' }];
  }
}

/** Spans in order; each reaches to the next. */
export function highlightLine(line: string, start: LineState): { spans: ColouredSpan[]; state: LineState } {
  const spans: ColouredSpan[] = [];
  // A rule at the start of a line begins anew, however many brackets were left open above it.
  let state = RULE_START.test(line) ? FIRST_LINE : start;
  for (const token of tokenize(line)) {
    spans.push(...spansOf(line, token, state));
    state = after(token, state);
  }
  return { spans, state };
}
