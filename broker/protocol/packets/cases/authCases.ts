import { NO_PROPERTIES, type AuthPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const auth = (reasonCode: number, properties: AuthPacket['properties']): AuthPacket => ({ type: 'auth', reasonCode, properties });
const method = { authenticationMethod: 'M' };

export const authCases: readonly PacketCase[] = [
  { name: 'continue', version: 5, bytes: wire('f0 { 18 { 15 "M" 16 0002 0102 } }'), packet: auth(0x18, { ...method, authenticationData: wire('0102') }) },
  { name: 're-authenticate', version: 5, bytes: wire('f0 { 19 { 15 "M" 1f "again" 26 "a" "b" } }'), packet: auth(0x19, { ...method, reasonString: 'again', userProperties: [['a', 'b']] }) },
  { name: 'success from a server', version: 5, sender: 'server', bytes: wire('f0 { 00 { 15 "M" } }'), packet: auth(0, method) },

  { name: '3.1.1', version: 4, bytes: wire('f0 { 18 { 15 "M" } }'), error: [0x81, '§2.2.1'] },
  { name: 'flags', version: 5, bytes: wire('f2 { 18 { 15 "M" } }'), error: [0x81, 'MQTT-3.15.1-1'] },
  { name: 'success from a client', version: 5, bytes: wire('f0 { 00 { 15 "M" } }'), packet: auth(0, method), error: [0x82, 'MQTT-3.15.2-1'] },
  { name: 're-authenticate from a server', version: 5, sender: 'server', bytes: wire('f0 { 19 { 15 "M" } }'), packet: auth(0x19, method), error: [0x82, 'MQTT-3.15.2-1'] },
  { name: 'the short form, which lacks the method', version: 5, sender: 'server', bytes: wire('f0 00'), error: [0x82, 'MQTT-4.12.0-5'] },
  { name: 'no method', version: 5, bytes: wire('f0 { 18 00 }'), packet: auth(0x18, NO_PROPERTIES), error: [0x82, 'MQTT-4.12.0-5'] },
  { name: 'a code and no property length', version: 5, bytes: wire('f0 01 18'), error: [0x82, 'MQTT-4.12.0-5'] },
];
