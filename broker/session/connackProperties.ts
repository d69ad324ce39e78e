/** What a successful CONNACK tells an MQTT 5 client (broker-contract 8.4). */
import type { ConnectPacket, Properties } from '../protocol/packet.ts';
import { encodeWithin } from '../protocol/writer.ts';
import type { Channel } from './channel.ts';

/** Properties whose absence means the same (section 3.2.2.3). */
const DEFAULTS: Readonly<Partial<Properties>> = {
  receiveMaximum: 65_535,
  retainAvailable: 1,
  topicAliasMaximum: 0,
  wildcardSubscriptionAvailable: 1,
  subscriptionIdentifierAvailable: 1,
  sharedSubscriptionAvailable: 1,
};

/** `assigned`: the client identifier if the broker chose it. */
export function connackProperties(channel: Channel, packet: ConnectPacket, assigned: string | undefined): Properties {
  const { mqtt } = channel.node;
  const properties: Properties = {
    receiveMaximum: channel.announcedReceiveMaximum,
    retainAvailable: mqtt.retainAvailable ? 1 : 0,
    maximumPacketSize: mqtt.maxPacketSize,
    topicAliasMaximum: mqtt.maxTopicAlias,
    wildcardSubscriptionAvailable: mqtt.wildcardSubscription ? 1 : 0,
    subscriptionIdentifierAvailable: 1,
    sharedSubscriptionAvailable: mqtt.sharedSubscription ? 1 : 0,
  };
  if (mqtt.maxQosAllowed < 2) properties.maximumQos = mqtt.maxQosAllowed === 1 ? 1 : 0;
  if (channel.connection.keepalive !== packet.keepalive) properties.serverKeepAlive = channel.connection.keepalive;
  if (assigned !== undefined) properties.assignedClientIdentifier = assigned; // [MQTT-3.2.2-16]
  // [MQTT-3.1.2-28]: told only to those who ask.
  if (mqtt.responseInformation !== '' && packet.properties.requestResponseInformation === 1) properties.responseInformation = mqtt.responseInformation;
  const { connackUserProperties } = mqtt;
  if (connackUserProperties.length > 0 && channel.problemInformation) {
    properties.userProperties = connackUserProperties.map(([name, value]) => [name, value.replaceAll('${listener}', channel.connection.listener)]);
  }
  return properties;
}

/**
 * The properties with which CONNACK keeps within the client's Maximum Packet Size: those that only say what is understood without them are
 * left out when they have to be. Undefined: it cannot be said in so few bytes, and a CONNACK that is too large is never sent [MQTT-3.1.2-24].
 */
export function fitting(properties: Properties, maximumPacketSize: number): Properties | undefined {
  const fits = (tried: Properties) =>
    encodeWithin({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: tried }, 5, maximumPacketSize) !== undefined;
  if (fits(properties)) return properties;
  const needed = Object.fromEntries(Object.entries(properties).filter(([name, value]) => DEFAULTS[name as keyof Properties] !== value)) as Properties;
  return fits(needed) ? needed : undefined;
}
