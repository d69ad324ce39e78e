import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CopyHistory } from '../../test/support/copyHistories.ts';
import { copyItem, lineage, mid, nodeId, plainCopy, sessionMessage } from '../../test/support/sessionCopies.ts';
import { randomBelow, seededPrng } from '../base/prng.ts';
import type { BatchEntry, LateEntry } from '../cluster/sessions/copy/batch.ts';
import { SessionCopy } from '../cluster/sessions/copy/copy.ts';
import { midKey } from '../cluster/sessions/copy/identity.ts';
import { applyRecord, type SessionRecord } from '../cluster/sessions/copy/record.ts';
import { Journal } from './journal.ts';
import { MemorySegments } from './memorySegments.ts';
import { recover } from './recovery.ts';

const NOW = 9_000;

/** A node with sessions, a journal, and a disk that commits when the test says so. */
class Node {
  readonly #commits: (() => void)[] = [];
  readonly segments = new MemorySegments((commit) => void this.#commits.push(commit));
  readonly copies = new Map<string, SessionCopy>();
  readonly late = new Map<string, LateEntry>();
  journal: Journal;

  constructor(minCheckpointBytes = 1_000_000) {
    const live = { copies: () => this.copies.values(), late: () => this.late.values() };
    this.journal = new Journal({ store: this.segments, live, storedBytes: 0, minCheckpointBytes });
  }

  add(clientId: string): SessionCopy {
    const copy = new SessionCopy(clientId, nodeId(1));
    this.copies.set(clientId, copy);
    this.journal.add({ type: 'copy', copy });
    return copy;
  }

  change(copy: SessionCopy, record: SessionRecord): void {
    if (applyRecord(copy, record)) this.journal.add({ type: 'session', clientId: copy.clientId, record });
  }

  enqueue(copy: SessionCopy, n: number, bytes = 10): void {
    const item = copyItem({ mid: mid(1, n), dot: { lineage: lineage(1), n }, ord: n, message: sessionMessage('t', 'x'.repeat(bytes)) });
    this.change(copy, { type: 'enqueue', item });
  }

  drop(clientId: string): void {
    this.copies.delete(clientId);
    this.journal.add({ type: 'drop', clientId });
  }

  /** The disk commits once; false when it has nothing to do. */
  commitOnce(): boolean {
    const commit = this.#commits.shift();
    commit?.();
    return commit !== undefined;
  }

  settle(): void {
    while (this.commitOnce());
  }

  recovered(lost?: ReadonlySet<number>) {
    const { copies, late, damage } = recover(this.segments.load(lost), NOW);
    return { copies: copies.map(plainCopy), late, damage };
  }

  get plain() {
    return [...this.copies.values()].map(plainCopy);
  }
}

describe('the journal of sessions', { timeout: 30_000 }, () => {
  it('confirms what was added when it is safe, and brings it back', () => {
    const node = new Node();
    const confirmed: string[] = [];
    node.enqueue(node.add('a'), 1);
    node.journal.commit(() => confirmed.push('first'));
    expect([confirmed, node.recovered().copies]).toEqual([[], []]);
    node.settle();
    expect([confirmed, node.recovered()]).toEqual([['first'], { copies: node.plain, late: [], damage: [] }]);
  });

  it('gathers what comes while the store is busy into one commit (R63)', () => {
    const node = new Node();
    const copy = node.add('a');
    const confirmed: number[] = [];
    for (let n = 1; n <= 5; n += 1) {
      node.enqueue(copy, n);
      node.journal.commit(() => confirmed.push(n));
    }
    expect(node.segments.unsafe).toBe(1);
    node.commitOnce();
    expect([confirmed, node.segments.unsafe]).toEqual([[1], 1]);
    node.commitOnce();
    expect([confirmed, node.segments.end, node.journal.counters().commits]).toEqual([[1, 2, 3, 4, 5], 2, 2]);
  });

  it('answers at once when nothing was added, and after what is under way otherwise', () => {
    const node = new Node();
    const order: string[] = [];
    node.journal.commit(() => order.push('nothing to do'));
    node.add('a');
    node.journal.commit(() => order.push('written'));
    node.journal.commit(() => order.push('waited'));
    expect(order).toEqual(['nothing to do']);
    node.settle();
    expect([order, node.segments.end]).toEqual([['nothing to do', 'written', 'waited'], 1]);
  });

  it('takes down what an entry holds when it is added', () => {
    const node = new Node();
    const copy = node.add('a');
    node.enqueue(copy, 1);
    applyRecord(copy, { type: 'state', mid: mid(1, 1), state: 'sent', packetId: 1 });
    node.journal.commit(() => {});
    node.settle();
    expect(node.recovered().copies.map(({ items }) => items.map(({ state }) => state))).toEqual([['queued']]);
  });

  it('counts how often too much waits for the store', () => {
    const node = new Node();
    const copy = node.add('a');
    for (let n = 1; n <= 70; n += 1) node.enqueue(copy, n, 1_000_000);
    expect([node.journal.isFull, node.journal.counters().full]).toEqual([true, 1]);
    node.journal.commit(() => {});
    node.settle();
    expect([node.journal.isFull, node.journal.counters().pendingBytes]).toEqual([false, 0]);
  });

  it('R60: a session that had a connection has lost it, and keeps its epoch', () => {
    const node = new Node();
    node.change(node.add('a'), { type: 'claim', owner: nodeId(1), epoch: 7, connectedAt: 8, disconnectedAt: 0 });
    node.journal.commit(() => {});
    node.settle();
    expect(node.recovered().copies.map(({ epoch, connectedAt, disconnectedAt, lastConn }) => [epoch, connectedAt, disconnectedAt, lastConn])).toEqual([[7, 0, NOW, 8]]);
  });
});

describe('a checkpoint', () => {
  /** Many changes of three sessions, of which little is left. */
  function busy(): Node {
    const node = new Node(20_000);
    const copies = ['a', 'b', 'c'].map((clientId) => node.add(clientId));
    const late = { mid: mid(2, 1), at: 5, message: sessionMessage('late'), targets: [nodeId(2)] };
    node.late.set(midKey(late.mid), late);
    node.journal.add({ type: 'late', late });
    for (let n = 1; n <= 3_000; n += 1) {
      const copy = copies[n % 3]!;
      node.enqueue(copy, n);
      if (n % 10 !== 0) node.change(copy, { type: 'finish', mid: mid(1, n), at: 0 });
      node.journal.commit(() => {});
      node.commitOnce();
    }
    node.drop('b');
    node.journal.commit(() => {});
    node.settle();
    return node;
  }

  it('keeps the journal short, and loses nothing', () => {
    const node = busy();
    const { checkpoints, bytes, bytesWritten } = node.journal.counters();
    expect(checkpoints).toBeGreaterThan(1);
    expect(bytes).toBeLessThan(bytesWritten / 3);
    expect(node.segments.load()[0]!.position).toBeGreaterThan(0);
    const { copies, late, damage } = node.recovered();
    expect([copies.sort((a, b) => (a.clientId < b.clientId ? -1 : 1)), late, damage]).toEqual([node.plain, [...node.late.values()], []]);
  });

  it('makes up for what was lost before it', () => {
    const node = busy();
    const positions = node.segments.load().map(({ position }) => position);
    const before = new Node(1_000_000);
    before.enqueue(before.add('zombie'), 1);
    before.journal.commit(() => {});
    before.settle();
    const [old] = before.segments.load();
    // As if the store had dropped the segments of before in part when it crashed.
    const rest = [{ position: positions[0]! - 9, bytes: old!.bytes }, ...node.segments.load()];
    const { copies, damage } = recover(rest, NOW);
    expect([copies.map(({ clientId }) => clientId).sort(), damage]).toEqual([['a', 'c'], []]);
  });

  it('may be cut short by a crash at any commit', () => {
    for (let cut = 1; cut < 120; cut += 7) {
      const node = new Node(3_000);
      const copies = ['a', 'b'].map((clientId) => node.add(clientId));
      let commits = 0;
      let n = 0;
      while (commits < cut) {
        n += 1;
        node.enqueue(copies[n % 2]!, n);
        if (n % 4 !== 0) node.change(copies[n % 2]!, { type: 'finish', mid: mid(1, n), at: 0 });
        node.journal.commit(() => {});
        if (node.commitOnce()) commits += 1;
      }
      const expected = node.plain;
      node.settle();
      node.segments.crash();
      expect(node.recovered()).toEqual({ copies: expected, late: [], damage: [] });
    }
  });
});

describe('recovery', { timeout: 30_000 }, () => {
  it('of random histories, crashed at random, has all that was confirmed and nothing that never was', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const prng = seededPrng(seed);
      const node = new Node(2_000 + randomBelow(prng, 5_000));
      /** What all sessions looked like after every change, and up to which of them was confirmed. */
      const states: ReturnType<typeof plainCopy>[][] = [[]];
      let confirmed = 0;
      const histories = new CopyHistory({ seed, steps: 40, resets: true }).copies;
      for (const [at, { copy }] of histories.entries()) {
        const own = new SessionCopy(`c${at}`, nodeId(1));
        node.copies.set(own.clientId, own);
        node.journal.add({ type: 'copy', copy: own });
        states.push(node.plain);
        for (const record of drawnRecords(copy, prng)) {
          node.change(own, record);
          states.push(node.plain);
          if (randomBelow(prng, 2) === 0) continue;
          const state = states.length - 1;
          node.journal.commit(() => (confirmed = Math.max(confirmed, state)));
          if (randomBelow(prng, 3) > 0) node.commitOnce();
        }
      }
      node.segments.crash(randomBelow(prng, 2));
      const found = node.recovered();
      expect(found.damage).toEqual([]);
      // A connection is lost with the process; all else is as it was at some moment not before the last one that was confirmed.
      const possible = states.slice(confirmed).map((state) => state.map(offline));
      if (!possible.some((state) => isDeepStrictEqual(state, found.copies))) expect(found.copies, `seed ${seed}`).toEqual(possible[0]);
    }
  });

