/** AUTH (section 3.15, 5.0 only): one step of an enhanced authentication. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type AuthPacket, type MqttVersion } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import type { Sender } from '../sender.ts';
import { codeDetail, RULES, violationOf, type Violation } from '../violations.ts';

/** Table 3-11 by the side that may send the code. */
const CODES: Readonly<Record<Sender, ReadonlySet<number>>> = {
  client: new Set([0x18, 0x19]),
  server: new Set([0x00, 0x18]),
};

/** Remaining length 0 means 0x00 without properties. */
export function decodeAuth(reader: ByteReader): AuthPacket {
  const reasonCode = reader.remaining > 0 ? reader.byte() : 0;
  const properties = reader.remaining > 0 ? readProperties(reader) : NO_PROPERTIES;
  return { type: 'auth', reasonCode, properties };
}

export function encodeAuth(writer: ByteWriter, packet: AuthPacket): void {
  writer.byte(packet.reasonCode);
  writeProperties(writer, packet.properties);
}

export function validateAuth(packet: AuthPacket, version: MqttVersion, sender: Sender): Violation | undefined {
  if (!CODES[sender].has(packet.reasonCode)) return violationOf(RULES.authCode, version, codeDetail(packet.reasonCode));
  // The short form is legal and yet lacks what every AUTH must have [MQTT-4.12.0-5].
  if (packet.properties.authenticationMethod === undefined) return violationOf(RULES.authMethod, version);
  return propertiesViolation(packet.properties, 'auth', sender);
}
