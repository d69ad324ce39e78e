/** Which format these bytes are most likely, and why: a proposal that a person can overrule. */
import { cborCodec } from './cborCodec.ts';
import type { FormatId } from './codec.ts';
import { msgpackCodec } from './msgpackCodec.ts';
import { isSparkplugTopic, sparkplugCodec } from './sparkplug.ts';
import { hasControlCharacters, jsonCodec, textOf } from './text.ts';

export type DetectReason =
  | 'empty'
  /** The MQTT 5 content type names the format. */
  | 'contentType'
  | 'sparkplugTopic'
  | 'jsonShape'
  | 'utf8'
  /** A CBOR self-describe tag (RFC 8949 section 3.4.6). */
  | 'cborMark'
  /** A map or list that fills the bytes exactly. */
  | 'wholeStructure'
  | 'binary';

export interface Detected {
  readonly format: FormatId;
  readonly reason: DetectReason;
}

const BY_CONTENT_TYPE: readonly (readonly [RegExp, FormatId])[] = [
  [/[/+]json\b/i, 'json'],
  [/[/+]cbor\b/i, 'cbor'],
  [/msgpack|messagepack/i, 'msgpack'],
  [/^text\//i, 'text'],
];

/** More bytes than this are not tried as CBOR or MessagePack without a sign: trying costs as much as decoding. */
const MOST_TRIED_BYTES = 1024 * 1024;

export function detectFormat(bytes: Uint8Array, context: { readonly topic?: string; readonly contentType?: string | undefined } = {}): Detected {
  if (bytes.length === 0) return { format: 'text', reason: 'empty' };
  if (context.topic !== undefined && isSparkplugTopic(context.topic) && sparkplugCodec.decode(bytes).ok) return { format: 'sparkplug', reason: 'sparkplugTopic' };
  const named = context.contentType === undefined ? undefined : namedFormat(bytes, context.contentType);
  if (named) return { format: named, reason: 'contentType' };
  const text = textOf(bytes);
  if (text !== undefined && !hasControlCharacters(text)) {
    return /^\s*[[{]/.test(text) && jsonCodec.decode(bytes).ok ? { format: 'json', reason: 'jsonShape' } : { format: 'text', reason: 'utf8' };
  }
  return detectBinary(bytes);
}

/** What the content type says, when the bytes agree. */
function namedFormat(bytes: Uint8Array, contentType: string): FormatId | undefined {
  const format = BY_CONTENT_TYPE.find(([pattern]) => pattern.test(contentType))?.[1];
  const codecs = { json: jsonCodec, cbor: cborCodec, msgpack: msgpackCodec } as const;
  if (format === 'text') return textOf(bytes) === undefined ? undefined : 'text';
  return format !== undefined && format in codecs && codecs[format as keyof typeof codecs].decode(bytes).ok ? format : undefined;
}

function detectBinary(bytes: Uint8Array): Detected {
  const [a = 0, b = 0, c = 0] = bytes;
  const selfDescribed = a === 0xd9 && b === 0xd9 && c === 0xf7;
  if (selfDescribed && cborCodec.decode(bytes).ok) return { format: 'cbor', reason: 'cborMark' };
  // Scalars fit nearly any bytes, so only maps and lists with something in them count, and only when every byte is used.
  if (bytes.length >= 4 && bytes.length <= MOST_TRIED_BYTES) {
    if (isMsgpackStructure(a) && msgpackCodec.decode(bytes).ok) return { format: 'msgpack', reason: 'wholeStructure' };
    if (isCborStructure(a) && cborCodec.decode(bytes).ok) return { format: 'cbor', reason: 'wholeStructure' };
  }
  return { format: 'hex', reason: 'binary' };
}

const isMsgpackStructure = (first: number) => (first > 0x80 && first < 0xa0 && first !== 0x90) || (first >= 0xdc && first <= 0xdf);
const isCborStructure = (first: number) => first >= 0x81 && first <= 0xbf && first !== 0xa0;
