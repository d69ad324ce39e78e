/** One MQTT client: joins a Connection (bytes) to a Channel (protocol). */
import type { AckPacket, MqttVersion, Packet, Qos } from '../protocol/packet.ts';
import { ACK_BYTES, PacketParser, type ByteSink, type PacketSink } from '../protocol/parser.ts';
import type { Violation } from '../protocol/violations.ts';
import { encodeWithin, packetIdOffset } from '../protocol/writer.ts';
import type { Millis } from '../base/ids.ts';
import type { Channel } from '../session/channel.ts';
import type { DeliverResult, NodePort, Out, Peer, Traffic } from '../session/ports.ts';
import type { Publication } from '../session/publication.ts';
import { ClientLimiter, type ClientLimits } from './clientLimiter.ts';
import { PAUSE, type Connection, type ConnectionHandler } from './connection.ts';
import { Feeders, type Feeder } from './feeders.ts';
import { OutgoingAliases } from './outgoingAliases.ts';
import type { TurnClock } from './turnClock.ts';

/** What a held connection may send ahead before it is read no further: TCP then holds the client back. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** Acknowledgements of success; the packet id is put in while they are copied. */
const ACKS = {
  puback: ackBytes(ACK_BYTES.puback),
  pubrec: ackBytes(ACK_BYTES.pubrec),
  pubrel: ackBytes(ACK_BYTES.pubrel),
  pubcomp: ackBytes(ACK_BYTES.pubcomp),
} as const;
const PACKET_ID_AT = 2;
/** How long others wait for a client that takes in less than it is sent; less until it has shown that it takes in anything. */
const PATIENCE_MS = 500;
const FIRST_PATIENCE_MS = 100;
/** Beyond any packet (section 2.1.4). */
const NO_LIMIT = 0x1fff_ffff;

/**
 * A parser that nobody uses just now. Most clients mostly listen: between two chunks nothing of theirs is in a parser but their version,
 * so that one serves them all in turn.
 */
let spareParser: PacketParser | null = null;

/** The connection whose packets are being handled: what is sent just now has come from it. */
let reading: MqttConnection | null = null;

function setReading(connection: MqttConnection | null): void {
  reading = connection;
}

/** Whose packets are being handled, to be held back by what it sends to; null between them. */
export function presentFeeder(): Feeder | null {
  return reading;
}

/** What an MQTT connection needs of the node. */
export interface MqttNode extends NodePort {
  openChannel(out: Out, peer: Peer): Channel;
}

/** Who keeps a connection as long as it lasts. */
export interface ConnectionOwner {
  closed(connection: MqttConnection): void;
  /** The system has not taken a write of it for so long. */
  blocked(connection: MqttConnection, blockedMs: Millis): void;
}

export class MqttConnection implements ConnectionHandler, PacketSink, ByteSink, Out, Feeder {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly #clock: TurnClock;
  /** Null while it would be at rest. */
  #parser: PacketParser | null;
  readonly #owner: ConnectionOwner;
  /** Null where nothing is limited. */
  #limiter: ClientLimiter | null;
  /** Its packets wait for an answer from elsewhere. */
  #waits = false;
  /** Subscribers that it is held back for. */
  #heldBack = 0;
  /** Those that are held back for it, because of its queue and because of what it has not taken in; null until the first. */
  #feeders: Feeders | null = null;
  #outputFeeders: Feeders | null = null;
  /** Until CONNECT tells, nothing is written. */
  #version: MqttVersion = 4;
  /** A small integer, also without a limit: infinity would be an object of its own for each connection. */
  #maximumPacketSize = NO_LIMIT;
  /** Null for clients that take no topic aliases. */
  #aliases: OutgoingAliases | null = null;

  constructor(node: MqttNode, connection: Connection, peer: Peer, clock: TurnClock, owner: ConnectionOwner, limits: ClientLimits | null = null) {
    this.connection = connection;
    this.#clock = clock;
    this.#owner = owner;
    this.channel = node.openChannel(this, peer);
    this.#parser = this.#newParser();
    this.#limiter = limits === null ? null : new ClientLimiter(limits, connection, node);
    connection.start(this);
  }

