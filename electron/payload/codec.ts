/**
 * payload/ ◦: payloads are bytes; everything else is a view of them or a way to write them.
 * In: bytes, or what a person typed. Out: text and values, or bytes; what cannot be is said with place and cause, never thrown, never guessed.
 * May import: nothing of Busbar, no node:*, no ambient time or randomness; it runs in the host, in its workers and in the window.
 * Begin here, then `codecs.ts` (the table of formats) and `detect.ts` (which one these bytes are).
 */

/** Formats that need nothing but the bytes. Those that need a schema (Protobuf, Avro) are made by a function that takes it and fit the same interface. */
export const FORMAT_IDS = ['json', 'text', 'hex', 'base64', 'cbor', 'msgpack', 'sparkplug'] as const;
export type FormatId = (typeof FORMAT_IDS)[number];

export type PayloadProblem =
  | 'notUtf8'
  | 'notJson'
  | 'notHex'
  | 'oddHex'
  | 'notBase64'
  | 'notCbor'
  | 'notMsgpack'
  | 'notSparkplug'
  /** The typed value has no form in the format (a function of the format's own types). */
  | 'noForm';

export interface Failure {
  readonly ok: false;
  readonly problem: PayloadProblem;
  /** The codec's own words, a character, or a place; for people. */
  readonly detail: string;
}
export type Encoded = { readonly ok: true; readonly bytes: Uint8Array } | Failure;
export type Decoded = { readonly ok: true; readonly text: string; readonly value?: unknown } | Failure;

export interface PayloadCodec {
  readonly id: string;
  /**
   * `value`: what is typed is JSON (with marks, see notation.ts) and stands for a value; changing between such formats keeps the text.
   * `bytes`: what is typed stands for exact bytes; changing between such formats keeps the bytes.
   */
  readonly kind: 'value' | 'bytes';
  /** What a person typed, as bytes. */
  encode(text: string): Encoded;
  /** The bytes as text to read and to type on, with the value behind it where there is one. */
  decode(bytes: Uint8Array): Decoded;
}

export function failure(problem: PayloadProblem, cause: unknown): Failure {
  return { ok: false, problem, detail: cause instanceof Error ? cause.message : String(cause) };
}
