/** The protocol state of one connection: from its first byte to its end. What each packet does is in handlers/<packet>.ts. */
import { assert } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import type { Millis } from '../base/ids.ts';
import { METRIC } from '../metrics/metrics.ts';
import type { ClientInfo, ConnInfo } from '../protocol/clientInfo.ts';
import { type AckPacket, type MqttVersion, type Packet, type PacketType, type Qos, type Will } from '../protocol/packet.ts';
import { ACK_BYTES } from '../protocol/parser.ts';
import { ReasonCode, reasonName } from '../protocol/reasonCodes.ts';
import type { Violation } from '../protocol/violations.ts';
import { ClientCounters } from './clientCounters.ts';
import type { EnhancedAuth } from './enhancedAuth.ts';
import { farewellProperties, type Farewell } from './farewell.ts';
import { handlePuback, handlePubcomp, handlePubrec, handlePubrel } from './handlers/acks.ts';
import { handleAuth, handleConnecting } from './handlers/authenticate.ts';
import { handleConnect } from './handlers/connect.ts';
import { handleDisconnect } from './handlers/disconnect.ts';
import { handlePingreq } from './handlers/pingreq.ts';
import { handlePublish, handlePublishBytes } from './handlers/publish.ts';
import { handleSubscribe } from './handlers/subscribe.ts';
import { handleUnsubscribe } from './handlers/unsubscribe.ts';
import type { PendingAcks } from './pendingAcks.ts';
import type { Cancellable, NodePort, Out, Peer, Timer, TimerName, TimerOwner, TopicHandle } from './ports.ts';
import type { Session } from './session.ts';
import { takeoverPublishesWill } from './will.ts';

/** `connecting`: a CONNECT has come and somebody is still asked who the client is. */
export type ConnState = 'idle' | 'connecting' | 'connected' | 'disconnected';

const SENT_METRIC = Object.fromEntries(
  (['connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'pingresp', 'disconnect', 'auth'] as const).map((type) => [
    type,
    METRIC[`packets.${type}.sent`],
  ]),
) as Readonly<Partial<Record<PacketType, number>>>;

const TOLD_OLDER_CLIENTS: ReadonlySet<number> = new Set([ReasonCode.UnsupportedProtocolVersion, ReasonCode.ClientIdentifierNotValid]);
const ACK_SENT = {
  puback: METRIC['packets.puback.sent'],
  pubrec: METRIC['packets.pubrec.sent'],
  pubrel: METRIC['packets.pubrel.sent'],
  pubcomp: METRIC['packets.pubcomp.sent'],
} as const;
// Constants: what every packet counts must not look a name up.
const PACKETS_RECEIVED = METRIC['packets.received'];
const PACKETS_SENT = METRIC['packets.sent'];
const PUBLISH_SENT = METRIC['packets.publish.sent'];
const MESSAGES_SENT = METRIC['messages.sent'];
const QOS_SENT = [METRIC['messages.qos0.sent'], METRIC['messages.qos1.sent'], METRIC['messages.qos2.sent']] as const;

/** The last publish verdict of this connection: publishers repeat themselves. */
export interface PublishVerdict {
  topic: string;
  qos: Qos;
  retain: boolean;
  epoch: number;
  allowed: boolean;
  /** What the node knows of the topic; null until the first message to it was let through. */
  entry: TopicHandle | null;
}

