/** Cuts a byte stream into frames. */
import { HEADER_BYTES, protocolError } from './bytes.ts';

export interface Frame {
  readonly kind: number;
  readonly flags: number;
  /** A view into the bytes that were pushed: copy what outlives the turn. */
  readonly body: Buffer;
}

export class FrameReader {
  /** Largest frame accepted, header included; the owner widens it when the peer has proven itself (R7). */
  maxFrameBytes: number;
  /** Frames are read from here, from `#at` on; what came later is joined to it when it is needed. */
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #frameAt = 0;
  #later: Buffer[] = [];
  #bytes = 0;
  /** Bytes needed before the next look is worth it. */
  #wanted = HEADER_BYTES;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that are not yet a frame. */
  get bufferedBytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#later.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole frame, or undefined until more bytes come. Throws CLUSTER_PROTOCOL for a length that cannot be. */
  next(): Frame | undefined {
    return this.take() ? this.frame() : undefined;
  }

  /** Steps on to the next whole frame, which `kind` and the following then describe, without making anything of it. Throws as `next`. */
  take(): boolean {
    if (this.#bytes < this.#wanted) return false;
    if (this.#later.length > 0) this.#join();
    const buffer = this.#buffer;
    const at = this.#at;
    const total = buffer.readUInt32BE(at) + 4;
    if (total < HEADER_BYTES || total > this.maxFrameBytes) {
      throw protocolError(`A frame of ${total} bytes is outside ${HEADER_BYTES} to ${this.maxFrameBytes}`);
    }
    if (this.#bytes < total) {
      this.#wanted = total;
      return false;
    }
    this.#wanted = HEADER_BYTES;
    this.#bytes -= total;
    this.#at = at + total;
    this.#frameAt = at;
    return true;
  }

  get kind(): number {
    return this.#buffer[this.#frameAt + 4] as number;
  }

  get flags(): number {
    return this.#buffer[this.#frameAt + 5] as number;
  }

  /** The body of the frame is in [bodyAt, bodyEnd) of it. */
  get bytes(): Buffer {
    return this.#buffer;
  }

  get bodyAt(): number {
    return this.#frameAt + HEADER_BYTES;
  }

  get bodyEnd(): number {
    return this.#at;
  }

  /** The frame that `take` has stepped on to. */
  frame(): Frame {
    return { kind: this.kind, flags: this.flags, body: this.#buffer.subarray(this.bodyAt, this.bodyEnd) };
  }

  /** Joins what is left and what came later; a long frame is joined once, when it is complete. */
  #join(): void {
    const [first] = this.#later;
    const left = this.#buffer.length - this.#at;
    this.#buffer =
      left === 0 && this.#later.length === 1 && first !== undefined
        ? first
        : Buffer.concat([this.#buffer.subarray(this.#at), ...this.#later], this.#bytes);
    this.#at = 0;
    this.#later = [];
  }
}
