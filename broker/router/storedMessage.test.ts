import { describe, expect, it } from 'vitest';
import type { Message } from '../protocol/message.ts';
import { encodePacket } from '../protocol/writer.ts';
import { StoredMessage } from './storedMessage.ts';

const message = (topic: string, payload: Uint8Array): Message => ({
  topic,
  payload,
  qos: 1,
  retain: true,
  properties: { contentType: 'x' },
  fromClientId: 'c',
  fromUsername: 'u',
  timestampMs: 5,
});

describe('StoredMessage', () => {
  it.each([
    ['a/b', 0],
    ['a/b', 1],
    ['a/b', 121],
    ['a/b', 122],
    ['Zürich/温度/🚌', 300],
    ['large', 4_087],
    ['large', 4_088],
    ['huge', 70_000],
  ])('gives back what was stored under %s with %i bytes, and the packet for it', (topic, length) => {
    const stored = message(topic, Uint8Array.from({ length }, (_, index) => index & 0xff));
    const kept = new StoredMessage({ ...stored, payload: Uint8Array.from(stored.payload) });
    const frame = Buffer.alloc(kept.frameLength + 2, 0xee);
    kept.writeFrame(frame, 1);
    expect(kept.plain()).toEqual(stored);
    expect({ topic: kept.topic, payload: kept.payload, retain: kept.retain }).toEqual({ topic, payload: stored.payload, retain: true });
    const packet = encodePacket({ type: 'publish', dup: false, qos: 0, retain: true, topic, packetId: 0, payload: stored.payload, properties: {} }, 4);
    expect(frame).toEqual(Buffer.concat([Buffer.of(0xee), packet, Buffer.of(0xee)]));
  });

  it('keeps nothing of the memory that it was made from', () => {
    const payload = Uint8Array.from([1, 2, 3]);
    const kept = new StoredMessage(message('a', payload));
    payload.fill(9);
    expect(kept.payload).toEqual(Uint8Array.from([1, 2, 3]));
  });
});
