/** Bytes as Base64 (RFC 4648 section 4); the URL alphabet of section 5 and missing padding are understood when typed. */
import type { PayloadCodec } from './codec.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...ALPHABET].map((char, value) => [char, value]));
VALUES.set('-', 62).set('_', 63);

export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const digit = (shift: number) => ALPHABET.charAt((bits >> shift) & 63);
    parts.push(digit(18) + digit(12) + (b === undefined ? '=' : digit(6)) + (c === undefined ? '=' : digit(0)));
  }
  return parts.join('');
}

/** The bytes, or the first character (or the whole tail) that does not fit. */
export function bytesOfBase64(text: string): { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly wrong: string } {
  const digits = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) return { ok: false, wrong: digits.slice(-1) };
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const char of digits) {
    const value = VALUES.get(char);
    if (value === undefined) return { ok: false, wrong: char };
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at] = (bits >> held) & 0xff;
    at += 1;
  }
  return { ok: true, bytes };
}

export const base64Codec: PayloadCodec = {
  id: 'base64',
  kind: 'bytes',
  encode(text) {
    const read = bytesOfBase64(text);
    return read.ok ? read : { ok: false, problem: 'notBase64', detail: read.wrong };
  },
  decode: (bytes) => ({ ok: true, text: base64Of(bytes) }),
};
