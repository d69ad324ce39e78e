/** The table against the tests: no statement without proof, no proof of a statement that does not exist. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { coverage, idsIn, listTests, PAGE, pageOf, STATEMENTS, type ListedTest } from './coverage.ts';
import { STATEMENTS_311 } from './statements311.ts';
import { STATEMENTS_5 } from './statements5.ts';

let tests: readonly ListedTest[] = [];
beforeAll(async () => {
  tests = await listTests();
}, 60_000);

describe('the conformance table', () => {
  it('has every statement of both standards once', () => {
    // 251 and 141 are the numbered statements of MQTT 5.0 (appendix B) and 3.1.1 (appendix B).
    expect([STATEMENTS_5.length, STATEMENTS_311.length]).toEqual([251, 141]);
    expect(new Set(STATEMENTS.map((statement) => statement.id)).size).toBe(392);
  });

  it('has a test for every statement that concerns a server', () => {
    const covered = coverage(tests);
    const without = STATEMENTS.filter((statement) => statement.notServer === undefined && !covered.has(statement.id)).map((statement) => statement.id);
    expect(without).toEqual([]);
  });

  it('knows every id that a test names, and none of them is for clients alone', () => {
    const forServers = new Set(STATEMENTS.filter((statement) => statement.notServer === undefined).map((statement) => statement.id));
    expect(tests.flatMap((test) => idsIn(test.name)).filter((id) => !forServers.has(id))).toEqual([]);
  });

  it('is the page that people read (node test/conformance/writePage.ts)', async () => {
    expect(await readFile(PAGE, 'utf8')).toBe(pageOf(tests));
  });
});
