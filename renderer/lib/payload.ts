/** Payloads are bytes; every format is a view of them. Plain functions, no framework. */

export const PAYLOAD_FORMATS = ['json', 'text', 'hex', 'base64'] as const;
export type PayloadFormat = (typeof PAYLOAD_FORMATS)[number];

export type PayloadProblem = 'notJson' | 'notHex' | 'oddHex' | 'notBase64';
export type EncodedPayload = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly problem: PayloadProblem; readonly detail: string };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

/** The text of the bytes, or undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a person typed in one format, as bytes. JSON is checked and sent as typed: white space is the author's business. */
export function encodePayload(text: string, format: PayloadFormat): EncodedPayload {
  switch (format) {
    case 'text':
      return { ok: true, bytes: utf8.encode(text) };
    case 'json':
      return encodeJson(text);
    case 'hex':
      return encodeHex(text);
    case 'base64':
      return encodeBase64(text);
  }
}

function encodeJson(text: string): EncodedPayload {
  try {
    JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: 'notJson', detail: error instanceof Error ? error.message : String(error) };
  }
  return { ok: true, bytes: utf8.encode(text) };
}

function encodeHex(text: string): EncodedPayload {
  const digits = text.replace(/\s+/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits)?.[0];
  if (wrong !== undefined) return { ok: false, problem: 'notHex', detail: wrong };
  if (digits.length % 2 === 1) return { ok: false, problem: 'oddHex', detail: String(digits.length) };
  return { ok: true, bytes: Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) };
}

function encodeBase64(text: string): EncodedPayload {
  try {
    return { ok: true, bytes: Uint8Array.from(atob(text.replace(/\s+/g, '')), (char) => char.charCodeAt(0)) };
  } catch {
    return { ok: false, problem: 'notBase64', detail: '' };
  }
}

/** The bytes in one format as text to read, or undefined when they have no such form. JSON is indented for reading. */
export function formatPayload(bytes: Uint8Array, format: PayloadFormat): string | undefined {
  switch (format) {
    case 'text':
      return textOf(bytes);
    case 'json': {
      const text = textOf(bytes);
      if (text === undefined) return undefined;
      try {
        return JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        return undefined;
      }
    }
    case 'hex':
      return [...bytes].map(hexByte).join(' ');
    case 'base64':
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }
}

/** The most telling format of these bytes: JSON objects and arrays, else text, else hex. */
export function guessFormat(bytes: Uint8Array): PayloadFormat {
  const text = textOf(bytes);
  if (text === undefined || hasControlCharacters(text)) return 'hex';
  return /^\s*[[{]/.test(text) && formatPayload(bytes, 'json') !== undefined ? 'json' : 'text';
}

function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return true;
  }
  return false;
}

/** One line to show beside a topic: text with white space folded, hex for bytes; at most `most` characters, cut shown by …. */
export function previewPayload(bytes: Uint8Array, most: number): string {
  const head = bytes.subarray(0, most * 4);
  const whole = head.length === bytes.length;
  // A cut inside a multi-byte character is not a sign of binary: drop up to three bytes of it.
  const text = whole ? textOf(head) : ([0, 1, 2, 3].map((drop) => textOf(head.subarray(0, head.length - drop))).find((it) => it !== undefined));
  const line = text === undefined || hasControlCharacters(text) ? [...head.subarray(0, most)].map(hexByte).join(' ') : text.replace(/\s+/g, ' ').trim();
  return line.length <= most && whole ? line : `${line.slice(0, most - 1)}…`;
}

export interface HexRow {
  /** Offset of the first byte, four hex digits or more. */
  readonly offset: string;
  /** Up to eight bytes as two digits each. */
  readonly bytes: readonly string[];
  /** The same bytes as printable ASCII, `.` for the rest. */
  readonly ascii: string;
}

/** Rows of eight bytes for a hex view. */
export function hexRows(bytes: Uint8Array, from = 0, count = Math.ceil(bytes.length / 8)): HexRow[] {
  const rows: HexRow[] = [];
  for (let at = from * 8; at < bytes.length && rows.length < count; at += 8) {
    const part = [...bytes.subarray(at, at + 8)];
    rows.push({
      offset: at.toString(16).padStart(4, '0'),
      bytes: part.map(hexByte),
      ascii: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    });
  }
  return rows;
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');

export interface JsonToken {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'punct' | 'space' | 'hole';
  readonly text: string;
}

/** A variable or generator stands where a value would: `{{$seq}}`. */
const JSON_TOKEN = /(\{\{\s*\$?[A-Za-z_][\w .-]*\}\})|("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:])|(\s+)|([\s\S])/g;

/** Splits JSON text for colouring. Text that is no JSON is split too: what fits no rule counts as punctuation. */
export function jsonTokens(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  for (const [, hole, string, colon, number, word, punct, space, other] of text.matchAll(JSON_TOKEN)) {
    if (hole !== undefined) tokens.push({ kind: 'hole', text: hole });
    if (string !== undefined) tokens.push({ kind: colon === undefined ? 'string' : 'key', text: string });
    if (colon !== undefined) tokens.push({ kind: 'punct', text: colon });
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    if (punct ?? other) tokens.push({ kind: 'punct', text: punct ?? other ?? '' });
    if (space !== undefined) tokens.push({ kind: 'space', text: space });
  }
  return tokens;
}
