/** CONNECT: checks first, take-over after, so that a refused CONNECT touches nobody's session (section 3.1.4). */
import type { Millis } from '../../base/ids.ts';
import { METRIC } from '../../metrics/metrics.ts';
import type { AuthnVerdict } from '../../protocol/authentication.ts';
import type { ConnectPacket, Properties } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import { utf8Problem } from '../../protocol/utf8.ts';
import { countLevels } from '../../topics/topicName.ts';
import type { Channel } from '../channel.ts';
import { withAttributes } from '../clientAttributes.ts';
import { connackProperties, fitting } from '../connackProperties.ts';
import { farewellProperties, type Farewell } from '../farewell.ts';
import { mountedTooLong, renderMountpoint } from '../mountpoint.ts';
import type { OpenedSession, RefusedSession } from '../ports.ts';
import { vouchedFor } from '../vouchedFor.ts';
import { authenticate } from './authenticate.ts';

/** 0xFFFFFFFF: the session never expires (section 3.1.2.11.2). */
const NEVER = 0xffff_ffff;

/** What MQTT 3.1 allows; most servers never cared. */
const MAX_CLIENT_ID_31 = 23;

export function expiryMsOf(seconds: number): Millis {
  return seconds === NEVER ? Number.POSITIVE_INFINITY : seconds * 1000;
}

export function handleConnect(channel: Channel, packet: ConnectPacket): void {
  const { node } = channel;
  node.metrics.inc(METRIC['packets.connect.received']);
  node.metrics.inc(METRIC['client.connect']);
  const assigned = takeIdentity(channel, packet);
  const { redirect } = channel.peer;
  if (redirect !== undefined) return refuse(channel, redirect.moved ? ReasonCode.ServerMoved : ReasonCode.UseAnotherServer, { serverReference: redirect.to });
  const refusal = check(channel, packet) || node.connecting(channel, packet.properties) || node.admit(channel);
  if (refusal !== ReasonCode.Success) return refuse(channel, refusal);
  const verdict = authenticate(channel, packet, (later) => conclude(channel, packet, assigned, later));
  if (verdict !== undefined) conclude(channel, packet, assigned, verdict);
}

/** Answers the CONNECT, now that it is known who the client is. */
function conclude(channel: Channel, packet: ConnectPacket, assigned: string | undefined, verdict: AuthnVerdict): void {
  const { node } = channel;
  if (verdict.result === 'error') return refuse(channel, verdict.reasonCode);
  vouchedFor(channel, verdict);
  const mountpoint = renderMountpoint(channel.peer.mountpoint ?? '', channel.identity);
  if (mountpoint === undefined) return refuse(channel, ReasonCode.ClientIdentifierNotValid);
  if (channel.will !== null && mountedTooLong(mountpoint, channel.will.topic)) return refuse(channel, ReasonCode.TopicNameInvalid);
  channel.mountpoint = mountpoint;
  const wanted = packet.version === 5 ? connackProperties(channel, packet, assigned) : {};
  if (channel.enhancedAuth !== null) Object.assign(wanted, channel.enhancedAuth.properties(verdict.data));
  const properties = fitting(wanted, packet.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY);
  if (properties === undefined) return channel.abort('connack_too_large');
  const opened = node.openSession(channel, packet.cleanStart, (later) =>
    channel.whileAlive(() => {
      channel.opening = null;
      accept(channel, properties, later);
      channel.out.release();
    }),
  );
  if (opened !== undefined) return accept(channel, properties, opened);
  channel.connState = 'connecting';
  channel.out.hold();
}

/** The session is here, or cannot be had now. */
function accept(channel: Channel, properties: Properties, opened: OpenedSession | RefusedSession): void {
  if ('refused' in opened) return refuse(channel, opened.refused);
  const { session, present } = opened;
  session.attach(channel);
  sendConnack(channel, present, ReasonCode.Success, properties);
  channel.opened(session, channel.connection.keepalive);
  channel.node.connected(channel);
  // [MQTT-4.4.0-1]: what was not acknowledged comes again, after CONNACK.
  session.resume();
}

