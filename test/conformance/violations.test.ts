/** Every way to break the form of a packet that the codec's tables know, and the statements behind them, against a real listener. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packetCases } from '../../broker/protocol/packets/cases/packetCases.ts';
import { wire } from '../../broker/protocol/packets/cases/wire.ts';
import { RULES } from '../../broker/protocol/violations.ts';
import { conformanceBroker } from './broker.ts';
import { connectPacket, PINGREQ, type Level } from './raw/build.ts';
import type { RawClient } from './raw/client.ts';

const broker = conformanceBroker();

/** A client that must not notice any of it. */
let canary: RawClient;
beforeAll(async () => {
  canary = await broker.connect('canary', { level: 4 });
});
afterAll(async () => {
  expect(await canary.texts()).toEqual([]);
});

const isConnect = (bytes: Buffer) => bytes[0] === undefined || bytes[0] >> 4 === 1;

/** Sends the bytes, behind a CONNECT unless they are one, and more behind them that must have no effect. */
async function reaction(level: Level, bytes: Buffer): Promise<string[]> {
  const before = isConnect(bytes) ? [] : [connectPacket('', { level })];
  const texts = await broker.answerTo(level, ...before, bytes, PINGREQ);
  return before.length === 0 ? texts : texts.slice(1);
}

/** Section 4.13.1 of 5.0: CONNACK or DISCONNECT with the code. In 3.x: the close, and CONNACK only for what has a return code [MQTT3-3.1.4-1]. */
function expected(level: Level, bytes: Buffer, code: number): RegExp[] {
  const hex = code.toString(16).padStart(2, '0');
  if (level === 5) return [new RegExp(`^${isConnect(bytes) ? 'connack' : 'disconnect'} ${hex}`)];
  const returnCode = isConnect(bytes) ? { 0x84: '01', 0x85: '02' }[code] : undefined;
  return returnCode === undefined ? [] : [new RegExp(`^connack ${returnCode}$`)];
}

interface Row {
  readonly name: string;
  readonly level: Level;
  readonly bytes: Buffer;
  readonly code: number;
  readonly spec: string;
}

const tagOf = (level: Level, spec: string) => (spec.startsWith('MQTT-') ? ` [${spec.replace('MQTT-', level === 5 ? 'MQTT-' : 'MQTT3-')}]` : '');

const rows: readonly Row[] = packetCases.flatMap(([group, cases]) =>
  cases.flatMap(({ name, version, sender, bytes, error }) => {
    if (error === undefined || sender === 'server') return [];
    const [code, spec] = error;
    return [{ name: `${group}, level ${version}: ${name}${tagOf(version, spec)}`, level: version, bytes, code, spec }];
  }),
);

describe('a packet of wrong form ends its connection, and nothing behind it counts', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, { level, bytes, code }) => {
    const want = expected(level, bytes, code);
    expect(await reaction(level, bytes)).toEqual(want.map((pattern) => expect.stringMatching(pattern)));
  });

  it('is a row for every rule a client can break', () => {
    const serverRules = ['connackFlags', 'connackCode', 'sessionPresent', 'subackCode', 'subackEmpty', 'unsubackCode', 'unsubackEmpty', 'disconnectExpiry', 'packetTooLarge'];
    // A string of more than 65535 bytes cannot be written at all; what may come before CONNECT is in connect.test.ts.
    const unwritable = ['stringTooLong', 'firstPacket'];
    // Only where mqtt.strict_mode asks for it: see limits.test.ts.
    const strict = ['discouragedCharacter'];
    const unseen = Object.entries(RULES).filter(([name, rule]) => {
      if ([...serverRules, ...unwritable, ...strict].includes(name)) return false;
      return !rows.some((row) => row.code === rule.reasonCode && row.spec === (row.level === 5 ? rule.spec : rule.spec311));
    });
    expect(unseen.map(([name]) => name)).toEqual([]);
  });
});

