/** SUBACK (section 3.9): one code for each filter of a SUBSCRIBE. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type MqttVersion, type SubackPacket } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { isFailure, ReasonCode } from '../reasonCodes.ts';
import { codeDetail, RULES, violationOf, type Violation } from '../violations.ts';

/** Table 3-8. */
const CODES: ReadonlySet<number> = new Set([0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]);

export function decodeSuback(reader: ByteReader): SubackPacket {
  const packetId = reader.u16();
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  return { type: 'suback', packetId, reasonCodes: [...reader.view()], properties };
}

/** 3.x has one code for all refusals. */
export function encodeSuback(writer: ByteWriter, packet: SubackPacket, version: MqttVersion): void {
  writer.u16(packet.packetId);
  if (version === 5) writeProperties(writer, packet.properties);
  for (const code of packet.reasonCodes) writer.byte(version !== 5 && isFailure(code) ? ReasonCode.UnspecifiedError : code);
}

/** Written for any version the codes are those of 5.0; read from 3.x only the four of 3.1.1 may occur. */
export function validateSuback(packet: SubackPacket, version: MqttVersion): Violation | undefined {
  if (packet.packetId === 0) return violationOf(RULES.ackPacketIdZero, version);
  if (packet.reasonCodes.length === 0) return violationOf(RULES.subackEmpty, version);
  for (const code of packet.reasonCodes) if (!CODES.has(code)) return violationOf(RULES.subackCode, version, codeDetail(code));
  return propertiesViolation(packet.properties, 'suback', 'server');
}
