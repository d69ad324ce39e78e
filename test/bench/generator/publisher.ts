/** One publishing client: writes batches of its packet from one prepared block, with message numbers and packet identifiers set. */
import type { PublishShape } from './packets.ts';
import type { RawClient } from './rawClient.ts';

const MAX_PACKET_ID = 0xffff;

export class Publisher {
  readonly client: RawClient;
  readonly #shape: PublishShape;
  readonly #room: number;
  #block: Buffer;
  #packetId = 0;
  /** Messages written so far; the next one has this number. */
  sent = 0;

  /** `room`: how many messages one write may have. */
  constructor(client: RawClient, shape: PublishShape, room: number) {
    this.client = client;
    this.#shape = shape;
    this.#room = room;
    this.#block = repeated(shape.bytes, room);
  }

  publish(count: number): void {
    for (let left = count; left > 0; left -= this.#room) this.#write(Math.min(left, this.#room));
  }

  #write(count: number): void {
    const block = this.#block;
    const { bytes, packetIdAt, numbersAt } = this.#shape;
    for (let index = 0, at = 0; index < count; index += 1, at += bytes.length) {
      const numberAt = at + numbersAt + 4;
      const number = this.sent;
      block[numberAt] = number >>> 24;
      block[numberAt + 1] = number >>> 16;
      block[numberAt + 2] = number >>> 8;
      block[numberAt + 3] = number;
      this.sent = number + 1;
      if (packetIdAt === 0) continue;
      this.#packetId = (this.#packetId % MAX_PACKET_ID) + 1;
      block[at + packetIdAt] = this.#packetId >> 8;
      block[at + packetIdAt + 1] = this.#packetId;
    }
    const { socket } = this.client;
    socket.write(count === this.#room ? block : block.subarray(0, count * bytes.length));
    // What the system has not taken at once is still the socket's.
    if (socket.writableLength > 0) this.#block = repeated(bytes, this.#room);
  }
}

function repeated(bytes: Buffer, count: number): Buffer {
  const block = Buffer.allocUnsafeSlow(bytes.length * count);
  for (let index = 0; index < count; index += 1) block.set(bytes, index * bytes.length);
  return block;
}
