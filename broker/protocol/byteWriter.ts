/** Writes the fields of one packet into a scratch buffer and cuts the packet out of it. */
import { assert } from '../base/assert.ts';
import { MAX_REMAINING_LENGTH, variableByteIntegerSize, writeVariableByteInteger } from './variableByteInteger.ts';

const SCRATCH_BYTES = 4096;
/** The scratch buffer may stay this large between packets. */
const MAX_IDLE_BYTES = 65_536;
/** Fixed header at its longest: type and flags, four bytes of remaining length. */
const MAX_HEADER_BYTES = 5;
const MAX_FIELD_BYTES = 65_535;

/** One writer serves all packets of a process in turn: `begin`, fields in order, `finish`. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #position = MAX_HEADER_BYTES;

  begin(): void {
    this.#position = MAX_HEADER_BYTES;
  }

  /** Puts the fixed header in front and returns the packet in bytes of its own. */
  finish(firstByte: number): Buffer {
    const length = this.#position - MAX_HEADER_BYTES;
    assert(length <= MAX_REMAINING_LENGTH, 'a packet fits its remaining length');
    const start = MAX_HEADER_BYTES - 1 - variableByteIntegerSize(length);
    this.#bytes[start] = firstByte;
    writeVariableByteInteger(this.#bytes, start + 1, length);
    return this.cut(start);
  }

  /** The bytes written since `start`, in a buffer of their own. Ends this packet. */
  cut(start: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.#position - start);
    bytes.set(this.#bytes.subarray(start, this.#position));
    // A single large packet must not hold its memory for the rest of the process.
    if (this.#bytes.length > MAX_IDLE_BYTES) this.#bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    return bytes;
  }

  byte(value: number): void {
    this.#ensure(1);
    this.#bytes[this.#position] = value;
    this.#position += 1;
  }

  u16(value: number): void {
    this.#ensure(2);
    this.#position = this.#bytes.writeUInt16BE(value, this.#position);
  }

  u32(value: number): void {
    this.#ensure(4);
    this.#position = this.#bytes.writeUInt32BE(value, this.#position);
  }

  variableByteInteger(value: number): void {
    this.#ensure(4);
    this.#position = writeVariableByteInteger(this.#bytes, this.#position, value);
  }

  string(text: string): void {
    this.#ensure(2 + text.length * 3);
    const length = this.#bytes.write(text, this.#position + 2);
    assert(length <= MAX_FIELD_BYTES, 'a string fits its length field');
    this.#bytes.writeUInt16BE(length, this.#position);
    this.#position += 2 + length;
  }

  /** Binary data behind its length. */
  binary(data: Uint8Array): void {
    assert(data.length <= MAX_FIELD_BYTES, 'binary data fits its length field');
    this.u16(data.length);
    this.raw(data);
  }

  /** Bytes as they are. */
  raw(data: Uint8Array): void {
    this.#ensure(data.length);
    this.#bytes.set(data, this.#position);
    this.#position += data.length;
  }

  /** Where the next field goes. For `insertLength`. */
  get position(): number {
    return this.#position;
  }

  /** Puts the number of bytes written since `start` in front of them. */
  insertLength(start: number): void {
    const length = this.#position - start;
    const size = variableByteIntegerSize(length);
    this.#ensure(size);
    this.#bytes.copyWithin(start + size, start, this.#position);
    writeVariableByteInteger(this.#bytes, start, length);
    this.#position += size;
  }

  #ensure(more: number): void {
    const needed = this.#position + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#position));
    this.#bytes = grown;
  }
}
