/** What a parser makes of chunks, as data that compares. */
import { NO_PROPERTIES, type AckPacket, type Packet, type Qos } from '../../packet.ts';
import { ACK_BYTES, PacketParser, type ByteSink } from '../../parser.ts';
import type { Violation } from '../../violations.ts';
import type { PacketCase } from './packetCase.ts';

export type Outcome = Packet | Violation;

const CONNECT = 1;
const MAX_PACKET_SIZE = 1_000_000;

/**
 * Feeds chunks that are overwritten after each call, as a shared read buffer is, and returns what the sink was given. The
 * version is told to the parser unless the bytes begin with CONNECT, which tells it itself. `fast`: the usual packets come by
 * their offsets, and are made packets here.
 */
export function parseAll(
  row: Pick<PacketCase, 'version' | 'sender' | 'bytes'>,
  chunks: readonly Uint8Array[] = [row.bytes],
  fast = false,
): Outcome[] {
  const outcomes: Outcome[] = [];
  const sink = {
    onPacket(packet: Packet, payloadOwned: boolean): void {
      outcomes.push(packet.type === 'publish' && !payloadOwned ? { ...packet, payload: Uint8Array.from(packet.payload) } : packet);
    },
    onError(violation: Violation): void {
      outcomes.push(violation);
    },
  };
  const options = { maxPacketSize: MAX_PACKET_SIZE, sender: row.sender ?? 'client', ...(fast ? { bytes: packetsFrom(outcomes) } : {}) };
  const parser = new PacketParser(sink, row.bytes[0]! >> 4 === CONNECT ? options : { ...options, version: row.version });
  for (const chunk of chunks) {
    const shared = Buffer.from(chunk);
    parser.push(shared, 0, shared.length, false);
    shared.fill(0xff);
  }
  return outcomes.map((outcome) => ('type' in outcome ? plainBytes(outcome) : outcome));
}

/** What `ByteSink` was told, as packets. */
export function packetsFrom(outcomes: Outcome[]): ByteSink {
  return {
    onPublish(bytes, at, end, _owned, topic, packetId, payloadAt) {
      const firstByte = bytes[at]!;
      const qos = ((firstByte >> 1) & 3) as Qos;
      const flags = { dup: (firstByte & 8) !== 0, retain: (firstByte & 1) !== 0 };
      const payload = new Uint8Array(bytes.subarray(payloadAt, end));
      outcomes.push({ type: 'publish', ...flags, qos, topic, packetId, payload, properties: NO_PROPERTIES });
    },
    onAck(firstByte, packetId) {
      const type = (Object.keys(ACK_BYTES) as AckPacket['type'][]).find((name) => ACK_BYTES[name] === firstByte) as AckPacket['type'];
      outcomes.push({ type, packetId, reasonCode: 0, properties: NO_PROPERTIES });
    },
  };
}

/** A test that fails prints the difference, which takes minutes for byte arrays larger than this. */
const MAX_SHOWN_BYTES = 1000;

/** The same value for comparing: byte arrays become plain ones, whatever they were views of, and long ones a size and a sum. */
export function plainBytes<T>(value: T): T {
  if (value instanceof Uint8Array) return (value.length > MAX_SHOWN_BYTES ? { bytes: value.length, sum: checksum(value) } : Uint8Array.from(value)) as T;
  if (Array.isArray(value)) return value.map(plainBytes) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plainBytes(entry)])) as T;
}

/** FNV-1a. */
function checksum(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x0100_0193) >>> 0, 0x811c_9dc5);
}