export class Channel implements TimerOwner {
  readonly node: NodePort;
  readonly out: Out;
  readonly counters = new ClientCounters();
  connState: ConnState = 'idle';
  /** Until a CONNECT says otherwise nothing is written, so the value before does not matter. */
  version: MqttVersion = 4;
  identity: ClientInfo;
  connection: ConnInfo;
  sessionExpiryMs: Millis = 0;
  /** QoS 1 and 2 the client takes at once, and what we announced to take from it. */
  clientReceiveMaximum = 65_535;
  announcedReceiveMaximum = 65_535;
  /** The client wants Reason Strings on acknowledgements too [MQTT-3.1.2-29]. */
  problemInformation = true;
  will: Will | null = null;
  session: Session | null = null;
  /** The session is being fetched. Null once it is here. */
  opening: Cancellable | null = null;
  /** PUBLISH packets of the client that are not safe yet. Null until the first. */
  pendingAcks: PendingAcks | null = null;
  /** Null unless CONNECT named a method of authentication. */
  enhancedAuth: EnhancedAuth | null = null;
  /** When the credentials expire. Null = never. */
  expiryTimer: Timer | null = null;
  /** Stands before all topics of the client, unseen by it; empty for none. */
  mountpoint = '';
  /** Inbound topic aliases of this connection; null until the first. */
  aliases: Map<number, string> | null = null;
  /** UTF-16 units of the topics in it. */
  aliasedLength = 0;
  /** Null once CONNECT has been accepted: what is still asked stands in `connection`. */
  #peer: Peer | null;
  #verdict: PublishVerdict | null = null;
  #lastPacketAtMs: Millis;
  #keepaliveLimitMs: Millis = 0;

  constructor(node: NodePort, out: Out, peer: Peer) {
    const nowMs = node.clock.now();
    this.node = node;
    this.out = out;
    this.#peer = peer;
    this.identity = { clientId: '', username: undefined, peerHost: peer.host, isBridge: false };
    this.connection = {
      listener: peer.listener,
      peerHost: peer.host,
      peerPort: peer.port,
      protoVer: 4,
      keepalive: 0,
      cleanStart: true,
      connectedAtMs: nowMs,
    };
    this.#lastPacketAtMs = nowMs;
  }

  /** Where the connection came from, until its CONNECT has been accepted. */
  get peer(): Peer {
    assert(this.#peer !== null, 'the peer is asked for until CONNECT has been accepted');
    return this.#peer;
  }

  get verdict(): PublishVerdict {
    return (this.#verdict ??= { topic: '', qos: 0, retain: false, epoch: -1, allowed: false, entry: null });
  }

  // ---------------------------------------------------------------- what happens to it

  /** A fault of ours while handling a packet ends this connection and nothing more. */
  packet(packet: Packet): void {
    if (this.connState === 'disconnected') return;
    try {
      this.#handle(packet);
    } catch (error) {
      this.#failed(packet.type, error);
    }
  }

  /** Goes on where an answer was awaited. The connection may have ended meanwhile: then the answer concerns nobody. */
  whileAlive(task: () => void): void {
    if (this.connState === 'disconnected') return;
    try {
      task();
    } catch (error) {
      this.#failed('connect', error);
    }
  }

  /** `packet` for a usual PUBLISH of a connected client, as `ByteSink.onPublish` gets it. */
  publishBytes(bytes: Buffer, at: number, end: number, owned: boolean, topic: string, packetId: number, payloadAt: number): void {
    if (this.connState !== 'connected') return this.#uninvited();
    try {
      this.#countPacket();
      handlePublishBytes(this, this.session as Session, bytes, at, end, owned, topic, packetId, payloadAt);
    } catch (error) {
      this.#failed('publish', error);
    }
  }

  /** `packet` for an acknowledgement of success of a connected client, as `ByteSink.onAck` gets it. */
  ackBytes(firstByte: number, packetId: number): void {
    if (this.connState !== 'connected') return this.#uninvited();
    const session = this.session as Session;
    try {
      this.#countPacket();
      if (firstByte === ACK_BYTES.puback) handlePuback(this, session, packetId);
      else if (firstByte === ACK_BYTES.pubrec) handlePubrec(this, session, packetId, ReasonCode.Success);
      else if (firstByte === ACK_BYTES.pubrel) handlePubrel(this, session, packetId);
      else handlePubcomp(this, session, packetId);
    } catch (error) {
      this.#failed('acknowledgement', error);
    }
  }

  /** Behind the end nothing counts; before CONNACK these packets may not come [MQTT-3.1.2-30]. */
  #uninvited(): void {
    if (this.connState === 'connecting') this.enhancedAuth?.refuse(ReasonCode.ProtocolError);
  }

  #failed(packet: string, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.node.log.error('channel_failed', { clientid: this.identity.clientId, packet, reason: messageOf(error), stack });
    this.disconnect(ReasonCode.ImplementationSpecificError);
  }

