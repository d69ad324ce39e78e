import { describe, expect, it } from 'vitest';
import type { Message } from '../protocol/message.ts';
import { decodeRetained, encodeRetained } from './retainedCodec.ts';

const message: Message = {
  topic: 'a/b',
  payload: Uint8Array.of(1, 2, 3),
  qos: 1,
  retain: true,
  properties: { contentType: 'x', userProperties: [['k', 'v']] },
  fromClientId: 'cl',
  fromUsername: 'ü',
  timestampMs: 0x0198_0000_0001,
};

describe('a retained message as a row', () => {
  it('has the frozen bytes', () => {
    expect(Buffer.from(encodeRetained(message)).toString('hex')).toBe(
      '01' + '0000019800000001' + '0002' + '636c' + '01' + '0002' + 'c3bc' + '3316' + '0003612f62' + '0001' + '0b' + '03000178' + '2600016b000176' + '010203',
    );
  });

  it.each([
    ['with everything', message],
    ['of the broker itself', { ...message, fromClientId: '', fromUsername: undefined, properties: {}, qos: 0 as const }],
    ['with an empty user name', { ...message, fromUsername: '' }],
    ['with 100,000 bytes', { ...message, payload: new Uint8Array(100_000).fill(7) }],
  ])('%s is read as it was written', (_, written) => {
    const read = decodeRetained(encodeRetained(written));
    expect({ ...read, payload: Uint8Array.from(read.payload) }).toEqual({ ...written, payload: Uint8Array.from(written.payload) });
  });

  it('of another version, or cut short, is refused', () => {
    const bytes = encodeRetained(message);
    expect(() => decodeRetained(Buffer.from(bytes).fill(2, 0, 1))).toThrow(/version 2/);
    for (const length of [0, 5, 12, 16, bytes.length - 1]) expect(() => decodeRetained(bytes.subarray(0, length))).toThrow();
  });
});
