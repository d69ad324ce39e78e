import { describe, expect, it } from 'vitest';
import { FrameReader } from './frameReader.ts';
import { Kind, encodeBarrier, encodeCall, encodePull } from './v1.ts';

/** The kinds of all frames that come out when the bytes arrive in chunks of this size. */
function kindsIn(bytes: Buffer, chunkBytes: number): number[] {
  const reader = new FrameReader(1 << 20);
  const kinds: number[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    reader.push(bytes.subarray(at, at + chunkBytes));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) kinds.push(frame.kind);
  }
  expect(reader.bufferedBytes).toBe(0);
  return kinds;
}

describe('a stream of frames', () => {
  it('comes out the same however it is cut', () => {
    const long = encodeCall({ requestId: 1, question: 'q', params: Buffer.alloc(5_000) });
    const bytes = Buffer.concat([encodePull(1), encodePull(2), long, encodeBarrier(Kind.barrier, 3)]);
    for (const chunkBytes of [1, 2, 3, 5, 7, 100, 4_096, bytes.length]) {
      expect(kindsIn(bytes, chunkBytes)).toEqual([Kind.pull, Kind.pull, Kind.call, Kind.barrier]);
    }
  });

  it('is refused at the length field of a frame that is too long or too short', () => {
    for (const length of ['00001000', '00000001', 'ffffffff']) {
      const reader = new FrameReader(4_096);
      reader.push(Buffer.from(`${length}0100`, 'hex'));
      expect(() => reader.next()).toThrow('is outside 6 to 4096');
    }
  });
});
