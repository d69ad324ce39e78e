/** Payloads in one line and in colours. What they are is electron/payload's business. */
import { hexOf } from '../../electron/payload/hex.ts';
import { hasControlCharacters, textOf } from '../../electron/payload/text.ts';

/** One line to show beside a topic: text with white space folded, hex for bytes; at most `most` characters, cut shown by …. */
export function previewPayload(bytes: Uint8Array, most: number): string {
  const head = bytes.subarray(0, most * 4);
  const whole = head.length === bytes.length;
  // A cut inside a multi-byte character is not a sign of binary: drop up to three bytes of it.
  const text = whole ? textOf(head) : ([0, 1, 2, 3].map((drop) => textOf(head.subarray(0, head.length - drop))).find((it) => it !== undefined));
  const line = text === undefined || hasControlCharacters(text) ? hexOf(head.subarray(0, most), ' ') : text.replace(/\s+/g, ' ').trim();
  return line.length <= most && whole ? line : `${line.slice(0, most - 1)}…`;
}

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
