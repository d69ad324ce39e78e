/** DISCONNECT (section 3.14): the last word of either side; in 3.x only the client has one, and it says nothing more. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type DisconnectPacket, type MqttVersion } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { hasNoProperties, readProperties, writeProperties } from '../propertyCodec.ts';
import type { Sender } from '../sender.ts';
import { codeDetail, RULES, violationOf, type Violation } from '../violations.ts';

/** Table 3-10 by the side that may send the code. 0x8C is there for the server by table 2-6. */
const BOTH = [0x00, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
const CODES: Readonly<Record<Sender, ReadonlySet<number>>> = {
  client: new Set([...BOTH, 0x04]),
  server: new Set([...BOTH, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2]),
};

/** Code and properties may be left out from the end: remaining length 0 means 0x00, 1 no properties. */
export function decodeDisconnect(reader: ByteReader): DisconnectPacket {
  const reasonCode = reader.version === 5 && reader.remaining > 0 ? reader.byte() : 0;
  const properties = reader.version === 5 && reader.remaining > 0 ? readProperties(reader) : NO_PROPERTIES;
  return { type: 'disconnect', reasonCode, properties };
}

/** Writes the shortest form. */
export function encodeDisconnect(writer: ByteWriter, packet: DisconnectPacket, version: MqttVersion): void {
  if (version !== 5 || (packet.reasonCode === 0 && hasNoProperties(packet.properties))) return;
  writer.byte(packet.reasonCode);
  if (!hasNoProperties(packet.properties)) writeProperties(writer, packet.properties);
}

export function validateDisconnect(packet: DisconnectPacket, version: MqttVersion, sender: Sender): Violation | undefined {
  if (!CODES[sender].has(packet.reasonCode)) return violationOf(RULES.disconnectCode, version, codeDetail(packet.reasonCode));
  return propertiesViolation(packet.properties, 'disconnect', sender);
}
