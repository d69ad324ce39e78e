/**
 * Reads the part of HOCON that EMQX's configuration files use, and the flat `a.b.c = value` files of EMQX 3 and 4.
 *
 * Deliberate limits, each reported with its place instead of being guessed at: no `include`, no `${…}` substitution outside
 * quotes, no `+=`, no value concatenation. A scalar keeps its text; what it means is the schema's business (`15s`, `1MB`,
 * `on`). Objects keep their fields as written, in order: who reads them decides that the later one wins.
 */

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface HoconScalar {
  readonly type: 'scalar';
  readonly text: string;
  readonly quoted: boolean;
  readonly at: Place;
}
export interface HoconArray {
  readonly type: 'array';
  readonly items: readonly HoconValue[];
  readonly at: Place;
}
export interface HoconField {
  readonly path: readonly string[];
  readonly value: HoconValue;
  readonly at: Place;
}
export interface HoconObject {
  readonly type: 'object';
  readonly fields: readonly HoconField[];
  readonly at: Place;
}
export type HoconValue = HoconScalar | HoconArray | HoconObject;

export interface HoconProblem {
  readonly at: Place;
  readonly message: string;
}

/** Longest text that is read; a longer one is refused whole. */
export const MAX_CONFIG_CHARS = 1_048_576;
/** Deepest nesting of braces and brackets. */
export const MAX_CONFIG_DEPTH = 64;

/** Reads a whole file. Never throws; fields that could be read are there even when others could not. */
export function parseHocon(text: string): { readonly root: HoconObject; readonly problems: readonly HoconProblem[] } {
  if (text.length > MAX_CONFIG_CHARS) {
    const at = { line: 1, column: 1 };
    return {
      root: { type: 'object', fields: [], at },
      problems: [{ at, message: `the configuration is longer than ${MAX_CONFIG_CHARS} characters` }],
    };
  }
  const parser = new HoconParser(text);
  return { root: parser.parseRoot(), problems: parser.problems };
}

/**
 * Reads one value as it stands in an environment variable or after `--set key=`. A text that begins like an array, an object
 * or a quoted string is HOCON; any other is one scalar exactly as given, so that a secret may hold `#` or `=`.
 */
