/** CONNECT (section 3.1): a client introduces itself. The one packet that tells its version itself. */
import type { ByteReader } from '../byteReader.ts';
import type { ByteWriter } from '../byteWriter.ts';
import { NO_PROPERTIES, type ConnectPacket, type MqttVersion, type Qos, type Will } from '../packet.ts';
import { propertiesViolation } from '../properties.ts';
import { readProperties, writeProperties } from '../propertyCodec.ts';
import { binaryRule, nameViolation, stringRule } from '../textRules.ts';
import { RULES, violationOf, type Violation } from '../violations.ts';

const BRIDGE = 0x80;
const USERNAME = 0x80;
const PASSWORD = 0x40;
const WILL_RETAIN = 0x20;
const WILL_QOS = 0x18;
const WILL = 0x04;
const CLEAN_START = 0x02;
const RESERVED = 0x01;
const NO_BYTES = new Uint8Array(0);

/** Reads the version first and leaves it in the reader, so that a violation is told in the terms of that version. */
export function decodeConnect(reader: ByteReader): ConnectPacket | undefined {
  const bridge = readVersion(reader);
  if (reader.violation !== undefined) return undefined;
  const { version } = reader;
  const flags = reader.byte();
  checkFlags(reader, flags);
  const keepalive = reader.u16();
  const properties = version === 5 ? readProperties(reader) : NO_PROPERTIES;
  const clientId = reader.string('client identifier');
  const will = (flags & WILL) === 0 ? undefined : readWill(reader, flags);
  // MQTT 3.1 let a client set the flag and leave out the field.
  const tolerant = version === 3;
  const username = (flags & USERNAME) === 0 || (tolerant && reader.remaining === 0) ? undefined : reader.string('user name');
  const password = (flags & PASSWORD) === 0 || (tolerant && reader.remaining === 0) ? undefined : reader.binary('password');
  return {
    type: 'connect',
    version,
    bridge,
    clientId,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepalive,
    username,
    password,
    will,
    properties,
  };
}

/** Sets the reader's version and returns mosquitto's bridge bit. For versions we do not speak, the nearest form of answer. */
function readVersion(reader: ByteReader): boolean {
  const name = reader.string('protocol name');
  const level = reader.byte();
  if (reader.violation !== undefined) return false;
  const version = level & ~BRIDGE;
  reader.version = version < 5 ? (version === 3 ? 3 : 4) : 5;
  reader.versionRead = true;
  if (name !== 'MQTT' && name !== 'MQIsdp') reader.fail(RULES.protocolName);
  else if (name === 'MQIsdp' ? version !== 3 : version !== 4 && version !== 5) reader.fail(RULES.protocolLevel, String(level));
  return (level & BRIDGE) !== 0;
}

function checkFlags(reader: ByteReader, flags: number): void {
  if ((flags & RESERVED) !== 0) return reader.fail(RULES.connectReservedFlag);
  if ((flags & WILL_QOS) === WILL_QOS) return reader.fail(RULES.willQos);
  if (reader.version !== 5 && (flags & PASSWORD) !== 0 && (flags & USERNAME) === 0) return reader.fail(RULES.passwordWithoutUsername);
  // MQTT 3.1 says nothing of these two bits when there is no will.
  if ((flags & WILL) !== 0 || reader.version === 3) return;
  if ((flags & WILL_QOS) !== 0) return reader.fail(RULES.willQosWithoutWill);
  if ((flags & WILL_RETAIN) !== 0) reader.fail(RULES.willRetainWithoutWill);
}

function readWill(reader: ByteReader, flags: number): Will {
  const properties = reader.version === 5 ? readProperties(reader) : NO_PROPERTIES;
  const topic = reader.string('will topic');
  const payload = reader.binary('will payload');
  return { topic, payload, qos: ((flags & WILL_QOS) >> 3) as Qos, retain: (flags & WILL_RETAIN) !== 0, properties };
}

export function encodeConnect(writer: ByteWriter, packet: ConnectPacket): void {
  const { version, will, username, password } = packet;
  writer.string(version === 3 ? 'MQIsdp' : 'MQTT');
  writer.byte(packet.bridge ? version | BRIDGE : version);
  let flags = packet.cleanStart ? CLEAN_START : 0;
  if (will !== undefined) flags |= WILL | (will.qos << 3) | (will.retain ? WILL_RETAIN : 0);
  if (username !== undefined) flags |= USERNAME;
  if (password !== undefined) flags |= PASSWORD;
  writer.byte(flags);
  writer.u16(packet.keepalive);
  if (version === 5) writeProperties(writer, packet.properties);
  writer.string(packet.clientId);
  if (will !== undefined) {
    if (version === 5) writeProperties(writer, will.properties);
    writer.string(will.topic);
    writer.binary(will.payload);
  }
  if (username !== undefined) writer.string(username);
  if (password !== undefined) writer.binary(password);
}

export function validateConnect(packet: ConnectPacket): Violation | undefined {
  const { version, will } = packet;
  const textRule = stringRule(packet.clientId) ?? stringRule(packet.username ?? '') ?? binaryRule(packet.password ?? NO_BYTES);
  if (textRule !== undefined) return violationOf(textRule, version);
  if (version !== 5 && packet.password !== undefined && packet.username === undefined) return violationOf(RULES.passwordWithoutUsername, version);
  if (version !== 5 && packet.clientId === '' && !packet.cleanStart) return violationOf(RULES.clientIdEmpty, version);
  return propertiesViolation(packet.properties, 'connect', 'client') ?? (will === undefined ? undefined : willViolation(will, version));
}

function willViolation(will: Will, version: MqttVersion): Violation | undefined {
  const rule = binaryRule(will.payload);
  if (rule !== undefined) return violationOf(rule, version, 'will payload');
  return nameViolation(will.topic, version, 'will topic') ?? propertiesViolation(will.properties, 'will', 'client');
}