/** Statements that no single rule of the codec names: [ids, what is wrong, bytes in 5.0, bytes in 3.1.1, code]. */
const statements: readonly (readonly [ids: string, what: string, v5: string | undefined, v4: string | undefined, code: number])[] = [
  ['[MQTT-1.5.4-1] [MQTT3-1.5.3-1]', 'an overlong character', '30 { 0002 c0af 00 }', '30 { 0002 c0af }', 0x81],
  ['[MQTT-1.5.4-1] [MQTT3-1.5.3-1]', 'a surrogate', '30 { 0003 eda080 00 }', '30 { 0003 eda080 }', 0x81],
  ['[MQTT-1.5.4-1] [MQTT3-1.5.3-1]', 'a character above 10FFFF', '30 { 0004 f4908080 00 }', '30 { 0004 f4908080 }', 0x81],
  ['[MQTT-1.5.4-1] [MQTT3-1.5.3-1]', 'a character cut off', '30 { 0002 61c3 00 }', '30 { 0002 61c3 }', 0x81],
  ['[MQTT-1.5.4-2] [MQTT-4.7.3-2] [MQTT3-1.5.3-2] [MQTT3-4.7.3-2]', 'U+0000 in a topic', '30 { 0003 610062 00 }', '30 { 0003 610062 }', 0x81],
  ['[MQTT-1.5.4-2] [MQTT-4.7.3-2] [MQTT3-1.5.3-2] [MQTT3-4.7.3-2]', 'U+0000 in a filter', '82 { 0001 00 0003 610062 00 }', '82 { 0001 0003 610062 00 }', 0x81],
  ['[MQTT-1.5.4-2]', 'U+0000 in a property', '30 { "a" { 03 0001 00 } }', undefined, 0x81],
  ['[MQTT-1.5.7-1]', 'a user property with a bad value', '30 { "a" { 26 "k" 0001 ff } }', undefined, 0x81],
  ['[MQTT-1.5.7-1]', 'a user property with a bad name', '30 { "a" { 26 0001 ff "v" } }', undefined, 0x81],
  ['[MQTT-1.5.5-1]', 'a padded remaining length', 'c0 8000', undefined, 0x81],
  ['[MQTT-1.5.5-1]', 'a padded property length', '30 { "a" 8000 }', undefined, 0x81],
  ['[MQTT-2.2.2-1]', 'no property length', '82 { 0001 }', undefined, 0x81],
  ['[MQTT-2.2.1-3] [MQTT3-2.3.1-1]', 'SUBSCRIBE with identifier 0', '82 { 0000 00 "a" 00 }', '82 { 0000 "a" 00 }', 0x82],
  ['[MQTT-2.2.1-3] [MQTT3-2.3.1-1]', 'UNSUBSCRIBE with identifier 0', 'a2 { 0000 00 "a" }', 'a2 { 0000 "a" }', 0x82],
  ['[MQTT-2.2.1-3] [MQTT3-2.3.1-1]', 'PUBLISH with identifier 0', '32 { "a" 0000 00 }', '32 { "a" 0000 }', 0x82],
  ['[MQTT-3.1.2-9] [MQTT-3.1.4-1] [MQTT3-3.1.2-9] [MQTT3-3.1.4-1]', 'a will flag without a will', '10 { "MQTT" 05 06 003c 00 "c" }', '10 { "MQTT" 04 06 003c "c" }', 0x81],
  ['[MQTT3-3.1.2-11]', 'will fields without a will flag', undefined, '10 { "MQTT" 04 02 003c "c" "w" "x" }', 0x81],
  ['[MQTT-3.1.2-16] [MQTT3-3.1.2-18]', 'a user name without its flag', '10 { "MQTT" 05 02 003c 00 "c" "u" }', '10 { "MQTT" 04 02 003c "c" "u" }', 0x81],
  ['[MQTT-3.1.2-17] [MQTT3-3.1.2-19]', 'a user name flag without a user name', '10 { "MQTT" 05 82 003c 00 "c" }', '10 { "MQTT" 04 82 003c "c" }', 0x81],
  ['[MQTT-3.1.2-18] [MQTT3-3.1.2-20]', 'a password without its flag', '10 { "MQTT" 05 82 003c 00 "c" "u" "p" }', '10 { "MQTT" 04 82 003c "c" "u" "p" }', 0x81],
  ['[MQTT-3.1.2-19] [MQTT3-3.1.2-21]', 'a password flag without a password', '10 { "MQTT" 05 c2 003c 00 "c" "u" }', '10 { "MQTT" 04 c2 003c "c" "u" }', 0x81],
  ['[MQTT-3.1.3-1] [MQTT3-3.1.3-1]', 'CONNECT fields in another order', '10 { "MQTT" 05 06 003c 00 0001 61 "w" 00 0002 7879 }', '10 { "MQTT" 04 86 003c "u" 0005 }', 0x81],
  ['[MQTT-3.1.3-3] [MQTT3-3.1.3-3]', 'no client identifier', '10 { "MQTT" 05 02 003c 00 }', '10 { "MQTT" 04 02 003c }', 0x81],
  ['[MQTT-3.1.3-4] [MQTT3-3.1.3-4]', 'a client identifier that is no string', '10 { "MQTT" 05 02 003c 00 0001 ff }', '10 { "MQTT" 04 02 003c 0001 ff }', 0x81],
  ['[MQTT-3.1.3-11] [MQTT3-3.1.3-10]', 'a will topic that is no string', '10 { "MQTT" 05 06 003c 00 "c" 00 0001 ff "x" }', '10 { "MQTT" 04 06 003c "c" 0001 ff "x" }', 0x81],
  ['[MQTT-3.1.3-12] [MQTT3-3.1.3-11]', 'a user name that is no string', '10 { "MQTT" 05 82 003c 00 "c" 0001 ff }', '10 { "MQTT" 04 82 003c "c" 0001 ff }', 0x81],
  ['[MQTT-3.3.2-1] [MQTT3-3.3.2-1]', 'PUBLISH without a topic', '30 { }', '30 { }', 0x81],
  ['[MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT3-3.3.2-2] [MQTT3-4.7.1-1]', '+ in a topic name', '30 { "a/+" 00 }', '30 { "a/+" }', 0x90],
  ['[MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT3-3.3.2-2] [MQTT3-4.7.1-1]', '# in a topic name', '30 { "#" 00 }', '30 { "#" }', 0x90],
  ['[MQTT-4.7.0-1] [MQTT3-4.7.1-1]', 'a wildcard in a will topic', '10 { "MQTT" 05 06 003c 00 "c" 00 "w/+" "x" }', '10 { "MQTT" 04 06 003c "c" "w/+" "x" }', 0x90],
  ['[MQTT-3.3.2-13]', 'a response topic that is no string', '30 { "a" { 08 0001 ff } }', undefined, 0x81],
  ['[MQTT-3.3.2-14]', 'a response topic with a wildcard', '30 { "a" { 08 "a/#" } }', undefined, 0x82],
  ['[MQTT-3.3.2-19]', 'a content type that is no string', '30 { "a" { 03 0001 ff } }', undefined, 0x81],
  ['[MQTT-3.3.4-6]', 'a subscription identifier in PUBLISH', '30 { "a" { 0b 01 } }', undefined, 0x82],
  ['[MQTT-3.8.3-1] [MQTT3-3.8.3-1]', 'a filter that is no string', '82 { 0001 00 0001 ff 00 }', '82 { 0001 0001 ff 00 }', 0x81],
  ['[MQTT-3.8.3-5] [MQTT3-3.8.3-4]', 'reserved bits in the options', '82 { 0001 00 "a" 40 }', '82 { 0001 "a" 04 }', 0x81],
  ['[MQTT3-3.8.3-4]', 'a subscription of QoS 3', '82 { 0001 00 "a" 03 }', '82 { 0001 "a" 03 }', 0x82],
  ['[MQTT-3.10.3-1] [MQTT3-3.10.3-1]', 'a filter to unsubscribe that is no string', 'a2 { 0001 00 0001 ff }', 'a2 { 0001 0001 ff }', 0x81],
  ['[MQTT-3.10.3-2] [MQTT3-3.10.3-2]', 'UNSUBSCRIBE without a filter', 'a2 { 0001 00 }', 'a2 { 0001 }', 0x82],
  ['[MQTT-4.7.1-1] [MQTT3-4.7.1-2]', '# behind a character', '82 { 0001 00 "a#" 00 }', '82 { 0001 "a#" 00 }', 0x8f],
  ['[MQTT-4.7.1-1] [MQTT3-4.7.1-2]', '# before a level', '82 { 0001 00 "a/#/b" 00 }', '82 { 0001 "a/#/b" 00 }', 0x8f],
  ['[MQTT-4.7.1-2] [MQTT3-4.7.1-3]', '+ beside a character', '82 { 0001 00 "a/b+" 00 }', '82 { 0001 "a/b+" 00 }', 0x8f],
  ['[MQTT-4.7.1-2] [MQTT3-4.7.1-3]', '+ twice in a level', 'a2 { 0001 00 "++" }', 'a2 { 0001 "++" }', 0x8f],
  ['[MQTT-4.7.3-1] [MQTT3-4.7.3-1]', 'an empty topic', '30 { "" 00 }', '30 { "" }', 0x82],
  ['[MQTT-4.7.3-1] [MQTT3-4.7.3-1]', 'an empty filter', '82 { 0001 00 "" 00 }', '82 { 0001 "" 00 }', 0x8f],
  ['[MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT3-4.8.0-1]', 'a packet type that does not exist', '0000', '0000', 0x81],
  ['[MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT3-4.8.0-1]', 'bytes left over', 'e0 { 00 00 00 }', 'c0 { 00 }', 0x81],
  ['[MQTT-3.15.1-1]', 'AUTH with flags', 'f1 { 18 { 15 "m" } }', undefined, 0x81],
  ['[MQTT-3.14.1-1] [MQTT3-3.14.1-1]', 'DISCONNECT with flags', 'e1 00', 'e1 00', 0x81],
];

