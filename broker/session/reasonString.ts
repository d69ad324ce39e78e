/** Reason Strings: what a code alone does not tell, for whoever reads a trace (section 3.4.2.2.2 and its like). */
import { NO_PROPERTIES, type Properties } from '../protocol/packet.ts';
import type { Channel } from './channel.ts';

/** Nothing for a client that wants none on acknowledgements [MQTT-3.1.2-29], and for 3.x, which has no room for it. */
export function reasonString(channel: Channel, text: string): Properties {
  return channel.version === 5 && channel.problemInformation ? { reasonString: text } : NO_PROPERTIES;
}
