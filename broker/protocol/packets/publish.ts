/** PUBLISH (section 3.3): an application message. parser.ts reads the usual ones by offsets and leaves the rest to this file. */
import { assert } from '../../base/assert.ts';
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type MqttVersion, type PublishPacket, type Qos } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { encodeProperties, readProperties } from '../propertyCodec.ts';
import type { Sender } from '../sender.ts';
import { nameViolation } from '../textRules.ts';
import { MAX_REMAINING_LENGTH, variableByteIntegerSize, writeVariableByteInteger } from '../variableByteInteger.ts';
import { RULES, violationOf, type Violation } from '../violations.ts';

const PUBLISH = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;
const MAX_TOPIC_BYTES = 65_535;
const NO_BYTES = new Uint8Array(0);

/** The payload is a view of the reader's bytes. */
export function decodePublish(reader: ByteReader, flags: number): PublishPacket | undefined {
  const qos = (flags >> 1) & 3;
  if (qos === 3) reader.fail(RULES.publishQos);
  const topic = reader.string('topic');
  const packetId = qos > 0 ? reader.u16() : 0;
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  return {
    type: 'publish',
    dup: (flags & DUP) !== 0,
    qos: qos as Qos,
    retain: (flags & RETAIN) !== 0,
    topic,
    packetId,
    payload: reader.view(),
    properties,
  };
}

/**
 * The whole packet, fixed header included, in a buffer of exactly its size: payloads are large and many, so they are copied
 * once and past the writer. The writer serves for the properties.
 */
export function encodePublish(writer: ByteWriter, packet: PublishPacket, version: MqttVersion): Buffer {
  const { topic, qos, payload } = packet;
  const topicLength = Buffer.byteLength(topic);
  assert(topicLength <= MAX_TOPIC_BYTES, 'a topic fits its length field');
  const properties = version === 5 ? encodeProperties(writer, packet.properties) : NO_BYTES;
  const length = 2 + topicLength + (qos > 0 ? 2 : 0) + properties.length + payload.length;
  assert(length <= MAX_REMAINING_LENGTH, 'a packet fits its remaining length');
  const bytes = Buffer.allocUnsafe(1 + variableByteIntegerSize(length) + length);
  bytes[0] = PUBLISH | (packet.dup ? DUP : 0) | (qos << 1) | (packet.retain ? RETAIN : 0);
  let at = writeVariableByteInteger(bytes, 1, length);
  at = bytes.writeUInt16BE(topicLength, at);
  at += bytes.write(topic, at);
  if (qos > 0) at = bytes.writeUInt16BE(packet.packetId, at);
  bytes.set(properties, at);
  bytes.set(payload, at + properties.length);
  return bytes;
}

/** An empty topic is for the session to resolve by its alias; whether the alias is known, too. */
export function validatePublish(packet: PublishPacket, version: MqttVersion, sender: Sender): Violation | undefined {
  if (packet.dup && packet.qos === 0) return violationOf(RULES.publishDup, version);
  if (packet.qos > 0 && packet.packetId === 0) return violationOf(RULES.packetIdZero, version);
  const violation = propertiesViolation(packet.properties, 'publish', sender);
  if (violation !== undefined) return violation;
  if (packet.topic === '') return packet.properties.topicAlias === undefined ? violationOf(RULES.publishNoTopic, version) : undefined;
  return nameViolation(packet.topic, version, 'topic');
}
