/**
 * Packets that break exactly one rule, each drawn anew around that one fault. The reason code beside each is the standard's
 * (statement or section), written here once more on purpose: the broker's table is what is being tested.
 */
import type { MqttVersion } from '../../broker/protocol/packet.ts';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { frame, type Draw } from './draw.ts';

export interface BrokenRule {
  readonly name: string;
  readonly versions: readonly MqttVersion[];
  /** What an MQTT 5 client is told; others are closed without a word. */
  readonly reasonCode: number;
  readonly bytes: (draw: Draw, version: MqttVersion) => Buffer;
}

/** Limits that the world of the fuzzer is configured with. */
export const FUZZ_MAX_PACKET_SIZE = 65_536;
export const FUZZ_MAX_TOPIC_ALIAS = 10;
export const FUZZ_MAX_TOPIC_LEVELS = 20;

const MALFORMED = 0x81;
const PROTOCOL = 0x82;
const ALL: readonly MqttVersion[] = [3, 4, 5];
const OLD_TO_5: readonly MqttVersion[] = [4, 5];
const FIVE: readonly MqttVersion[] = [5];

/** Not UTF-8: overlong, surrogates, beyond U+10FFFF, cut short, stray continuation. */
const BAD_UTF8 = ['c080', 'c1bf', 'e08080', 'eda080', 'edbfbf', 'f0808080', 'f4908080', 'f5808080', 'ff', 'fe', '80', 'c3', 'e282', 'f09f98'];
/** Property ids that MQTT 5.0 does not define. */
const UNKNOWN_IDS = ['00', '04', '05', '06', '07', '0a', '0c', '14', '1b', '20', '2b', '7f', 'ff01'];
/** Whole properties that do not belong in PUBLISH. */
const NOT_IN_PUBLISH = ['11 00000001', '12 "a"', '13 0001', '15 "a"', '16 0001 00', '17 01', '18 00000001', '19 01', '1a "a"', '1c "a"', '1f "a"', '21 0001', '22 0001', '24 01', '25 01', '27 00000100', '28 01', '29 01', '2a 01'];
const ONCE_IN_PUBLISH = ['01 01', '02 00000001', '03 "a"', '08 "a"', '09 0001 00', '23 0001'];

function some(draw: Draw): string {
  return draw.bytes(draw.below(12)).toString('hex');
}

function publish(version: MqttVersion, body: string, firstByte = '30'): Buffer {
  return wire(`${firstByte} { ${body} }`.replace('PROPS', version === 5 ? '00' : ''));
}

