/** PUBACK, PUBREC and PUBCOMP for what was delivered; PUBREL for what was received. */
import { METRIC } from '../../metrics/metrics.ts';
import { NO_PROPERTIES, type AckPacket } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Channel } from '../channel.ts';
import type { Session } from '../session.ts';

export function handlePuback(channel: Channel, session: Session, packet: AckPacket): void {
  const { metrics } = channel.node;
  metrics.inc(METRIC['packets.puback.received']);
  if (!session.puback(packet.packetId)) metrics.inc(METRIC['packets.puback.missed']);
}

export function handlePubrec(channel: Channel, session: Session, packet: AckPacket): void {
  const { metrics } = channel.node;
  metrics.inc(METRIC['packets.pubrec.received']);
  if (session.pubrec(packet.packetId, packet.reasonCode)) return;
  metrics.inc(METRIC['packets.pubrec.missed']);
  // The client waits for a PUBREL, whatever we have forgotten (table 3-7); a PUBREC that refuses waits for nothing.
  if (packet.reasonCode < 0x80) reply(channel, 'pubrel', packet.packetId, ReasonCode.PacketIdentifierNotFound);
}

export function handlePubcomp(channel: Channel, session: Session, packet: AckPacket): void {
  const { metrics } = channel.node;
  metrics.inc(METRIC['packets.pubcomp.received']);
  if (!session.pubcomp(packet.packetId)) metrics.inc(METRIC['packets.pubcomp.missed']);
}

export function handlePubrel(channel: Channel, session: Session, packet: AckPacket): void {
  const { metrics } = channel.node;
  metrics.inc(METRIC['packets.pubrel.received']);
  const found = session.awaitingRel?.release(packet.packetId) === true;
  if (!found) metrics.inc(METRIC['packets.pubrel.missed']);
  // [MQTT-4.3.3-11]: every PUBREL is answered; an unknown id is no reason to close.
  reply(channel, 'pubcomp', packet.packetId, found ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
}

function reply(channel: Channel, type: 'pubrel' | 'pubcomp', packetId: number, reasonCode: number): void {
  channel.send({ type, packetId, reasonCode, properties: NO_PROPERTIES });
}
