import { describe, expect, it } from 'vitest';
import { PacketReader } from './packetReader.ts';

const PUBLISH = Buffer.from([0x32, 4, 0, 1, 0x61, 9]);
const PUBREL = Buffer.from([0x62, 2, 0, 7]);

describe('PacketReader', () => {
  it('finds every packet however the stream is cut', () => {
    const stream = Buffer.concat([PUBLISH, PUBREL, PUBREL, PUBLISH, PUBLISH, PUBREL]);
    for (let cut = 1; cut <= stream.length; cut += 1) {
      const found: string[] = [];
      const reader = new PacketReader(PUBLISH.length, (bytes, at) => found.push(bytes.toString('hex', at, at + (bytes[at] === 0x62 ? 4 : 6))));
      for (let at = 0; at < stream.length; at += cut) {
        const part = Buffer.from(stream.subarray(at, at + cut));
        reader.feed(part, part.length);
        part.fill(0xff);
      }
      const [publish, pubrel] = [PUBLISH.toString('hex'), PUBREL.toString('hex')];
      expect(found, `chunks of ${cut}`).toEqual([publish, pubrel, pubrel, publish, publish, pubrel]);
    }
  });
});
