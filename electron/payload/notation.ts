/**
 * Values of binary formats as JSON that a person can read and type. What JSON has not is marked by an object with one key:
 * `{"$hex": "01 ff"}` bytes, `{"$float": "NaN"}` NaN and the infinities, `{"$map": [[key, value], …]}` a map whose keys
 * are not all plain texts, `{"$tag": 1, "value": …}` a CBOR tag, `{"$ext": 5, "hex": "…"}` a MessagePack extension, `{"$undefined": true}`.
 * Integers beyond 2^53 are written out in digits and read back exactly.
 */
import { hexCodec, hexOf } from './hex.ts';

/** A value with a number in front that says what it is: a CBOR tag or a MessagePack extension. */
export class Marked {
  readonly kind: 'tag' | 'ext';
  readonly code: number;
  readonly value: unknown;

  constructor(kind: 'tag' | 'ext', code: number, value: unknown) {
    this.kind = kind;
    this.code = code;
    this.value = value;
  }
}

/** Values nested deeper are refused: a hostile payload must not end a window by its depth. */
export const MOST_DEPTH = 200;

/** JSON with exact integers: part of V8 since 11.4, not yet of TypeScript's library. */
const ExactJson = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
};

/** The notation of a value, indented. */
export function notationOf(value: unknown): string {
  return JSON.stringify(plain(value, 0), null, 2);
}

function plain(value: unknown, depth: number): unknown {
  if (depth > MOST_DEPTH) throw new Error(`nested deeper than ${MOST_DEPTH}`);
  const inner = (one: unknown) => plain(one, depth + 1);
  switch (typeof value) {
    case 'bigint':
      return ExactJson.rawJSON(String(value));
    case 'undefined':
      return { $undefined: true };
    case 'number':
      return Number.isFinite(value) ? value : { $float: String(value) };
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return { $hex: hexOf(value, ' ') };
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Marked) return value.kind === 'tag' ? { $tag: value.code, value: inner(value.value) } : { $ext: value.code, hex: hexOf(value.value as Uint8Array, ' ') };
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  // An object of the payload that looks like a mark is written as a map, so that reading it back gives the object.
  if (entries.some(([key]) => typeof key !== 'string' || key.startsWith('$') || key === '__proto__')) return { $map: entries.map(([key, one]) => [inner(key), inner(one)]) };
  return Object.fromEntries(entries.map(([key, one]) => [key, inner(one)]));
}

/** The value that a text in this notation stands for. Throws with words for a person. */
export function valueOf(text: string): unknown {
  const parsed = ExactJson.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? BigInt(source) : value,
  );
  return marked(parsed, 0);
}

function marked(value: unknown, depth: number): unknown {
  if (depth > MOST_DEPTH) throw new Error(`nested deeper than ${MOST_DEPTH}`);
  const inner = (one: unknown) => marked(one, depth + 1);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inner);
  const mark = Object.keys(value).find((key) => key.startsWith('$'));
  if (mark === undefined) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]));
  return markOf(mark, value as Record<string, unknown>, inner);
}

function markOf(mark: string, object: Record<string, unknown>, inner: (value: unknown) => unknown): unknown {
  const content = object[mark];
  switch (mark) {
    case '$hex':
      return bytesIn(content);
    case '$float':
      return Number(content);
    case '$undefined':
      return undefined;
    case '$map':
      return mapOf(content, inner);
    case '$tag':
      return new Marked('tag', codeIn(content), inner(object['value']));
    case '$ext':
      return new Marked('ext', codeIn(content), bytesIn(object['hex']));
    default:
      throw new Error(`“${mark}” is no mark; write {"$map": [["${mark}", …]]} for a key that begins with $`);
  }
}

function mapOf(content: unknown, inner: (value: unknown) => unknown): Map<unknown, unknown> {
  if (!Array.isArray(content)) throw new Error('$map takes an array of [key, value]');
  return new Map(
    content.map((pair: unknown) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new Error('$map takes an array of [key, value]');
      return [inner(pair[0]), inner(pair[1])] as const;
    }),
  );
}

function bytesIn(content: unknown): Uint8Array {
  const read = hexCodec.encode(String(content));
  if (!read.ok) throw new Error(`“${String(content)}” is not hex`);
  return read.bytes;
}

function codeIn(content: unknown): number {
  if (typeof content !== 'number' || !Number.isSafeInteger(content)) throw new Error(`“${String(content)}” is no number of a tag or extension`);
  return content;
}
