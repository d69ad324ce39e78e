/** Messages of simulated devices as the cluster passes them: PUBLISH bytes in the form of MQTT 3.1.1. */
import type { SessionMessage } from '../../../broker/cluster/sessions/message.ts';
import { NO_PROPERTIES } from '../../../broker/protocol/packet.ts';
import { encodePacket } from '../../../broker/protocol/writer.ts';

/** Fixed header of a packet below 128 bytes, length of the topic, packet id. */
const AROUND_TOPIC_BYTES = 2 + 2 + 2;

export function messageOf(clientId: string, topic: string, body: string, qos: 1 | 2): SessionMessage {
  const packet = encodePacket(
    {
      type: 'publish',
      topic,
      payload: Buffer.from(body),
      qos,
      retain: false,
      dup: false,
      packetId: 1,
      properties: NO_PROPERTIES,
    },
    4,
  );
  return { packet, isV5: false, qos, fromClientId: clientId, fromUsername: undefined, topic, retain: false };
}

export function bodyOf({ packet, topic }: SessionMessage): string {
  return Buffer.from(packet.subarray(AROUND_TOPIC_BYTES + Buffer.byteLength(topic))).toString();
}
