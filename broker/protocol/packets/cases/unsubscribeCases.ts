import { NO_PROPERTIES, type UnsubscribePacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const unsubscribe = (...topicFilters: string[]): UnsubscribePacket => ({ type: 'unsubscribe', packetId: 10, topicFilters, properties: NO_PROPERTIES });

export const unsubscribeCases: readonly PacketCase[] = [
  { name: 'one filter, 3.1', version: 3, bytes: wire('a2 { 000a "a" }'), packet: unsubscribe('a') },
  { name: 'DUP, 3.1', version: 3, bytes: wire('aa { 000a "a" }'), packet: unsubscribe('a'), canonical: false },
  { name: 'two filters, 3.1.1', version: 4, bytes: wire('a2 { 000a "a" "#" }'), packet: unsubscribe('a', '#') },
  { name: 'user property, 5.0', version: 5, bytes: wire('a2 { 000a { 26 "k" "" } "$share/g/a" }'), packet: { ...unsubscribe('$share/g/a'), properties: { userProperties: [['k', '']] } } },

  { name: 'flags 0000', version: 5, bytes: wire('a0 { 000a 00 "a" }'), error: [0x81, 'MQTT-3.10.1-1'] },
  { name: 'packet id 0', version: 4, bytes: wire('a2 { 0000 "a" }'), packet: { ...unsubscribe('a'), packetId: 0 }, error: [0x82, 'MQTT-2.3.1-1'] },
  { name: 'no filter', version: 5, bytes: wire('a2 { 000a 00 }'), packet: unsubscribe(), error: [0x82, 'MQTT-3.10.3-2'] },
  { name: 'invalid filter', version: 5, bytes: wire('a2 { 000a 00 "a" "a#" }'), packet: unsubscribe('a', 'a#'), error: [0x8f, 'MQTT-4.7.1-1'] },
  { name: 'filter past the end', version: 4, bytes: wire('a2 { 000a "a" 0002 61 }'), error: [0x81, 'MQTT-4.8.0-1'] },
  { name: 'reason string', version: 5, bytes: wire('a2 { 000a { 1f "x" } "a" }'), packet: { ...unsubscribe('a'), properties: { reasonString: 'x' } }, error: [0x81, '§2.2.2.2'] },
];