describe('statement by statement', () => {
  it.each(statements)('%s %s', async (_ids, _what, v5, v4, code) => {
    for (const [level, bytes] of [[5, v5], [4, v4]] as const) {
      if (bytes === undefined) continue;
      const packet = wire(bytes);
      expect(await reaction(level, packet)).toEqual(expected(level, packet, code).map((pattern) => expect.stringMatching(pattern)));
    }
  });

  it('wrong header flags of every type [MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT3-3.6.1-1] [MQTT3-3.8.1-1] [MQTT3-3.10.1-1]', async () => {
    for (const level of [4, 5] as const) {
      const none = level === 5 ? '00' : '';
      const packets = [
        ['41 { 0001 }', '51 { 0001 }', '60 { 0001 }', '64 { 0001 }', '72 { 0001 }', 'c1 00'],
        ['80', '81', '83', '8a'].map((first) => `${first} { 0001 ${none} "a" 00 }`),
        ['a0', 'a1', 'a3', 'aa'].map((first) => `${first} { 0001 ${none} "a" }`),
      ].flat();
      for (const description of packets) {
        expect(await reaction(level, wire(description))).toEqual(level === 5 ? [expect.stringMatching(/^disconnect 81/)] : []);
      }
    }
  });

  it('level 3 let these three carry DUP', async () => {
    const client = await broker.connect('', { level: 3 });
    client.send(wire('8a { 0001 "a" 00 }'), wire('aa { 0002 "a" }'), wire('6a { 0003 }'));
    expect(await client.texts()).toEqual(['suback #1 00', 'unsuback #2', 'pubcomp #3']);
  });
});
