import { NO_PROPERTIES, type DisconnectPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const disconnect = (reasonCode: number): DisconnectPacket => ({ type: 'disconnect', reasonCode, properties: NO_PROPERTIES });

export const disconnectCases: readonly PacketCase[] = [
  { name: '3.1', version: 3, bytes: wire('e0 00'), packet: disconnect(0) },
  { name: '3.1.1', version: 4, bytes: wire('e0 00'), packet: disconnect(0) },
  { name: '5.0', version: 5, bytes: wire('e0 00'), packet: disconnect(0) },
  { name: 'code 0 written out', version: 5, bytes: wire('e0 01 00'), packet: disconnect(0), canonical: false },
  { name: 'with will message', version: 5, bytes: wire('e0 01 04'), packet: disconnect(4) },
  { name: 'property length 0', version: 5, bytes: wire('e0 02 04 00'), packet: disconnect(4), canonical: false },
  {
    name: 'properties from a client',
    version: 5,
    bytes: wire('e0 { 00 { 11 00000000 1f "bye" 26 "a" "b" } }'),
    packet: { ...disconnect(0), properties: { sessionExpiryInterval: 0, reasonString: 'bye', userProperties: [['a', 'b']] } },
  },
  { name: 'server moved', version: 5, sender: 'server', bytes: wire('e0 { 9d { 1c "h:1883" } }'), packet: { ...disconnect(0x9d), properties: { serverReference: 'h:1883' } } },

  { name: 'flags, 5.0', version: 5, bytes: wire('e1 00'), error: [0x81, 'MQTT-3.14.1-1'] },
  { name: 'flags, 3.1.1', version: 4, bytes: wire('e2 00'), error: [0x81, 'MQTT-3.14.1-1'] },
  { name: 'with a code, 3.1.1', version: 4, bytes: wire('e0 01 00'), error: [0x81, 'MQTT-4.8.0-1'] },
  { name: 'a code for servers from a client', version: 5, bytes: wire('e0 01 8e'), packet: disconnect(0x8e), error: [0x82, 'MQTT-3.14.2-1'] },
  { name: 'a code for clients from a server', version: 5, sender: 'server', bytes: wire('e0 01 04'), packet: disconnect(4), error: [0x82, 'MQTT-3.14.2-1'] },
  {
    name: 'session expiry from a server',
    version: 5,
    sender: 'server',
    bytes: wire('e0 { 8b { 11 00000001 } }'),
    packet: { ...disconnect(0x8b), properties: { sessionExpiryInterval: 1 } },
    error: [0x82, 'MQTT-3.14.2-2'],
  },
  {
    name: 'server reference from a client',
    version: 5,
    bytes: wire('e0 { 00 { 1c "h" } }'),
    packet: { ...disconnect(0), properties: { serverReference: 'h' } },
    error: [0x82, '§2.2.2.2'],
  },
  { name: 'bytes behind the properties', version: 5, bytes: wire('e0 { 00 00 00 }'), error: [0x81, '§1.2'] },
];
