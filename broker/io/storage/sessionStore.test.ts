import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { copyItem, lineage, mid, nodeId, plainCopy, sessionMessage } from '../../../test/support/sessionCopies.ts';
import { startProcess } from '../../../test/support/processes.ts';
import { withTempDir } from '../../../test/support/tempDir.ts';
import { BusbarError } from '../../base/errors.ts';
import { silentLog, type Log, type LogFields } from '../../base/log.ts';
import { randomBelow, seededPrng } from '../../base/prng.ts';
import { SessionCopy } from '../../cluster/sessions/copy/copy.ts';
import { applyRecord } from '../../cluster/sessions/copy/record.ts';
import { SessionStore } from './sessionStore.ts';

const WRITER = fileURLToPath(new URL('../../../test/support/sessionWriter.ts', import.meta.url));
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const PAGE = 4_096;

function open(dataDir: string, log: Log = silentLog): SessionStore {
  const onFailure = (error: Error): void => {
    throw error;
  };
  return SessionStore.open({ dataDir, synchronous: 'full', log, nowMs: NOW, onFailure });
}

/** A log that keeps errors. */
function errorLog(): { readonly log: Log; readonly errors: LogFields[] } {
  const errors: LogFields[] = [];
  return { log: { ...silentLog, error: (msg, fields = {}) => void errors.push({ msg, ...fields }) }, errors };
}

/** A store in which session `a` got `count` messages of `bytes` bytes, a commit each. */
async function filled(dataDir: string, count: number, bytes = 10): Promise<SessionCopy> {
  const store = open(dataDir);
  const copy = new SessionCopy('a', nodeId(1));
  const journal = store.journal({ copies: () => [copy], late: () => [] });
  journal.add({ type: 'copy', copy });
  for (let n = 1; n <= count; n += 1) {
    const item = copyItem({ mid: mid(1, n), dot: { lineage: lineage(1), n }, ord: n, message: sessionMessage('t', 'x'.repeat(bytes)) });
    applyRecord(copy, { type: 'enqueue', item });
    journal.add({ type: 'session', clientId: 'a', record: { type: 'enqueue', item } });
    await new Promise<void>((resolve) => journal.commit(resolve));
  }
  await store.close();
  return copy;
}

async function recovered(dataDir: string, log?: Log) {
  const store = open(dataDir, log);
  await store.close();
  return store.recovered;
}

function numbers(copies: readonly SessionCopy[]): number[] {
  return copies.flatMap((copy) => [...copy.items].map((item) => item.mid.n)).sort((a, b) => a - b);
}

describe('sessions on disk', { timeout: 30_000 }, () => {
  it('are there again after a restart', () =>
    withTempDir('sessions-', async (dataDir) => {
      const copy = await filled(dataDir, 5);
      const { copies, damage } = await recovered(dataDir);
      expect([copies.map(plainCopy), damage]).toEqual([[plainCopy(copy)], []]);
      expect(statSync(join(dataDir, 'sessions.db')).mode & 0o777).toBe(0o600);
    }));

  it('are counted: commits, and bytes though their memory went to the thread', () =>
    withTempDir('sessions-', async (dataDir) => {
      const store = open(dataDir);
      const journal = store.journal({ copies: () => [], late: () => [] });
      journal.add({ type: 'copy', copy: new SessionCopy('a', nodeId(1)) });
      await new Promise<void>((resolve) => journal.commit(resolve));
      await store.close();
      const { commits, bytesWritten, bytes, pendingBytes } = journal.counters();
      expect([commits, bytesWritten > 50, bytes === bytesWritten, pendingBytes]).toEqual([1, true, true, 0]);
    }));

  it('are kept by a process that is killed at any moment: nothing confirmed is missing, nothing finished returns', { timeout: 60_000 }, () =>
    withTempDir('sessions-', async (dataDir) => {
      const prng = seededPrng(42);
      let confirmed: string[] = [];
      for (let life = 0; life < 6; life += 1) {
        const writer = startProcess(process.execPath, [WRITER, dataDir, String(life * 1_000_000 + 1)]);
        await writer.line((line) => line === 'ready', 20_000);
        await new Promise((resolve) => setTimeout(resolve, randomBelow(prng, 400)));
        writer.kill('SIGKILL');
        await writer.exit();
        expect(writer.stderr()).toBe('');
        confirmed = readFileSync(join(dataDir, 'confirmed.txt'), 'utf8').split('\n').slice(0, -1);
        const queued = confirmed.filter((line) => line.startsWith('+')).map(Number);
        const finished = confirmed.filter((line) => line.startsWith('-')).map((line) => -Number(line));
        const { copies, damage } = await recovered(dataDir);
        const held = new Set(numbers(copies));
        expect(damage).toEqual([]);
        // Every fourth message is never finished; the end of others may have been under way.
        expect(queued.filter((n) => n % 4 === 0 && !held.has(n))).toEqual([]);
        expect(finished.filter((n) => held.has(n))).toEqual([]);
      }
      expect(confirmed.length).toBeGreaterThan(100);
    }));
});

