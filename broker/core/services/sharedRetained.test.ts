import { describe, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { NodeId } from '../../base/ids.ts';
import { HybridClock, volatileBound } from '../../cluster/hybridClock.ts';
import { SharedTables, type SharedStorePort, type StoreBatch } from '../../cluster/shared/sharedTables.ts';
import { RetainedStore } from '../../router/retained.ts';
import { Publication } from '../../session/publication.ts';
import type { Retainer } from './retainer.ts';
import { shareRetained } from './sharedRetained.ts';

const nodeId = '0a'.repeat(16) as NodeId;
const LIMITS = { maxRetainedMessages: 0, maxPayloadSize: 1_000_000, msgExpiryIntervalMs: Number.POSITIVE_INFINITY };

/** A store that shares, over a disk that remembers batches. `ring`: writes kept by number. */
function world(ring?: number) {
  const rows = new Map<string, StoreBatch['rows'][number]>();
  const batches: StoreBatch[] = [];
  let fails = 0;
  let isLong = false;
  const disk: SharedStorePort = {
    load: () => ({ rows: [...rows.values()], have: [], life: 0 }),
    get isLong() {
      return isLong;
    },
    append: (batch) => {
      if (fails > 0) {
        fails -= 1;
        throw new Error('disk full');
      }
      batches.push(batch);
      for (const row of [...batch.rows, ...batch.bulk.rows]) rows.set(row.key, row);
      for (const { key } of [...batch.gone, ...batch.bulk.gone]) rows.delete(key);
    },
  };
  const open = () => {
    const store = new RetainedStore(LIMITS);
    let wallMs = 1_000;
    const clock = new HybridClock({ node: nodeId, bound: volatileBound(), log: silentLog, clock: { wallMs: () => (wallMs += 1), monotonicMs: () => wallMs } });
    const tables = new SharedTables({ identity: { nodeId, incarnation: 1 }, clock, store: disk, log: silentLog, ...(ring === undefined ? {} : { ring }) });
    shareRetained(tables, { store, measure() {} } as unknown as Retainer, silentLog, () => 0);
    return { store, tables };
  };
  const live = () => [...rows.values()].flatMap(({ key, value }) => (value === undefined ? [] : [key])).sort();
  return { open, batches, live, fail: (times: number) => void (fails = times), grow: (long: boolean) => void (isLong = long) };
}

function retain(store: RetainedStore, topic: string, payload: string): void {
  store.store(new Publication({ topic, payload: Buffer.from(payload), qos: 1, retain: true, properties: {}, fromClientId: 'c', fromUsername: undefined, timestampMs: 5 }));
}

describe('retained messages on disk', () => {
  it('are there after a restart as they were published, without those that were cleared', () => {
    const { open } = world();
    const { store, tables } = open();
    for (const [topic, payload] of [['a', 'A'], ['b', 'B'], ['a', 'AA'], ['b', ''], ['$SYS/x', 'own']] as const) retain(store, topic, payload);
    tables.flush();
    const { store: after } = open();
    expect(after.size).toBe(1);
    expect(after.get('a')?.plain()).toMatchObject({ topic: 'a', payload: new Uint8Array(Buffer.from('AA')), qos: 1, fromClientId: 'c', timestampMs: 5 });
  });

  it('are written piece by piece, a small one while many come, and not in front of those who wait', () => {
    const { open, batches, live } = world();
    const { store, tables } = open();
    for (let index = 0; index < 4_500; index += 1) retain(store, `t/${index}`, 'x');
    tables.persist();
    expect(batches.reduce((sum, { bulk }) => sum + bulk.rows.length, 0)).toBe(0);
    for (let turn = 1; turn <= 4; turn += 1) tables.tick(turn * 100);
    expect(batches.map(({ bulk, have }) => [bulk.rows.length, have.length])).toEqual([[500, 0], [2_000, 0], [2_000, 1]]);
    expect(live()).toHaveLength(4_500);
  });

  it('that were cleared before they were written cost no look at all the others', () => {
    const { open, batches, live } = world();
    const { store, tables } = open();
    for (let index = 0; index < 1_000; index += 1) retain(store, `t/${index}`, 'x');
    tables.flush();
    batches.length = 0;
    for (const topic of ['t/1', 'new', 't/2']) retain(store, topic, 'y');
    for (const topic of ['t/1', 'new']) {
      retain(store, topic, '');
      const tombstone = tables.replica.rows.get(tables.replica.rows.table('retained'), topic);
      tables.replica.dropTombstone(tables.replica.rows.table('retained'), topic, tombstone!);
    }
    tables.tick(100);
    expect(batches.map(({ bulk }) => ({ rows: bulk.rows.map(({ key }) => key), gone: [...new Set(bulk.gone.map(({ key }) => key))], begins: bulk.begins }))).toEqual([{ rows: ['t/2'], gone: ['t/1', 'new'], begins: false }]);
    expect(live()).toHaveLength(999);
  });

  it('are written once more, from a beginning to an end, when their journal is long, and what comes meanwhile is not left out', () => {
    const { open, batches, live, grow } = world();
    const { store, tables } = open();
    for (let index = 0; index < 3_000; index += 1) retain(store, `t/${index}`, 'x');
    tables.flush();
    batches.length = 0;
    grow(true);
    retain(store, 'one more', 'x');
    tables.tick(100);
    grow(false);
    retain(store, 't/0', '');
    for (let turn = 2; turn <= 6; turn += 1) tables.tick(turn * 100);
    expect(batches.map(({ bulk: { rows, begins, ends } }) => [rows.length > 0, begins, ends])).toEqual([[true, true, false], [true, false, false], [true, false, true], [true, false, false]]);
    expect(live()).toHaveLength(3_000);
    expect(tables.waiting).toBe(0);
  });

  it('are all written though more of them wait than are kept by number, and though the disk fails in between', () => {
    const { open, live, fail } = world(100);
    const { store, tables } = open();
    for (let index = 0; index < 5_000; index += 1) retain(store, `t/${index}`, 'x');
    tables.tick(100);
    fail(1);
    tables.tick(200);
    for (let index = 0; index < 50; index += 1) retain(store, `late/${index}`, 'x');
    for (let turn = 1; turn <= 20; turn += 1) tables.tick(10_000 + turn * 100);
    expect(live()).toHaveLength(5_050);
    expect(tables.waiting).toBe(0);
  });

  it('that have expired go from the disk without a word to others', () => {
    const { open, live } = world();
    const { store, tables } = open();
    retain(store, 'a', 'A');
    tables.flush();
    const seen = tables.replica.have.since(0);
    store.limit({ ...LIMITS, msgExpiryIntervalMs: 10 });
    const message = store.get('a');
    expect(message !== undefined && store.removeIfExpired(message, 1_000)).toBe(true);
    tables.flush();
    expect({ live: live(), seen: tables.replica.have.since(0), tombstones: tables.replica.rows.tombstones }).toEqual({ live: [], seen, tombstones: 0 });
  });
});
