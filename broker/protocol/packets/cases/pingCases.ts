import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

/** PINGREQ, PINGRESP, and the number that is no packet. */
export const pingCases: readonly PacketCase[] = [
  { name: 'pingreq', version: 4, bytes: wire('c0 00'), packet: { type: 'pingreq' } },
  { name: 'pingresp', version: 5, sender: 'server', bytes: wire('d0 00'), packet: { type: 'pingresp' } },
  { name: 'pingreq with flags', version: 5, bytes: wire('c1 00'), error: [0x81, 'MQTT-2.1.3-1'] },
  { name: 'pingreq with a body', version: 4, bytes: wire('c0 01 00'), error: [0x81, 'MQTT-4.8.0-1'] },
  { name: 'pingresp from a client', version: 5, bytes: wire('d0 00'), packet: { type: 'pingresp' }, error: [0x82, '§4.13.1'] },
  { name: 'pingreq from a server', version: 5, sender: 'server', bytes: wire('c0 00'), packet: { type: 'pingreq' }, error: [0x82, '§4.13.1'] },
  { name: 'type 0, 5.0', version: 5, bytes: wire('00 00'), error: [0x81, '§2.1.2'] },
  { name: 'type 0, 3.1.1', version: 4, bytes: wire('00 00'), error: [0x81, '§2.2.1'] },
];
