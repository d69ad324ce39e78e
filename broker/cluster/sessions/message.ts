/** A message of QoS 1 or 2 as sessions of the cluster keep and pass it: the PUBLISH bytes, and what is asked of them often. */
import type { ClusterPublish, ForwardedPublishes } from '../ports.ts';
import { protocolError } from '../wire/bytes.ts';

/** `Publication` is one. */
export interface SessionMessage extends ClusterPublish {
  readonly topic: string;
  readonly retain: boolean;
}

const PUBLISH = 3;
const RETAIN = 0x01;
const QOS_SHIFT = 1;
const QOS_MASK = 3;
/** Remaining Length has four bytes at most. */
const MAX_LENGTH_BYTES = 4;

/** A message that came from another node, with bytes of its own: sessions keep it for long. */
export function messageOfWire({ bytes, start, end, isV5, fromClientId, fromUsername }: ForwardedPublishes): SessionMessage {
  const packet = Buffer.from(bytes.subarray(start, end));
  const first = packet[0] ?? 0;
  const qos = (first >> QOS_SHIFT) & QOS_MASK;
  if (first >> 4 !== PUBLISH || (qos !== 1 && qos !== 2)) throw protocolError('A forward for sessions holds no PUBLISH of QoS 1 or 2');
  return { packet, isV5, qos, fromClientId, fromUsername, topic: topicOf(packet), retain: (first & RETAIN) !== 0 };
}

function topicOf(packet: Buffer): string {
  let at = 1;
  while (at <= MAX_LENGTH_BYTES && (packet[at] ?? 0) >= 0x80) at += 1;
  const length = packet.length < at + 3 ? 0 : packet.readUInt16BE(at + 1);
  if (packet.length < at + 3 + length) throw protocolError('A PUBLISH for sessions ends before its topic');
  return packet.toString('utf8', at + 3, at + 3 + length);
}
