/**
 * Packets to bytes. The connection layer calls `encodePacket` for what the session sends, appends the result to its pending
 * list and writes the list once per turn. A PUBLISH for many receivers is encoded once per variant (5.0 or older, QoS,
 * RETAIN) with packet id 0; QoS 0 receivers share that frame by reference, for the others the connection puts their packet
 * id in, at `packetIdOffset`, while it copies the frame into its gather buffer (hot-path.md section 4).
 */
import { assert } from '../base/assert.ts';
import { ByteWriter } from './byteWriter.ts';
import type { AckPacket, MqttVersion, Packet, Properties } from './packet.ts';
import { encodeBody, TYPE_IDS } from './packetCodec.ts';
import { encodePublish } from './packets/publish.ts';
import { hasNoProperties } from './propertyCodec.ts';

/** Scratch for one packet at a time; encoding calls nobody back, so one is enough for the process. */
const writer = new ByteWriter();

/** PINGREQ and PINGRESP never differ. */
const PINGREQ = Buffer.from([0xc0, 0x00]);
const PINGRESP = Buffer.from([0xd0, 0x00]);

/**
 * The bytes of a packet for a peer of that version. What the version cannot say is mapped or left out: properties, return
 * codes of CONNACK, one refusal in SUBACK. The bytes may be shared and must not be changed. The packet must be valid
 * (`validatePacket`), which holds for what the broker makes itself.
 */
export function encodePacket(packet: Packet, version: MqttVersion): Buffer {
  switch (packet.type) {
    case 'publish':
      return encodePublish(writer, packet, version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return packet.reasonCode === 0 && hasNoProperties(packet.properties) ? shortAck(packet) : encodeWhole(packet, version);
    case 'pingreq':
      return PINGREQ;
    case 'pingresp':
      return PINGRESP;
    default:
      return encodeWhole(packet, version);
  }
}

function encodeWhole(packet: Parameters<typeof encodeBody>[1], version: MqttVersion): Buffer {
  assert(packet.type !== 'auth' || version === 5, 'AUTH exists in 5.0 only');
  writer.begin();
  return writer.finish(encodeBody(writer, packet, version));
}

/** An acknowledgement of success is four bytes in every version. */
function shortAck(packet: AckPacket): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = (TYPE_IDS[packet.type] << 4) | (packet.type === 'pubrel' ? 2 : 0);
  bytes[1] = 2;
  bytes[2] = packet.packetId >> 8;
  bytes[3] = packet.packetId & 0xff;
  return bytes;
}

/**
 * The bytes if they are no more than the peer's Maximum Packet Size [MQTT-3.1.2-24]. To fit, a packet of the broker's own
 * loses its User Properties first and its Reason String next [MQTT-3.2.2-19, -20, MQTT-3.4.2-2, -3 and so on]; a PUBLISH
 * loses nothing. Undefined: it does not fit, and must not be sent.
 */
export function encodeWithin(packet: Packet, version: MqttVersion, maximumPacketSize: number): Buffer | undefined {
  const bytes = encodePacket(packet, version);
  if (bytes.length <= maximumPacketSize) return bytes;
  if (packet.type === 'publish' || !('properties' in packet)) return undefined;
  const { userProperties, reasonString, ...rest } = packet.properties;
  const withReason: Properties = reasonString === undefined ? rest : { ...rest, reasonString };
  if (userProperties !== undefined) {
    const shorter = encodePacket({ ...packet, properties: withReason }, version);
    if (shorter.length <= maximumPacketSize) return shorter;
  }
  if (reasonString === undefined) return undefined;
  const shortest = encodePacket({ ...packet, properties: rest }, version);
  return shortest.length <= maximumPacketSize ? shortest : undefined;
}

/** Where the packet id stands in the bytes of a PUBLISH with QoS 1 or 2: behind the fixed header and the topic. */
export function packetIdOffset(frame: Uint8Array): number {
  let at = 1;
  while (frame[at]! > 127) at += 1;
  return at + 3 + ((frame[at + 1]! << 8) | frame[at + 2]!);
}
