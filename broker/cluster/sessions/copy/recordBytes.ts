/** Bytes of records: small numbers in few bytes, texts that repeat once per batch. Written at turn speed, so memory is used again. */
import { protocolError } from '../../wire/bytes.ts';

const TWO_32 = 0x1_0000_0000;
const MAX_VARINT_BYTES = 8;
/** A batch may have been large; its memory is not kept for the small ones that follow. */
const KEPT_BYTES = 4 * 1024 * 1024;

export class RecordWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(sizeHint = 4_096) {
    this.#buffer = Buffer.allocUnsafeSlow(sizeHint);
  }

  get length(): number {
    return this.#at;
  }

  u8(value: number): void {
    const at = this.#room(1);
    this.#buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.#room(2);
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value;
  }

  /** A whole number up to 2^53 in 8 bytes: moments, which have no small values. */
  u64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeUInt32BE(Math.floor(value / TWO_32), at);
    this.#buffer.writeUInt32BE(value % TWO_32, at + 4);
  }

  /** Durations, which may be infinite. */
  f64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  /** A whole number up to 2^53, seven bits a byte, the lowest first. */
  varint(value: number): void {
    let at = this.#room(MAX_VARINT_BYTES);
    const buffer = this.#buffer;
    let rest = value;
    while (rest >= 0x80) {
      buffer[at] = (rest % 0x80) | 0x80;
      at += 1;
      rest = rest >= TWO_32 ? Math.floor(rest / 0x80) : rest >>> 7;
    }
    buffer[at] = rest;
    this.#at = at + 1;
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    const at = this.#room(length);
    this.#buffer.write(value, at);
  }

  /** What was written, in memory of its own; the writer begins again. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.#at);
    this.#buffer.copy(taken, 0, 0, this.#at);
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(4_096);
    this.#at = 0;
    return taken;
  }

  #room(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, at + bytes));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#at = at + bytes;
    return at;
  }
}

/** Throws where bytes are not what a writer wrote: a fault of the peer, or of the disk. */
export class RecordReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#bytes.readUInt32BE(at) * TWO_32 + this.#bytes.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) throw protocolError('A number in a record is too large');
    return value;
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      factor *= 0x80;
    }
    throw protocolError('A number in a record is too large');
  }

  /** How many of something follow, each of at least one byte: a wrong number cannot make a long loop. */
  count(): number {
    const count = this.varint();
    if (count > this.left) throw protocolError('A list in a record is longer than the record');
    return count;
  }

  /** In memory of its own: what is read here is kept for long, and a view would keep the whole batch. */
  bytes(): Buffer {
    const length = this.varint();
    const at = this.#take(length);
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  text(): string {
    const length = this.varint();
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw protocolError('A record ends before its last field');
    this.#at = at + bytes;
    return at;
  }
}
