/** SUBSCRIBE (section 3.8): topic filters with options. */
import { parseSubscription } from '../../topics/sharedSubscription.ts';
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type MqttVersion, type Qos, type SubOpts, type SubscribePacket } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { filterViolation } from '../textRules.ts';
import { RULES, violationOf, type Violation } from '../violations.ts';

type Subscription = SubscribePacket['subscriptions'][number];

const QOS = 0x03;
const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const RETAIN_HANDLING_SHIFT = 4;
const RESERVED = 0xc0;

export function decodeSubscribe(reader: ByteReader): SubscribePacket {
  const packetId = reader.u16();
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  const subscriptions: Subscription[] = [];
  while (reader.remaining > 0) {
    const topicFilter = reader.string('topic filter');
    subscriptions.push(readOptions(reader, topicFilter));
  }
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function readOptions(reader: ByteReader, topicFilter: string): Subscription {
  const options = reader.byte();
  const qos = options & QOS;
  const retainHandling = (options >> RETAIN_HANDLING_SHIFT) & 3;
  // In 3.x all bits but those of the QoS are reserved.
  if ((options & (reader.version === 5 ? RESERVED : ~QOS)) !== 0) reader.fail(RULES.subscribeOptions, topicFilter);
  if (qos === 3) reader.fail(RULES.subscribeQos, topicFilter);
  if (retainHandling === 3) reader.fail(RULES.subscribeRetainHandling, topicFilter);
  return {
    topicFilter,
    qos: qos as Qos,
    noLocal: (options & NO_LOCAL) !== 0,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as SubOpts['retainHandling'],
  };
}

/** In 3.x the options of 5.0 have no place and are left out. */
export function encodeSubscribe(writer: ByteWriter, packet: SubscribePacket, version: MqttVersion): void {
  writer.u16(packet.packetId);
  if (version === 5) writeProperties(writer, packet.properties);
  for (const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } of packet.subscriptions) {
    writer.string(topicFilter);
    const options = (noLocal ? NO_LOCAL : 0) | (retainAsPublished ? RETAIN_AS_PUBLISHED : 0) | (retainHandling << RETAIN_HANDLING_SHIFT);
    writer.byte(version === 5 ? qos | options : qos);
  }
}

export function validateSubscribe(packet: SubscribePacket, version: MqttVersion): Violation | undefined {
  if (packet.packetId === 0) return violationOf(RULES.packetIdZero, version);
  if (packet.subscriptions.length === 0) return violationOf(RULES.subscribeEmpty, version);
  for (const { topicFilter, noLocal } of packet.subscriptions) {
    const violation = filterViolation(topicFilter, version);
    if (violation !== undefined) return violation;
    if (noLocal && isShared(topicFilter)) return violationOf(RULES.subscribeNoLocal, version, topicFilter);
  }
  return propertiesViolation(packet.properties, 'subscribe', 'client');
}

function isShared(topicFilter: string): boolean {
  const parsed = parseSubscription(topicFilter);
  return parsed.ok && parsed.target.shareGroup !== undefined;
}