  // ---------------------------------------------------------------- from the socket

  onData(bytes: Buffer, start: number, end: number, owned: boolean): void {
    this.#clock.tick();
    const parser = this.#ownParser();
    const before = this.channel.counters.messages.received;
    setReading(this);
    parser.push(bytes, start, end, owned);
    setReading(null);
    if (parser.unreadBytes > MAX_UNREAD_BYTES) this.connection.pauseReading(PAUSE.pending);
    if (parser.atRest) this.#lendParser(parser);
    this.#countRead(end - start, before);
  }

  #ownParser(): PacketParser {
    if (this.#parser !== null) return this.#parser;
    const { strictMode, maxPacketSize } = this.channel.node.mqtt;
    const parser = spareParser ?? this.#newParser();
    spareParser = null;
    parser.serve(this, this.#version, strictMode, maxPacketSize);
    this.#parser = parser;
    return parser;
  }

  #newParser(): PacketParser {
    const { strictMode, maxPacketSize } = this.channel.node.mqtt;
    return new PacketParser(this, { strict: strictMode, maxPacketSize, bytes: this });
  }

  /** For others, from CONNACK on: then `#version` is what the parser has learnt. */
  #lendParser(parser: PacketParser): void {
    if (this.channel.connState !== 'connected') return;
    this.#parser = null;
    spareParser = parser;
  }

  #countRead(bytes: number, messagesBefore: number): void {
    if (this.#limiter === null || this.channel.connState === 'disconnected') return;
    this.#limiter.took(bytes, this.channel.counters.messages.received - messagesBefore);
  }

  /** Other limits hold from now on; null = none. */
  limit(limits: ClientLimits | null): void {
    this.#limiter?.cancel();
    this.#limiter = limits === null ? null : new ClientLimiter(limits, this.connection, this.channel.node);
  }

  /** It is not read because of its limits. */
  get paused(): boolean {
    return this.#limiter?.paused === true;
  }

  /** Reads on where the parser was held, unless there is another reason to hold it. */
  #goOn(): void {
    const parser = this.#ownParser();
    if (this.channel.connState === 'disconnected') return parser.stop();
    if (this.#waits || this.#heldBack > 0) return;
    if (parser.unreadBytes > MAX_UNREAD_BYTES) this.connection.resumeReading(PAUSE.pending);
    const before = this.channel.counters.messages.received;
    setReading(this);
    parser.release();
    setReading(null);
    if (parser.atRest) this.#lendParser(parser);
    this.#countRead(0, before);
  }

  onDrain(): void {
    this.#clock.tick();
    this.channel.drained();
  }

  onEased(): void {
    this.#clock.tick();
    this.#outputFeeders?.eased();
  }

  onBlocked(blockedMs: Millis): void {
    this.#owner.blocked(this, blockedMs);
  }

  onClose(error: string | undefined): void {
    this.#clock.tick();
    this.#parser?.stop();
    this.#limiter?.cancel();
    this.#feeders?.dispose();
    this.#outputFeeders?.dispose();
    this.channel.closed(error ?? 'tcp_closed');
    this.#owner.closed(this);
  }

  onPacket(packet: Packet, payloadOwned: boolean): void {
    this.channel.packet(payloadOwned || packet.type !== 'publish' ? packet : { ...packet, payload: new Uint8Array(packet.payload) });
    if (this.channel.connState === 'disconnected') this.#parser?.stop();
  }

  onPublish(bytes: Buffer, at: number, end: number, owned: boolean, topic: string, packetId: number, payloadAt: number): void {
    this.channel.publishBytes(bytes, at, end, owned, topic, packetId, payloadAt);
    if (this.channel.connState === 'disconnected') this.#parser?.stop();
  }

  onAck(firstByte: number, packetId: number): void {
    this.channel.ackBytes(firstByte, packetId);
    if (this.channel.connState === 'disconnected') this.#parser?.stop();
  }

  onError(violation: Violation): void {
    this.channel.malformed(violation, this.#parser?.version ?? 0);
  }

  // ---------------------------------------------------------------- from the channel

  setProtocol(version: MqttVersion, maximumPacketSize: number, topicAliasMaximum: number): void {
    this.#version = version;
    this.#maximumPacketSize = Math.min(maximumPacketSize, NO_LIMIT);
    this.#aliases = topicAliasMaximum === 0 ? null : new OutgoingAliases(topicAliasMaximum); // [MQTT-3.1.2-27]
  }

  send(packet: Packet): void {
    const bytes = encodeWithin(packet, this.#version, this.#maximumPacketSize);
    if (bytes !== undefined) this.connection.write(bytes); // [MQTT-3.1.2-24]
  }

  deliver(
    publication: Publication,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    packetId: number,
    subscriptionIds: readonly number[] | null,
    nowMs: Millis,
  ): DeliverResult {
    const { connection } = this;
    // QoS 1 and 2 are bounded by the window; only QoS 0 may be lost to a client that does not read.
    if (qos === 0 && connection.filling && !this.#slowDown()) return 'congested';
    if (this.#aliases !== null) {
      const aliased = this.#aliases.encode(publication, qos, retain, dup, packetId, subscriptionIds, nowMs, this.#maximumPacketSize);
      if (aliased !== undefined) {
        connection.write(aliased);
        return 'sent';
      }
    }
    const frame = publication.frame(this.#version, qos, retain, dup, subscriptionIds, nowMs);
    if (frame.length > this.#maximumPacketSize) return 'tooLarge';
    if (qos === 0) connection.write(frame);
    else connection.writePatched(frame, packetIdOffset(frame), packetId);
    return 'sent';
  }

  /** Whoever has just sent it more than it takes in is held back. False: so much waits that QoS 0 is left out. */
  #slowDown(): boolean {
    if (reading !== null && reading !== this) {
      const patienceMs = this.#outputFeeders === null ? FIRST_PATIENCE_MS : PATIENCE_MS;
      this.#outputFeeders ??= new Feeders();
      this.#outputFeeders.hold(reading, patienceMs);
    }
    return !this.connection.congested;
  }

  sendAck(type: AckPacket['type'], packetId: number): void {
    if (ACKS[type].length > this.#maximumPacketSize) return; // [MQTT-3.1.2-24]
    this.connection.writePatched(ACKS[type], PACKET_ID_AT, packetId);
  }

  sendFrames(bytes: Uint8Array): void {
    this.connection.write(bytes);
  }

  get traffic(): Traffic {
    return this.connection;
  }

  get congested(): boolean {
    return this.connection.congested;
  }

  full(patienceMs: Millis): void {
    // Nobody waits for itself: its acknowledgements are what it is waited for.
    if (reading === null || reading === this) return;
    this.#feeders ??= new Feeders();
    this.#feeders.hold(reading, patienceMs);
  }

  eased(): void {
    this.#feeders?.eased();
  }

  heldBack(): void {
    this.#heldBack += 1;
    this.#ownParser().hold();
    this.connection.pauseReading(PAUSE.feeding);
  }

  letGo(): void {
    this.#heldBack -= 1;
    if (this.#heldBack > 0) return;
    this.connection.resumeReading(PAUSE.feeding);
    this.#goOn();
  }

  hold(): void {
    this.#waits = true;
    this.#ownParser().hold();
  }

  release(): void {
    this.#waits = false;
    this.#goOn();
  }

  get readingPaused(): boolean {
    return this.connection.readingPaused;
  }

  close(peerIsDone?: boolean): void {
    this.connection.close(peerIsDone);
  }
}

function ackBytes(firstByte: number): Uint8Array {
  return Uint8Array.of(firstByte, 2, 0, 0);
}
