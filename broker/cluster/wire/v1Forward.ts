/**
 * Messages between nodes in wire version 1, frozen with v1.ts. The properties are encoded as in MQTT 5.0 section 2.2.2, so that the
 * bytes of a PUBLISH may travel as they are once the broker keeps them.
 */
import type { ClusterMessage, ClusterMessageProperties } from '../ports.ts';
import { BodyReader, FrameWriter, protocolError } from './bytes.ts';
import { Kind } from './v1.ts';

const QOS_MASK = 0x03;
const RETAIN = 0x04;
const HAS_USERNAME = 0x08;
const HAS_PROPERTIES = 0x10;
const SENT_ON = 0x20;

/** Property identifiers, MQTT 5.0 table 2-4. */
const Property = {
  payloadFormatIndicator: 0x01,
  messageExpiryInterval: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  userProperty: 0x26,
} as const;

/** Bytes of a frame beyond its strings and payload: enough to write it without growing. */
const FIXED_BYTES = 64;

/** `FWD0`: one message to one node. The same bytes serve every link. */
export function encodeForward(message: ClusterMessage): Buffer {
  return writeMessage(new FrameWriter(Kind.forward, flagsOf(message), sizeOf(message)), message);
}

/** A message for one member of a shared group of the receiver. */
export interface SharedForward {
  readonly message: ClusterMessage;
  /** `$share/<group>/<filter>` */
  readonly key: string;
  /** A node without members has sent it on: it must not be sent on again. */
  readonly again: boolean;
}

export function encodeSharedForward({ message, key, again }: SharedForward): Buffer {
  const flags = flagsOf(message) | (again ? SENT_ON : 0);
  return writeMessage(new FrameWriter(Kind.forwardShared, flags, sizeOf(message) + 3 * key.length).text(key), message);
}

export function decodeSharedForward(flags: number, body: Buffer): SharedForward {
  const reader = new BodyReader(body);
  const key = reader.text();
  return { key, message: readMessage(flags, reader), again: (flags & SENT_ON) !== 0 };
}

function flagsOf({ qos, retain, fromUsername, properties }: ClusterMessage): number {
  return qos | (retain ? RETAIN : 0) | (fromUsername === undefined ? 0 : HAS_USERNAME) | (isEmpty(properties) ? 0 : HAS_PROPERTIES);
}

/** Three bytes per UTF-16 unit is the most that UTF-8 needs. */
function sizeOf({ payload, fromClientId, topic, fromUsername }: ClusterMessage): number {
  return FIXED_BYTES + payload.length + 3 * (fromClientId.length + topic.length + (fromUsername?.length ?? 0));
}

function writeMessage(writer: FrameWriter, message: ClusterMessage): Buffer {
  const { fromClientId, fromUsername, topic, payload, properties } = message;
  writer.u64(message.timestampMs).text(fromClientId);
  if (fromUsername !== undefined) writer.text(fromUsername);
  writer.text(topic);
  if (!isEmpty(properties)) {
    const encoded = encodeProperties(properties);
    writer.u32(encoded.length).raw(encoded);
  }
  return writer.raw(payload).end();
}

export function decodeForward(flags: number, body: Buffer): ClusterMessage {
  return readMessage(flags, new BodyReader(body));
}

function readMessage(flags: number, reader: BodyReader): ClusterMessage {
  const qos = flags & QOS_MASK;
  if (qos !== 0 && qos !== 1 && qos !== 2) throw protocolError('A forwarded message has QoS 3');
  const timestampMs = reader.u64();
  const fromClientId = reader.text();
  const fromUsername = (flags & HAS_USERNAME) === 0 ? undefined : reader.text();
  const topic = reader.text();
  const properties = (flags & HAS_PROPERTIES) === 0 ? {} : decodeProperties(reader.raw(reader.u32()));
  // A copy: sessions keep payloads for long, and a view would keep the whole read buffer alive.
  const payload = Buffer.from(reader.rest());
  return { topic, payload, qos, retain: (flags & RETAIN) !== 0, properties, fromClientId, fromUsername, timestampMs };
}

function isEmpty(properties: ClusterMessageProperties): boolean {
  return (
    properties.payloadFormatIndicator === undefined &&
    properties.messageExpiryInterval === undefined &&
    properties.contentType === undefined &&
    properties.responseTopic === undefined &&
    properties.correlationData === undefined &&
    (properties.userProperties === undefined || properties.userProperties.length === 0)
  );
}

function encodeProperties(properties: ClusterMessageProperties): Buffer {
  const writer = new FrameWriter(0, 0, 128);
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData, userProperties } =
    properties;
  if (payloadFormatIndicator !== undefined) writer.u8(Property.payloadFormatIndicator).u8(payloadFormatIndicator);
  if (messageExpiryInterval !== undefined) writer.u8(Property.messageExpiryInterval).u32(messageExpiryInterval);
  if (contentType !== undefined) writer.u8(Property.contentType).text(contentType);
  if (responseTopic !== undefined) writer.u8(Property.responseTopic).text(responseTopic);
  if (correlationData !== undefined) writer.u8(Property.correlationData).bytes16(correlationData);
  for (const [name, value] of userProperties ?? []) writer.u8(Property.userProperty).text(name).text(value);
  return writer.body();
}

function decodeProperties(bytes: Buffer): ClusterMessageProperties {
  const reader = new BodyReader(bytes);
  const properties: ClusterMessageProperties = {};
  const userProperties: [string, string][] = [];
  while (reader.left > 0) {
    const id = reader.u8();
    switch (id) {
      case Property.payloadFormatIndicator:
        properties.payloadFormatIndicator = reader.u8() === 0 ? 0 : 1;
        break;
      case Property.messageExpiryInterval:
        properties.messageExpiryInterval = reader.u32();
        break;
      case Property.contentType:
        properties.contentType = reader.text();
        break;
      case Property.responseTopic:
        properties.responseTopic = reader.text();
        break;
      case Property.correlationData:
        properties.correlationData = Buffer.from(reader.bytes16());
        break;
      case Property.userProperty:
        userProperties.push([reader.text(), reader.text()]);
        break;
      default:
        throw protocolError(`Property ${id} does not belong to a forwarded message`);
    }
  }
  if (userProperties.length > 0) properties.userProperties = userProperties;
  return properties;
}