  #countPacket(): void {
    this.#lastPacketAtMs = this.node.clock.now();
    this.counters.recvPkt += 1;
    this.node.metrics.inc(PACKETS_RECEIVED);
  }

  #handle(packet: Packet): void {
    this.#countPacket();
    if (this.connState === 'idle') {
      if (packet.type === 'connect') handleConnect(this, packet);
      else this.abort('packet_before_connect'); // [MQTT-3.1.0-1]; no DISCONNECT before CONNACK [MQTT-3.14.0-1]
      return;
    }
    if (this.connState === 'connecting') return handleConnecting(this, packet);
    this.#connectedPacket(packet, this.session as Session);
  }

  #connectedPacket(packet: Packet, session: Session): void {
    switch (packet.type) {
      case 'publish':
        return handlePublish(this, session, packet);
      case 'puback':
        return handlePuback(this, session, packet.packetId);
      case 'pubrec':
        return handlePubrec(this, session, packet.packetId, packet.reasonCode);
      case 'pubrel':
        return handlePubrel(this, session, packet.packetId);
      case 'pubcomp':
        return handlePubcomp(this, session, packet.packetId);
      case 'subscribe':
        return handleSubscribe(this, session, packet);
      case 'unsubscribe':
        return handleUnsubscribe(this, session, packet);
      case 'pingreq':
        return handlePingreq(this);
      case 'disconnect':
        return handleDisconnect(this, session, packet);
      case 'auth':
        return handleAuth(this, packet);
      default:
        // A second CONNECT [MQTT-3.1.0-2], or a packet only servers send (section 4.13).
        return this.disconnect(ReasonCode.ProtocolError);
    }
  }

  /** The peer broke a rule of the protocol. `version`: in which form it would understand an answer; 0 = none is known. */
  malformed(violation: Violation, version: MqttVersion | 0): void {
    if (this.connState === 'disconnected') return;
    const { reasonCode, message, spec } = violation;
    this.node.log.warn('malformed_packet', {
      clientid: this.identity.clientId,
      peerhost: this.connection.peerHost,
      reason: reasonName(reasonCode),
      detail: message,
      spec,
    });
    // A second CONNECT is a protocol error whatever else is wrong with it [MQTT-3.1.0-2]; those codes are none of DISCONNECT.
    const told = TOLD_OLDER_CLIENTS.has(reasonCode) ? ReasonCode.ProtocolError : reasonCode;
    if (this.connState === 'connected') return this.disconnect(told, { reasonString: message });
    // Before CONNACK, an MQTT 5 client may be told (section 4.13.1); older ones only what has a return code of its own:
    // the level [MQTT-3.1.2-2] and the client identifier [MQTT-3.1.3-8]. A malformed CONNECT is not answered [MQTT-3.1.4-1].
    if (version === 5 || (version !== 0 && TOLD_OLDER_CLIENTS.has(reasonCode))) {
      this.version = version;
      this.out.setProtocol(version, Number.POSITIVE_INFINITY, 0);
      this.send({ type: 'connack', sessionPresent: false, reasonCode, properties: { reasonString: message } });
    }
    this.abort(reasonName(reasonCode));
  }

  onTimer(name: TimerName): void {
    if (name === 'credentialsExpiry' && this.connState === 'connected') this.disconnect(ReasonCode.NotAuthorized, { reason: 'credentials_expired' });
  }

  /** Ends a connection that has been silent for too long. Asked by the node from time to time (core/deadlines.ts). */
  checkDeadline(nowMs: Millis): void {
    if (this.connState === 'connected') return this.#checkKeepalive(nowMs);
    if (nowMs - this.connection.connectedAtMs < this.node.mqtt.idleTimeoutMs) return;
    this.abort(this.connState === 'idle' ? 'idle_timeout' : 'authentication_timeout');
  }

  /** The client takes data in again. */
  drained(): void {
    this.session?.pump();
  }

  /** The connection ended underneath, by the peer or the network. */
  closed(reason: string): void {
    this.#finish(reason);
  }

  // ---------------------------------------------------------------- what it does

  send(packet: Packet): void {
    const metrics = this.node.metrics;
    metrics.inc(PACKETS_SENT);
    const counter = SENT_METRIC[packet.type];
    if (counter !== undefined) metrics.inc(counter);
    this.counters.sendPkt += 1;
    this.out.send(packet);
  }

  /** `send` for an acknowledgement of success. */
  sendAck(type: AckPacket['type'], packetId: number): void {
    const metrics = this.node.metrics;
    metrics.inc(PACKETS_SENT);
    metrics.inc(ACK_SENT[type]);
    this.counters.sendPkt += 1;
    this.out.sendAck(type, packetId);
  }

  /** Counts a PUBLISH that went out by `Out.deliver`. */
  countSent(qos: Qos): void {
    const metrics = this.node.metrics;
    metrics.inc(PACKETS_SENT);
    metrics.inc(PUBLISH_SENT);
    metrics.inc(MESSAGES_SENT);
    metrics.inc(QOS_SENT[qos]);
    this.counters.sendPkt += 1;
    this.counters.countSent(qos);
  }

  /** CONNACK is out: the session is open and the keep-alive clock runs. `keepalive` in seconds, 0 = off. */
  opened(session: Session, keepalive: number): void {
    this.connState = 'connected';
    this.#peer = null;
    this.session = session;
    if (keepalive === 0) this.node.deadlines.forget(this);
    else this.#keepaliveLimitMs = Math.ceil(keepalive * 1000 * this.node.mqtt.keepaliveMultiplier);
  }

  /** Ends the connection with a reason: DISCONNECT for MQTT 5, a plain close for others (3.x has no such packet). */
  disconnect(reasonCode: number, farewell: Farewell = {}): void {
    this.#sayGoodbye(reasonCode, farewell);
    this.#finish(farewell.reason ?? reasonName(reasonCode));
  }

  /** Another connection with the same client id takes or discards the session. Leaves the session to the node. */
  takenOver(newCleanStart: boolean): void {
    const session = this.session;
    this.#sayGoodbye(ReasonCode.SessionTakenOver, {});
    this.session = null;
    this.#finish(newCleanStart ? 'discarded' : 'takenover');
    if (session === null) return;
    session.detach(this.node.clock.now());
    if (session.will === null) return;
    if (takeoverPublishesWill(session.will, session.expiryMs, newCleanStart)) this.node.publishWill(session);
    else session.will = null;
  }

  /** Closes without a word: nothing may be sent before a CONNACK that accepts. */
  abort(reason: string): void {
    this.out.close();
    this.#finish(reason);
  }

  #sayGoodbye(reasonCode: number, farewell: Farewell): void {
    if (this.connState === 'connected' && this.version === 5) this.send({ type: 'disconnect', reasonCode, properties: farewellProperties(reasonCode, farewell) });
    this.out.close();
  }

  #finish(reason: string): void {
    if (this.connState === 'disconnected') return;
    const wasConnected = this.connState === 'connected';
    this.connState = 'disconnected';
    this.node.deadlines.forget(this);
    if (this.expiryTimer !== null) this.expiryTimer.cancelled = true;
    this.aliases = null;
    this.opening?.cancel();
    this.opening = null;
    const session = this.session;
    if (wasConnected) this.node.disconnected(this, reason);
    if (session === null || session.channel !== this) return;
    const nowMs = this.node.clock.now();
    session.detach(nowMs);
    session.startWaiting(nowMs);
  }

  #checkKeepalive(nowMs: Millis): void {
    // While we do not read it, its time stands still.
    if (this.out.readingPaused) this.#lastPacketAtMs = nowMs;
    else if (nowMs - this.#lastPacketAtMs >= this.#keepaliveLimitMs) this.disconnect(ReasonCode.KeepAliveTimeout); // [MQTT-3.1.2-22]
  }
}
