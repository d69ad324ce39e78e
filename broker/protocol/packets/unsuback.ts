/** UNSUBACK (section 3.11): in 5.0 one code for each filter of an UNSUBSCRIBE, in 3.x none. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type MqttVersion, type UnsubackPacket } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { codeDetail, RULES, violationOf, type Violation } from '../violations.ts';

/** Table 3-9. */
const CODES: ReadonlySet<number> = new Set([0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]);

/** From 3.x `reasonCodes` is empty. */
export function decodeUnsuback(reader: ByteReader): UnsubackPacket {
  const packetId = reader.u16();
  if (reader.version !== 5) return { type: 'unsuback', packetId, reasonCodes: [], properties: NO_PROPERTIES };
  const properties = readProperties(reader);
  return { type: 'unsuback', packetId, reasonCodes: [...reader.view()], properties };
}

export function encodeUnsuback(writer: ByteWriter, packet: UnsubackPacket, version: MqttVersion): void {
  writer.u16(packet.packetId);
  if (version !== 5) return;
  writeProperties(writer, packet.properties);
  for (const code of packet.reasonCodes) writer.byte(code);
}

export function validateUnsuback(packet: UnsubackPacket, version: MqttVersion): Violation | undefined {
  if (packet.packetId === 0) return violationOf(RULES.ackPacketIdZero, version);
  if (version === 5 && packet.reasonCodes.length === 0) return violationOf(RULES.unsubackEmpty, version);
  for (const code of packet.reasonCodes) if (!CODES.has(code)) return violationOf(RULES.unsubackCode, version, codeDetail(code));
  return propertiesViolation(packet.properties, 'unsuback', 'server');
}
