/** The table of packet types: number, fixed-header flags, and which file of packets/ reads, writes and checks each. */
import { unreachable } from '../base/assert.ts';
import type { ByteReader } from './byteReader.ts';
import type { ByteWriter } from './byteWriter.ts';
import type { MqttVersion, Packet, PacketType, PublishPacket } from './packet.ts';
import { decodeAck, encodeAck, validateAck } from './packets/ack.ts';
import { decodeAuth, encodeAuth, validateAuth } from './packets/auth.ts';
import { decodeConnack, encodeConnack, validateConnack } from './packets/connack.ts';
import { decodeConnect, encodeConnect, validateConnect } from './packets/connect.ts';
import { decodeDisconnect, encodeDisconnect, validateDisconnect } from './packets/disconnect.ts';
import { decodePublish, validatePublish } from './packets/publish.ts';
import { decodeSuback, encodeSuback, validateSuback } from './packets/suback.ts';
import { decodeSubscribe, encodeSubscribe, validateSubscribe } from './packets/subscribe.ts';
import { decodeUnsuback, encodeUnsuback, validateUnsuback } from './packets/unsuback.ts';
import { decodeUnsubscribe, encodeUnsubscribe, validateUnsubscribe } from './packets/unsubscribe.ts';
import type { Sender } from './sender.ts';
import { RULES, violationOf, type Rule, type Violation } from './violations.ts';

/** Numbers of section 2.1.2: the upper half of the first byte. */
export const TYPE_IDS = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const satisfies Record<PacketType, number>;

const TYPES: readonly (PacketType | undefined)[] = Array.from({ length: 16 }, (_, id) =>
  (Object.keys(TYPE_IDS) as PacketType[]).find((type) => TYPE_IDS[type] === id),
);

/** Packets that only one side may send (table 2-1). */
const SERVER_ONLY: ReadonlySet<PacketType> = new Set(['connack', 'suback', 'unsuback', 'pingresp']);
const CLIENT_ONLY: ReadonlySet<PacketType> = new Set(['connect', 'subscribe', 'unsubscribe', 'pingreq']);

/** Flags that are fixed to 0010 (table 2-2). PUBLISH has free flags, all others 0000. */
const FLAGS_0010: ReadonlySet<PacketType> = new Set(['pubrel', 'subscribe', 'unsubscribe']);
const DUP = 0x08;

const FLAG_RULES: Partial<Record<PacketType, Rule>> = {
  pubrel: RULES.pubrelFlags,
  subscribe: RULES.subscribeFlags,
  unsubscribe: RULES.unsubscribeFlags,
  disconnect: RULES.disconnectFlags,
  auth: RULES.authFlags,
};

/**
 * Reads one packet: `firstByte` is the first of its fixed header, and the reader stands at its body. Undefined when
 * it breaks a rule, which `reader.violation` then names.
 */
export function decodeBody(reader: ByteReader, firstByte: number, sender: Sender): Packet | undefined {
  const type = TYPES[firstByte >> 4];
  const flags = firstByte & 0x0f;
  if (type === undefined || (type === 'auth' && reader.version !== 5)) reader.fail(RULES.packetType);
  else if ((sender === 'client' ? SERVER_ONLY : CLIENT_ONLY).has(type)) reader.fail(RULES.wrongDirection, type);
  else if (type !== 'publish' && !flagsFit(type, flags, reader.version)) reader.fail(FLAG_RULES[type] ?? RULES.headerFlags, type);
  else {
    const packet = decodeFields(reader, type, flags);
    if (reader.remaining > 0) reader.fail(RULES.trailingBytes, type);
    return reader.violation === undefined ? packet : undefined;
  }
  return undefined;
}

/** MQTT 3.1 let these three carry DUP when they were sent again. */
function flagsFit(type: PacketType, flags: number, version: MqttVersion): boolean {
  if (!FLAGS_0010.has(type)) return flags === 0;
  return (version === 3 ? flags & ~DUP : flags) === 2;
}

function decodeFields(reader: ByteReader, type: PacketType, flags: number): Packet | undefined {
  switch (type) {
    case 'connect':
      return decodeConnect(reader);
    case 'connack':
      return decodeConnack(reader);
    case 'publish':
      return decodePublish(reader, flags);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return decodeAck(reader, type);
    case 'subscribe':
      return decodeSubscribe(reader);
    case 'suback':
      return decodeSuback(reader);
    case 'unsubscribe':
      return decodeUnsubscribe(reader);
    case 'unsuback':
      return decodeUnsuback(reader);
    case 'pingreq':
    case 'pingresp':
      return { type };
    case 'disconnect':
      return decodeDisconnect(reader);
    case 'auth':
      return decodeAuth(reader);
    default:
      return unreachable(type);
  }
}

/** Writes the body of a packet and returns the first byte of its fixed header. PUBLISH is written by `encodePublish` as a whole. */
export function encodeBody(writer: ByteWriter, packet: Exclude<Packet, PublishPacket>, version: MqttVersion): number {
  switch (packet.type) {
    case 'connect':
      encodeConnect(writer, packet);
      break;
    case 'connack':
      encodeConnack(writer, packet, version);
      break;
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      encodeAck(writer, packet, version);
      break;
    case 'subscribe':
      encodeSubscribe(writer, packet, version);
      break;
    case 'suback':
      encodeSuback(writer, packet, version);
      break;
    case 'unsubscribe':
      encodeUnsubscribe(writer, packet, version);
      break;
    case 'unsuback':
      encodeUnsuback(writer, packet, version);
      break;
    case 'pingreq':
    case 'pingresp':
      break;
    case 'disconnect':
      encodeDisconnect(writer, packet, version);
      break;
    case 'auth':
      encodeAuth(writer, packet);
      break;
    default:
      return unreachable(packet);
  }
  return (TYPE_IDS[packet.type] << 4) | (FLAGS_0010.has(packet.type) ? 2 : 0);
}

/**
 * What a packet breaks that its form allows: ids of 0, codes and properties out of place, topics that are none. The
 * parser applies it to all it reads; whoever writes packets made from foreign data applies it before `encodePacket`.
 */
export function validatePacket(packet: Packet, version: MqttVersion, sender: Sender): Violation | undefined {
  if ((sender === 'client' ? SERVER_ONLY : CLIENT_ONLY).has(packet.type)) return violationOf(RULES.wrongDirection, version, packet.type);
  switch (packet.type) {
    case 'connect':
      return validateConnect(packet);
    case 'connack':
      return validateConnack(packet, version);
    case 'publish':
      return validatePublish(packet, version, sender);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return validateAck(packet, version, sender);
    case 'subscribe':
      return validateSubscribe(packet, version);
    case 'suback':
      return validateSuback(packet, version);
    case 'unsubscribe':
      return validateUnsubscribe(packet, version);
    case 'unsuback':
      return validateUnsuback(packet, version);
    case 'pingreq':
    case 'pingresp':
      return undefined;
    case 'disconnect':
      return validateDisconnect(packet, version, sender);
    case 'auth':
      return validateAuth(packet, version, sender);
    default:
      return unreachable(packet);
  }
}
