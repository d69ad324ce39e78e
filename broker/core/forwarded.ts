/**
 * Messages that other nodes forwarded: PUBLISH packets as their publishers sent them, read as those of a client are. A run of equal
 * topics is looked up once.
 */
import type { NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { MqttVersion, Packet } from '../protocol/packet.ts';
import { PacketParser, type ByteSink, type PacketSink } from '../protocol/parser.ts';
import type { Violation } from '../protocol/violations.ts';
import type { Clock } from '../session/ports.ts';
import { Publication, type PublishedBy } from '../session/publication.ts';
import type { ForwardedPublishes } from './clusterPort.ts';

/** The largest packet there is (section 2.1.4): the publisher's own node has judged its size. */
const MAX_PACKET_BYTES = 0x1000_0004;

export interface ForwardedOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Gets each message. `topic` is the same object as last time when the topic is. */
  readonly take: (publication: Publication) => void;
}

export class Forwarded implements PacketSink, ByteSink {
  readonly #options: ForwardedOptions;
  #of4 = this.#parser(4);
  #of5 = this.#parser(5);
  /** Whose packets are being read. */
  #from: PublishedBy = { clientId: '', username: undefined };
  #version: MqttVersion = 4;
  #count = 0;
  #problem: string | undefined = undefined;

  constructor(options: ForwardedOptions) {
    this.#options = options;
  }

  #parser(version: MqttVersion): PacketParser {
    return new PacketParser(this, { maxPacketSize: MAX_PACKET_BYTES, version, bytes: this });
  }

  /**
   * Hands on each packet as a publication, received now by our own clock: the other node's may be minutes off (R9). Returns how many
   * they were. What is no packet is left out with all behind it, counted and reported: it is a fault of the other node, and ends no link.
   */
  read(node: NodeName, { bytes, start, end, isV5, fromClientId, fromUsername }: ForwardedPublishes): number {
    const parser = isV5 ? this.#of5 : this.#of4;
    this.#from = { clientId: fromClientId, username: fromUsername };
    this.#version = isV5 ? 5 : 4;
    this.#count = 0;
    parser.push(bytes, start, end, true);
    if (parser.stopped || parser.isUnfinished) this.#failed(node, isV5);
    return this.#count;
  }

  #failed(node: NodeName, isV5: boolean): void {
    const { metrics, log } = this.#options;
    metrics.inc(METRIC['messages.dropped']);
    log.error('cluster_forward_invalid', { peer: node, clientid: this.#from.clientId, reason: this.#problem ?? 'it ends too early' });
    this.#problem = undefined;
    if (isV5) this.#of5 = this.#parser(5);
    else this.#of4 = this.#parser(4);
  }

  // ---------------------------------------------------------------- from the parser

  onPublish(bytes: Buffer, at: number, end: number, _owned: boolean, topic: string, _packetId: number, payloadAt: number): void {
    this.#count += 1;
    const frame = new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at);
    this.#options.take(Publication.received(frame, payloadAt - at, topic, this.#version, this.#from, this.#options.clock.now()));
  }

  onPacket(packet: Packet): void {
    if (packet.type !== 'publish') return;
    this.#count += 1;
    const { topic, payload, qos, retain, properties } = packet;
    const { clientId: fromClientId, username: fromUsername } = this.#from;
    const timestampMs = this.#options.clock.now();
    this.#options.take(new Publication({ topic, payload, qos, retain, properties, fromClientId, fromUsername, timestampMs }));
  }

  onAck(): void {}

  onError(violation: Violation): void {
    this.#problem = violation.message;
  }
}
