/** The table of formats, and the change of what is typed from one to another. */
import { base64Codec } from './base64.ts';
import { cborCodec } from './cborCodec.ts';
import type { Encoded, Failure, FormatId, PayloadCodec } from './codec.ts';
import { hexCodec } from './hex.ts';
import { msgpackCodec } from './msgpackCodec.ts';
import { sparkplugCodec } from './sparkplug.ts';
import { jsonCodec, textCodec } from './text.ts';

export const CODECS: Readonly<Record<FormatId, PayloadCodec>> = {
  json: jsonCodec,
  text: textCodec,
  hex: hexCodec,
  base64: base64Codec,
  cbor: cborCodec,
  msgpack: msgpackCodec,
  sparkplug: sparkplugCodec,
};

/** What a person typed in one format, as bytes. Nothing typed is an empty payload in every format. */
export function encodePayload(text: string, format: FormatId): Encoded {
  return text === '' ? { ok: true, bytes: new Uint8Array() } : CODECS[format].encode(text);
}

export type Conversion = { readonly ok: true; readonly text: string } | (Failure & { /** As typed: it is kept. */ readonly text: string });

/**
 * The text to show when the format is changed. Between formats of values the text stays (it stands for the same value); else the bytes
 * stay. What cannot be changed is given back as typed, with the reason.
 */
export function convertText(text: string, from: FormatId, to: FormatId): Conversion {
  if (from === to || text === '') return { ok: true, text };
  if (CODECS[from].kind === 'value' && CODECS[to].kind === 'value') return { ok: true, text };
  const encoded = CODECS[from].encode(text);
  if (!encoded.ok) return { ...encoded, text };
  const decoded = CODECS[to].decode(encoded.bytes);
  return decoded.ok ? { ok: true, text: decoded.text } : { ...decoded, text };
}
