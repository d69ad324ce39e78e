/** PUBLISH from a client: alias, limits, authorization, routing, acknowledgement, in this order. */
import { METRIC } from '../../metrics/metrics.ts';
import type { Message } from '../../protocol/message.ts';
import { lend, letGoLent, ROOM_FROM_BYTES } from '../../protocol/lentBytes.ts';
import { ownBytes } from '../../protocol/ownBytes.ts';
import { NO_PROPERTIES, type Properties, type PublishPacket, type Qos } from '../../protocol/packet.ts';
import { ReasonCode, reasonName } from '../../protocol/reasonCodes.ts';
import { utf8Problem } from '../../protocol/utf8.ts';
import { countLevels } from '../../topics/topicName.ts';
import { AwaitingRel } from '../awaitingRel.ts';
import type { Channel } from '../channel.ts';
import { mounted, mountedTooLong, mountTopic } from '../mountpoint.ts';
import { PendingAcks, type PendingAck } from '../pendingAcks.ts';
import { Publication } from '../publication.ts';
import { reasonString } from '../reasonString.ts';
import type { Session } from '../session.ts';

/**
 * All topics one client may have aliases for, in UTF-16 units. `mqtt.max_topic_alias` bounds their number alone, which would let a
 * client keep 65,535 topics of 64 KB: 4 GB. Above it the connection ends with 0x97.
 */
const MAX_ALIASED_LENGTH = 4 * 1024 * 1024;

const PUBLISH_RECEIVED = METRIC['packets.publish.received'];
/** In the first byte of a PUBLISH. */
const DUP = 0x08;
const MESSAGES_RECEIVED = METRIC['messages.received'];
const QOS_RECEIVED = [METRIC['messages.qos0.received'], METRIC['messages.qos1.received'], METRIC['messages.qos2.received']] as const;

/** Reason Strings of refusing acknowledgements; for other codes their name has to do. */
const REFUSALS: Readonly<Partial<Record<number, string>>> = {
  [ReasonCode.NotAuthorized]: 'publishing to this topic is not allowed',
  [ReasonCode.PayloadFormatInvalid]: 'the payload is announced as UTF-8 and is not',
};

export function handlePublish(channel: Channel, session: Session, packet: PublishPacket): void {
  const { node } = channel;
  const { qos, retain, packetId } = packet;
  count(channel, qos);
  if (!offered(channel, qos, retain)) return;
  const topic = packet.properties.topicAlias === undefined ? packet.topic : resolveAlias(channel, packet.topic, packet.properties.topicAlias);
  if (typeof topic === 'number') return reject(channel, topic, `topic alias ${packet.properties.topicAlias} is not in use or not allowed`);
  if (node.mqtt.strictMode && isFalseText(packet)) return refuseFormat(channel, qos, packetId);
  const admitted = admit(channel, session, topic, qos, retain, packetId, packet.dup);
  if (admitted === false) return;
  const message: Message = {
    topic,
    payload: packet.payload,
    qos,
    retain,
    properties: packet.properties === NO_PROPERTIES ? NO_PROPERTIES : ofTheMessage(packet.properties),
    fromClientId: channel.identity.clientId,
    fromUsername: channel.identity.username,
    timestampMs: node.clock.now(),
  };
  publish(channel, new Publication(message), packetId, admitted);
}

/** The same for a PUBLISH without properties, read by its offsets (`ByteSink.onPublish`): no packet is made of it. */
export function handlePublishBytes(
  channel: Channel,
  session: Session,
  bytes: Buffer,
  at: number,
  end: number,
  owned: boolean,
  topic: string,
  packetId: number,
  payloadAt: number,
): void {
  const firstByte = bytes[at]!;
  const qos = ((firstByte >> 1) & 3) as Qos;
  const retain = (firstByte & 1) !== 0;
  count(channel, qos);
  const admitted = offered(channel, qos, retain) && admit(channel, session, topic, qos, retain, packetId, (firstByte & DUP) !== 0);
  if (admitted === false) return;
  const frame = owned ? new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at) : ownBytes(bytes, at, end);
  const publication = Publication.received(frame, payloadAt - at, topic, channel.version, channel.identity, channel.node.clock.now());
  if (frame.length < ROOM_FROM_BYTES || qos > 0 || retain || channel.node.mqtt.upgradeQos || !lend(frame)) return publish(channel, publication, packetId, admitted);
  try {
    publish(channel, publication.lent(), packetId, admitted);
  } finally {
    publication.over();
    letGoLent(frame);
  }
}

