/** Which test proves which statement: the ids in the titles of the tests that vitest really finds, set against the table. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '../support/processes.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import type { Statement } from './statement.ts';
import { STATEMENTS_311 } from './statements311.ts';
import { STATEMENTS_5 } from './statements5.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIST_LIMIT_MS = 60_000;
export const PAGE = fileURLToPath(new URL('CONFORMANCE.md', import.meta.url));

export interface ListedTest {
  /** Suites and title, joined by ` > `. */
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
}

export const STATEMENTS: readonly Statement[] = [...STATEMENTS_5, ...STATEMENTS_311];

/** Every test of this folder, as vitest collects them. */
export async function listTests(): Promise<ListedTest[]> {
  const folder = await createTempDir('busbar-tests-');
  try {
    const file = join(folder, 'tests.json');
    const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'list', '--config', 'build/vitest.config.ts', '--project', 'conformance', '--no-static-parse', `--json=${file}`];
    // A vitest inside a vitest is told by this variable that it is a worker, and would wait for its parent.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    const result = await runProcess(process.execPath, args, { cwd: ROOT, env, lifetimeMs: LIST_LIMIT_MS });
    if (result.code !== 0) throw new Error(`vitest list failed:\n${result.stdout}${result.stderr}`);
    const tests = JSON.parse(await readFile(file, 'utf8')) as ListedTest[];
    // vitest lists files in the order in which it would run them, which depends on how long they took the last time.
    return tests.map((test) => ({ name: test.name, file: relative(ROOT, test.file) })).sort((left, right) => (left.file < right.file ? -1 : left.file > right.file ? 1 : 0));
  } finally {
    await removeTempDir(folder);
  }
}

/** The statement ids that a title names. */
export function idsIn(title: string): string[] {
  return [...title.matchAll(/\[(MQTT3?-[\d.]+-\d+)\]/g)].map((match) => match[1] as string);
}

/** Statement id → tests that name it. */
export function coverage(tests: readonly ListedTest[]): Map<string, ListedTest[]> {
  const covered = new Map<string, ListedTest[]>();
  for (const test of tests) for (const id of new Set(idsIn(test.name))) covered.set(id, [...(covered.get(id) ?? []), test]);
  return covered;
}

/** The page for people: every statement with the tests that prove it, or why there is none. */
export function pageOf(tests: readonly ListedTest[]): string {
  const covered = coverage(tests);
  const part = (title: string, rows: readonly Statement[]) => [`## ${title}`, '', '| Statement | Binds | Gist | Proved by |', '|---|---|---|---|', ...rows.map((row) => line(row, covered)), ''];
  return [
    '# Conformance',
    '',
    'Every numbered statement of the two OASIS standards, and the tests that prove it against a real listener. `MQTT3-` marks those of 3.1.1.',
    'Made by `node test/conformance/writePage.ts` from the tables beside it and the titles of the tests; `table.test.ts` checks that it is fresh.',
    '',
    ...part('MQTT 5.0', STATEMENTS_5),
    ...part('MQTT 3.1.1', STATEMENTS_311),
  ].join('\n');
}

function line(row: Statement, covered: ReadonlyMap<string, readonly ListedTest[]>): string {
  const proof = row.notServer === undefined ? proofs(covered.get(row.id) ?? []) : `not for a server: ${row.notServer}`;
  return `| ${row.id} | ${row.binds} | ${cell(row.gist)} | ${proof} |`;
}

function proofs(tests: readonly ListedTest[]): string {
  const titles = tests.map((test) => `${cell(test.name.replaceAll(/\s*\[MQTT3?-[\d.]+-\d+\]/g, ''))} (${test.file.replace('test/conformance/', '')})`);
  return [...new Set(titles)].join('<br>');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
