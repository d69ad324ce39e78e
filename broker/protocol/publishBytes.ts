/** One application message as the bytes of a PUBLISH of MQTT 5, for disks and other nodes, and back. */
import type { Message } from './message.ts';
import type { PublishPacket } from './packet.ts';
import { PacketParser } from './parser.ts';
import { encodePacket } from './writer.ts';

/** A packet of the largest size there is. */
const MAX_PACKET_BYTES = 268_435_455;

type Published = Pick<Message, 'topic' | 'payload' | 'qos' | 'retain' | 'properties'>;

export function encodePublished({ topic, payload, qos, retain, properties }: Published): Uint8Array {
  return encodePacket({ type: 'publish', dup: false, qos, retain, topic, packetId: qos === 0 ? 0 : 1, payload, properties }, 5);
}

/** Throws when the bytes are no such packet. */
export function decodePublished(bytes: Uint8Array): PublishPacket {
  let found: PublishPacket | undefined;
  const sink = {
    onPacket: (read: { type: string }) => void (found = read.type === 'publish' ? (read as PublishPacket) : undefined),
    onError: () => {},
  };
  new PacketParser(sink, { maxPacketSize: MAX_PACKET_BYTES, version: 5 }).push(Buffer.from(bytes), 0, bytes.length, true);
  if (found === undefined) throw new Error('the packet is damaged');
  return found;
}
