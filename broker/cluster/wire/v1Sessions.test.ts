/** Golden bytes of the frames of durable sessions, 0x50-0x68: nodes of two releases understand each other by them. */
import { describe, expect, it } from 'vitest';
import * as samples from '../../../test/support/sessionFrames.ts';
import { BusbarError } from '../../base/errors.ts';
import type { ForwardedPublishes } from '../ports.ts';
import { FrameReader, type Frame } from './frameReader.ts';
import { decodeRowChange, decodeSnapshot } from './v1SessionRows.ts';
import * as wire from './v1Sessions.ts';

const { ASK, BEAT, COPY, FORWARD, FRAMES, LATE, MID, NODE, PUBLISH, REPLICATE } = samples;
const { SessionKind } = wire;

const GOLDEN: Readonly<Record<string, string>> = {
  'HELLO 0x50': '000000505001000c5e7f2b4000010001000000000000019800000000000000090001f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0002000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
  'SNAPSHOT 0x51': '0000007d5101000c5e7f2b400001000000023d00026331000c5e7f2b400001000c5e7f2b400002000c5e7f2b40000300000000000000040000000000000006f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f000000020003612f2b000a2473686172652f672f740000026332000c5e7f2b400001',
  'ROW 0x52': '0000006c5200000c5e7f2b4000013d00026331000c5e7f2b400001000c5e7f2b400002000c5e7f2b40000300000000000000040000000000000006f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f000000020003612f2b000a2473686172652f672f74',
  'ROW 0x52, moved': '000000885206000c5e7f2b400001000263310000000000000000f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff3d00026331000c5e7f2b400001000c5e7f2b400002000c5e7f2b40000300000000000000040000000000000006f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f000000020003612f2b000a2473686172652f672f74',
  'ROW 0x52, ended': '000000165202000c5e7f2b40000100026331000c5e7f2b400001',
  'SYNCED 0x53': '000000025300',
  'HB 0x54': '000000505400000c5e7f2b4000010001000000000000019800000000000000090001f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0002000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
  'FWD 0x55': '00000028550200000000000000030000000000000004000c5e7f2b4000010001700001753206000174000178',
  'FWD 0x55, of another actor, for a group': '00000054557200000000000000030000000000000004000c5e7f2b400001f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00000000000001980000000000000007000a2473686172652f672f740001700001753206000174000178',
  'FACK 0x56': '0000002256000000000200000000000000010000000000000002000000010000000000000003',
  'LATE 0x57': '000000485702f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0000000000000198000000000000000700000000000001990000000000000008000c5e7f2b4000010001700001753206000174000178',
  'LACK 0x58': '000000345800f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000000000000019800000000000000070001000102030405060708090a0b0c0d0e0f',
  'LOCK 0x59': '000000175901000363c3a40000000000000005000c5e7f2b400001',
  'GRANT 0x5a': '000000295a00000363c3a40000000000000005000c5e7f2b4000010001000102030405060708090a0b0c0d0e0f',
  'UNLOCK 0x5b, nobody': '000000195b00000363c3a40000000000000005000c5e7f2b4000010000',
  'WHO 0x5c': '000000175c00000363c3a40000000000000005000c5e7f2b400001',
  'WHOIS 0x5d': '000000175d01000363c3a40000000000000005000c5e7f2b400001',
  'BEGIN 0x5e': '000000175e01000363c3a40000000000000005000c5e7f2b400001',
  'STATE 0x5f': '000000195f00000363c3a40000000000000005000c5e7f2b400001aabb',
  'STATE 0x5f, without a session': '000000175f02000363c3a40000000000000005000c5e7f2b400001',
  'STALE or NOTHERE 0x60': '000000176000000363c3a40000000000000005000c5e7f2b400001',
  'FLUSH 0x61': '000000176100000363c3a40000000000000005000c5e7f2b400001',
  'HANDIN 0x62': '000000196201000363c3a40000000000000005000c5e7f2b400001aabb',
  'HOK 0x63': '000000176300000363c3a40000000000000005000c5e7f2b400001',
  'REPL 0x64': '000000216403000363c3a40000000000000005000c5e7f2b4000010000000000000004aabb',
  'RACK 0x65': '00000012650000000001000263310000000000000005',
  'NEEDREPL 0x66': '000000176600000363c3a40000000000000005000c5e7f2b400001',
  'PROM 0x67': '000000126700000102030405060708090a0b0c0d0e0f',
  'OFFER 0x68': '000000176800000363c3a40000000000000005000c5e7f2b400001',
};

function frameOf(bytes: Buffer): Frame {
  const reader = new FrameReader(1 << 20);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  // The reader reuses its bytes.
  return { ...frame, body: Buffer.from(frame.body) };
}

/** What reads the frames of a kind. */
function decode({ kind, flags, body }: Frame): unknown {
  switch (kind) {
    case SessionKind.hello:
    case SessionKind.beat:
      return wire.decodeBeat(flags, body);
    case SessionKind.snapshot:
      return decodeSnapshot(flags, body, NODE);
    case SessionKind.row:
      return decodeRowChange(flags, body, NODE);
    case SessionKind.forward:
      return plain(wire.decodeForward(flags, body));
    case SessionKind.forwardAck:
      return wire.decodeForwardAck(body);
    case SessionKind.late:
      return plain(wire.decodeLate(flags, body));
    case SessionKind.lateAck:
      return wire.decodeLateAck(body);
    case SessionKind.grant:
    case SessionKind.unlock:
      return wire.decodeAskNode(body);
    case SessionKind.whoIs:
      return { ...wire.decodeAsk(body), has: wire.hasIt(flags) };
    case SessionKind.lock:
      return { ...wire.decodeAsk(body), renew: wire.isRenewal(flags) };
    case SessionKind.begin:
      return { ...wire.decodeAsk(body), clean: wire.isClean(flags) };
    case SessionKind.state:
    case SessionKind.handIn:
      return wire.decodeCopyFrame(flags, body);
    case SessionKind.replicate:
      return wire.decodeReplicate(flags, body);
    case SessionKind.replicateAck:
      return wire.decodeReplicateAcks(body);
    case SessionKind.promoted:
      return wire.decodePromoted(body);
    case SessionKind.synced:
      return body.length;
    default:
      return wire.decodeAsk(body);
  }
}

