/**
 * Text → tokens of Erlang terms, as far as `acl.conf` needs them (broker-contract 1.1). No token crosses a line, so that a
 * forgotten quote damages one line only and an editor can colour line by line; Erlang itself lets strings run on.
 */
import type { ProblemKind, Span } from './problems.ts';

export type TokenType = 'atom' | 'string' | 'binary' | 'integer' | 'comment' | 'dot' | '{' | '}' | '[' | ']' | ',' | 'bad';

export interface Token extends Span {
  readonly type: TokenType;
  /** Decoded value of an atom, string, binary or integer; the source text of the others. */
  readonly value: string;
  /** Atoms: written in single quotes. Binaries: carries `/utf8`. */
  readonly marked: boolean;
  /** Set on a token that is wrong in itself; a usable value is kept where there is one. */
  readonly problem?: ProblemKind;
  /** The piece the problem speaks of. */
  readonly problemText?: string;
}

/** Words that Erlang reserves and that make sense in a rule; others end up as unknown conditions. */
const RESERVED = new Set(['and', 'or']);
const BLANK = /[\s\p{Cc}]+/uy;
const ATOM = /[a-z][A-Za-z0-9_@]*/y;
const VARIABLE = /[A-Z_][A-Za-z0-9_@]*/y;
const INTEGER = /[0-9]+/y;
const COMMENT = /%[^\n]*/y;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  d: '\x7f',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

interface Escape {
  readonly value: string;
  readonly length: number;
  readonly bad: boolean;
}

/** Decodes the escape that begins with the backslash at `at`. */
function readEscape(text: string, at: number): Escape {
  const octal = matchAt(/\\[0-7]{1,3}/y, text, at);
  if (octal !== undefined) return { value: String.fromCodePoint(parseInt(octal.slice(1), 8)), length: octal.length, bad: false };
  const hex = matchAt(/\\x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})/y, text, at);
  if (hex !== undefined) {
    const code = parseInt(hex.replace(/[^0-9A-Fa-f]/g, ''), 16);
    const bad = code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
    return { value: bad ? '' : String.fromCodePoint(code), length: hex.length, bad };
  }
  const control = matchAt(/\\\^[@-_a-z]/y, text, at);
  if (control !== undefined) return { value: String.fromCharCode(control.charCodeAt(2) & 0x1f), length: 3, bad: false };
  const next = text[at + 1] ?? '';
  if (next === 'x') return { value: 'x', length: 2, bad: true };
  return { value: SIMPLE_ESCAPES[next] ?? next, length: 2, bad: false };
}

interface Quoted {
  readonly value: string;
  readonly end: number;
  readonly closed: boolean;
  readonly badEscape: string | undefined;
}

/** Reads from the opening quote at `at` to its partner, at most to the end of the line. */
function readQuoted(text: string, at: number): Quoted {
  const quote = text[at];
  let value = '';
  let badEscape: string | undefined;
  let index = at + 1;
  for (;;) {
    const char = text[index];
    if (char === undefined || char === '\n' || char === '\r') return { value, end: index, closed: false, badEscape };
    if (char === quote) return { value, end: index + 1, closed: true, badEscape };
    const next = text[index + 1];
    if (char === '\\' && next !== undefined && next !== '\n' && next !== '\r') {
      const escape = readEscape(text, index);
      if (escape.bad) badEscape ??= text.slice(index, index + escape.length);
      value += escape.value;
      index += escape.length;
    } else {
      value += char;
      index += 1;
    }
  }
}

function token(
  type: TokenType,
  start: number,
  end: number,
  value: string,
  marked = false,
  problem?: ProblemKind,
  problemText?: string,
): Token {
  return { type, start, end, value, marked, ...(problem && { problem }), ...(problemText !== undefined && { problemText }) };
}

function quotedToken(text: string, at: number, type: 'string' | 'atom'): Token {
  const quoted = readQuoted(text, at);
  const problem = quoted.closed
    ? quoted.badEscape === undefined
      ? undefined
      : 'badEscape'
    : type === 'string'
      ? 'stringNotClosed'
      : 'atomNotClosed';
  return token(type, at, quoted.end, quoted.value, type === 'atom', problem, quoted.badEscape);
}

function binaryToken(text: string, at: number): Token {
  const head = matchAt(/<<[ \t]*"/y, text, at);
  if (head === undefined) return token('bad', at, at + 2, '<<', false, 'binaryForm');
  const quoted = readQuoted(text, at + head.length - 1);
  if (!quoted.closed) return token('binary', at, quoted.end, quoted.value, false, 'stringNotClosed');
  const tail = matchAt(/[ \t]*(\/utf8)?[ \t]*>>/y, text, quoted.end);
  if (tail === undefined) return token('binary', at, quoted.end, quoted.value, false, 'binaryForm');
  const problem = quoted.badEscape === undefined ? undefined : 'badEscape';
  return token('binary', at, quoted.end + tail.length, quoted.value, tail.includes('/utf8'), problem, quoted.badEscape);
}

/** A dot ends a rule when a blank, a comment or the end follows; else it is reported and still ends it. */
function dotToken(text: string, at: number): Token {
  const next = text[at + 1];
  const ends = next === undefined || next === '%' || /[\s\p{Cc}]/u.test(next);
  return token('dot', at, at + 1, '.', false, ends ? undefined : 'dotNeedsBlank');
}

function wordToken(text: string, at: number): Token {
  const atom = matchAt(ATOM, text, at);
  if (atom !== undefined) {
    const reserved = RESERVED.has(atom);
    return token('atom', at, at + atom.length, atom, false, reserved ? 'reservedWord' : undefined, reserved ? atom : undefined);
  }
  const integer = matchAt(INTEGER, text, at);
  if (integer !== undefined) return token('integer', at, at + integer.length, integer);
  const variable = matchAt(VARIABLE, text, at);
  if (variable !== undefined) return token('bad', at, at + variable.length, variable, false, 'variable', variable);
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0xfffd);
  return token('bad', at, at + char.length, char, false, 'badCharacter', char);
}

/** The token at `at`, which must not be a blank. */
function readToken(text: string, at: number): Token {
  const char = text[at] as string;
  switch (char) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
      return token(char, at, at + 1, char);
    case '"':
      return quotedToken(text, at, 'string');
    case "'":
      return quotedToken(text, at, 'atom');
    case '.':
      return dotToken(text, at);
    case '%': {
      const comment = (matchAt(COMMENT, text, at) as string).replace(/\s+$/, '');
      return token('comment', at, at + comment.length, comment);
    }
    case '<':
      return text[at + 1] === '<' ? binaryToken(text, at) : wordToken(text, at);
    default:
      return wordToken(text, at);
  }
}

/** All tokens of a text in order, comments included. Never throws; what cannot be read becomes a `bad` token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  // A byte order mark at the start is tolerated: editors on Windows write it.
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const blank = matchAt(BLANK, text, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const next = readToken(text, at);
    tokens.push(next);
    at = next.end;
  }
  return tokens;
}
