/** Hostile bytes against the pure broker: a fixed corpus, what was found before, and cases drawn from fixed seeds. */
import { describe, expect, it } from 'vitest';
import { packetCases } from '../../broker/protocol/packets/cases/packetCases.ts';
import { encodePacket } from '../../broker/protocol/writer.ts';
import { plainConnect } from './cases.ts';
import { FOUND } from './corpus/found.ts';
import { FuzzWorld } from './fuzzWorld.ts';
import { runCases } from './runCases.ts';

const CONNECT_TYPE = 1;
/** `npm run fuzz` goes on from here with other seeds. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const CASES = 1_600;

const refusals = packetCases.flatMap(([group, cases]) =>
  cases.flatMap((row) => (row.error === undefined || row.sender === 'server' ? [] : [{ ...row, name: `${group}, MQTT ${row.version}: ${row.name}`, code: row.error[0] }])),
);

describe('the corpus', () => {
  it.each(refusals)('$name', ({ version, bytes, code }) => {
    const fuzz = new FuzzWorld();
    const peer = fuzz.accept();
    const first = bytes[0]! >> 4 === CONNECT_TYPE;
    peer.feed(first ? bytes : Buffer.concat([encodePacket(plainConnect(version, 'corpus'), version), bytes]));
    // A CONNECT of 3.x is answered where CONNACK has a code for it; what comes later is closed without a word.
    const silent = version !== 5 && !(first && (code === 0x84 || code === 0x85));
    expect({ ended: peer.ended, said: peer.lastCode, rules: peer.violations.map((violation) => violation.reasonCode) }).toEqual({ ended: true, said: silent ? undefined : code, rules: [code] });
    expect([...fuzz.check(), ...fuzz.roundTrip(), ...fuzz.clear()]).toEqual([]);
  });
});

describe('found before', () => {
  it.each(FOUND)('$name', ({ bytes, end }) => {
    const fuzz = new FuzzWorld();
    const peer = fuzz.accept();
    peer.feed(bytes);
    expect(peer.ended ? peer.lastCode : 'open').toBe(end);
    expect([...fuzz.check(), ...fuzz.roundTrip(), ...fuzz.clear()]).toEqual([]);
  });
});

describe('drawn cases', () => {
  it.each(SEEDS)('of seed %i end by a rule, and nobody else notices', (seed) => {
    expect(runCases({ seed, count: CASES })).toEqual({ cases: CASES, problems: [] });
  });
});
