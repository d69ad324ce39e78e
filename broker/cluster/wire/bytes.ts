/** Writing and reading frame bodies. A reader never runs past its end: bytes that do not fit are a peer's fault. */
import { BusbarError } from '../../base/errors.ts';

/** Length, kind and flags in front of every body. */
export const HEADER_BYTES = 6;
const TWO_32 = 0x1_0000_0000;

/** The peer sent something that is no frame of this protocol; its link is closed. */
export function protocolError(message: string): BusbarError {
  return new BusbarError('CLUSTER_PROTOCOL', message);
}

/** Builds one frame: u32 length of all that follows, u8 kind, u8 flags, body. Integers are big-endian. */
export class FrameWriter {
  #buffer: Buffer;
  #at = HEADER_BYTES;

  constructor(kind: number, flags: number, sizeHint = 64) {
    this.#buffer = Buffer.allocUnsafe(HEADER_BYTES + sizeHint);
    this.#buffer.writeUInt8(kind, 4);
    this.#buffer.writeUInt8(flags, 5);
  }

  #room(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, at + bytes));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#at = at + bytes;
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeUInt16BE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeUInt32BE(value, at);
    return this;
  }

  /** A whole number up to 2^53. */
  u64(value: number): this {
    const at = this.#room(8);
    this.#buffer.writeUInt32BE(Math.floor(value / TWO_32), at);
    this.#buffer.writeUInt32BE(value % TWO_32, at + 4);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  /** Text with a u16 length. */
  text(value: string): this {
    const bytes = Buffer.byteLength(value);
    if (bytes > 0xffff) throw protocolError(`Text of ${bytes} bytes does not fit into a frame`);
    this.u16(bytes);
    const at = this.#room(bytes);
    this.#buffer.write(value, at);
    return this;
  }

  /** Bytes with a u16 length. */
  bytes16(value: Uint8Array): this {
    return this.u16(value.length).raw(value);
  }

  hex(value: string): this {
    return this.raw(Buffer.from(value, 'hex'));
  }

  /** What was written, without the header: for a part that is embedded in another frame. */
  body(): Buffer {
    return this.#buffer.subarray(HEADER_BYTES, this.#at);
  }

  end(): Buffer {
    this.#buffer.writeUInt32BE(this.#at - 4, 0);
    return this.#buffer.subarray(0, this.#at);
  }
}

/** Reads a frame body front to back; throws CLUSTER_PROTOCOL where it ends too early. */
export class BodyReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#body.length) throw protocolError('A frame ends before its last field');
    this.#at = at + bytes;
    return at;
  }

  u8(): number {
    const at = this.#take(1);
    return this.#body.readUInt8(at);
  }

  u16(): number {
    const at = this.#take(2);
    return this.#body.readUInt16BE(at);
  }

  u32(): number {
    const at = this.#take(4);
    return this.#body.readUInt32BE(at);
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#body.readUInt32BE(at) * TWO_32 + this.#body.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) throw protocolError('A number in a frame is too large');
    return value;
  }

  /** A view into the frame. */
  raw(bytes: number): Buffer {
    const at = this.#take(bytes);
    return this.#body.subarray(at, at + bytes);
  }

  text(): string {
    const bytes = this.u16();
    const at = this.#take(bytes);
    return this.#body.toString('utf8', at, at + bytes);
  }

  bytes16(): Buffer {
    return this.raw(this.u16());
  }

  hex(bytes: number): string {
    return this.raw(bytes).toString('hex');
  }

  rest(): Buffer {
    return this.raw(this.#body.length - this.#at);
  }

  get left(): number {
    return this.#body.length - this.#at;
  }

  /** Every frame is read to its last byte, so that a frame of another shape cannot pass for this one. */
  end(): void {
    if (this.left !== 0) throw protocolError(`A frame has ${this.left} bytes after its last field`);
  }
}
