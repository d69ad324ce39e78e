/** Bytes as hexadecimal digits, as typed and as the rows of a bytes view. */
import type { PayloadCodec } from './codec.ts';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexByte(byte: number): string {
  return DIGITS[byte] ?? '';
}

export function hexOf(bytes: Uint8Array, separator = ''): string {
  const parts: string[] = [];
  for (const byte of bytes) parts.push(hexByte(byte));
  return parts.join(separator);
}

/** White space, commas, colons, dashes and `0x` between bytes are how people and tools write them. */
const BETWEEN = /[\s,:_-]+|0x/gi;

export const hexCodec: PayloadCodec = {
  id: 'hex',
  kind: 'bytes',
  encode(text) {
    const digits = text.replace(BETWEEN, '');
    const wrong = /[^0-9a-f]/iu.exec(digits)?.[0];
    if (wrong !== undefined) return { ok: false, problem: 'notHex', detail: wrong };
    if (digits.length % 2 === 1) return { ok: false, problem: 'oddHex', detail: String(digits.length) };
    const bytes = new Uint8Array(digits.length / 2);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
    return { ok: true, bytes };
  },
  decode: (bytes) => ({ ok: true, text: hexOf(bytes, ' ') }),
};

export interface HexRow {
  /** Offset of the first byte, four hex digits or more. */
  readonly offset: string;
  /** The bytes of the row as two digits each. */
  readonly bytes: readonly string[];
  /** The same bytes as printable ASCII, `.` for the rest. */
  readonly ascii: string;
}

/** Rows of `width` bytes for a bytes view, from row `from`, at most `count`. */
export function hexRows(bytes: Uint8Array, from = 0, count = Number.POSITIVE_INFINITY, width = 8): HexRow[] {
  const rows: HexRow[] = [];
  for (let at = from * width; at < bytes.length && rows.length < count; at += width) {
    const part = [...bytes.subarray(at, at + width)];
    rows.push({
      offset: at.toString(16).padStart(4, '0'),
      bytes: part.map(hexByte),
      ascii: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    });
  }
  return rows;
}
