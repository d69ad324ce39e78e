/**
 * One hostile connection without a socket: its bytes go through the real parser into a real channel; every packet the broker
 * sends back goes through the real encoder and is read again by a parser that stands where a client would.
 */
import type { BrokerNode } from '../../broker/core/brokerNode.ts';
import { NO_PROPERTIES, type AckPacket, type MqttVersion, type Packet, type Qos } from '../../broker/protocol/packet.ts';
import { ACK_BYTES, PacketParser, type ByteSink } from '../../broker/protocol/parser.ts';
import type { Violation } from '../../broker/protocol/violations.ts';
import { encodeWithin, packetIdOffset } from '../../broker/protocol/writer.ts';
import type { DeliverResult } from '../../broker/session/ports.ts';
import type { Publication } from '../../broker/session/publication.ts';
import { describePacket, TestClient } from '../support/brokerWorld.ts';

/** Enough of what was said to explain a failure. */
const MAX_REMEMBERED = 200;

export class FuzzPeer extends TestClient implements ByteSink {
  /** What the broker did that it must never do. */
  readonly faults: string[] = [];
  /** Violations that ended the connection. */
  readonly violations: Violation[] = [];
  readonly sent: Packet[] = [];
  readonly #parser: PacketParser;
  readonly #reader: PacketParser;
  #version: MqttVersion = 4;
  #connacks = 0;
  #closed = false;
  /** Sent with QoS above 0 and not yet acknowledged, as the client sees it. */
  readonly #open = new Set<number>();
  receiveMaximum = 65_535;

  constructor(node: BrokerNode, maxPacketSize: number) {
    super(node, '192.0.2.66');
    this.#parser = new PacketParser(
      { onPacket: (packet, payloadOwned) => this.#take(packet, payloadOwned), onError: (violation) => this.#broken(violation) },
      { maxPacketSize, bytes: this },
    );
    this.#reader = this.#newReader(5);
  }

  /** Bytes from the network; they are overwritten behind the parser's back, as a shared read buffer is. */
  feed(bytes: Buffer): void {
    const shared = Buffer.from(bytes);
    try {
      this.#parser.push(shared, 0, shared.length, false);
    } catch (error) {
      this.faults.push(`an exception left the parser: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    shared.fill(0xa5);
  }

  /** Whether the broker has ended the connection. */
  get ended(): boolean {
    return this.channel.connState === 'disconnected';
  }

  /** The reason code of the last packet, if that was one that ends: DISCONNECT, or CONNACK of a refusal. */
  get lastCode(): number | undefined {
    const last = this.sent.at(-1);
    return last?.type === 'disconnect' || (last?.type === 'connack' && last.reasonCode !== 0) ? last.reasonCode : undefined;
  }

  onPublish(bytes: Buffer, at: number, end: number, owned: boolean, topic: string, packetId: number, payloadAt: number): void {
    this.channel.publishBytes(bytes, at, end, owned, topic, packetId, payloadAt);
    if (this.ended) this.#parser.stop();
  }

  onAck(firstByte: number, packetId: number): void {
    if (firstByte === ACK_BYTES.puback || firstByte === ACK_BYTES.pubcomp) this.#open.delete(packetId);
    this.channel.ackBytes(firstByte, packetId);
    if (this.ended) this.#parser.stop();
  }

  #take(packet: Packet, payloadOwned: boolean): void {
    if (packet.type === 'connect') this.receiveMaximum = packet.properties.receiveMaximum ?? 65_535;
    if (packet.type === 'puback' || packet.type === 'pubcomp' || (packet.type === 'pubrec' && packet.reasonCode >= 0x80)) this.#open.delete(packet.packetId);
    this.channel.packet(payloadOwned || packet.type !== 'publish' ? packet : { ...packet, payload: new Uint8Array(packet.payload) });
    if (this.ended) this.#parser.stop();
  }

  #broken(violation: Violation): void {
    this.violations.push(violation);
    this.channel.malformed(violation, this.#parser.version);
    if (!this.ended) this.faults.push(`the connection outlived a violation: ${violation.message}`);
  }

  // ---------------------------------------------------------------- Out

  override setProtocol(version: MqttVersion, maximumPacketSize: number): void {
    super.setProtocol(version, maximumPacketSize);
    this.#version = version;
  }

  override send(packet: Packet): void {
    const bytes = encodeWithin(packet, this.#version, this.maximumPacketSize);
    if (bytes !== undefined) this.#read(packet, bytes);
  }

  override sendAck(type: AckPacket['type'], packetId: number): void {
    this.send({ type, packetId, reasonCode: 0, properties: NO_PROPERTIES });
  }

  override deliver(publication: Publication, qos: Qos, retain: boolean, dup: boolean, packetId: number, subscriptionIds: readonly number[] | null, nowMs: number): DeliverResult {
    if (qos === 0 && this.congested) return 'congested';
    const bytes = publication.frame(this.#version, qos, retain, dup, subscriptionIds, nowMs);
    if (bytes.length > this.maximumPacketSize) return 'tooLarge';
    const own = Buffer.from(bytes);
    if (qos > 0) own.writeUInt16BE(packetId, packetIdOffset(bytes));
    if (qos > 0) this.#open.add(packetId);
    if (this.#open.size > this.receiveMaximum) this.faults.push(`${this.#open.size} unacknowledged deliveries to a client that takes ${this.receiveMaximum}`);
    const { topic, payload, properties } = publication.message;
    this.#read({ type: 'publish', dup, qos, retain, topic, packetId, payload, properties }, own);
    return 'sent';
  }

  override hold(): void {
    this.#parser.hold();
  }

  override release(): void {
    if (!this.ended) this.#parser.release();
  }

  override close(): void {
    super.close();
    this.#closed = true;
  }

  #read(packet: Packet, bytes: Buffer): void {
    if (this.#closed) this.faults.push(`sent after closing: ${describePacket(packet)}`);
    if (bytes.length > this.maximumPacketSize) this.faults.push(`sent ${bytes.length} bytes to a client that takes ${this.maximumPacketSize}`);
    if (packet.type === 'connack') this.#connacks += 1;
    if (this.#connacks !== 1) this.faults.push(`${describePacket(packet)} after ${this.#connacks} CONNACKs`);
    if (packet.type === 'disconnect' && this.#version !== 5) this.faults.push('DISCONNECT to a client of 3.x');
    if (this.sent.length < MAX_REMEMBERED || packet.type === 'disconnect' || packet.type === 'connack') this.sent.push(packet);
    const reader = this.#version === 5 ? this.#reader : this.#newReader(this.#version);
    reader.push(bytes, 0, bytes.length, false);
  }

  #newReader(version: MqttVersion): PacketParser {
    const onError = (violation: Violation) => void this.faults.push(`the broker sent a packet that breaks ${violation.spec}: ${violation.message}`);
    return new PacketParser({ onPacket: () => {}, onError }, { maxPacketSize: Number.POSITIVE_INFINITY, sender: 'server', version });
  }
}
