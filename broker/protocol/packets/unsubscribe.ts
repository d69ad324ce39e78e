/** UNSUBSCRIBE (section 3.10): topic filters, spelled as they were subscribed. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type MqttVersion, type UnsubscribePacket } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { filterViolation } from '../textRules.ts';
import { RULES, violationOf, type Violation } from '../violations.ts';

export function decodeUnsubscribe(reader: ByteReader): UnsubscribePacket {
  const packetId = reader.u16();
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  const topicFilters: string[] = [];
  while (reader.remaining > 0) topicFilters.push(reader.string('topic filter'));
  return { type: 'unsubscribe', packetId, topicFilters, properties };
}

export function encodeUnsubscribe(writer: ByteWriter, packet: UnsubscribePacket, version: MqttVersion): void {
  writer.u16(packet.packetId);
  if (version === 5) writeProperties(writer, packet.properties);
  for (const topicFilter of packet.topicFilters) writer.string(topicFilter);
}

export function validateUnsubscribe(packet: UnsubscribePacket, version: MqttVersion): Violation | undefined {
  if (packet.packetId === 0) return violationOf(RULES.packetIdZero, version);
  if (packet.topicFilters.length === 0) return violationOf(RULES.unsubscribeEmpty, version);
  for (const topicFilter of packet.topicFilters) {
    const violation = filterViolation(topicFilter, version);
    if (violation !== undefined) return violation;
  }
  return propertiesViolation(packet.properties, 'unsubscribe', 'client');
}
