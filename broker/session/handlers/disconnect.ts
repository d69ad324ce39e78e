import { METRIC } from '../../metrics/metrics.ts';
import type { DisconnectPacket } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Channel } from '../channel.ts';
import type { Session } from '../session.ts';
import { expiryMsOf } from './connect.ts';

export function handleDisconnect(channel: Channel, session: Session, packet: DisconnectPacket): void {
  channel.node.metrics.inc(METRIC['packets.disconnect.received']);
  const seconds = packet.properties.sessionExpiryInterval;
  if (seconds !== undefined) {
    // A session that was to end with its connection cannot be kept after all (section 3.14.2.2.2); the will goes out.
    if (session.expiryMs === 0 && seconds > 0) return channel.disconnect(ReasonCode.ProtocolError, { reasonString: 'a session that was to end with its connection cannot be kept' });
    session.expiryMs = expiryMsOf(seconds);
  }
  // [MQTT-3.14.4-3]; in 3.x every DISCONNECT is a normal one.
  if (packet.reasonCode === ReasonCode.Success) session.will = null;
  channel.out.close(true);
  channel.closed('normal');
}
