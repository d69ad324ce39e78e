import { NO_PROPERTIES, type UnsubackPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const unsuback = (...reasonCodes: number[]): UnsubackPacket => ({ type: 'unsuback', packetId: 10, reasonCodes, properties: NO_PROPERTIES });
const rows: readonly PacketCase[] = [
  { name: '3.1.1', version: 4, bytes: wire('b0 02 000a'), packet: unsuback() },
  { name: '5.0', version: 5, bytes: wire('b0 { 000a 00 00 11 }'), packet: unsuback(0, 0x11) },
  { name: 'properties', version: 5, bytes: wire('b0 { 000a { 26 "a" "b" } 87 }'), packet: { ...unsuback(0x87), properties: { userProperties: [['a', 'b']] } } },
  { name: 'with a code, 3.1.1', version: 4, bytes: wire('b0 03 000a 00'), error: [0x81, 'MQTT-4.8.0-1'] },
  { name: 'code of another packet', version: 5, bytes: wire('b0 { 000a 00 02 }'), packet: unsuback(2), error: [0x82, 'MQTT-3.11.3-2'] },
  { name: 'no code', version: 5, bytes: wire('b0 { 000a 00 }'), packet: unsuback(), error: [0x82, 'MQTT-3.11.3-1'] },
  { name: 'packet id 0', version: 5, bytes: wire('b0 { 0000 00 00 }'), packet: { ...unsuback(0), packetId: 0 }, error: [0x82, 'MQTT-2.2.1-5'] },
];

export const unsubackCases: readonly PacketCase[] = [
  ...rows.map((row): PacketCase => ({ ...row, sender: 'server' })),
  { name: 'from a client', version: 5, bytes: wire('b0 { 000a 00 00 }'), packet: unsuback(0), error: [0x82, '§4.13.1'] },
];
