import { METRIC } from '../../metrics/metrics.ts';
import { NO_PROPERTIES, type UnsubscribePacket } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Channel } from '../channel.ts';
import { mountFilter } from '../mountpoint.ts';
import type { Session } from '../session.ts';

export function handleUnsubscribe(channel: Channel, session: Session, packet: UnsubscribePacket): void {
  const { node } = channel;
  node.metrics.inc(METRIC['packets.unsubscribe.received']);
  // A hook may put another filter in the place of one, and leaves out the last ones when it gives fewer.
  const topicFilters = node.unsubscribing(channel, packet.properties, packet.topicFilters);
  // Filters are compared as strings [MQTT-3.10.4-1]; each that was asked for gets an answer, known or not [MQTT-3.10.4-5].
  const reasonCodes = packet.topicFilters.map((_asked, index) => {
    const topicFilter = topicFilters[index];
    if (topicFilter === undefined) return ReasonCode.ImplementationSpecificError;
    node.metrics.inc(METRIC['client.unsubscribe']);
    return node.unsubscribe(session, mountFilter(channel.mountpoint, topicFilter)) ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted;
  });
  node.written(session, () => {
    if (session.channel === channel) channel.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: NO_PROPERTIES });
  });
}