export const BROKEN_RULES: readonly BrokenRule[] = [
  // Fixed header
  { name: 'packet type 0', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => frame(draw.below(16), draw.bytes(draw.below(9))) },
  { name: 'AUTH before 5.0', versions: [3, 4], reasonCode: MALFORMED, bytes: () => wire('f0 00') },
  { name: 'reserved header flags', versions: OLD_TO_5, reasonCode: MALFORMED, bytes: (draw) => reservedFlags(draw) },
  { name: 'a remaining length of five bytes', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => wire(`${draw.pick(['30', '82', 'c0', 'e0'])} ffffffff 01`) },
  { name: 'a remaining length that is padded', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(draw.pick(['c0 8000', '40 8200 0001', '30 8600 "a/b" 00', 'c0 808000'])) },
  { name: 'a packet above the limit', versions: ALL, reasonCode: 0x95, bytes: (draw) => Buffer.concat([wire(draw.pick(['30', '82', 'a2', '40'])), wire(draw.pick(['ffffff7f', '818004', 'ffff7f'])), draw.bytes(draw.below(20))]) },
  { name: 'a packet only servers send', versions: ALL, reasonCode: PROTOCOL, bytes: (draw) => wire(draw.pick(['20 { 0000 }', '90 { 0001 00 }', 'b0 { 0001 }', 'd0 00'])) },
  { name: 'a second CONNECT', versions: ALL, reasonCode: PROTOCOL, bytes: (_draw, version) => wire(version === 5 ? '10 { "MQTT" 05 02 003c 00 "again" }' : version === 4 ? '10 { "MQTT" 04 02 003c "again" }' : '10 { "MQIsdp" 03 02 003c "again" }') },

  // Fields
  { name: 'a topic longer than its packet', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { 00${draw.pick(['40', '7f', 'ff'])} ${some(draw)} }`) },
  { name: 'bytes behind PINGREQ', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => frame(0xc0, draw.bytes(1 + draw.below(9))) },
  { name: 'bytes behind the last field', versions: [3, 4], reasonCode: MALFORMED, bytes: (draw) => frame(draw.pick([0x40, 0x50, 0x62, 0x70]), Buffer.concat([Buffer.of(0, 1), draw.bytes(1 + draw.below(4))])) },
  { name: 'SUBSCRIBE without options', versions: ALL, reasonCode: MALFORMED, bytes: (_draw, version) => wire(version === 5 ? '82 { 0001 00 "a" }' : '82 { 0001 "a" }') },
  { name: 'half a packet id', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => frame(draw.pick([0x40, 0x50, 0x62, 0x70]), draw.bytes(draw.below(2))) },
  { name: 'a topic that is no UTF-8', versions: ALL, reasonCode: MALFORMED, bytes: (draw, version) => badText(draw, version) },
  { name: 'a topic with U+0000', versions: ALL, reasonCode: MALFORMED, bytes: (draw, version) => publish(version, `${draw.pick(['0001 00', '0003 610062', '0002 6100'])} PROPS ${some(draw)}`) },
  { name: 'PUBLISH with packet id 0', versions: ALL, reasonCode: PROTOCOL, bytes: (draw, version) => publish(version, '"a/b" 0000 PROPS', draw.pick(['32', '34', '3a', '3d'])) },
  { name: 'SUBSCRIBE with packet id 0', versions: ALL, reasonCode: PROTOCOL, bytes: (_draw, version) => wire(version === 5 ? '82 { 0000 00 "a" 00 }' : '82 { 0000 "a" 00 }') },
  { name: 'UNSUBSCRIBE with packet id 0', versions: ALL, reasonCode: PROTOCOL, bytes: (_draw, version) => wire(version === 5 ? 'a2 { 0000 00 "a" }' : 'a2 { 0000 "a" }') },
  { name: 'an acknowledgement with packet id 0', versions: ALL, reasonCode: PROTOCOL, bytes: (draw) => wire(`${draw.pick(['40', '50', '62', '70'])} { 0000 }`) },

  // PUBLISH
  { name: 'QoS 3', versions: ALL, reasonCode: MALFORMED, bytes: (draw, version) => publish(version, `"a/b" 0001 PROPS ${some(draw)}`, draw.pick(['36', '37', '3e', '3f'])) },
  { name: 'DUP with QoS 0', versions: OLD_TO_5, reasonCode: MALFORMED, bytes: (draw, version) => publish(version, `"a/b" PROPS ${some(draw)}`, draw.pick(['38', '39'])) },
  { name: 'a topic name with a wildcard', versions: ALL, reasonCode: 0x90, bytes: (draw, version) => publish(version, `"${draw.pick(['+', '#', 'a/+', 'a/#/b', '+/b', 'a+', '$share/+/x'])}" PROPS ${some(draw)}`) },
  { name: 'an empty topic without an alias', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw, version) => publish(version, `"" PROPS ${some(draw)}`) },
  { name: 'a topic alias of 0', versions: FIVE, reasonCode: 0x94, bytes: (draw) => wire(`30 { "${draw.pick(['', 'a'])}" { 23 0000 } ${some(draw)} }`) },
  { name: 'a topic alias above the maximum', versions: FIVE, reasonCode: 0x94, bytes: (draw) => wire(`30 { "${draw.pick(['', 'a'])}" { 23 ${draw.pick(['000b', '00ff', 'ffff'])} } }`) },
  { name: 'a topic alias nobody set', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`30 { "" { 23 ${draw.pick(['0001', '000a'])} } }`) },
  { name: 'more topic levels than allowed', versions: ALL, reasonCode: 0x90, bytes: (draw, version) => publish(version, `"${'/'.repeat(FUZZ_MAX_TOPIC_LEVELS + draw.below(9_000))}" PROPS`) },
  { name: 'a subscription identifier from a client', versions: FIVE, reasonCode: PROTOCOL, bytes: () => wire('30 { "a/b" { 0b 01 } }') },
  { name: 'a response topic with a wildcard', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`30 { "a/b" { 08 "${draw.pick(['+', 'a/#'])}" } }`) },

  // Properties
  { name: 'an unknown property', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { "a/b" { ${draw.pick(UNKNOWN_IDS)} ${some(draw)} } }`) },
  { name: 'a property of another packet', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { "a/b" { ${draw.pick(NOT_IN_PUBLISH)} } }`) },
  { name: 'a property twice', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => twice(draw) },
  { name: 'a payload format that does not exist', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`30 { "a/b" { 01 ${draw.pick(['02', '7f', 'ff'])} } }`) },
  { name: 'properties longer than their packet', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { "a/b" ${draw.pick(['7f', 'ff7f', 'ffffff7f'])} 01 01 }`) },
  { name: 'a property cut by the property length', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { "a/b" ${draw.pick(['01 01', '02 02 00', '03 08 0001', '04 26 0001 6b'])} 00000001 }`) },
  { name: 'a property length of five bytes', versions: FIVE, reasonCode: MALFORMED, bytes: () => wire('30 { "a/b" 8080808001 }') },
  { name: 'a subscription identifier of 0', versions: FIVE, reasonCode: PROTOCOL, bytes: () => wire('82 { 0001 { 0b 00 } "a" 00 }') },
  { name: 'a user property that is no UTF-8', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`30 { "a/b" { 26 "k" 0001 ${draw.pick(['ff', '80', 'c3'])} } }`) },

  // Acknowledgements
  { name: 'a reason code out of place', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`${draw.pick(['40', '50', '62', '70'])} { 0001 ${draw.pick(['01', '18', '8d', 'ff'])} }`) },

  // SUBSCRIBE and UNSUBSCRIBE
  { name: 'SUBSCRIBE without a filter', versions: ALL, reasonCode: PROTOCOL, bytes: (_draw, version) => wire(version === 5 ? '82 { 0001 00 }' : '82 { 0001 }') },
  { name: 'UNSUBSCRIBE without a filter', versions: ALL, reasonCode: PROTOCOL, bytes: (_draw, version) => wire(version === 5 ? 'a2 { 0001 00 }' : 'a2 { 0001 }') },
  { name: 'reserved subscription options, 5.0', versions: FIVE, reasonCode: MALFORMED, bytes: (draw) => wire(`82 { 0001 00 "a" ${draw.pick(['40', '80', 'c1'])} }`) },
  { name: 'reserved subscription options, 3.x', versions: [4], reasonCode: MALFORMED, bytes: (draw) => wire(`82 { 0001 "a" ${draw.pick(['04', '10', '82', 'fc'])} }`) },
  { name: 'a subscription with QoS 3', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`82 { 0001 00 "a" ${draw.pick(['03', '07', '2b'])} }`) },
  { name: 'retain handling 3', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`82 { 0001 00 "a" ${draw.pick(['30', '31', '32'])} }`) },
  { name: 'No Local on a shared subscription', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`82 { 0001 00 "$share/g/${draw.pick(['a', '#', '+/b'])}" 04 }`) },
  { name: 'a malformed topic filter', versions: ALL, reasonCode: 0x8f, bytes: (draw, version) => badFilter(draw, version) },

  // DISCONNECT
  { name: 'DISCONNECT with header flags', versions: ALL, reasonCode: MALFORMED, bytes: (draw) => Buffer.of(0xe0 + 1 + draw.below(15), 0) },
  { name: 'DISCONNECT that raises the expiry from 0', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`e0 { 00 { 11 ${draw.pick(['00000001', 'ffffffff'])} } }`) },
  { name: 'DISCONNECT with a code for servers', versions: FIVE, reasonCode: PROTOCOL, bytes: (draw) => wire(`e0 { ${draw.pick(['8b', '8d', '8e', '9d', '01', '87'])} }`) },
];

/** MQTT 3.1 let some of these packets carry DUP, so the versions with fixed flags are drawn. */
function reservedFlags(draw: Draw): Buffer {
  const [fixed, body] = draw.pick([
    [0x40, '0001'],
    [0x62, '0001'],
    [0xc0, ''],
  ] as const);
  const flags = (fixed & 0x0f) ^ (1 + draw.below(15));
  return frame((fixed & 0xf0) | flags, wire(body));
}

function badText(draw: Draw, version: MqttVersion): Buffer {
  const text = Buffer.concat([Buffer.from('a/'), Buffer.from(draw.pick(BAD_UTF8), 'hex')]);
  const length = Buffer.of(0, text.length);
  return frame(0x30, Buffer.concat([length, text, Buffer.from(version === 5 ? '00' : '', 'hex')]));
}

function twice(draw: Draw): Buffer {
  const property = draw.pick(ONCE_IN_PUBLISH);
  return wire(`30 { "a/b" { ${property} ${draw.chance(2) ? '26 "k" "v"' : ''} ${property} } }`);
}

function badFilter(draw: Draw, version: MqttVersion): Buffer {
  const filter = draw.pick(['a#', 'a/#/b', '#/', 'a+', '+a/b', 'a/b+', '$share//a', '$share/g/', '$share/+/a', '$share/g', '']);
  if (draw.chance(2)) return wire(version === 5 ? `a2 { 0001 00 "${filter}" }` : `a2 { 0001 "${filter}" }`);
  return wire(version === 5 ? `82 { 0001 00 "${filter}" 00 }` : `82 { 0001 "${filter}" 00 }`);
}
