import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import type { NodeId } from '../base/ids.ts';
import { silentLog, type Log } from '../base/log.ts';
import type { GoneRow, StoreBatch, StoredRow } from '../cluster/shared/sharedTables.ts';
import { SHARED_FILE, SharedStore } from './sharedStore.ts';

const nodeId = '0b'.repeat(16) as NodeId;
const row = (key: string, value: Uint8Array | undefined): StoredRow => ({ table: 't', key, value, at: 3_600_000_000_000_001, nodeId, life: 1_767_225_600_000, seq: 7 });
const gone = (key: string): GoneRow => ({ table: 't', key, gone: true });
const batch = ({ bulk, ...part }: Partial<Omit<StoreBatch, 'bulk'>> & { bulk?: Partial<StoreBatch['bulk']> }): StoreBatch => ({
  anew: false,
  rows: [],
  gone: [],
  bulk: { rows: [], gone: [], begins: false, ends: false, ...bulk },
  have: [],
  life: 1,
  durable: false,
  ...part,
});

let folder: string;
let open: SharedStore[];
beforeEach(async () => {
  folder = await createTempDir();
  open = [];
});
afterEach(async () => {
  for (const store of open) store.close();
  await removeTempDir(folder);
});

function reopen(log: Log = silentLog): SharedStore {
  for (const store of open.splice(0)) store.close();
  const store = SharedStore.open(folder, log, 42);
  open.push(store);
  return store;
}

const held = (store: SharedStore) => {
  const { rows, have, life } = store.load();
  return { rows: [...rows].map((each) => ('gone' in each ? each : { ...each, value: each.value === undefined ? undefined : Buffer.from(each.value).toString() })), have: [...have], life };
};

describe('the file of the shared tables', () => {
  it('has after a restart what was appended, tombstones too', () => {
    const entry = { nodeId, life: 1_767_225_600_000, seq: 7 };
    reopen().append(batch({ rows: [row('a', Buffer.from('A')), row('b', Buffer.alloc(0)), row('c', undefined), row('d', undefined)], have: [entry], life: 9 }));
    open[0]?.append(batch({ gone: [gone('d')], life: 10, durable: true }));
    expect(held(reopen())).toEqual({
      rows: [{ ...row('a', undefined), value: 'A' }, { ...row('b', undefined), value: '' }, row('c', undefined)],
      have: [entry],
      life: 10,
    });
  });

  it('has none of a batch of which one row cannot be written', () => {
    const store = reopen();
    const bad = { ...row('b', undefined), seq: 1.5 };
    expect(() => store.append(batch({ rows: [row('a', undefined), bad], life: 5 }))).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
    expect(held(reopen())).toEqual({ rows: [], have: [], life: 0 });
  });

  it('is emptied before a batch that begins anew (R11), and keeps the bound of the clock', () => {
    const store = reopen();
    store.bound.save(123_456);
    store.append(batch({ rows: [row('a', Buffer.from('A'))], have: [{ nodeId, life: 1, seq: 1 }] }));
    store.append(batch({ anew: true, rows: [row('z', Buffer.from('Z'))], life: 3 }));
    const after = reopen();
    expect({ ...held(after), bound: after.bound.load() }).toEqual({ rows: [{ ...row('z', undefined), value: 'Z' }], have: [], life: 3, bound: 123_456 });
  });

  it('has rows of bulk tables in the order in which they were written, with what is gone', () => {
    const other = { ...row('ü', undefined), table: 'u', nodeId: '0c'.repeat(16) as NodeId, life: 3 };
    reopen().append(batch({ bulk: { rows: [row('a', Buffer.from('A')), other, row('b', Buffer.alloc(0))] } }));
    open[0]?.append(batch({ bulk: { rows: [row('a', Buffer.from('AA'))], gone: [gone('b')] } }));
    const text = (key: string, value: string) => ({ ...row(key, undefined), value });
    expect(held(reopen()).rows).toEqual([text('a', 'A'), other, text('b', ''), text('a', 'AA'), gone('b')]);
    open[0]?.append(batch({ anew: true }));
    expect(held(reopen()).rows).toEqual([]);
  });

  it('asks for its journal to be written anew when that is long, and drops what came before', () => {
    const store = reopen();
    const value = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 17; count += 1) store.append(batch({ bulk: { rows: [row('a', value)] } }));
    expect(store.isLong).toBe(true);
    expect(reopen().isLong).toBe(true);
    open[0]?.append(batch({ bulk: { rows: [row('a', Buffer.from('A'))], begins: true } }));
    expect(open[0]?.isLong).toBe(false);
    open[0]?.append(batch({ bulk: { rows: [row('b', Buffer.from('B'))], ends: true } }));
    expect(open[0]?.isLong).toBe(false);
    for (let count = 0; count < 4; count += 1) open[0]?.append(batch({}));
    expect(held(reopen()).rows).toEqual([{ ...row('a', undefined), value: 'A' }, { ...row('b', undefined), value: 'B' }]);
  });

  it('leaves out a segment that cannot be read, and says so', () => {
    const told: unknown[] = [];
    const log: Log = { ...silentLog, error: (msg, fields) => void told.push([msg, fields?.['position']]) };
    reopen().append(batch({ bulk: { rows: [row('a', Buffer.from('A'))] } }));
    open[0]?.append(batch({ bulk: { rows: [row('b', Buffer.from('B'))] } }));
    for (const store of open.splice(0)) store.close();
    const db = new DatabaseSync(join(folder, SHARED_FILE));
    db.exec("UPDATE segments SET body = x'07' WHERE position = 0");
    db.close();
    expect({ rows: held(reopen(log)).rows, told }).toEqual({ rows: [{ ...row('b', undefined), value: 'B' }], told: [['shared_segment_not_readable', 0]] });
  });

  it('is moved aside when it is damaged, and told of', async () => {
    await writeFile(join(folder, SHARED_FILE), Buffer.alloc(8_192, 'not a database '));
    const told: unknown[] = [];
    const store = reopen({ ...silentLog, error: (msg, fields) => void told.push([msg, fields?.['moved_to']]) });
    store.append(batch({ rows: [row('a', Buffer.from('A'))] }));
    expect(told).toEqual([['shared_tables_damaged', join(folder, `${SHARED_FILE}.damaged-42`)]]);
    expect((await readdir(folder)).sort()).toContain(`${SHARED_FILE}.damaged-42`);
    expect(held(reopen()).rows).toHaveLength(1);
  });
});
