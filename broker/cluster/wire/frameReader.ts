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
  #chunks: Buffer[] = [];
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
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole frame, or undefined until more bytes come. Throws CLUSTER_PROTOCOL for a length that cannot be. */
  next(): Frame | undefined {
    if (this.#bytes < this.#wanted) return undefined;
    const buffer = this.#joined();
    const total = buffer.readUInt32BE(0) + 4;
    if (total < HEADER_BYTES || total > this.maxFrameBytes) {
      throw protocolError(`A frame of ${total} bytes is outside ${HEADER_BYTES} to ${this.maxFrameBytes}`);
    }
    if (this.#bytes < total) {
      this.#wanted = total;
      return undefined;
    }
    this.#wanted = HEADER_BYTES;
    this.#bytes -= total;
    this.#chunks = this.#bytes === 0 ? [] : [buffer.subarray(total)];
    return { kind: buffer.readUInt8(4), flags: buffer.readUInt8(5), body: buffer.subarray(HEADER_BYTES, total) };
  }

  /** All bytes as one buffer; chunks of a long frame are joined once, when it is complete. */
  #joined(): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && this.#chunks.length === 1) return first;
    const joined = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [joined];
    return joined;
  }
}
