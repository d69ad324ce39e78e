import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../base/ids.ts';
import { FrameReader } from './frameReader.ts';
import * as wire from './v1Shared.ts';

const nodeId = '000102030405060708090a0b0c0d0e0f' as NodeId;
const actor = { nodeId, life: 7 };
const hex = (parts: TemplateStringsArray) => (parts[0] ?? '').replace(/\s/g, '');
const have: wire.HaveFrame = { whole: true, life: 9, entries: [{ ...actor, seq: 5 }] };
const changes: wire.ChangesFrame = {
  actor,
  from: 3,
  to: 5,
  rows: [
    { table: 'bans', key: 'ä', actor: 0, seq: 4, at: 0x0198_0000_0001, value: Buffer.of(1, 2) },
    { table: 'bans', key: '', actor: 0, seq: 5, at: 0x0198_0000_0002, value: undefined },
  ],
};
const sums = new Uint32Array(wire.BUCKETS).map((_, bucket) => bucket);
const digest: wire.DigestFrame = { audit: true, haveHash: 0xdeadbeef, sums };
const differ: wire.DifferFrame = { audit: false, buckets: new Uint8Array(32).fill(0xa5) };
const rows: wire.RowsFrame = { actors: [actor], rows: [{ table: 't', key: 'k', actor: 0, seq: 1, at: 2, value: Buffer.alloc(0) }] };

function frameOf(bytes: Buffer) {
  const reader = new FrameReader(1 << 20);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  return frame;
}

describe('frames of shared tables in wire version 1', () => {
  it.each([
    ['HAVE', wire.encodeHave(have), hex`0000002e 70 01 0000000000000009 00000001 000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000005`],
    [
      'CHANGES',
      wire.encodeChanges(changes),
      hex`00000068 71 00 000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000003 0000000000000005 00000002
        0004 62616e73 0002 c3a4 0000000000000004 0000019800000001 01 00000002 0102
        0004 62616e73 0000 0000000000000005 0000019800000002 00`,
    ],
    ['PULL', wire.encodeSharedPull({ ...actor, seq: 6 }), hex`00000022 72 00 000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000006`],
    ['DIFFER', wire.encodeDiffer(differ), hex`00000022 74 00` + 'a5'.repeat(32)],
    ['ROWS', wire.encodeSharedRows(rows), hex`0000003d 75 00 0001 000102030405060708090a0b0c0d0e0f 0000000000000007 00000001 0000 0001 74 0001 6b 0000000000000001 0000000000000002 01 00000000`],
    ['REPAIRED', wire.encodeRepaired(have.entries), hex`00000026 76 00 00000001 000102030405060708090a0b0c0d0e0f 0000000000000007 0000000000000005`],
  ])('%s has the frozen bytes', (_, bytes, golden) => {
    expect(bytes.toString('hex')).toBe(golden);
  });

  it('DIGEST has the frozen bytes', () => {
    const bytes = wire.encodeDigest(digest).toString('hex');
    expect(bytes.slice(0, 44)).toBe(hex`00000406 73 01 deadbeef 00000000 00000001 00000002`);
    expect(bytes.slice(-8)).toBe('000000ff');
  });

  it('are read as they were written', () => {
    const read = (bytes: Buffer) => frameOf(bytes);
    expect(wire.decodeHave(1, read(wire.encodeHave(have)).body)).toEqual(have);
    expect(wire.decodeChanges(read(wire.encodeChanges(changes)).body)).toEqual(changes);
    expect(wire.decodeSharedPull(read(wire.encodeSharedPull({ ...actor, seq: 6 })).body)).toEqual({ ...actor, seq: 6 });
    expect(wire.decodeDigest(1, read(wire.encodeDigest(digest)).body)).toEqual(digest);
    expect(wire.decodeDiffer(0, read(wire.encodeDiffer(differ)).body)).toEqual(differ);
    expect(wire.decodeSharedRows(read(wire.encodeSharedRows(rows)).body)).toEqual(rows);
    expect(wire.decodeRepaired(read(wire.encodeRepaired(have.entries)).body)).toEqual(have.entries);
  });

  it('that end too early, or too late, or name what they do not have, are refused', () => {
    const { body } = frameOf(wire.encodeChanges(changes));
    for (let length = 0; length < body.length; length += 1) expect(() => wire.decodeChanges(body.subarray(0, length))).toThrow(/A frame ends before/);
    expect(() => wire.decodeSharedPull(Buffer.alloc(33))).toThrow(/1 bytes after its last field/);
    expect(() => wire.decodeDiffer(0, Buffer.alloc(31))).toThrow(/another length/);
    const foreign = Buffer.from(frameOf(wire.encodeSharedRows(rows)).body);
    foreign.writeUInt16BE(1, 2 + 24 + 4);
    expect(() => wire.decodeSharedRows(foreign)).toThrow(/does not have/);
  });
});