function count(channel: Channel, qos: Qos): void {
  const { metrics } = channel.node;
  metrics.inc(PUBLISH_RECEIVED);
  metrics.inc(MESSAGES_RECEIVED);
  metrics.inc(QOS_RECEIVED[qos]);
  channel.counters.countReceived(qos);
}

/** Whether CONNACK offered this QoS and RETAIN. If not, the connection has ended. */
function offered(channel: Channel, qos: Qos, retain: boolean): boolean {
  const { mqtt } = channel.node;
  if (qos > mqtt.maxQosAllowed) reject(channel, ReasonCode.QosNotSupported, `QoS ${qos} is above the maximum of ${mqtt.maxQosAllowed}`); // [MQTT-3.2.2-11]
  else if (retain && !mqtt.retainAvailable) reject(channel, ReasonCode.RetainNotSupported, 'messages may not be retained'); // [MQTT-3.2.2-14]
  else return true;
  return false;
}

/** Whether the message goes on to the router, and if it has been there before. If not, all that is due has been answered. */
function admit(channel: Channel, session: Session, topic: string, qos: Qos, retain: boolean, packetId: number, dup: boolean): false | 'new' | 'again' {
  const { metrics, mqtt } = channel.node;
  // The parser hands on valid topics only; how deep they may be is this broker's own limit, and known for one that was sent before.
  if (topic !== channel.verdict.topic && (countLevels(topic) > mqtt.maxTopicLevels || mountedTooLong(channel.mountpoint, topic))) {
    reject(channel, ReasonCode.TopicNameInvalid, `the topic has more than ${mqtt.maxTopicLevels} levels or is too long`);
    return false;
  }
  // A client repeats with DUP [MQTT-3.3.1-1]. Without it the id is free for the client: its PUBREL went to a node whose word of it was lost
  // or is still apart from here, so an id that an earlier connection left names another message by now.
  if (qos === 2 && !dup && session.keeper !== null && session.awaitingRel?.isLeft(packetId) === true) {
    session.awaitingRel.release(packetId);
    session.keeper.release(session, packetId);
  }
  // A repeat of a QoS 2 PUBLISH is the same message: acknowledged again, not published again [MQTT-4.3.3-10].
  const again = qos === 2 && session.awaitingRel?.has(packetId) === true;
  if (again) metrics.inc(METRIC['packets.publish.inuse']);
  // One that a keeper remembers may not have reached everybody yet: it goes to the keeper, which knows it by its packet id (R65).
  if (again && session.keeper === null) {
    acknowledge(channel, qos, packetId, ReasonCode.Success);
    return false;
  }
  if (!authorized(channel, topic, qos, retain)) {
    deny(channel, qos, packetId, topic);
    return false;
  }
  if (again) return 'again';
  return (qos !== 2 || reserve(channel, session, packetId)) && 'new';
}

/** To the router, and the answer to the publisher. The channel's verdict is about this topic. */
function publish(channel: Channel, received: Publication, packetId: number, admitted: 'new' | 'again'): void {
  const { node, verdict, mountpoint } = channel;
  const { qos } = received;
  const entry = (verdict.entry ??= node.topicEntry(mountTopic(mountpoint, verdict.topic)));
  const publication = mountpoint === '' ? received : mounted(received, entry.topic);
  if (admitted === 'again') return node.publishAgain(publication, entry, channel, packetId);
  const receivers = node.publishReceived(publication, entry, channel, packetId);
  if (qos === 0 || receivers < 0) return;
  acknowledge(channel, qos, packetId, answer(channel, publication, packetId, receivers));
}

/** The reason code for a message with so many receivers. */
function answer(channel: Channel, publication: Publication, packetId: number, receivers: number): number {
  const reasonCode = receivers === 0 ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
  return publication.qos === 1 ? channel.node.acknowledging(packetId, publication, receivers, reasonCode) : reasonCode;
}

/** The acknowledgement of a message that is not safe yet. */
export function acknowledgeLater(channel: Channel, publication: Publication, packetId: number): PendingAck {
  channel.pendingAcks ??= new PendingAcks(channel);
  return channel.pendingAcks.add((receivers) => sendAcknowledgement(channel, publication.qos, packetId, answer(channel, publication, packetId, receivers)));
}

/** Announced as UTF-8 and is not (section 3.3.2.3.2); U+0000 is allowed in payloads. */
function isFalseText({ payload, properties }: PublishPacket): boolean {
  return properties.payloadFormatIndicator === 1 && utf8Problem(payload, 0, payload.length) === 'utf8';
}

