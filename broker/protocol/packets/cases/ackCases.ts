import { NO_PROPERTIES, type AckPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const FORMS = [
  { type: 'puback', first: '40', refusal: 0x97, spec: 'MQTT-3.4.2-1' },
  { type: 'pubrec', first: '50', refusal: 0x91, spec: 'MQTT-3.5.2-1' },
  { type: 'pubrel', first: '62', refusal: 0x92, spec: 'MQTT-3.6.2-1' },
  { type: 'pubcomp', first: '70', refusal: 0x92, spec: 'MQTT-3.7.2-1' },
] as const;

const hex = (code: number): string => code.toString(16).padStart(2, '0');

const casesOfEach = FORMS.flatMap(({ type, first, refusal, spec }): PacketCase[] => {
  const done: AckPacket = { type, packetId: 0x1234, reasonCode: 0, properties: NO_PROPERTIES };
  const refused: AckPacket = { ...done, reasonCode: refusal };
  return [
    { name: `${type}, 3.1`, version: 3, bytes: wire(`${first} 02 1234`), packet: done },
    { name: `${type}, 3.1.1`, version: 4, bytes: wire(`${first} 02 1234`), packet: done },
    { name: `${type}, 5.0`, version: 5, bytes: wire(`${first} 02 1234`), packet: done },
    { name: `${type} with a code`, version: 5, bytes: wire(`${first} 03 1234 ${hex(refusal)}`), packet: refused },
    { name: `${type} with code 0`, version: 5, bytes: wire(`${first} 03 1234 00`), packet: done, canonical: false },
    { name: `${type} with property length 0`, version: 5, bytes: wire(`${first} 04 1234 ${hex(refusal)} 00`), packet: refused, canonical: false },
    {
      name: `${type} with properties`,
      version: 5,
      bytes: wire(`${first} { 1234 ${hex(refusal)} { 1f "why" 26 "a" "b" } }`),
      packet: { ...refused, properties: { reasonString: 'why', userProperties: [['a', 'b']] } },
    },
    {
      name: `${type} of success with properties`,
      version: 5,
      bytes: wire(`${first} { 1234 00 { 1f "ok" } }`),
      packet: { ...done, properties: { reasonString: 'ok' } },
    },
    { name: `${type}, packet id 0, 5.0`, version: 5, bytes: wire(`${first} 02 0000`), packet: { ...done, packetId: 0 }, error: [0x82, 'MQTT-2.2.1-5'] },
    { name: `${type}, packet id 0, 3.1.1`, version: 4, bytes: wire(`${first} 02 0000`), packet: { ...done, packetId: 0 }, error: [0x82, 'MQTT-2.3.1-6'] },
    { name: `${type}, a code of another packet`, version: 5, bytes: wire(`${first} 03 1234 8e`), packet: { ...done, reasonCode: 0x8e }, error: [0x82, spec] },
    { name: `${type}, half a packet id`, version: 4, bytes: wire(`${first} 01 12`), error: [0x81, 'MQTT-4.8.0-1'] },
    { name: `${type} with a code, 3.1.1`, version: 4, bytes: wire(`${first} 03 1234 00`), error: [0x81, 'MQTT-4.8.0-1'] },
    { name: `${type} with bytes behind the properties`, version: 5, bytes: wire(`${first} { 1234 00 00 00 }`), error: [0x81, '§1.2'] },
    { name: `${type} with a property of PUBLISH`, version: 5, bytes: wire(`${first} { 1234 00 { 23 0001 } }`), error: [0x81, '§2.2.2.2'] },
    { name: `${type} with two reason strings`, version: 5, bytes: wire(`${first} { 1234 00 { 1f "a" 1f "b" } }`), error: [0x82, '§2.2.2.2'] },
  ];
});

export const ackCases: readonly PacketCase[] = [
  ...casesOfEach,
  { name: 'pubrel with DUP, 3.1', version: 3, bytes: wire('6a 02 0001'), packet: { type: 'pubrel', packetId: 1, reasonCode: 0, properties: NO_PROPERTIES }, canonical: false },
  { name: 'puback with flags, 5.0', version: 5, bytes: wire('42 02 0001'), error: [0x81, 'MQTT-2.1.3-1'] },
  { name: 'pubrec with flags, 3.1.1', version: 4, bytes: wire('58 02 0001'), error: [0x81, 'MQTT-2.2.2-2'] },
  { name: 'pubrel without flags', version: 5, bytes: wire('60 02 0001'), error: [0x81, 'MQTT-3.6.1-1'] },
  { name: 'pubrel with DUP, 3.1.1', version: 4, bytes: wire('6a 02 0001'), error: [0x81, 'MQTT-3.6.1-1'] },
];
