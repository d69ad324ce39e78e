import { describe, expect, it } from 'vitest';
import type { ClusterPublish, ForwardedPublishes } from '../ports.ts';
import { BodyReader, FrameWriter } from './bytes.ts';
import { decodeForwards, decodeSharedForward, encodeForward, encodeSharedForward, originFlags, readPublishes, writePublish } from './v1Publish.ts';
import { FrameReader } from './frameReader.ts';

const hex = (parts: TemplateStringsArray) => (parts[0] ?? '').replace(/\s/g, '');

/** PUBLISH of 3.1.1 with QoS 0, topic `t/1`, payload `hi`. */
const packet = Buffer.from(hex`30 07 0003 742f31 6869`, 'hex');
/** The same of 5.0 with QoS 1, packet id 1, RETAIN and no properties. */
const packet5 = Buffer.from(hex`33 0a 0003 742f31 0001 00 6869`, 'hex');
const plain: ClusterPublish = { packet, isV5: false, qos: 0, fromClientId: 'c1', fromUsername: undefined };
const named: ClusterPublish = { packet: packet5, isV5: true, qos: 1, fromClientId: 'ü', fromUsername: '' };

function frameOf(bytes: Buffer) {
  const reader = new FrameReader(1 << 20);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  return frame;
}

const arriving = ({ packet, isV5, fromClientId, fromUsername }: ClusterPublish) => ({ fromClientId, fromUsername, isV5, packets: Buffer.from(packet).toString('hex') });
const seen = ({ bytes, start, end, ...rest }: ForwardedPublishes) => ({ ...rest, packets: bytes.toString('hex', start, end) });
const decode = (flags: number, body: Buffer) => decodeForwards(flags, body, 0, body.length);

describe('forwarded PUBLISH packets in wire version 1', () => {
  it.each([
    ['of 3.1.1', plain, hex`0000000f 30 00 0002 6331 30070003742f316869`],
    ['of 5.0 with a user name', named, hex`00000014 30 03 0002 c3bc 0000 330a0003742f310001006869`],
  ])('%s: golden bytes, and back (R22)', (_name, publish, golden) => {
    const bytes = encodeForward(publish);
    expect(bytes.toString('hex')).toBe(golden);
    const { flags, body } = frameOf(bytes);
    expect(seen(decode(flags, body))).toEqual(arriving(publish));
  });

  it.each([
    ['first sent', false, hex`0000001b 31 00 000a 2473686172652f672f74 0002 6331 30070003742f316869`],
    ['sent on', true, hex`0000001b 31 10 000a 2473686172652f672f74 0002 6331 30070003742f316869`],
  ])('for one member of a shared group, %s: golden bytes, and back', (_name, again, golden) => {
    const bytes = encodeSharedForward({ publish: plain, key: '$share/g/t', again });
    expect(bytes.toString('hex')).toBe(golden);
    const { flags, body } = frameOf(bytes);
    const shared = decodeSharedForward(flags, body);
    expect({ ...shared, publish: seen(shared.publish) }).toEqual({ publish: arriving(plain), key: '$share/g/t', again });
  });

  it('stand behind the fields of another kind as they do alone', () => {
    const bytes = writePublish(new FrameWriter(0x50, originFlags(named)).u64(7), named).end();
    const { flags, body } = frameOf(bytes);
    const reader = new BodyReader(body);
    expect([reader.u64(), seen(readPublishes(flags, reader))]).toEqual([7, arriving(named)]);
  });

  it('carry names of any length and script', () => {
    for (const fromClientId of ['', 'x'.repeat(48), 'x'.repeat(49), 'ü'.repeat(48), '机'.repeat(20_000)]) {
      const { flags, body } = frameOf(encodeForward({ ...plain, fromClientId }));
      expect(decode(flags, body).fromClientId).toBe(fromClientId);
    }
  });

  it('are refused when the publisher is cut short', () => {
    expect(() => decode(0, Buffer.from(hex`0002 63`, 'hex'))).toThrow('A frame ends before its last field');
    expect(() => decode(2, Buffer.from(hex`0002 6331`, 'hex'))).toThrow('A frame ends before its last field');
  });
});
