/**
 * Patterns of access rules and topic rewriting → a tree. The dialect is PCRE as far as matching a name needs it; what the linear
 * matcher (regexRun.ts) cannot do is refused with a reason: lookbehind, back references, atomic groups, possessive repeats, recursion.
 */
import { REGEX_LIMITS } from './limits.ts';

/** Code points from-to, inclusive, pair after pair. */
export interface CharSet {
  readonly ranges: readonly number[];
  readonly negated: boolean;
  readonly ignoreCase: boolean;
}

export type AssertKind = 'lineStart' | 'lineEnd' | 'textStart' | 'textEnd' | 'textEndOrFinalBreak' | 'wordEdge' | 'noWordEdge';

export type RegexNode =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'sequence' | 'choice'; readonly of: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly type: 'assert'; readonly kind: AssertKind }
  /** `index` counts from 1, by opening bracket. */
  | { readonly type: 'capture'; readonly index: number; readonly node: RegexNode }
  | { readonly type: 'look'; readonly negated: boolean; readonly node: RegexNode };

/** Why a pattern cannot be used. Never leaves this room: compileRegex catches it. */
export class RegexFault extends Error {}

interface Flags {
  ignoreCase: boolean;
  dotAll: boolean;
  multiLine: boolean;
}

const DIGIT = [48, 57];
const WORD = [48, 57, 65, 90, 95, 95, 97, 122];
const SPACE = [9, 13, 32, 32];
const HORIZONTAL = [9, 9, 32, 32, 0xa0, 0xa0];
const VERTICAL = [10, 13, 0x85, 0x85];
const LAST = 0x10ffff;
const CLASS_ESCAPES: Readonly<Record<string, readonly number[]>> = { d: DIGIT, w: WORD, s: SPACE, h: HORIZONTAL, v: VERTICAL };
const POSIX: Readonly<Record<string, readonly number[]>> = {
  alpha: [65, 90, 97, 122],
  digit: DIGIT,
  alnum: [48, 57, 65, 90, 97, 122],
  upper: [65, 90],
  lower: [97, 122],
  space: SPACE,
  blank: [9, 9, 32, 32],
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  xdigit: [48, 57, 65, 70, 97, 102],
  word: WORD,
  cntrl: [0, 31, 127, 127],
  print: [32, 126],
  graph: [33, 126],
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, e: 27, a: 7 };
const ASSERTS: Readonly<Record<string, AssertKind>> = {
  A: 'textStart',
  z: 'textEnd',
  Z: 'textEndOrFinalBreak',
  b: 'wordEdge',
  B: 'noWordEdge',
};

function complement(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = [];
  for (let index = 0; index < ranges.length; index += 2) pairs.push([ranges[index] as number, ranges[index + 1] as number]);
  pairs.sort((left, right) => left[0] - right[0]);
  const out: number[] = [];
  let next = 0;
  for (const [from, to] of pairs) {
    if (from > next) out.push(next, from - 1);
    next = Math.max(next, to + 1);
  }
  if (next <= LAST) out.push(next, LAST);
  return out;
}

const isUpper = (letter: string): boolean => letter !== letter.toLowerCase();

class RegexParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #captures = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): RegexNode {
    const node = this.#choice({ ignoreCase: false, dotAll: false, multiLine: false });
    if (this.#at < this.#text.length) throw new RegexFault('a ) without its (');
    return node;
  }

  #eat(piece: string): boolean {
    if (!this.#text.startsWith(piece, this.#at)) return false;
    this.#at += piece.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  /** `flags` may be changed by `(?i)` for the rest of this group; the caller hands in its own copy. */
  #choice(flags: Flags): RegexNode {
    const branches: RegexNode[] = [];
    do branches.push(this.#sequence(flags));
    while (this.#eat('|'));
    return branches.length === 1 ? (branches[0] as RegexNode) : { type: 'choice', of: branches };
  }

  #sequence(flags: Flags): RegexNode {
    const of: RegexNode[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const atom = this.#atom(flags);
      if (atom !== undefined) of.push(this.#repeats(atom));
    }
    return { type: 'sequence', of };
  }

  #repeats(atom: RegexNode): RegexNode {
    const found = this.#match(/(?:([*+?])|\{(\d{1,5})(,(\d{0,5}))?\})/y);
    if (found === null) return atom;
    let min = found[1] === '+' ? 1 : 0;
    let max = found[1] === '?' ? 1 : Number.POSITIVE_INFINITY;
    if (found[2] !== undefined) {
      min = Number(found[2]);
      max = found[3] === undefined ? min : found[4] === '' ? Number.POSITIVE_INFINITY : Number(found[4]);
    }
    if (max < min) throw new RegexFault(`the repeat ${found[0]} counts downwards`);
    if (this.#eat('+')) throw new RegexFault(`the possessive repeat ${found[0]}+`);
    const lazy = this.#eat('?');
    if (/[*+]/.test(this.#text[this.#at] ?? '')) throw new RegexFault('a repeat of a repeat');
    return { type: 'repeat', node: atom, min, max, lazy };
  }

  #set(ranges: readonly number[], flags: Flags, negated = false): RegexNode {
    return { type: 'set', set: { ranges, negated, ignoreCase: flags.ignoreCase } };
  }

  #atom(flags: Flags): RegexNode | undefined {
    const char = this.#text[this.#at] as string;
    switch (char) {
      case '(':
        return this.#group(flags);
      case '[':
        return this.#class(flags);
      case '\\':
        return this.#escape(flags);
      case '.':
        this.#at += 1;
        return flags.dotAll ? this.#set([0, LAST], flags) : this.#set([10, 10], flags, true);
      case '^':
        this.#at += 1;
        return { type: 'assert', kind: flags.multiLine ? 'lineStart' : 'textStart' };
      case '$':
        this.#at += 1;
        return { type: 'assert', kind: flags.multiLine ? 'lineEnd' : 'textEndOrFinalBreak' };
      case '*':
      case '+':
      case '?':
        throw new RegexFault(`${char} has nothing to repeat`);
      default: {
        const code = this.#text.codePointAt(this.#at) as number;
        this.#at += code > 0xffff ? 2 : 1;
        return this.#set([code, code], flags);
      }
    }
  }

  /** Undefined for what stands for nothing: a comment, or flags for the rest of the group. */
  #group(flags: Flags): RegexNode | undefined {
    if (this.#match(/\(\?#[^)]*\)/y) !== null) return undefined;
    if (this.#text.startsWith('(*', this.#at)) throw new RegexFault('a verb (*…)');
    const look = this.#match(/\(\?([=!])/y);
    if (look !== null) return { type: 'look', negated: look[1] === '!', node: this.#inside({ ...flags }) };
    if (/\(\?<[=!]/y.test(this.#text.slice(this.#at, this.#at + 4))) throw new RegexFault('lookbehind');
    const options = this.#match(/\(\?([ism]*)(?:-([ism]+))?([:)])/y);
    if (options !== null) {
      const target = options[3] === ':' ? { ...flags } : flags;
      this.#apply(target, options[1] ?? '', true);
      this.#apply(target, options[2] ?? '', false);
      return options[3] === ':' ? this.#inside(target) : undefined;
    }
    if (this.#match(/\(\?(?:P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/y) !== null) return this.#capture(flags);
    if (this.#text.startsWith('(?', this.#at)) throw new RegexFault(`the group ${this.#text.slice(this.#at, this.#at + 3)}…`);
    this.#at += 1;
    return this.#capture(flags);
  }

  /** Its number is that of its opening bracket, so it is given before what is inside gets any. */
  #capture(flags: Flags): RegexNode {
    this.#captures += 1;
    const index = this.#captures;
    if (index > REGEX_LIMITS.captures) throw new RegexFault(`more than ${REGEX_LIMITS.captures} groups; write (?:…) where nothing is captured`);
    return { type: 'capture', index, node: this.#inside({ ...flags }) };
  }

  #apply(flags: Flags, letters: string, on: boolean): void {
    if (letters.includes('i')) flags.ignoreCase = on;
    if (letters.includes('s')) flags.dotAll = on;
    if (letters.includes('m')) flags.multiLine = on;
  }

  #inside(flags: Flags): RegexNode {
    this.#depth += 1;
    if (this.#depth > REGEX_LIMITS.nesting) throw new RegexFault('brackets are nested too deep');
    const node = this.#choice(flags);
    if (!this.#eat(')')) throw new RegexFault('a ( without its )');
    this.#depth -= 1;
    return node;
  }

  #escape(flags: Flags): RegexNode | undefined {
    if (this.#eat('\\Q')) return this.#quotedRun(flags);
    if (this.#eat('\\E')) return undefined;
    const letter = this.#text[this.#at + 1];
    if (letter === undefined) throw new RegexFault('it ends with a backslash');
    const assert = ASSERTS[letter];
    if (assert !== undefined) {
      this.#at += 2;
      return { type: 'assert', kind: assert };
    }
    if (/[1-9kg]/.test(letter)) throw new RegexFault(`the back reference \\${letter}`);
    if (letter === 'N') {
      this.#at += 2;
      return this.#set([10, 10], flags, true);
    }
    return this.#set(this.#escapedRanges(), flags);
  }

  #quotedRun(flags: Flags): RegexNode {
    const end = this.#text.indexOf('\\E', this.#at);
    const run = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    const of = Array.from(run, (char) => this.#set([char.codePointAt(0) as number, char.codePointAt(0) as number], flags));
    return { type: 'sequence', of };
  }

  /** One escape that stands for characters, in or outside of a class. */
  #escapedRanges(): readonly number[] {
    const hex = this.#match(/\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{0,2}))/y);
    if (hex !== null) {
      const code = parseInt(hex[1] ?? (hex[2] || '0'), 16);
      if (code > LAST) throw new RegexFault(`${hex[0]} is not a character`);
      return [code, code];
    }
    const octal = this.#match(/\\0[0-7]{0,2}/y);
    if (octal !== null) return [parseInt(octal[0].slice(1), 8), parseInt(octal[0].slice(1), 8)];
    const letter = String.fromCodePoint(this.#text.codePointAt(this.#at + 1) ?? 92);
    this.#at += 1 + letter.length;
    const named = CLASS_ESCAPES[letter.toLowerCase()];
    if (named !== undefined) return isUpper(letter) ? complement(named) : named;
    const control = CONTROLS[letter];
    if (control !== undefined) return [control, control];
    if (/[A-Za-z]/.test(letter)) throw new RegexFault(`the escape \\${letter}`);
    const code = letter.codePointAt(0) as number;
    return [code, code];
  }

  #class(flags: Flags): RegexNode {
    this.#at += 1;
    const negated = this.#eat('^');
    const ranges: number[] = [];
    let first = true;
    for (;;) {
      if (this.#at >= this.#text.length) throw new RegexFault('a [ without its ]');
      if (!first && this.#eat(']')) return this.#set(ranges, flags, negated);
      first = false;
      this.#classItem(ranges);
    }
  }

  #classItem(ranges: number[]): void {
    const posix = this.#match(/\[:(\^?)([a-z]+):\]/y);
    if (posix !== null) {
      const named = POSIX[posix[2] as string];
      if (named === undefined) throw new RegexFault(`the class ${posix[0]}`);
      ranges.push(...(posix[1] === '^' ? complement(named) : named));
      return;
    }
    const low = this.#classChar();
    if (low.length !== 2 || low[0] !== low[1] || this.#match(/-(?=[^\]])/y) === null) {
      ranges.push(...low);
      return;
    }
    const high = this.#classChar();
    if (high.length !== 2 || high[0] !== high[1]) ranges.push(...low, 45, 45, ...high);
    else if ((high[0] as number) < (low[0] as number)) throw new RegexFault('a range that counts downwards');
    else ranges.push(low[0] as number, high[0] as number);
  }

  #classChar(): readonly number[] {
    if (this.#eat('\\b')) return [8, 8];
    if (this.#text[this.#at] === '\\') {
      if (this.#at + 1 >= this.#text.length) throw new RegexFault('it ends with a backslash');
      return this.#escapedRanges();
    }
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new RegexFault('a [ without its ]');
    this.#at += code > 0xffff ? 2 : 1;
    return [code, code];
  }
}

/** @throws RegexFault with the reason in words. */
export function parseRegex(pattern: string): RegexNode {
  return new RegexParser(pattern).whole();
}
