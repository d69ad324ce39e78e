/** Our packets in the words of mqtt-packet, the codec of MQTT.js, which nobody here wrote. */
import mqttPacket from 'mqtt-packet';
import type { MqttVersion, Packet, Properties, Will } from '../../packet.ts';
import { PROPERTIES, type AnyProperties } from '../../properties.ts';
import { connackReturnCode } from '../../reasonCodes.ts';
import { plainBytes } from './parseAll.ts';

type Words = Record<string, unknown>;

const NAMES: Readonly<Record<string, string>> = {
  maximumQos: 'maximumQoS',
  subscriptionIdentifiers: 'subscriptionIdentifier',
  subscriptionIdentifierAvailable: 'subscriptionIdentifiersAvailable',
};
const FLAGS: ReadonlySet<string> = new Set(PROPERTIES.filter((row) => row.kind === 'byte' && row.name !== 'maximumQos').map((row) => row.name));

/** The packet as mqtt-packet gives it, without the fields that only repeat the fixed header. */
export function oracleWords(packet: Packet, version: MqttVersion): Words {
  const { type, ...fields } = packet;
  const words: Words = { cmd: type };
  for (const [name, value] of Object.entries(fields)) Object.assign(words, fieldWords(name, value, packet, version));
  return words;
}

function fieldWords(name: string, value: unknown, packet: Packet, version: MqttVersion): Words {
  const v5 = version === 5;
  switch (name) {
    case 'version':
      return { protocolVersion: version, protocolId: version === 3 ? 'MQIsdp' : 'MQTT' };
    case 'bridge':
      return value === true ? { bridgeMode: true } : {};
    case 'cleanStart':
      return { clean: value };
    case 'packetId':
      return value === 0 ? {} : { messageId: value };
    case 'reasonCode':
      if (v5) return { reasonCode: value };
      return packet.type === 'connack' ? { returnCode: connackReturnCode(packet.reasonCode) } : {};
    case 'reasonCodes':
      return packet.type === 'unsuback' && !v5 ? {} : { granted: value };
    case 'topicFilters':
      return { unsubscriptions: value };
    case 'subscriptions':
      return packet.type === 'subscribe' ? { subscriptions: packet.subscriptions.map((entry) => subscriptionWords(entry, v5)) } : {};
    case 'properties':
      return propertyWords(value as Properties);
    case 'will':
      return value === undefined ? {} : { will: willWords(value as Will) };
    default:
      return value === undefined ? {} : { [name]: value };
  }
}

function subscriptionWords(entry: { topicFilter: string; qos: number; noLocal: boolean; retainAsPublished: boolean; retainHandling: number }, v5: boolean): Words {
  const { topicFilter: topic, qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh } = entry;
  return v5 ? { topic, qos, nl, rap, rh } : { topic, qos };
}

function willWords({ properties, ...will }: Will): Words {
  return { ...will, ...propertyWords(properties) };
}

function propertyWords(properties: Properties): Words {
  const words: Words = {};
  for (const [name, value] of Object.entries(properties as AnyProperties)) {
    if (name === 'userProperties') words[name] = groupPairs(value as [string, string][]);
    else if (name === 'subscriptionIdentifiers') words['subscriptionIdentifier'] = (value as number[]).length === 1 ? (value as number[])[0] : value;
    else words[NAMES[name] ?? name] = FLAGS.has(name) ? value === 1 : value;
  }
  return Object.keys(words).length === 0 ? {} : { properties: words };
}

function groupPairs(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries([...groups].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
}

/** What mqtt-packet reads from the bytes of one packet. */
export function oracleReads(bytes: Uint8Array, version: MqttVersion): Words {
  const seen: unknown[] = [];
  const parser = mqttPacket.parser({ protocolVersion: version });
  parser.on('packet', (packet) => seen.push(packet));
  parser.on('error', (error: Error) => seen.push({ error: error.message }));
  parser.parse(Buffer.from(bytes));
  if (seen.length !== 1) throw new Error(`mqtt-packet gave ${JSON.stringify(seen)}`);
  return words(seen[0]);
}

function words(value: unknown): Words {
  const { length: _length, qos, dup, retain, topic, payload, ...rest } = { ...(value as Words) };
  return plainBytes(rest['cmd'] === 'publish' ? { ...rest, topic, payload, qos, dup, retain } : rest);
}

/** mqtt-packet writes neither the bridge bit of 5.0 (it writes the level of 3.1) nor a password without a user name. */
export function oracleCanWrite(packet: Packet): boolean {
  if (packet.type !== 'connect') return true;
  return !(packet.version === 5 && packet.bridge) && !(packet.password !== undefined && packet.username === undefined);
}

/** What mqtt-packet writes for the packet. */
export function oracleWrites(packet: Packet, version: MqttVersion): Buffer {
  const options = withBuffers(oracleWords(packet, version)) as unknown as Parameters<typeof mqttPacket.generate>[0];
  return mqttPacket.generate(options, { protocolVersion: version });
}

/** mqtt-packet wants Buffers where it takes bytes. */
function withBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(withBuffers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withBuffers(entry)]));
}
