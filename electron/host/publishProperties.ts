/** Publish properties as the contract has them, as MQTT.js writes them. */
import type { IPublishPacket } from 'mqtt';
import { BusbarError } from '../../broker/base/errors.ts';
import type { PublishProperties } from '../contract/clients.ts';

type PacketProperties = NonNullable<IPublishPacket['properties']>;

export function packetProperties(from: PublishProperties): PacketProperties {
  const properties: PacketProperties = {};
  if (from.contentType !== undefined) properties.contentType = from.contentType;
  if (from.utf8 !== undefined) properties.payloadFormatIndicator = from.utf8;
  if (from.messageExpiry !== undefined) properties.messageExpiryInterval = from.messageExpiry;
  if (from.topicAlias !== undefined) properties.topicAlias = from.topicAlias;
  if (from.responseTopic !== undefined) properties.responseTopic = from.responseTopic;
  if (from.correlationData !== undefined) properties.correlationData = Buffer.from(from.correlationData);
  if (from.userProperties && from.userProperties.length > 0) properties.userProperties = userProperties(from.userProperties);
  return properties;
}

/** Names may come more than once [MQTT-3.3.2-18 keeps their order]; MQTT.js keeps the order of each name's values. */
function userProperties(list: NonNullable<PublishProperties['userProperties']>): Record<string, string | string[]> {
  const byName = new Map<string, string[]>();
  for (const { name, value } of list) byName.set(name, [...(byName.get(name) ?? []), value]);
  return Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
}

/** Throws BAD_REQUEST when there are any: MQTT 3 has no place for them, and dropping them would surprise. */
export function refuseProperties(properties: PublishProperties): void {
  const [first] = Object.keys(properties);
  if (first === undefined) return;
  throw new BusbarError('BAD_REQUEST', `Publish properties (${first}) need MQTT 5; this connection speaks an earlier version.`, { hint: 'Remove the properties, or choose MQTT 5 in the connection settings.' });
}
