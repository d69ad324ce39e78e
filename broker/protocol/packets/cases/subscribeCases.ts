import { NO_PROPERTIES, type SubscribePacket } from '../../packet.ts';
import type { PacketCase } from './packetCase.ts';
import { wire } from './wire.ts';

type Subscription = SubscribePacket['subscriptions'][number];

const plain: Subscription = { topicFilter: 'a/#', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 };
const subscribe = (...subscriptions: Subscription[]): SubscribePacket => ({ type: 'subscribe', packetId: 10, subscriptions, properties: NO_PROPERTIES });
/** One filter in a 5.0 packet: refused by validating, so the packet itself is part of the case. */
const invalid = (name: string, topicFilter: string, spec: string): PacketCase => ({
  name,
  version: 5,
  bytes: wire(`82 { 000a 00 "${topicFilter}" 01 }`),
  packet: subscribe({ ...plain, topicFilter }),
  error: [0x8f, spec],
});

export const subscribeCases: readonly PacketCase[] = [
  { name: 'one filter, 3.1', version: 3, bytes: wire('82 { 000a "a/#" 01 }'), packet: subscribe(plain) },
  { name: 'DUP, 3.1', version: 3, bytes: wire('8a { 000a "a/#" 01 }'), packet: subscribe(plain), canonical: false },
  { name: 'two filters, 3.1.1', version: 4, bytes: wire('82 { 000a "a/#" 01 "+" 02 }'), packet: subscribe(plain, { ...plain, topicFilter: '+', qos: 2 }) },
  {
    name: 'all options, 5.0',
    version: 5,
    bytes: wire('82 { 000a { 0b 8001 26 "a" "b" } "a/#" 2e "$share/g/t" 19 "a/#" 00 }'),
    packet: {
      ...subscribe(
        { ...plain, qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { topicFilter: '$share/g/t', qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 1 },
        { ...plain, qos: 0 },
      ),
      properties: { subscriptionIdentifiers: [128], userProperties: [['a', 'b']] },
    },
  },
  { name: '$queue and $exclusive', version: 4, bytes: wire('82 { 000a "$queue/a" 00 "$exclusive/b" 00 }'), packet: subscribe({ ...plain, topicFilter: '$queue/a', qos: 0 }, { ...plain, topicFilter: '$exclusive/b', qos: 0 }) },

  { name: 'flags 0000', version: 4, bytes: wire('80 { 000a "a/#" 01 }'), error: [0x81, 'MQTT-3.8.1-1'] },
  { name: 'DUP, 3.1.1', version: 4, bytes: wire('8a { 000a "a/#" 01 }'), error: [0x81, 'MQTT-3.8.1-1'] },
  { name: 'from a server', version: 5, sender: 'server', bytes: wire('82 { 000a 00 "a/#" 01 }'), packet: subscribe(plain), error: [0x82, '§4.13.1'] },
  { name: 'packet id 0', version: 5, bytes: wire('82 { 0000 00 "a/#" 01 }'), packet: { ...subscribe(plain), packetId: 0 }, error: [0x82, 'MQTT-2.2.1-3'] },
  { name: 'no filter, 5.0', version: 5, bytes: wire('82 { 000a 00 }'), packet: subscribe(), error: [0x82, 'MQTT-3.8.3-2'] },
  { name: 'no filter, 3.1.1', version: 4, bytes: wire('82 { 000a }'), packet: subscribe(), error: [0x82, 'MQTT-3.8.3-3'] },
  { name: 'no options', version: 4, bytes: wire('82 { 000a "a/#" }'), error: [0x81, 'MQTT-4.8.0-1'] },
  { name: 'reserved options, 5.0', version: 5, bytes: wire('82 { 000a 00 "a" 41 }'), error: [0x81, 'MQTT-3.8.3-5'] },
  { name: 'reserved options, 3.1.1', version: 4, bytes: wire('82 { 000a "a" 05 }'), error: [0x81, 'MQTT-3.8.3-4'] },
  { name: 'QoS 3, 5.0', version: 5, bytes: wire('82 { 000a 00 "a" 03 }'), error: [0x82, '§3.8.3.1'] },
  { name: 'QoS 3, 3.1.1', version: 4, bytes: wire('82 { 000a "a" 03 }'), error: [0x82, 'MQTT-3.8.3-4'] },
  { name: 'retain handling 3', version: 5, bytes: wire('82 { 000a 00 "a" 30 }'), error: [0x82, '§3.8.3.1'] },
  { name: 'No Local on a shared subscription', version: 5, bytes: wire('82 { 000a 00 "$share/g/a" 05 }'), packet: subscribe({ ...plain, topicFilter: '$share/g/a', noLocal: true }), error: [0x82, 'MQTT-3.8.3-4'] },
  invalid('empty filter', '', 'MQTT-4.7.3-1'),
  invalid('# within a level', 'a#', 'MQTT-4.7.1-1'),
  invalid('# before the end', '#/a', 'MQTT-4.7.1-1'),
  invalid('+ within a level', 'a/+b', 'MQTT-4.7.1-2'),
  invalid('no share name', '$share//a', 'MQTT-4.8.2-1'),
  invalid('wildcard in the share name', '$share/+/a', 'MQTT-4.8.2-2'),
  invalid('no filter behind the share name', '$share/g/', 'MQTT-4.8.2-2'),
  { name: '# before the end, 3.1.1', version: 4, bytes: wire('82 { 000a "a/#/b" 01 }'), error: [0x8f, 'MQTT-4.7.1-2'] },
  { name: 'U+0000 in a filter', version: 5, bytes: wire('82 { 000a 00 0001 00 01 }'), error: [0x81, 'MQTT-1.5.4-2'] },
  { name: 'subscription identifier 0', version: 5, bytes: wire('82 { 000a { 0b 00 } "a/#" 01 }'), packet: { ...subscribe(plain), properties: { subscriptionIdentifiers: [0] } }, error: [0x82, '§2.2.2.2'] },
  { name: 'subscription identifier padded', version: 5, bytes: wire('82 { 000a { 0b 8100 } "a/#" 01 }'), error: [0x81, 'MQTT-1.5.5-1'] },
  {
    name: 'two subscription identifiers',
    version: 5,
    bytes: wire('82 { 000a { 0b 01 0b 02 } "a/#" 01 }'),
    packet: { ...subscribe(plain), properties: { subscriptionIdentifiers: [1, 2] } },
    error: [0x82, '§2.2.2.2'],
  },
];
