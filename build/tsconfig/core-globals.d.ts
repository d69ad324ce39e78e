/**
 * What a pure room may know of the outside: byte buffers and nothing else (design.md, section 3).
 * Everything here is a value type without I/O, time or randomness. `setTimeout`, `process`, `console`
 * and friends are unknown names in these rooms on purpose.
 */
declare class Buffer extends Uint8Array {
  private constructor();
  static alloc(size: number, fill?: string | number): Buffer;
  static allocUnsafe(size: number): Buffer;
  static allocUnsafeSlow(size: number): Buffer;
  static from(data: string, encoding?: 'utf8' | 'hex' | 'base64' | 'latin1' | 'ascii'): Buffer;
  static from(data: ArrayLike<number> | ArrayBuffer): Buffer;
  static concat(list: readonly Uint8Array[], totalLength?: number): Buffer;
  static byteLength(text: string): number;
  static isBuffer(value: unknown): value is Buffer;
  toString(encoding?: 'utf8' | 'hex' | 'base64' | 'latin1' | 'ascii', start?: number, end?: number): string;
  utf8Slice(start?: number, end?: number): string;
  latin1Slice(start?: number, end?: number): string;
  write(text: string, offset?: number): number;
  write(text: string, offset: number, encoding: 'latin1'): number;
  copy(target: Uint8Array, targetStart?: number, sourceStart?: number, sourceEnd?: number): number;
  equals(other: Uint8Array): boolean;
  subarray(start?: number, end?: number): Buffer;
  readUInt8(offset?: number): number;
  readUInt16BE(offset?: number): number;
  readUInt32BE(offset?: number): number;
  readBigUInt64BE(offset?: number): bigint;
  readDoubleBE(offset?: number): number;
  writeUInt8(value: number, offset?: number): number;
  writeUInt16BE(value: number, offset?: number): number;
  writeUInt32BE(value: number, offset?: number): number;
  writeBigUInt64BE(value: bigint, offset?: number): number;
  writeDoubleBE(value: number, offset?: number): number;
}

/** UTF-8 as text: the same in Node and in a browser. */
declare class TextDecoder {
  constructor(label: 'utf-8', options: { readonly fatal: boolean; readonly ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
