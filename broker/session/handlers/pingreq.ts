import { METRIC } from '../../metrics/metrics.ts';
import type { Channel } from '../channel.ts';

export function handlePingreq(channel: Channel): void {
  channel.node.metrics.inc(METRIC['packets.pingreq.received']);
  channel.send({ type: 'pingresp' }); // [MQTT-3.12.4-1]
}
