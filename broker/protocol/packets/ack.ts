/** PUBACK, PUBREC, PUBREL and PUBCOMP have one form (sections 3.4 to 3.7): a packet id, and in 5.0 a code and properties. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type AckPacket, type MqttVersion } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { hasNoProperties, readProperties, writeProperties } from '../propertyCodec.ts';
import type { Sender } from '../sender.ts';
import { codeDetail, RULES, violationOf, type Rule, type Violation } from '../violations.ts';

type AckType = AckPacket['type'];

/** Tables 3-4 to 3-7, and what a code outside them breaks. */
const TAKEN_OVER: ReadonlySet<number> = new Set([0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const RELEASED: ReadonlySet<number> = new Set([0x00, 0x92]);
const CODES: Readonly<Record<AckType, { readonly codes: ReadonlySet<number>; readonly rule: Rule }>> = {
  puback: { codes: TAKEN_OVER, rule: RULES.pubackCode },
  pubrec: { codes: TAKEN_OVER, rule: RULES.pubrecCode },
  pubrel: { codes: RELEASED, rule: RULES.pubrelCode },
  pubcomp: { codes: RELEASED, rule: RULES.pubcompCode },
};

/** Code and properties may be left out from the end: remaining length 2 means Success, 3 no properties. */
export function decodeAck(reader: ByteReader, type: AckType): AckPacket {
  const packetId = reader.u16();
  const reasonCode = reader.version === 5 && reader.remaining > 0 ? reader.byte() : 0;
  const properties = reader.version === 5 && reader.remaining > 0 ? readProperties(reader) : NO_PROPERTIES;
  return { type, packetId, reasonCode, properties };
}

/** Writes the shortest form. */
export function encodeAck(writer: ByteWriter, packet: AckPacket, version: MqttVersion): void {
  writer.u16(packet.packetId);
  if (version !== 5 || (packet.reasonCode === 0 && hasNoProperties(packet.properties))) return;
  writer.byte(packet.reasonCode);
  if (!hasNoProperties(packet.properties)) writeProperties(writer, packet.properties);
}

export function validateAck(packet: AckPacket, version: MqttVersion, sender: Sender): Violation | undefined {
  if (packet.packetId === 0) return violationOf(RULES.ackPacketIdZero, version);
  const { codes, rule } = CODES[packet.type];
  if (!codes.has(packet.reasonCode)) return violationOf(rule, version, codeDetail(packet.reasonCode));
  return propertiesViolation(packet.properties, packet.type, sender);
}
