import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { withTempDir } from '../../test/support/tempDir.ts';
import type { LogLine } from '../contract/cluster.ts';
import { MAX_FILE_BYTES, MAX_LINE_CHARS, MAX_LINES_PER_NODE, NodeLogs, parseLine } from './nodeLogs.ts';

const withLogs = (use: (logs: NodeLogs, batches: LogLine[][], dir: string) => Promise<void>) =>
  withTempDir('busbar-logs-', async (dir) => {
    const batches: LogLine[][] = [];
    const logs = new NodeLogs({ dir, now: () => 5, onLines: (lines) => batches.push(lines), onFileError: (error) => expect.fail(String(error)) });
    await use(logs, batches, dir);
    await logs.close();
  });
const texts = (lines: readonly LogLine[]) => lines.map((line) => line.msg);

describe('a line of a node', () => {
  it.each([
    ['{"time":"2026-11-20T12:00:00.000Z","level":"warning","msg":"acl_refused","fields":{"line":3}}', { timeMs: 1795176000000, level: 'warning', msg: 'acl_refused', fields: '{"line":3}' }],
    ['{"event":"ready","node":"a@h"}', { timeMs: 5, level: 'info', msg: 'ready', fields: '{"node":"a@h"}' }],
    ['{"event":"failed","code":"X"}', { level: 'error', msg: 'failed' }],
    ['plain words', { timeMs: 5, level: 'info', msg: 'plain words', fields: '' }],
    ['{not json', { msg: '{not json' }],
    ['{"a":1}', { msg: '{"a":1}' }],
  ])('%s is understood', (text, expected) => {
    expect(parseLine('a', text, 1, 5)).toMatchObject({ seq: 1, node: 'a', ...expected });
  });

  it('says when it was cut', () => {
    const { msg } = parseLine('a', 'x'.repeat(MAX_LINE_CHARS + 7), 1, 5);
    expect(msg).toBe(`${'x'.repeat(MAX_LINE_CHARS)} … (7 characters more)`);
  });
});

describe('the logs of nodes', () => {
  it('are put together from pieces, told in batches and read in pages', () =>
    withLogs(async (logs, batches) => {
      const stream = new PassThrough();
      logs.follow('a', stream);
      stream.write('one\ntw');
      stream.write('o\n');
      stream.end('three');
      await new Promise((resolve) => stream.once('close', resolve));
      logs.add('b', 'four');
      expect(texts(logs.read({ limit: 3 }))).toEqual(['two', 'three', 'four']);
      expect(texts(logs.read({ node: 'a', beforeSeq: 3, limit: 10 }))).toEqual(['one', 'two']);
      await logs.close();
      expect(batches.map(texts)).toEqual([['one', 'two', 'three', 'four']]);
    }));

  it('keep a bounded number of lines', () =>
    withLogs(async (logs) => {
      for (let index = 1; index <= MAX_LINES_PER_NODE * 1.2; index += 1) logs.add('a', String(index));
      const kept = logs.read({ limit: 100_000 });
      expect(kept.length).toBeLessThanOrEqual(MAX_LINES_PER_NODE * 1.1);
      expect(kept.at(-1)?.msg).toBe(String(MAX_LINES_PER_NODE * 1.2));
    }));

  it('go to a file that is set aside when it is full', () =>
    withLogs(async (logs, _batches, dir) => {
      await writeFile(join(dir, 'a.log'), Buffer.alloc(MAX_FILE_BYTES + 1, 'x'));
      logs.add('a', 'after');
      await logs.close();
      expect(await readFile(join(dir, 'a.log'), 'utf8')).toBe('after\n');
      expect((await readdir(dir)).sort()).toEqual(['a.log', 'a.log.1']);
    }));
});