export function parseHoconValue(text: string): { readonly value: HoconValue; readonly problems: readonly HoconProblem[] } {
  const trimmed = text.trim();
  const plain: HoconScalar = { type: 'scalar', text: trimmed, quoted: false, at: { line: 1, column: 1 } };
  if (!/^[["{]/.test(trimmed) || isBracketedAddress(trimmed, 0)) return { value: plain, problems: [] };
  if (trimmed.length > MAX_CONFIG_CHARS) {
    return { value: plain, problems: [{ at: plain.at, message: `the value is longer than ${MAX_CONFIG_CHARS} characters` }] };
  }
  const parser = new HoconParser(trimmed);
  return { value: parser.parseWhole(), problems: parser.problems };
}

/** Splits `a.b."c.d"` into its segments; undefined when it is not a key. */
export function parseHoconPath(text: string): readonly string[] | undefined {
  return new HoconParser(text).parseWholePath();
}

const SPACE = /[ \t\r\ufeff\u00a0]/;
const KEY_CHAR = /[^\s.=:{}[\],"#+]/;
/** What follows a comma when the comma separates fields: a key and then `=`, `:` or `{`. */
const FIELD_AHEAD = /[ \t]*(?:"[^"\n]*"|[A-Za-z_$][\w$-]*)(?:\.(?:"[^"\n]*"|[\w$-]+))*[ \t]*[=:{]/y;
/** What follows a comma that ends its line or its brackets. */
const NOTHING_AHEAD = /[ \t\r]*(?:$|[\n}\],#]|\/\/)/y;
const BRACKETED_ADDRESS = /\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]:\d+/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function isBracketedAddress(text: string, position: number): boolean {
  BRACKETED_ADDRESS.lastIndex = position;
  return BRACKETED_ADDRESS.test(text);
}

class HoconParser {
  readonly problems: HoconProblem[] = [];
  readonly #text: string;
  #position = 0;
  #depth = 0;
  /** Place of the last position asked for: places are asked for in rising order, so counting goes on from there. */
  #line = 1;
  #lineStart = 0;
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parseRoot(): HoconObject {
    this.#skipBlank();
    const at = this.#place();
    const wrapped = this.#peek() === '{';
    if (!wrapped) return { type: 'object', fields: this.#parseFields(undefined), at };
    const root = this.#parseObject();
    this.#skipBlank();
    if (!this.#atEnd()) this.#problem('text after the closing }');
    return root;
  }

  parseWhole(): HoconValue {
    const value = this.#parseValue(false);
    this.#skipBlank();
    if (!this.#atEnd() && this.problems.length === 0) this.#problem('text after the end of the value');
    return value;
  }

  parseWholePath(): readonly string[] | undefined {
    const path = this.#parsePath();
    return path !== undefined && this.#atEnd() ? path : undefined;
  }

  #parseFields(opened: Place | undefined): HoconField[] {
    const fields: HoconField[] = [];
    for (;;) {
      this.#skipBlank(',');
      if (this.#atEnd()) {
        if (opened) this.#problem(`the { of line ${opened.line}, column ${opened.column} is not closed`);
        return fields;
      }
      if (this.#peek() === '}') {
        if (opened) {
          this.#position += 1;
          return fields;
        }
        this.#problem('} without {');
        this.#position += 1;
        continue;
      }
      const field = this.#parseField();
      if (field) fields.push(field);
    }
  }

  #parseField(): HoconField | undefined {
    const at = this.#place();
    if (
      /^include(?:[ \t]+["(]|[ \t]+(?:file|url|classpath|required)[ \t]*\()/.test(
        this.#text.slice(this.#position, this.#position + 64),
      )
    ) {
      return this.#skipField('include is not supported; put the included settings into this file', at);
    }
    const path = this.#parsePath();
    if (!path) return this.#skipField('expected a key', this.#place());
    this.#skipSpaces();
    const sign = this.#peek();
    if (sign === '+') return this.#skipField('+= is not supported; write the whole list', this.#place());
    if (sign === '=' || sign === ':') this.#position += 1;
    else if (sign !== '{') return this.#skipField(`expected = or { after ${path.join('.')}`, this.#place());
    const value = this.#parseFieldValue();
    this.#skipSpaces();
    if (!this.#atEnd() && !/[\n,}]/.test(this.#peek()) && !this.#atComment()) {
      return this.#skipField('text after the end of the value; put the whole value in quotes', this.#place());
    }
    return { path, value, at };
  }

  /** `key =` at the end of a line is the empty text, unless the next thing is an opening bracket. */
  #parseFieldValue(): HoconValue {
    this.#skipSpaces();
    if (!this.#atEnd() && this.#peek() !== '\n' && !this.#atComment()) return this.#parseValue(true);
    const at = this.#place();
    const end = this.#position;
    this.#skipBlank();
    if (/[[{]/.test(this.#peek())) return this.#parseValue(true);
    this.#position = end;
    return { type: 'scalar', text: '', quoted: false, at };
  }

  #parsePath(): readonly string[] | undefined {
    const segments: string[] = [];
    for (;;) {
      const segment = this.#peek() === '"' ? this.#parseQuoted() : this.#takeWhile(KEY_CHAR);
      if (segment === '' || segment === undefined) return undefined;
      segments.push(segment);
      if (this.#peek() !== '.') return segments;
      this.#position += 1;
    }
  }

  #parseValue(inField: boolean): HoconValue {
    const at = this.#place();
    const first = this.#peek();
    if (first === '{' || (first === '[' && !isBracketedAddress(this.#text, this.#position))) {
      if (this.#depth >= MAX_CONFIG_DEPTH) {
        this.#problem(`nested deeper than ${MAX_CONFIG_DEPTH} levels`);
        this.#position = this.#text.length;
        return { type: 'scalar', text: '', quoted: false, at };
      }
      return first === '{' ? this.#parseObject() : this.#parseArray();
    }
    if (first === '"') return { type: 'scalar', text: this.#parseQuoted() ?? '', quoted: true, at };
    return { type: 'scalar', text: this.#parseUnquoted(inField), quoted: false, at };
  }

  #parseObject(): HoconObject {
    const at = this.#place();
    this.#position += 1;
    this.#depth += 1;
    const fields = this.#parseFields(at);
    this.#depth -= 1;
    return { type: 'object', fields, at };
  }

  #parseArray(): HoconArray {
    const at = this.#place();
    const items: HoconValue[] = [];
    this.#position += 1;
    this.#depth += 1;
    for (;;) {
      this.#skipBlank(',');
      if (this.#atEnd()) {
        this.#problem(`the [ of line ${at.line}, column ${at.column} is not closed`);
        break;
      }
      if (this.#peek() === ']') {
        this.#position += 1;
        break;
      }
      const before = this.#position;
      items.push(this.#parseValue(false));
      if (this.#position === before) {
        this.#problem(`unexpected ${this.#peek()}`);
        this.#position += 1;
      }
    }
    this.#depth -= 1;
    return { type: 'array', items, at };
  }

  /** The rest of the line up to a comma, a closing bracket or a comment, without the spaces around it. */
  #parseUnquoted(inField: boolean): string {
    const start = this.#position;
    for (; !this.#atEnd(); this.#position += 1) {
      if (isBracketedAddress(this.#text, this.#position)) {
        this.#position = BRACKETED_ADDRESS.lastIndex - 1;
        continue;
      }
      const char = this.#peek();
      if (char === '\n' || char === '}' || char === ']') break;
      if (char === ',' && (!inField || !this.#commaContinues())) break;
      if (this.#atComment()) {
        const previous = this.#text[this.#position - 1] ?? ' ';
        if (this.#position === start || SPACE.test(previous)) break;
        if (char === '#') {
          this.#problem('a # inside a value: put the value in quotes, or a space before the comment');
          this.#skipLine();
          break;
        }
      }
      const misplaced = this.#misplacedInUnquoted(char);
      if (misplaced) {
        this.#problem(misplaced);
        this.#skipLine();
        break;
      }
    }
    return this.#text.slice(start, this.#position).trim();
  }

  #misplacedInUnquoted(char: string): string | undefined {
    if (char === '{') {
      return this.#text[this.#position - 1] === '$'
        ? 'substitution is not supported; put the value in quotes'
        : 'a { inside a value: put the value in quotes';
    }
    return char === '"' || char === '=' || char === '[' ? `a ${char} inside a value: put the whole value in quotes` : undefined;
  }

  /** EMQX 4 writes lists as `a,b,c`; a comma only separates fields when a key follows it on the same line. */
  #commaContinues(): boolean {
    FIELD_AHEAD.lastIndex = this.#position + 1;
    if (FIELD_AHEAD.test(this.#text)) return false;
    NOTHING_AHEAD.lastIndex = this.#position + 1;
    return !NOTHING_AHEAD.test(this.#text);
  }

  #parseQuoted(): string | undefined {
    if (this.#text.startsWith('"""', this.#position)) return this.#parseTripleQuoted();
    const at = this.#place();
    let result = '';
    for (this.#position += 1; !this.#atEnd(); this.#position += 1) {
      const char = this.#peek();
      if (char === '\n') break;
      if (char === '"') {
        this.#position += 1;
        return result;
      }
      result += char === '\\' ? this.#parseEscape() : char;
    }
    this.problems.push({ at, message: 'the quoted text is not closed on its line' });
    return undefined;
  }

  #parseTripleQuoted(): string | undefined {
    const at = this.#place();
    const start = this.#position + 3;
    const end = this.#text.indexOf('"""', start);
    if (end < 0) {
      this.problems.push({ at, message: 'the """ is not closed' });
      this.#position = this.#text.length;
      return undefined;
    }
    this.#position = end + 3;
    return this.#text.slice(start, end);
  }

  /** Stands on the backslash; leaves the position on the last character of the escape. */
  #parseEscape(): string {
    this.#position += 1;
    const char = this.#peek();
    if (char === 'u') {
      const digits = this.#text.slice(this.#position + 1, this.#position + 5);
      if (/^[0-9A-Fa-f]{4}$/.test(digits)) {
        this.#position += 4;
        return String.fromCharCode(Number.parseInt(digits, 16));
      }
    }
    const escaped = ESCAPES[char];
    if (escaped === undefined) this.#problem(`unknown escape \\${char}`);
    return escaped ?? '';
  }

  #skipField(message: string, at: Place): undefined {
    this.problems.push({ at, message });
    this.#skipLine();
    return undefined;
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#position);
    this.#position = end < 0 ? this.#text.length : end;
  }

  #skipSpaces(): void {
    this.#takeWhile(SPACE);
  }

  /** Spaces, line ends, comments and, where they separate, commas. */
  #skipBlank(separator = ''): void {
    for (; !this.#atEnd();) {
      if (this.#atComment()) this.#skipLine();
      else if (SPACE.test(this.#peek()) || this.#peek() === '\n' || this.#peek() === separator) this.#position += 1;
      else return;
    }
  }

  #takeWhile(pattern: RegExp): string {
    const start = this.#position;
    while (!this.#atEnd() && pattern.test(this.#peek())) this.#position += 1;
    return this.#text.slice(start, this.#position);
  }

  #atComment(): boolean {
    return this.#peek() === '#' || this.#text.startsWith('//', this.#position);
  }

  #peek(): string {
    return this.#text[this.#position] ?? '';
  }

  #atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  #problem(message: string): void {
    this.problems.push({ at: this.#place(), message });
  }

  #place(): Place {
    for (; this.#counted < this.#position; this.#counted += 1) {
      if (this.#text[this.#counted] !== '\n') continue;
      this.#line += 1;
      this.#lineStart = this.#counted + 1;
    }
    return { line: this.#line, column: this.#position - this.#lineStart + 1 };
  }
}
