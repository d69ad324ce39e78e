import { describe, expect, it } from 'vitest';
import type { Message } from '../protocol/message.ts';
import { encodePacket, packetIdOffset } from '../protocol/writer.ts';
import { Publication } from '../session/publication.ts';
import { encodeRetained } from './retainedCodec.ts';
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
    const kept = new StoredMessage(new Publication({ ...stored, payload: Uint8Array.from(stored.payload) }));
    const frame = Buffer.alloc(kept.frameLength + 2, 0xee);
    kept.writeFrame(frame, 1);
    expect(kept.plain()).toEqual(stored);
    expect({ topic: kept.topic, payload: kept.payload, retain: kept.retain }).toEqual({ topic, payload: stored.payload, retain: true });
    const packet = encodePacket({ type: 'publish', dup: false, qos: 0, retain: true, topic, packetId: 0, payload: stored.payload, properties: {} }, 4);
    expect(frame).toEqual(Buffer.concat([Buffer.of(0xee), packet, Buffer.of(0xee)]));
  });

  it.each([
    ['a/b', 0, 0],
    ['a/b', 0, 1],
    ['a/b', 1, 2],
    ['a/b', 120, 0],
    ['a/b', 121, 0],
    ['a/b', 119, 1],
    ['Zürich/温度/🚌', 300, 2],
    ['large', 4_088, 1],
    ['huge', 70_000, 0],
  ] as const)('under %s with %i bytes of QoS %i is the same row whether it came as a packet or as a message', (topic, length, qos) => {
    const payload = Uint8Array.from({ length }, (_, index) => index & 0xff);
    const bytes = Uint8Array.from(encodePacket({ type: 'publish', dup: false, qos, retain: true, topic, packetId: qos === 0 ? 0 : 7, payload, properties: {} }, 4));
    const from = { clientId: 'c', username: qos === 1 ? undefined : 'ü', peerHost: '::1', isBridge: false };
    const payloadAt = packetIdOffset(bytes) + (qos === 0 ? 0 : 2);
    const kept = new StoredMessage(Publication.received(bytes, payloadAt, topic, 4, from, 0x0198_0000_0001));
    expect(Buffer.from(kept.value)).toEqual(Buffer.from(encodeRetained(kept.plain())));
  });

  it('keeps nothing of the memory that it was made from', () => {
    const payload = Uint8Array.from([1, 2, 3]);
    const kept = new StoredMessage(new Publication(message('a', payload)));
    payload.fill(9);
    expect(kept.payload).toEqual(Uint8Array.from([1, 2, 3]));
  });

  it.each([3, 4, 5] as const)('takes a packet of MQTT %i as it came, or makes the one for older clients', (version) => {
    const packet = { type: 'publish', dup: false, qos: 0, retain: true, topic: 'a/ü', packetId: 0, payload: Uint8Array.from([7, 8]), properties: {} } as const;
    const bytes = Uint8Array.from(encodePacket(packet, version));
    const payloadAt = packetIdOffset(bytes) + (version === 5 ? 1 : 0);
    const from = { clientId: 'c', username: 'u', peerHost: '::1', isBridge: false };
    const kept = new StoredMessage(Publication.received(bytes, payloadAt, 'a/ü', version, from, 5));
    bytes.fill(0xff);
    const frame = Buffer.alloc(kept.frameLength);
    kept.writeFrame(frame, 0);
    expect(frame).toEqual(encodePacket(packet, 4));
    expect(kept.plain()).toEqual({ ...message('a/ü', packet.payload), qos: 0, properties: {} });
  });
});
