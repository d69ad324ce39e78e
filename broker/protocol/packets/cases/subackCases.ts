import { NO_PROPERTIES, type SubackPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const suback = (...reasonCodes: number[]): SubackPacket => ({ type: 'suback', packetId: 10, reasonCodes, properties: NO_PROPERTIES });
const rows: readonly PacketCase[] = [
  { name: 'granted, 3.1.1', version: 4, bytes: wire('90 { 000a 00 01 02 80 }'), packet: suback(0, 1, 2, 0x80) },
  { name: 'granted, 5.0', version: 5, bytes: wire('90 { 000a 00 02 87 }'), packet: suback(2, 0x87) },
  { name: 'properties', version: 5, bytes: wire('90 { 000a { 1f "no" } 8f }'), packet: { ...suback(0x8f), properties: { reasonString: 'no' } } },
  { name: 'code 3', version: 4, bytes: wire('90 { 000a 03 }'), packet: suback(3), error: [0x82, 'MQTT-3.9.3-2'] },
  { name: 'code of another packet', version: 5, bytes: wire('90 { 000a 00 11 }'), packet: suback(0x11), error: [0x82, 'MQTT-3.9.3-2'] },
  { name: 'no code', version: 5, bytes: wire('90 { 000a 00 }'), packet: suback(), error: [0x82, 'MQTT-3.8.4-6'] },
  { name: 'packet id 0', version: 4, bytes: wire('90 { 0000 00 }'), packet: { ...suback(0), packetId: 0 }, error: [0x82, 'MQTT-2.3.1-6'] },
  { name: 'flags', version: 5, bytes: wire('92 { 000a 00 00 }'), error: [0x81, 'MQTT-2.1.3-1'] },
];

export const subackCases: readonly PacketCase[] = [
  ...rows.map((row): PacketCase => ({ ...row, sender: 'server' })),
  { name: 'from a client', version: 4, bytes: wire('90 { 000a 00 }'), packet: suback(0), error: [0x82, 'MQTT-4.8.0-1'] },
];
