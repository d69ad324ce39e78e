/** Splits a stream of PUBLISH packets of one size and four-byte acknowledgements; keeps an unfinished packet for the next read. */

const ACK_BYTES = 4;

export class PacketReader {
  readonly #publishBytes: number;
  readonly #onPacket: (bytes: Buffer, at: number) => void;
  /** Made when a packet first ends in another read than it began in. */
  #tail: Buffer | null = null;
  #held = 0;

  /** `onPacket` gets the place of each complete packet; the bytes are valid during the call only. */
  constructor(publishBytes: number, onPacket: (bytes: Buffer, at: number) => void) {
    this.#publishBytes = publishBytes;
    this.#onPacket = onPacket;
  }

  feed(bytes: Buffer, length: number): void {
    let at = this.#held > 0 ? this.#finish(bytes, length) : 0;
    while (at < length) {
      const size = this.#sizeOf(bytes[at] as number);
      if (at + size > length) return this.#hold(bytes, at, length);
      this.#onPacket(bytes, at);
      at += size;
    }
  }

  #sizeOf(firstByte: number): number {
    return firstByte >> 4 === 3 ? this.#publishBytes : ACK_BYTES;
  }

  #hold(bytes: Buffer, at: number, length: number): void {
    this.#tail ??= Buffer.allocUnsafeSlow(Math.max(this.#publishBytes, ACK_BYTES));
    bytes.copy(this.#tail, 0, at, length);
    this.#held = length - at;
  }

  /** Completes the packet that is held; returns where the rest of the read begins. */
  #finish(bytes: Buffer, length: number): number {
    const tail = this.#tail as Buffer;
    const taken = Math.min(this.#sizeOf(tail[0] as number) - this.#held, length);
    bytes.copy(tail, this.#held, 0, taken);
    this.#held += taken;
    if (this.#held < this.#sizeOf(tail[0] as number)) return taken;
    this.#held = 0;
    this.#onPacket(tail, 0);
    return taken;
  }
}