/** Copies what the packet says about the client. Returns the client id if the broker had to choose it. */
function takeIdentity(channel: Channel, packet: ConnectPacket): string | undefined {
  const { node, peer } = channel;
  const { properties } = packet;
  const { useUsernameAsClientId } = node.mqtt;
  const username = peer.certificate?.username ?? packet.username;
  const named = peer.certificate?.clientId ?? (useUsernameAsClientId ? (username ?? '') : packet.clientId);
  // [MQTT-3.1.3-6], [MQTT-3.1.3-7]: an empty id is replaced; in 3.x only for a session that ends with its connection.
  const mayBeChosen = packet.clientId === '' && !useUsernameAsClientId && (packet.version === 5 || packet.cleanStart);
  const assigned = mayBeChosen ? named || node.assignClientId() : undefined;
  channel.version = packet.version;
  channel.problemInformation = properties.requestProblemInformation !== 0;
  channel.out.setProtocol(packet.version, properties.maximumPacketSize ?? Number.POSITIVE_INFINITY, properties.topicAliasMaximum ?? 0);
  channel.identity = {
    clientId: assigned ?? named,
    username,
    peerHost: peer.host,
    isBridge: packet.bridge,
    ...(peer.certificate && { certCommonName: peer.certificate.commonName, certSubject: peer.certificate.subject }),
  };
  channel.connection = {
    listener: peer.listener,
    peerHost: peer.host,
    peerPort: peer.port,
    protoVer: packet.version,
    // Server Keep Alive is for clients that can be told (MQTT 5).
    keepalive: packet.version === 5 ? (node.mqtt.serverKeepalive ?? packet.keepalive) : packet.keepalive,
    cleanStart: packet.cleanStart,
    connectedAtMs: node.clock.now(),
  };
  if (node.mqtt.clientAttrsInit.length > 0 || node.mqtt.clientIdOverride !== undefined) {
    channel.identity = withAttributes(channel.identity, channel.connection, properties, node.mqtt);
  }
  channel.sessionExpiryMs = sessionExpiryMs(channel, packet);
  channel.clientReceiveMaximum = properties.receiveMaximum ?? 65_535;
  channel.announcedReceiveMaximum = Math.min(channel.clientReceiveMaximum, node.mqtt.maxInflight);
  channel.will = packet.will ?? null;
  return assigned === undefined ? undefined : channel.identity.clientId;
}

/** MQTT 3's clean session is an expiry of 0, its opposite lasts as long as `mqtt.session_expiry_interval` says. */
function sessionExpiryMs(channel: Channel, packet: ConnectPacket): Millis {
  if (packet.version === 5) return expiryMsOf(packet.properties.sessionExpiryInterval ?? 0);
  return packet.cleanStart ? 0 : channel.node.mqtt.sessionExpiryIntervalMs;
}

/** The reason code of the first check that fails, or 0. */
function check(channel: Channel, packet: ConnectPacket): number {
  const { mqtt } = channel.node;
  const { clientId } = channel.identity;
  const maxLength = mqtt.strictMode && packet.version === 3 ? Math.min(MAX_CLIENT_ID_31, mqtt.maxClientIdLen) : mqtt.maxClientIdLen;
  if (clientId === '' || Buffer.byteLength(clientId) > maxLength) return ReasonCode.ClientIdentifierNotValid; // [MQTT-3.1.3-8]
  const { will } = packet;
  if (will === undefined) return ReasonCode.Success;
  if (will.qos > mqtt.maxQosAllowed) return ReasonCode.QosNotSupported; // [MQTT-3.2.2-12]
  if (mqtt.strictMode && will.properties.payloadFormatIndicator === 1 && utf8Problem(will.payload, 0, will.payload.length) === 'utf8') {
    return ReasonCode.PayloadFormatInvalid;
  }
  if (will.retain && !mqtt.retainAvailable) return ReasonCode.RetainNotSupported; // [MQTT-3.2.2-13]
  return countLevels(will.topic) > mqtt.maxTopicLevels ? ReasonCode.TopicNameInvalid : ReasonCode.Success;
}

function refuse(channel: Channel, reasonCode: number, farewell: Farewell = {}): void {
  const { metrics } = channel.node;
  metrics.inc(METRIC['packets.connack.error']);
  if (reasonCode === ReasonCode.BadUserNameOrPassword || reasonCode === ReasonCode.NotAuthorized) metrics.inc(METRIC['packets.connack.auth_error']);
  sendConnack(channel, false, reasonCode, farewellProperties(reasonCode, farewell)); // [MQTT-3.2.2-6]
  channel.abort('connack_refused'); // [MQTT-3.2.2-7]
}

function sendConnack(channel: Channel, sessionPresent: boolean, reasonCode: number, properties: Properties): void {
  channel.node.metrics.inc(METRIC['client.connack']);
  channel.send({ type: 'connack', sessionPresent, reasonCode, properties: channel.node.connack(channel, reasonCode, properties) });
}
