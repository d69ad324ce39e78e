import { describe, expect, it } from 'vitest';
import { NO_PROPERTIES, type MqttVersion, type Packet } from './packet.ts';
import { PacketParser } from './parser.ts';
import type { Violation } from './violations.ts';
import { encodePacket } from './writer.ts';

class Recorder {
  readonly seen: (Packet | Violation)[] = [];
  onPacket(packet: Packet): void {
    this.seen.push(packet.type === 'publish' ? { ...packet, payload: new Uint8Array(packet.payload) } : packet);
  }
  onError(violation: Violation): void {
    this.seen.push(violation);
  }
}

const CONVERSATION: readonly Packet[] = [
  {
    type: 'connect',
    version: 5,
    bridge: false,
    clientId: 'c1',
    cleanStart: true,
    keepalive: 60,
    username: 'u',
    password: Uint8Array.of(1, 2),
    will: { topic: 'w', payload: Uint8Array.of(3), qos: 1, retain: true, properties: { willDelayInterval: 5 } },
    properties: { receiveMaximum: 10, userProperties: [['a', 'b'], ['a', 'c']] },
  },
  { type: 'publish', dup: false, qos: 0, retain: false, topic: 'a/b', packetId: 0, payload: Uint8Array.of(1), properties: NO_PROPERTIES },
  { type: 'publish', dup: true, qos: 2, retain: true, topic: '温', packetId: 7, payload: new Uint8Array(300), properties: { topicAlias: 1 } },
  { type: 'subscribe', packetId: 1, subscriptions: [{ topicFilter: '$share/g/#', qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 2 }], properties: NO_PROPERTIES },
  { type: 'unsubscribe', packetId: 2, topicFilters: ['a', 'b/#'], properties: NO_PROPERTIES },
  { type: 'puback', packetId: 9, reasonCode: 0, properties: NO_PROPERTIES },
  { type: 'pingreq' },
  { type: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 1 } },
];

describe('a parser', () => {
  it.each([1, 2, 3, 7, 64, 100_000])('reads what the writer wrote, in chunks of %i bytes', (size) => {
    const version: MqttVersion = 5;
    const bytes = Buffer.concat(CONVERSATION.map((packet) => encodePacket(packet, version)));
    const recorder = new Recorder();
    const parser = new PacketParser(recorder, { maxPacketSize: 1024 });
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = Buffer.from(bytes.subarray(at, at + size));
      parser.push(chunk, 0, chunk.length, false);
      chunk.fill(0xff);
    }
    expect([recorder.seen, parser.version]).toEqual([CONVERSATION, 5]);
  });
});