/** The packets as hex instead of a place in the frame. */
function plain<T extends { readonly publish: ForwardedPublishes }>({ publish, ...fields }: T) {
  const { bytes, start, end, isV5, fromClientId, fromUsername } = publish;
  return { ...fields, publish: { packet: bytes.subarray(start, end).toString('hex'), isV5, fromClientId, fromUsername } };
}

const READ_PUBLISH = { packet: Buffer.from(PUBLISH.packet).toString('hex'), isV5: false, fromClientId: 'p', fromUsername: 'u' };

describe('frames of durable sessions in wire version 1', () => {
  it.each(Object.keys(FRAMES))('%s has the frozen bytes', (name) => {
    expect(FRAMES[name]?.toString('hex')).toBe(GOLDEN[name]);
  });

  it('all kinds are there, and no number is used twice', () => {
    const numbers = Object.values(SessionKind);
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, index) => 0x50 + index));
    expect(new Set(Object.values(FRAMES).map((bytes) => bytes[4]))).toEqual(new Set(numbers));
  });

  it.each<[string, unknown]>([
    ['HELLO 0x50', BEAT],
    ['SNAPSHOT 0x51', { rows: [samples.ROW, samples.PLAIN_ROW], last: true, at: samples.AT }],
    ['ROW 0x52', samples.CHANGED],
    ['ROW 0x52, moved', samples.MOVED],
    ['ROW 0x52, ended', samples.ENDED],
    ['SYNCED 0x53', 0],
    ['HB 0x54', { ...BEAT, draining: false }],
    ['FWD 0x55', { ...FORWARD, foreign: undefined, share: undefined, publish: READ_PUBLISH }],
    ['FWD 0x55, of another actor, for a group', { ...FORWARD, publish: READ_PUBLISH }],
    ['FACK 0x56', { numbers: [1, 2], refused: [3] }],
    ['LATE 0x57', { ...LATE, publish: READ_PUBLISH }],
    ['LACK 0x58', { mid: MID, promoted: [NODE] }],
    ['LOCK 0x59', { ...ASK, renew: true }],
    ['GRANT 0x5a', { ...ASK, node: NODE }],
    ['UNLOCK 0x5b, nobody', { ...ASK, node: null }],
    ['WHO 0x5c', ASK],
    ['WHOIS 0x5d', { ...ASK, has: true }],
    ['BEGIN 0x5e', { ...ASK, clean: true }],
    ['STATE 0x5f', { ...COPY, sync: false }],
    ['STATE 0x5f, without a session', { ...COPY, sync: false, copy: undefined }],
    ['STALE or NOTHERE 0x60', ASK],
    ['FLUSH 0x61', ASK],
    ['HANDIN 0x62', COPY],
    ['HOK 0x63', ASK],
    ['REPL 0x64', REPLICATE],
    ['RACK 0x65', [['c1', 5]]],
    ['NEEDREPL 0x66', ASK],
    ['PROM 0x67', NODE],
    ['OFFER 0x68', ASK],
  ])('%s is read as it was written', (name, written) => {
    expect(decode(frameOf(FRAMES[name] as Buffer))).toEqual(written);
  });

  it.each(Object.keys(FRAMES))('%s that is cut off anywhere is refused or read as a shorter one, never read beyond its end', (name) => {
    const frame = frameOf(FRAMES[name] as Buffer);
    for (let length = 0; length < frame.body.length; length += 1) expectSound({ ...frame, body: frame.body.subarray(0, length) });
  });

  it('with bytes behind the last field are refused, where no payload ends the frame', () => {
    const open = [SessionKind.synced, SessionKind.forward, SessionKind.late, SessionKind.state, SessionKind.handIn, SessionKind.replicate] as readonly number[];
    for (const bytes of Object.values(FRAMES)) {
      const frame = frameOf(bytes);
      if (!open.includes(frame.kind)) expect(() => decode({ ...frame, body: Buffer.concat([frame.body, Buffer.of(0)]) })).toThrow(/after its last field/);
    }
  });

  it('with any bit turned over, and with any flags, are refused or read, and nothing worse', () => {
    for (const bytes of Object.values(FRAMES)) {
      const frame = frameOf(bytes);
      for (let flags = 0; flags < 256; flags += 1) expectSound({ ...frame, flags });
      for (let bit = 0; bit < frame.body.length * 8; bit += 1) {
        const body = Buffer.from(frame.body);
        body[bit >> 3] = (body[bit >> 3] as number) ^ (1 << (bit & 7));
        expectSound({ ...frame, body });
      }
    }
  });
});

/** The one thing that may be thrown: it closes the link of whoever sent it. */
function expectSound(frame: Frame): void {
  try {
    decode(frame);
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code !== 'CLUSTER_PROTOCOL') throw error;
  }
}
