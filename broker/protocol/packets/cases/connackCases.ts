import { NO_PROPERTIES, type ConnackPacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

const accepted: ConnackPacket = { type: 'connack', sessionPresent: false, reasonCode: 0, properties: NO_PROPERTIES };
const fromServer = (name: string, version: 3 | 4 | 5, bytes: string, rest: Pick<PacketCase, 'packet' | 'error' | 'canonical'>): PacketCase => ({
  name,
  version,
  sender: 'server',
  bytes: wire(bytes),
  ...rest,
});

export const connackCases: readonly PacketCase[] = [
  fromServer('accepted, 3.1', 3, '20 02 00 00', { packet: accepted }),
  fromServer('accepted, 3.1.1, session present', 4, '20 02 01 00', { packet: { ...accepted, sessionPresent: true } }),
  fromServer('accepted, 5.0', 5, '20 03 01 00 00', { packet: { ...accepted, sessionPresent: true } }),
  fromServer('identifier rejected, 3.1.1', 4, '20 02 00 02', { packet: { ...accepted, reasonCode: 0x85 } }),
  fromServer('not authorized, 3.1.1', 4, '20 02 00 05', { packet: { ...accepted, reasonCode: 0x87 } }),
  fromServer(
    'all properties',
    5,
    '20 { 00 00 { 11 00000078 21 0014 24 01 25 00 27 00100000 12 "auto-1" 22 0008 1f "hello" 26 "a" "b" 28 01 29 00 2a 01 13 001e 1a "info" 1c "other:1883" 15 "SCRAM" 16 0002 0102 } }',
    {
      packet: {
        ...accepted,
        properties: {
          sessionExpiryInterval: 120,
          receiveMaximum: 20,
          maximumQos: 1,
          retainAvailable: 0,
          maximumPacketSize: 1_048_576,
          assignedClientIdentifier: 'auto-1',
          topicAliasMaximum: 8,
          reasonString: 'hello',
          userProperties: [['a', 'b']],
          wildcardSubscriptionAvailable: 1,
          subscriptionIdentifierAvailable: 0,
          sharedSubscriptionAvailable: 1,
          serverKeepAlive: 30,
          responseInformation: 'info',
          serverReference: 'other:1883',
          authenticationMethod: 'SCRAM',
          authenticationData: wire('0102'),
        },
      },
    },
  ),
  fromServer('reserved flags, 5.0', 5, '20 03 02 00 00', { error: [0x81, 'MQTT-3.2.2-1'] }),
  fromServer('reserved flags, 3.1.1', 4, '20 02 80 00', { error: [0x81, '§3.2.2.1'] }),
  fromServer('return code 6', 4, '20 02 00 06', { error: [0x82, '§3.2.2.3'] }),
  fromServer('a code of another packet', 5, '20 03 00 8e 00', { packet: { ...accepted, reasonCode: 0x8e }, error: [0x82, 'MQTT-3.2.2-8'] }),
  fromServer('session present in a refusal, 5.0', 5, '20 03 01 87 00', { packet: { ...accepted, sessionPresent: true, reasonCode: 0x87 }, error: [0x82, 'MQTT-3.2.2-6'] }),
  fromServer('session present in a refusal, 3.1.1', 4, '20 02 01 05', { packet: { ...accepted, sessionPresent: true, reasonCode: 0x87 }, error: [0x82, 'MQTT-3.2.2-4'] }),
  fromServer('without properties, 5.0', 5, '20 02 00 00', { error: [0x81, '§1.2'] }),
  fromServer('with one byte more, 3.1.1', 4, '20 03 00 00 00', { error: [0x81, 'MQTT-4.8.0-1'] }),
  fromServer('maximum QoS 2', 5, '20 { 00 00 { 24 02 } }', { error: [0x82, '§2.2.2.2'] }),
  { name: 'from a client', version: 5, bytes: wire('20 03 00 00 00'), packet: accepted, error: [0x82, '§4.13.1'] },
];
