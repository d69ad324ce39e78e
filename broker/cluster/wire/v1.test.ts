import { describe, expect, it } from 'vitest';
import type { NodeId, NodeName } from '../../base/ids.ts';
import { FrameReader } from './frameReader.ts';
import * as v1 from './v1.ts';
import { decodeClaimValue, encodeClaimValue } from './v1Claims.ts';
import { decodeGroupValue, encodeGroupValue } from './v1Groups.ts';

const nodeId = '000102030405060708090a0b0c0d0e0f' as NodeId;
const name = 'n1@h' as NodeName;
const hex = (parts: TemplateStringsArray) => (parts[0] ?? '').replace(/\s/g, '');

/** The one frame in these bytes, as its reader sees it. */
function frameOf(bytes: Buffer) {
  const reader = new FrameReader(1 << 20);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  expect(reader.bufferedBytes).toBe(0);
  return frame;
}

const hello: v1.Hello = {
  versions: { min: 1, max: 2 },
  clusterName: 'c',
  nodeId,
  name,
  incarnation: 0x0198_0000_0001,
  nonce: '1011121314151617',
  wallMs: 0x0198_0000_0002,
  challenge: Buffer.alloc(32, 0xca),
};
const snap: v1.Snap = {
  wasDown: true,
  routes: { seq: 5, hash: 0xdeadbeef },
  have: 3,
  received: 4,
  members: [{ nodeId, incarnation: 7, name, host: '::1', port: 4371 }],
};
const heartbeat: v1.Heartbeat = {
  sentUs: 1,
  echoUs: 2,
  echoAgeUs: 3,
  heardAgoMs: 4,
  routes: { seq: 5, hash: 6 },
  view: [nodeId],
};
const changes: v1.Rows = {
  seq: 9,
  snapshot: undefined,
  rows: [
    { key: 'a/+', value: Buffer.alloc(0) },
    { key: 'b', value: undefined },
  ],
};
const slice: v1.Rows = { seq: 9, snapshot: { first: true, last: true }, rows: [{ key: 'ä', value: Buffer.of(1) }] };

describe('control frames of wire version 1', () => {
  it.each([
    [
      'HELLO',
      v1.encodeHello(hello),
      hex`00000059 01 00 42555342 01 02 0001 63 000102030405060708090a0b0c0d0e0f 0004 6e314068
      0000019800000001 1011121314151617 0000019800000002 cacacacacacacacacacacacacacacacacacacacacacacacacacacacacacacaca`,
    ],
    [
      'PROVE',
      v1.encodeProve(Buffer.alloc(32, 7)),
      hex`00000022 02 00 0707070707070707070707070707070707070707070707070707070707070707`,
    ],
    ['CLOSE', v1.encodeClose({ code: 'STOPPING', message: 'bye' }), hex`00000011 03 00 0008 53544f5050494e47 0003 627965`],
    [
      'SNAP',
      v1.encodeSnap(snap),
      hex`00000045 10 01 0000000000000005 deadbeef 0000000000000003 0000000000000004 0001
      000102030405060708090a0b0c0d0e0f 0000000000000007 0004 6e314068 0003 3a3a31 1113`,
    ],
    [
      'HB',
      v1.encodeHeartbeat(heartbeat),
      hex`00000038 11 00 0000000000000001 0000000000000002 00000003 00000004
      0000000000000005 00000006 0001 000102030405060708090a0b0c0d0e0f`,
    ],
    ['ROWS, changes', v1.encodeRows(changes), hex`0000001b 20 00 01 0000000000000009 00000002 01 0003 612f2b 0000 00 0001 62`],
    ['ROWS, snapshot', v1.encodeRows(slice), hex`00000017 20 07 01 0000000000000009 00000001 01 0002 c3a4 0001 01`],
    ['ROWS TAKEN', v1.encodeRowsTaken(), hex`00000003 32 00 01`],
    ['PULL', v1.encodePull(300), hex`0000000b 21 00 01 000000000000012c`],
    ['BARRIER', v1.encodeBarrier(v1.Kind.barrier, 1), hex`0000000a 22 00 0000000000000001`],
    ['BARRIER ACK', v1.encodeBarrier(v1.Kind.barrierAck, 1), hex`0000000a 23 00 0000000000000001`],
    [
      'CALL',
      v1.encodeCall({ requestId: 1, question: 'q', params: Buffer.from('{}') }),
      hex`0000000b 40 00 00000001 0001 71 7b7d`,
    ],
    ['REPLY', v1.encodeReply({ requestId: 1, ok: true, answer: Buffer.from('[]') }), hex`00000008 41 00 00000001 5b5d`],
    [
      'REPLY, failed',
      v1.encodeReply({ requestId: 1, ok: false, code: 'C', message: 'm', hint: 'h' }),
      hex`0000000f 41 01 00000001 0001 43 0001 6d 0001 68`,
    ],
  ])('%s has its golden bytes', (_name, bytes, golden) => {
    expect(bytes.toString('hex')).toBe(golden);
  });

  it('are read as they were written', () => {
    const read = <T>(bytes: Buffer, decode: (flags: number, body: Buffer) => T): T => {
      const frame = frameOf(bytes);
      return decode(frame.flags, frame.body);
    };
    expect(read(v1.encodeHello(hello), (_, body) => v1.decodeHello(body))).toEqual(hello);
    expect(read(v1.encodeSnap(snap), v1.decodeSnap)).toEqual(snap);
    expect(read(v1.encodeHeartbeat(heartbeat), (_, body) => v1.decodeHeartbeat(body))).toEqual(heartbeat);
    expect(read(v1.encodeRows(changes), v1.decodeRows)).toEqual(changes);
    expect(read(v1.encodeRows(slice), v1.decodeRows)).toEqual(slice);
    expect(read(v1.encodePull(300), (_, body) => v1.decodePull(body))).toBe(300);
  });

  it('are refused when cut short, too long, or not of this protocol', () => {
    const { flags, body } = frameOf(v1.encodeSnap(snap));
    for (let length = 0; length < body.length; length += 1) {
      expect(() => v1.decodeSnap(flags, body.subarray(0, length))).toThrow('A frame ends before its last field');
    }
    expect(() => v1.decodeSnap(flags, Buffer.concat([body, Buffer.of(0)]))).toThrow('1 bytes after its last field');
    expect(() => v1.decodeHello(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toThrow('not a HELLO of Busbar');
    expect(() => v1.decodeRows(0, Buffer.from('0900000000000000090000000000000000', 'hex'))).toThrow('Table 9 is unknown');
  });
});

describe('rows of shared groups in wire version 1', () => {
  it('carry connected members and all members, with golden bytes', () => {
    const value = encodeGroupValue({ online: 2, total: 258 });
    expect(value.toString('hex')).toBe(hex`00000002 00000102`);
    expect(decodeGroupValue(value)).toEqual({ online: 2, total: 258 });
  });

  it.each(['', '00000000', hex`00000000 00000000`, hex`00000002 00000001`])('are refused when they cannot be: %s', (bytes) => {
    expect(() => decodeGroupValue(Buffer.from(bytes, 'hex'))).toThrow('shared group');
  });
});

describe('rows of exclusive subscriptions in wire version 1', () => {
  it('carry the moment and the client, with golden bytes', () => {
    const claim = { clientId: 'c1', sinceMs: 0x0198_0000_0003 };
    const value = encodeClaimValue(claim);
    expect(value.toString('hex')).toBe(hex`0000019800000003 0002 6331`);
    expect(decodeClaimValue(value)).toEqual(claim);
    expect(() => decodeClaimValue(value.subarray(1))).toThrow('A frame');
  });
});
