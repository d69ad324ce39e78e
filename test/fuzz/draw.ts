/** What every generator of hostile input draws with: choices, bytes, lengths that sit on edges, cuts into chunks. */
import { randomBelow, seededPrng, type Prng } from '../../broker/base/prng.ts';
import type { MqttVersion } from '../../broker/protocol/packet.ts';

export const VERSIONS: readonly MqttVersion[] = [3, 4, 5];
/** Values at which off-by-one faults live. */
const EDGES = [0, 1, 2, 126, 127, 128, 129, 255, 256, 16_383, 16_384, 32_767, 32_768, 65_534, 65_535];

export class Draw {
  readonly prng: Prng;

  constructor(prng: Prng) {
    this.prng = prng;
  }

  /** The draw of one case of one run: any case can be drawn again without those before it. */
  static ofCase(seed: number, index: number): Draw {
    return new Draw(seededPrng(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca77)));
  }

  below(limit: number): number {
    return randomBelow(this.prng, limit);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  edge(): number {
    return this.pick(EDGES);
  }

  bytes(length: number): Buffer {
    return Buffer.from(Uint8Array.from({ length }, () => this.below(256)));
  }

  /** Cuts bytes anywhere: whole, in a few pieces, or one byte at a time. */
  cut(bytes: Buffer): Buffer[] {
    const style = this.below(6);
    if (style < 3 || bytes.length < 2) return [bytes];
    if (style === 5 && bytes.length < 400) return Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1));
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + this.below(this.pick([4, 40, 4_000])));
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    return chunks;
  }
}

/** A remaining length in its shortest form. */
export function lengthBytes(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

/** A packet from its first byte and its body. */
export function frame(firstByte: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(firstByte), lengthBytes(body.length), body]);
}

/** Where the body of an encoded packet begins. */
export function bodyAt(packet: Uint8Array): number {
  let at = 1;
  while (at < packet.length && (packet[at] as number) > 127) at += 1;
  return at + 1;
}