describe('a damaged store', { timeout: 30_000 }, () => {
  it('S59: with one segment overwritten keeps the others, sets the file aside and says so once', () =>
    withTempDir('sessions-', async (dataDir) => {
      await filled(dataDir, 5);
      const db = new DatabaseSync(join(dataDir, 'sessions.db'));
      db.exec("UPDATE segment SET body = x'010203' WHERE position = 2");
      db.close();
      const { log, errors } = errorLog();
      const { copies, damage } = await recovered(dataDir, log);
      expect([numbers(copies), copies.map(({ epoch, seen }) => [epoch, seen.size]), damage.length]).toEqual([[1, 2, 4, 5], [[0, 0]], 1]);
      const quarantine = join(dataDir, 'quarantine', '20260102T030405Z');
      expect(errors).toEqual([
        {
          msg: 'session_store_damaged',
          path: join(dataDir, 'sessions.db'),
          moved_to: quarantine,
          sessions: 1,
          problems: 2,
          first_problem: 'segment 2: its checksum is wrong',
          hint: expect.stringContaining('recovered as far as they are sound') as string,
        },
      ]);
      expect(readdirSync(quarantine)).toContain('sessions.db');
      const again = await recovered(dataDir, log);
      expect([numbers(again.copies), again.damage, errors.length]).toEqual([[1, 2, 4, 5], [], 1]);
    }));

  it('with pages of zeros in the middle keeps what can be read', () =>
    withTempDir('sessions-', async (dataDir) => {
      await filled(dataDir, 60, 3_000);
      const path = join(dataDir, 'sessions.db');
      const file = openSync(path, 'r+');
      const pages = Math.floor(statSync(path).size / PAGE);
      writeSync(file, Buffer.alloc(PAGE), 0, PAGE, Math.floor(pages / 2) * PAGE);
      closeSync(file);
      const { log, errors } = errorLog();
      const held = numbers((await recovered(dataDir, log)).copies);
      expect(errors.map(({ msg }) => msg)).toEqual(['session_store_damaged']);
      expect(held.length).toBeGreaterThan(20);
      expect(held.length).toBeLessThan(60);
      expect(numbers((await recovered(dataDir, log)).copies)).toEqual(held);
    }));

  it('that lost its second half keeps what can be read', () =>
    withTempDir('sessions-', async (dataDir) => {
      await filled(dataDir, 60, 3_000);
      const path = join(dataDir, 'sessions.db');
      truncateSync(path, Math.floor(statSync(path).size / 2 / PAGE) * PAGE);
      const { log, errors } = errorLog();
      await recovered(dataDir, log);
      expect(errors.map(({ msg }) => msg)).toEqual(['session_store_damaged']);
      expect((await recovered(dataDir, log)).damage).toEqual([]);
      expect(errors.length).toBe(1);
    }));

  it.each([
    ['is no database', 'this is no database'.repeat(500)],
    ['is cut off in its first page', 'SQLite format 3\0'],
  ])('that %s is set aside, and the node starts without it', (_name, content) =>
    withTempDir('sessions-', async (dataDir) => {
      writeFileSync(join(dataDir, 'sessions.db'), content);
      const { log, errors } = errorLog();
      const { copies } = await recovered(dataDir, log);
      expect([copies, errors.map(({ msg, sessions }) => [msg, sessions])]).toEqual([[], [['session_store_damaged', 0]]]);
      const copy = await filled(dataDir, 1);
      expect((await recovered(dataDir, log)).copies.map(plainCopy)).toEqual([plainCopy(copy)]);
    }),
  );

  it('is replaced by the new one though the process died between setting aside and replacing', () =>
    withTempDir('sessions-', async (dataDir) => {
      const copy = await filled(dataDir, 3);
      renameSync(join(dataDir, 'sessions.db'), join(dataDir, 'sessions.new.db'));
      expect((await recovered(dataDir)).copies.map(plainCopy)).toEqual([plainCopy(copy)]);
      expect(existsSync(join(dataDir, 'sessions.new.db'))).toBe(false);
    }));

  it('of a newer Busbar is left as it is, and the node does not start', () =>
    withTempDir('sessions-', async (dataDir) => {
      await filled(dataDir, 1);
      const db = new DatabaseSync(join(dataDir, 'sessions.db'));
      db.exec('PRAGMA user_version = 2');
      db.close();
      expect(() => open(dataDir)).toThrow(BusbarError);
      expect(existsSync(join(dataDir, 'quarantine'))).toBe(false);
    }));
});
