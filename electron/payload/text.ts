/** Bytes as UTF-8 text, strictly: what is not UTF-8 is said to be none and never shown with replacement characters. */
import { failure, type Decoded, type PayloadCodec } from './codec.ts';

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

export function bytesOfText(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Characters a terminal would act on; tab and line ends are text. */
export function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return true;
  }
  return false;
}

/** Offset of the first byte that belongs to no character. */
function firstWrongByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  // A prefix that ends inside a character is wrong too, so up to three bytes less are tried before a prefix counts as bad.
  const fits = (end: number) => [0, 1, 2, 3].some((drop) => end >= drop && textOf(bytes.subarray(0, end - drop)) !== undefined);
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return Math.max(0, good - [0, 1, 2, 3].findIndex((drop) => good >= drop && textOf(bytes.subarray(0, good - drop)) !== undefined));
}

export const textCodec: PayloadCodec = {
  id: 'text',
  kind: 'bytes',
  encode: (text) => ({ ok: true, bytes: bytesOfText(text) }),
  decode(bytes): Decoded {
    const text = textOf(bytes);
    return text === undefined ? failure('notUtf8', String(firstWrongByte(bytes))) : { ok: true, text };
  },
};

/** JSON is checked and sent as typed: white space is the author's business. For reading it is indented. */
export const jsonCodec: PayloadCodec = {
  id: 'json',
  kind: 'value',
  encode(text) {
    try {
      JSON.parse(text);
    } catch (error) {
      return failure('notJson', error);
    }
    return { ok: true, bytes: bytesOfText(text) };
  },
  decode(bytes) {
    const text = textOf(bytes);
    if (text === undefined) return failure('notUtf8', String(firstWrongByte(bytes)));
    try {
      const value: unknown = JSON.parse(text);
      return { ok: true, text: indented(text), value };
    } catch (error) {
      return failure('notJson', error);
    }
  },
};

/** Above this many characters indenting costs more than it tells; the text is shown as it came. */
const MOST_INDENTED = 4_000_000;
const JSON_PIECE = /("(?:[^"\\]|\\.)*")|([{[])\s*([}\]])?|([}\]])|(,)|(:)|\s+|([^\s{}[\],:"]+)/g;

/** Indents JSON by its tokens, so that no number is read and written anew: 1.10 and 2^64 stay what they are. */
function indented(text: string): string {
  if (text.length > MOST_INDENTED) return text;
  let depth = 0;
  let out = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [, string, open, closedAtOnce, close, comma, colon, word] of text.matchAll(JSON_PIECE)) {
    if (open !== undefined && closedAtOnce !== undefined) out += open + closedAtOnce;
    else if (open !== undefined) {
      depth += 1;
      out += open + line();
    } else if (close !== undefined) {
      depth -= 1;
      out += line() + close;
    } else if (comma !== undefined) out += `,${line()}`;
    else if (colon !== undefined) out += ': ';
    else out += string ?? word ?? '';
  }
  return out;
}
