/** PUBACK, PUBREC and PUBCOMP for what was delivered; PUBREL for what was received. */
import { METRIC } from '../../metrics/metrics.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Channel } from '../channel.ts';
import { reasonString } from '../reasonString.ts';
import type { Session } from '../session.ts';

const PUBACK_RECEIVED = METRIC['packets.puback.received'];
const PUBREC_RECEIVED = METRIC['packets.pubrec.received'];
const PUBREL_RECEIVED = METRIC['packets.pubrel.received'];
const PUBCOMP_RECEIVED = METRIC['packets.pubcomp.received'];

export function handlePuback(channel: Channel, session: Session, packetId: number): void {
  const { metrics } = channel.node;
  metrics.inc(PUBACK_RECEIVED);
  if (!session.puback(packetId)) metrics.inc(METRIC['packets.puback.missed']);
}

export function handlePubrec(channel: Channel, session: Session, packetId: number, reasonCode: number): void {
  const { metrics } = channel.node;
  metrics.inc(PUBREC_RECEIVED);
  if (session.pubrec(packetId, reasonCode)) return;
  metrics.inc(METRIC['packets.pubrec.missed']);
  // The client waits for a PUBREL, whatever we have forgotten (table 3-7); a PUBREC that refuses waits for nothing.
  if (reasonCode < 0x80) reply(channel, 'pubrel', packetId, ReasonCode.PacketIdentifierNotFound);
}

export function handlePubcomp(channel: Channel, session: Session, packetId: number): void {
  const { metrics } = channel.node;
  metrics.inc(PUBCOMP_RECEIVED);
  if (!session.pubcomp(packetId)) metrics.inc(METRIC['packets.pubcomp.missed']);
}

export function handlePubrel(channel: Channel, session: Session, packetId: number): void {
  const { metrics } = channel.node;
  metrics.inc(PUBREL_RECEIVED);
  const found = session.awaitingRel?.release(packetId) === true;
  if (found) session.keeper?.release(session, packetId);
  if (!found) metrics.inc(METRIC['packets.pubrel.missed']);
  // [MQTT-4.3.3-11]: every PUBREL is answered; an unknown id is no reason to close.
  reply(channel, 'pubcomp', packetId, found ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound);
}

function reply(channel: Channel, type: 'pubrel' | 'pubcomp', packetId: number, reasonCode: number): void {
  if (reasonCode === ReasonCode.Success) channel.sendAck(type, packetId);
  else channel.send({ type, packetId, reasonCode, properties: reasonString(channel, 'no QoS 2 message with this packet identifier is open') });
}
