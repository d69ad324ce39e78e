/** Damage to valid bytes: what a bug in a client, a bad link or an attacker makes of a packet. */
import { bodyAt, frame, lengthBytes, type Draw } from './draw.ts';

type Mutation = (bytes: Buffer, draw: Draw) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, draw) {
    const copy = Buffer.from(bytes);
    const at = draw.below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << draw.below(8));
    return copy;
  },
  function setByte(bytes, draw) {
    const copy = Buffer.from(bytes);
    copy[draw.below(copy.length)] = draw.pick([0, 1, 0x7f, 0x80, 0xff, draw.below(256)]);
    return copy;
  },
  function insertBytes(bytes, draw) {
    const at = draw.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), draw.bytes(1 + draw.below(8)), bytes.subarray(at)]);
  },
  function removeBytes(bytes, draw) {
    const at = draw.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw.below(4))]);
  },
  function repeatBytes(bytes, draw) {
    const at = draw.below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + draw.below(16));
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
  },
  function lieAboutLength(bytes, draw) {
    const length = draw.pick([draw.edge(), bytes.length - bodyAt(bytes) + 1, Math.max(0, bytes.length - bodyAt(bytes) - 1), 2_097_152, 268_435_455]);
    return Buffer.concat([bytes.subarray(0, 1), lengthBytes(length), bytes.subarray(bodyAt(bytes))]);
  },
  function cutBody(bytes, draw) {
    const body = bytes.subarray(bodyAt(bytes));
    return frame(bytes[0] as number, body.subarray(0, draw.below(body.length + 1)));
  },
  function growBody(bytes, draw) {
    return frame(bytes[0] as number, Buffer.concat([bytes.subarray(bodyAt(bytes)), draw.bytes(1 + draw.below(20))]));
  },
  function setU16(bytes, draw) {
    const copy = Buffer.from(bytes);
    if (copy.length >= 2) copy.writeUInt16BE(draw.edge(), draw.below(copy.length - 1));
    return copy;
  },
  function otherType(bytes, draw) {
    const copy = Buffer.from(bytes);
    copy[0] = draw.below(256);
    return copy;
  },
];

/** One to four kinds of damage on top of each other. */
export function mutate(bytes: Buffer, draw: Draw): Buffer {
  let mutated = bytes;
  for (let times = 1 + draw.below(draw.pick([1, 1, 4])); times > 0; times -= 1) {
    if (mutated.length === 0) return mutated;
    mutated = draw.pick(MUTATIONS)(mutated, draw);
  }
  return mutated;
}
