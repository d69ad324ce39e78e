/** CONNACK (section 3.2): the answer to CONNECT. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type ConnackPacket, type MqttVersion } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { connackReasonCode, connackReturnCode } from '../reasonCodes.ts';
import { codeDetail, RULES, violationOf, type Violation } from '../violations.ts';

/** Table 3-1. */
const CODES: ReadonlySet<number> = new Set([
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
]);

export function decodeConnack(reader: ByteReader): ConnackPacket | undefined {
  const flags = reader.byte();
  if ((flags & 0xfe) !== 0) reader.fail(RULES.connackFlags);
  const code = reader.byte();
  const reasonCode = reader.version === 5 ? code : connackReasonCode(code);
  if (reasonCode === undefined) {
    reader.fail(RULES.connackCode, `return code ${code}`);
    return undefined;
  }
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  return { type: 'connack', sessionPresent: flags === 1, reasonCode, properties };
}

/** In 3.x the reason code becomes a return code, and 3.1 knows no session present. */
export function encodeConnack(writer: ByteWriter, packet: ConnackPacket, version: MqttVersion): void {
  writer.byte(packet.sessionPresent && version !== 3 ? 1 : 0);
  if (version === 5) {
    writer.byte(packet.reasonCode);
    writeProperties(writer, packet.properties);
  } else writer.byte(connackReturnCode(packet.reasonCode));
}

export function validateConnack(packet: ConnackPacket, version: MqttVersion): Violation | undefined {
  if (!CODES.has(packet.reasonCode)) return violationOf(RULES.connackCode, version, codeDetail(packet.reasonCode));
  if (packet.sessionPresent && packet.reasonCode !== 0) return violationOf(RULES.sessionPresent, version);
  return propertiesViolation(packet.properties, 'connack', 'server');
}
