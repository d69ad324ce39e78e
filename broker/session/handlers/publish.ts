/** PUBLISH from a client: alias, limits, authorization, routing, acknowledgement, in this order. */
import { METRIC } from '../../metrics/metrics.ts';
import type { Message } from '../../protocol/message.ts';
import { NO_PROPERTIES, type Properties, type PublishPacket } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import { countLevels } from '../../topics/topicName.ts';
import { AwaitingRel } from '../awaitingRel.ts';
import type { Channel } from '../channel.ts';
import type { Session } from '../session.ts';

const QOS_RECEIVED = [METRIC['messages.qos0.received'], METRIC['messages.qos1.received'], METRIC['messages.qos2.received']] as const;

export function handlePublish(channel: Channel, session: Session, packet: PublishPacket): void {
  const { node } = channel;
  const { metrics, mqtt } = node;
  metrics.inc(METRIC['packets.publish.received']);
  metrics.inc(METRIC['messages.received']);
  metrics.inc(QOS_RECEIVED[packet.qos]);
  channel.counters.countReceived(packet.qos);

  if (packet.qos > mqtt.maxQosAllowed) return reject(channel, ReasonCode.QosNotSupported); // [MQTT-3.2.2-11]
  if (packet.retain && !mqtt.retainAvailable) return reject(channel, ReasonCode.RetainNotSupported); // [MQTT-3.2.2-14]
  const topic = packet.properties.topicAlias === undefined ? packet.topic : resolveAlias(channel, packet.topic, packet.properties.topicAlias);
  if (typeof topic === 'number') return reject(channel, topic);
  // The parser hands on valid topics only; how deep they may be is this broker's own limit, and known for one that was sent before.
  if (topic !== channel.verdict.topic && countLevels(topic) > mqtt.maxTopicLevels) return reject(channel, ReasonCode.TopicNameInvalid);

  // A repeat of a QoS 2 PUBLISH is the same message: acknowledged again, not published again [MQTT-4.3.3-10].
  if (packet.qos === 2 && session.awaitingRel?.has(packet.packetId) === true) {
    metrics.inc(METRIC['packets.publish.inuse']);
    return acknowledge(channel, packet, ReasonCode.Success);
  }
  if (!authorized(channel, topic, packet)) return deny(channel, packet, topic);
  if (packet.qos === 2 && !reserve(channel, session, packet.packetId)) return;

  const message: Message = {
    topic,
    payload: packet.payload,
    qos: packet.qos,
    retain: packet.retain,
    properties: packet.properties === NO_PROPERTIES ? NO_PROPERTIES : ofTheMessage(packet.properties),
    fromClientId: channel.identity.clientId,
    fromUsername: channel.identity.username,
    timestampMs: node.clock.now(),
  };
  const receivers = node.publish(message);
  if (packet.qos === 0) return;
  const reasonCode = receivers === 0 ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
  acknowledge(channel, packet, packet.qos === 1 ? node.acknowledging(packet.packetId, message, receivers, reasonCode) : reasonCode);
}

/** The topic an alias stands for, or a reason code. The mapping is set even if the publish is refused later (section 3.3.2.3.4). */
function resolveAlias(channel: Channel, topic: string, alias: number): string | number {
  if (alias === 0 || alias > channel.node.mqtt.maxTopicAlias) return ReasonCode.TopicAliasInvalid; // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
  if (topic === '') return channel.aliases?.get(alias) ?? ReasonCode.ProtocolError;
  channel.aliases ??= new Map();
  channel.aliases.set(alias, topic);
  return topic;
}

/** Remembers the id until PUBREL. False when the connection had to end over it. */
function reserve(channel: Channel, session: Session, packetId: number): boolean {
  const { mqtt, metrics, clock } = channel.node;
  // An MQTT 5 client was told its window; others get the configured one.
  const max = channel.version === 5 ? Math.min(channel.announcedReceiveMaximum, mqtt.maxAwaitingRel) : mqtt.maxAwaitingRel;
  session.awaitingRel ??= new AwaitingRel(session);
  if (session.awaitingRel.add(packetId, max, clock.now())) return true;
  metrics.inc(METRIC['messages.dropped']);
  metrics.inc(METRIC['messages.dropped.receive_maximum']);
  channel.counters.recvDropped += 1;
  channel.disconnect(ReasonCode.ReceiveMaximumExceeded); // [MQTT-3.3.4-9]
  return false;
}

function authorized(channel: Channel, topic: string, packet: PublishPacket): boolean {
  const { node, verdict } = channel;
  const { qos, retain } = packet;
  if (verdict.topic === topic && verdict.epoch === node.authzEpoch && verdict.qos === qos && verdict.retain === retain) {
    node.authorizedFromCache(verdict.allowed);
    return verdict.allowed;
  }
  verdict.allowed = node.authorize(channel.identity, 'publish', topic, qos, retain);
  verdict.topic = topic;
  verdict.epoch = node.authzEpoch;
  verdict.qos = qos;
  verdict.retain = retain;
  return verdict.allowed;
}

/** broker-contract 1.5: dropped with an acknowledgement that says so, or the end of the connection. */
function deny(channel: Channel, packet: PublishPacket, topic: string): void {
  const { node, identity } = channel;
  node.metrics.inc(METRIC['packets.publish.auth_error']);
  node.log.warn('cannot_publish_to_topic_due_to_not_authorized', { clientid: identity.clientId, username: identity.username, topic });
  if (node.denyDisconnects) return channel.disconnect(ReasonCode.NotAuthorized);
  if (packet.qos > 0) acknowledge(channel, packet, ReasonCode.NotAuthorized);
}

function reject(channel: Channel, reasonCode: number): void {
  channel.node.metrics.inc(METRIC['packets.publish.error']);
  channel.disconnect(reasonCode);
}

function acknowledge(channel: Channel, packet: PublishPacket, reasonCode: number): void {
  channel.send({ type: packet.qos === 1 ? 'puback' : 'pubrec', packetId: packet.packetId, reasonCode, properties: NO_PROPERTIES });
}

/** The alias belongs to the hop, everything else to the message (section 3.3.2.3). */
function ofTheMessage(properties: Properties): Properties {
  if (properties.topicAlias === undefined) return properties;
  const { topicAlias: _alias, ...rest } = properties;
  return rest;
}