  it('R62: of a journal with a hole uses what is sound, and trusts it less than any other copy', () => {
    const node = new Node();
    const copy = node.add('a');
    for (let n = 1; n <= 4; n += 1) {
      node.enqueue(copy, n);
      node.change(copy, { type: 'claim', owner: nodeId(1), epoch: n, connectedAt: 0, disconnectedAt: n });
      node.journal.commit(() => {});
      node.settle();
    }
    const { copies, damage } = node.recovered(new Set([1]));
    expect(damage).toEqual([{ position: 1, reason: 'segments 1 to 1 are not there' }]);
    expect(copies.map(({ items, seen, epoch }) => [items.map((item) => item.mid.split(':')[1]), seen, epoch])).toEqual([[['1', '3', '4'], [], 0]]);
  });

  it('names a segment that cannot be read, and uses its entries up to there', () => {
    const node = new Node();
    node.add('a');
    node.journal.commit(() => {});
    node.settle();
    const bad: BatchEntry = { type: 'drop', clientId: 'a' };
    node.journal.add(bad);
    node.journal.commit(() => {});
    node.settle();
    const segments = node.segments.load().map(({ position, bytes }) => ({ position, bytes: position === 1 ? bytes.subarray(0, -1) : bytes }));
    const { copies, damage } = recover(segments, NOW);
    expect([copies.map(({ clientId }) => clientId), damage]).toEqual([['a'], [{ position: 1, reason: 'A record ends before its last field' }]]);
  });
});

function offline(copy: ReturnType<typeof plainCopy>) {
  return copy.connectedAt > 0 ? { ...copy, connectedAt: 0, disconnectedAt: NOW } : copy;
}

/** Records that lead to something like the copy, with some that end items. */
function drawnRecords(copy: SessionCopy, prng: ReturnType<typeof seededPrng>): SessionRecord[] {
  const records: SessionRecord[] = [{ type: 'merge', copy }];
  for (const item of copy.items) {
    const n = records.length;
    records.push({ type: 'enqueue', item: { ...item, mid: mid(9, n), dot: { lineage: lineage(9), n } } });
    if (randomBelow(prng, 2) === 0) records.push({ type: 'finish', mid: item.mid, at: randomBelow(prng, 2) * NOW });
    records.push({ type: 'claim', owner: nodeId(1), epoch: n, connectedAt: randomBelow(prng, 2) * n, disconnectedAt: n });
  }
  return records;
}
