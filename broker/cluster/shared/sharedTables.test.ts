import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../base/ids.ts';
import { silentLog, type Log } from '../../base/log.ts';
import { HybridClock, volatileBound } from '../hybridClock.ts';
import { jsonCodec, noStore, SharedTables, type SharedStorePort, type StoreBatch } from './sharedTables.ts';

const nodeId = '0a'.repeat(16) as NodeId;
const START_MS = 1_767_225_600_000;

interface User {
  readonly name: string;
}

const users = jsonCodec((value): User => {
  if (typeof value !== 'object' || value === null || !('name' in value)) throw new Error('no user');
  return { name: String(value.name) };
});

/** A store in memory that keeps what was appended, row by row. */
function memoryStore() {
  const rows = new Map<string, StoreBatch['rows'][number]>();
  const batches: StoreBatch[] = [];
  const state = { have: new Map<string, StoreBatch['have'][number]>(), life: 0, full: false };
  const store: SharedStorePort = {
    load: () => ({ rows: [...rows.values()], have: [...state.have.values()], life: state.life }),
    append: (batch) => {
      if (state.full) throw new Error('disk full');
      batches.push(batch);
      if (batch.anew) rows.clear();
      for (const row of [...batch.rows, ...batch.bulk.rows]) rows.set(`${row.table}/${row.key}`, row);
      for (const { table, key } of [...batch.gone, ...batch.bulk.gone]) rows.delete(`${table}/${key}`);
      for (const entry of batch.have) state.have.set(`${entry.nodeId}/${entry.life}`, entry);
      state.life = batch.life;
    },
    isLong: false,
  };
  return { store, rows, batches, state };
}

function tablesOf(store: SharedStorePort = noStore, incarnation = 1, log: Log = silentLog) {
  const clock = new HybridClock({ node: nodeId, bound: volatileBound(), log, clock: { wallMs: () => START_MS, monotonicMs: () => 0 } });
  return new SharedTables({ identity: { nodeId, incarnation }, clock, store, log });
}

describe('a shared table', () => {
  it('has what was put, in the order of the keys, and tells its user of every change', () => {
    const told: unknown[] = [];
    const table = tablesOf().open('users', users, (key, user, origin) => told.push([key, user, origin]));
    const [first, second] = [table.put('a', { name: 'A' }), table.put('b', { name: 'B' })];
    table.put('a', { name: 'AA' });
    expect(table.remove('b')).toBe(true);
    expect(table.remove('b')).toBe(false);
    expect({ rows: [...table.entries()], size: table.size, b: table.get('b') }).toEqual({ rows: [['a', { name: 'AA' }]], size: 1, b: undefined });
    expect(second.at).toBe(first.at + 1);
    expect(told).toEqual([
      ['a', { name: 'A' }, 'local'],
      ['b', { name: 'B' }, 'local'],
      ['a', { name: 'AA' }, 'local'],
      ['b', undefined, 'local'],
    ]);
  });

  it('refuses a key that no frame can carry, and changes nothing', () => {
    const table = tablesOf().open('users', users, () => {});
    expect(() => table.put('ä'.repeat(32_768), { name: '' })).toThrow(expect.objectContaining({ code: 'SHARED_ROW_INVALID' }));
    expect(table.size).toBe(0);
  });

  it('has one user', () => {
    const tables = tablesOf();
    tables.open('users', users, () => {});
    expect(() => tables.open('users', users, () => {})).toThrow(/open already/);
  });
});

describe('shared tables on disk', () => {
  it('are there after a restart, deletes too, and the next life writes under another number', () => {
    const { store, rows } = memoryStore();
    const before = tablesOf(store);
    const table = before.open('users', users, () => {});
    table.put('a', { name: 'A' });
    table.put('b', { name: 'B' });
    table.remove('b');
    before.flush();
    expect([...rows.values()].map(({ key, value, life, seq }) => [key, value?.length ?? null, life, seq])).toEqual([
      ['a', 12, 1, 1],
      ['b', null, 1, 3],
    ]);
    const after = tablesOf(store);
    expect([...after.open('users', users, () => {}).entries()]).toEqual([['a', { name: 'A' }]]);
    expect({ life: after.replica.own.life, have: after.replica.have.since(0) }).toEqual({ life: 2, have: [{ nodeId, life: 1, seq: 3 }] });
  });

  it('are written ten times a second at most, and only when there is news', () => {
    const { store, batches } = memoryStore();
    const tables = tablesOf(store);
    const table = tables.open('users', users, () => {});
    for (let count = 0; count < 100; count += 1) table.put('a', { name: String(count) });
    tables.tick(0);
    tables.tick(100);
    expect(batches.map(({ rows, have }) => [rows.length, have])).toEqual([[1, [{ nodeId, life: 1, seq: 100 }]]]);
  });

  it('wait for a disk that is full, and say so', () => {
    const told: string[] = [];
    const { store, rows, state } = memoryStore();
    const tables = tablesOf(store, 1, { ...silentLog, error: (msg) => void told.push(msg) });
    const table = tables.open('users', users, () => {});
    state.full = true;
    table.put('a', { name: 'A' });
    tables.tick(0);
    tables.tick(100);
    expect({ told, waiting: tables.waiting, inForce: table.get('a') }).toEqual({ told: ['shared_tables_not_written'], waiting: 1, inForce: { name: 'A' } });
    state.full = false;
    tables.tick(5_000);
    expect({ waiting: tables.waiting, rows: rows.size }).toEqual({ waiting: 0, rows: 1 });
  });

  it('keep a row that their table cannot read, and leave it out (R39)', () => {
    const { store } = memoryStore();
    store.append({ anew: false, rows: [{ table: 'users', key: 'x', value: Buffer.from('[]'), at: 5, nodeId, life: 1, seq: 1 }], gone: [], bulk: { rows: [], gone: [], begins: false, ends: false }, have: [], life: 1, durable: true });
    const tables = tablesOf(store);
    const table = tables.open('users', users, () => {});
    expect({ rows: [...table.entries()], size: table.size, notApplied: tables.notApplied }).toEqual({ rows: [], size: 1, notApplied: 1 });
  });

  it('are dropped when the node joins another cluster (R11)', () => {
    const { store, rows } = memoryStore();
    const tables = tablesOf(store);
    const told: unknown[] = [];
    const table = tables.open('users', users, (key, user, origin) => told.push([key, user, origin]));
    table.put('a', { name: 'A' });
    tables.flush();
    told.length = 0;
    tables.reset(START_MS);
    tables.flush();
    expect({ rows: rows.size, told, life: tables.replica.own.life }).toEqual({ rows: 0, told: [['a', undefined, 'remote']], life: START_MS });
  });
});
