/** Every row of the tables through decoding, encoding and validating. */
import { describe, expect, it } from 'vitest';
import { TOPIC_PROBLEMS } from '../../topics/topicProblem.ts';
import type { Packet } from '../packet.ts';
import { validatePacket } from '../packetCodec.ts';
import { RULES, type Violation } from '../violations.ts';
import { encodePacket } from '../writer.ts';
import { packetCases } from './cases/packetCases.ts';
import type { PacketCase } from './cases/packetCase.ts';
import { parseAll, plainBytes } from './cases/parseAll.ts';

const allCases = packetCases.flatMap(([, cases]) => cases);

function expectedOutcome(row: PacketCase): (Packet | Partial<Violation>)[] {
  if (row.error === undefined) return row.packet === undefined ? [] : [plainBytes(row.packet)];
  const [reasonCode, spec] = row.error;
  return [{ reasonCode, spec, message: expect.any(String) as string }];
}

describe.each(packetCases)('%s', (_group, cases) => {
  it.each(cases.map((row) => [row.name, row] as const))('decodes: %s', (_name, row) => {
    expect(parseAll(row)).toEqual(expectedOutcome(row));
  });

  const encodable = cases.filter((row) => row.packet !== undefined && row.canonical !== false);
  it.each(encodable.map((row) => [row.name, row] as const))('encodes: %s', (_name, row) => {
    expect(encodePacket(row.packet!, row.version).toString('hex')).toBe(row.bytes.toString('hex'));
  });

  const values = cases.filter((row) => row.packet !== undefined);
  it.each(values.map((row) => [row.name, row] as const))('validates: %s', (_name, row) => {
    const violation = validatePacket(row.packet!, row.version, row.sender ?? 'client');
    expect(violation && [violation.reasonCode, violation.spec]).toEqual(row.error);
  });
});

describe('the table of rules', () => {
  const seen = new Set(allCases.flatMap((row) => (row.error === undefined ? [] : [`${row.error[0]} ${row.error[1]}`])));
  /** Broken by values and headers that are no row of the tables; tested in validate.test.ts and parser.test.ts, and on the wire in test/conformance/limits.test.ts. */
  const elsewhere = new Set(['stringTooLong', 'packetTooLarge', 'firstPacket', 'discouragedCharacter']);

  it.each(Object.entries(RULES).filter(([name]) => !elsewhere.has(name)))('has a case for %s', (_name, rule) => {
    const known = [rule.spec, rule.spec311].map((spec) => `${rule.reasonCode} ${spec}`);
    expect(known.some((key) => seen.has(key))).toBe(true);
  });

  it('names a statement or a section for every rule', () => {
    const specs = [...Object.values(RULES), ...Object.values(TOPIC_PROBLEMS)].flatMap(({ spec, spec311 }) => [spec, spec311]);
    for (const spec of specs) expect(spec).toMatch(/^(MQTT-\d\.\d+\.\d+-\d+|§\d(\.\d+)*|)$/);
  });
});