function refuseFormat(channel: Channel, qos: Qos, packetId: number): void {
  channel.node.metrics.inc(METRIC['packets.publish.error']);
  if (qos > 0) return acknowledge(channel, qos, packetId, ReasonCode.PayloadFormatInvalid);
  channel.disconnect(ReasonCode.PayloadFormatInvalid, { reasonString: REFUSALS[ReasonCode.PayloadFormatInvalid] });
}

/** The topic an alias stands for, or a reason code. The mapping is set even if the publish is refused later (section 3.3.2.3.4). */
function resolveAlias(channel: Channel, topic: string, alias: number): string | number {
  if (alias === 0 || alias > channel.node.mqtt.maxTopicAlias) return ReasonCode.TopicAliasInvalid; // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
  if (topic === '') return channel.aliases?.get(alias) ?? ReasonCode.ProtocolError;
  channel.aliases ??= new Map();
  channel.aliasedLength += topic.length - (channel.aliases.get(alias)?.length ?? 0);
  if (channel.aliasedLength > MAX_ALIASED_LENGTH) return ReasonCode.QuotaExceeded;
  channel.aliases.set(alias, topic);
  return topic;
}

/** Remembers the id until PUBREL. False when the connection had to end over it. */
function reserve(channel: Channel, session: Session, packetId: number): boolean {
  const { mqtt, metrics, clock } = channel.node;
  // An MQTT 5 client was told its window; others get the configured one.
  const window = channel.version === 5 ? channel.announcedReceiveMaximum : mqtt.maxAwaitingRel;
  session.awaitingRel ??= new AwaitingRel(session);
  if (session.awaitingRel.add(packetId, window, mqtt.maxAwaitingRel, clock.now())) return true;
  metrics.inc(METRIC['messages.dropped']);
  metrics.inc(METRIC['messages.dropped.receive_maximum']);
  channel.counters.countReceivedDrop(false);
  channel.disconnect(ReasonCode.ReceiveMaximumExceeded, { reasonString: `more than ${window} QoS 2 messages wait for PUBREL` }); // [MQTT-3.3.4-9]
  return false;
}

function authorized(channel: Channel, topic: string, qos: Qos, retain: boolean): boolean {
  const { node, verdict } = channel;
  if (verdict.topic === topic && verdict.epoch === node.authzEpoch && verdict.qos === qos && verdict.retain === retain) {
    node.authorizedFromCache(verdict.allowed);
    return verdict.allowed;
  }
  verdict.allowed = node.authorize(channel.identity, 'publish', topic, qos, retain);
  if (verdict.topic !== topic) verdict.entry = null;
  verdict.topic = topic;
  verdict.epoch = node.authzEpoch;
  verdict.qos = qos;
  verdict.retain = retain;
  return verdict.allowed;
}

/** broker-contract 1.5: dropped with an acknowledgement that says so, or the end of the connection. */
function deny(channel: Channel, qos: Qos, packetId: number, topic: string): void {
  const { node, identity } = channel;
  node.metrics.inc(METRIC['packets.publish.auth_error']);
  node.log.warn('cannot_publish_to_topic_due_to_not_authorized', { clientid: identity.clientId, username: identity.username, topic });
  if (node.denyDisconnects) return channel.disconnect(ReasonCode.NotAuthorized);
  if (qos > 0) acknowledge(channel, qos, packetId, ReasonCode.NotAuthorized);
}

function reject(channel: Channel, reasonCode: number, detail: string): void {
  channel.node.metrics.inc(METRIC['packets.publish.error']);
  channel.disconnect(reasonCode, { reasonString: detail });
}

function acknowledge(channel: Channel, qos: Qos, packetId: number, reasonCode: number): void {
  // Not before those of earlier packets [MQTT-4.6.0-2].
  if (channel.pendingAcks !== null && channel.pendingAcks.length > 0) channel.pendingAcks.add(() => sendAcknowledgement(channel, qos, packetId, reasonCode)).published(1);
  else sendAcknowledgement(channel, qos, packetId, reasonCode);
}

function sendAcknowledgement(channel: Channel, qos: Qos, packetId: number, reasonCode: number): void {
  const type = qos === 1 ? 'puback' : 'pubrec';
  if (reasonCode === ReasonCode.Success) channel.sendAck(type, packetId);
  else channel.send({ type, packetId, reasonCode, properties: reasonCode < 0x80 ? NO_PROPERTIES : reasonString(channel, REFUSALS[reasonCode] ?? reasonName(reasonCode)) });
}

/** The alias belongs to the hop, everything else to the message (section 3.3.2.3). */
function ofTheMessage(properties: Properties): Properties {
  if (properties.topicAlias === undefined) return properties;
  const { topicAlias: _alias, ...rest } = properties;
  return rest;
}
