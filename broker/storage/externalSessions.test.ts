/** Sessions of two nodes in one store, which is a map here (R71): what each write leads to, and what happens when both serve a session. */
import { describe, expect, it } from 'vitest';
import { copyItem, copySubscription, emptyCopy, lineage, mid, nodeId } from '../../test/support/sessionCopies.ts';
import { silentLog } from '../base/log.ts';
import type { NodeId } from '../base/ids.ts';
import type { SessionCopy } from '../cluster/sessions/copy/copy.ts';
import { applyRecord, type SessionRecord } from '../cluster/sessions/copy/record.ts';
import { ExternalSessions } from './externalSessions.ts';
import type { ClaimAnswer, ExternalStore, WriteAnswer } from './externalStore.ts';

/** Answers at once, or, while it is away, when it is back. */
class MapStore implements ExternalStore {
  readonly sessions = new Map<string, { fence: number; owner: NodeId; log: Buffer[] }>();
  readonly operations: string[] = [];
  readonly isFull = false;
  isAway = false;
  readonly #waiting: (() => void)[] = [];

  back(): void {
    this.isAway = false;
    for (const task of this.#waiting.splice(0)) task();
  }

  #do(task: () => void): void {
    if (this.isAway) this.#waiting.push(task);
    else task();
  }

  claim(clientId: string, fence: number, owner: NodeId, done: (answer: ClaimAnswer) => void): void {
    this.#do(() => {
      const known = this.sessions.get(clientId);
      if (known !== undefined && known.fence > fence) return done({ kind: 'stale', fence: known.fence });
      const log = known?.log ?? [];
      this.sessions.set(clientId, { fence, owner, log });
      this.operations.push('claim');
      done({ kind: 'claimed', batches: [...log] });
    });
  }

  #write(name: string, clientId: string, fence: number, change: (log: Buffer[]) => Buffer[], done: (answer: WriteAnswer) => void): void {
    this.#do(() => {
      const known = this.sessions.get(clientId);
      if (known?.fence !== fence) return done('stale');
      this.operations.push(name);
      known.log = change(known.log);
      done('stored');
    });
  }

  append(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void {
    this.#write('append', clientId, fence, (log) => [...log, batch], done);
  }

  replace(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void {
    this.#write('replace', clientId, fence, () => [batch], done);
  }

  remove(clientId: string, fence: number, done: (answer: WriteAnswer) => void): void {
    this.#write('remove', clientId, fence, () => [], done);
  }

  claimedBy(owner: NodeId, done: (clientIds: readonly string[]) => void): void {
    done([...this.sessions].filter(([, session]) => session.owner === owner && session.log.length > 0).map(([clientId]) => clientId));
  }

  announce(): void {}

  ownersNamed(_name: string, done: (owners: readonly NodeId[]) => void): void {
    done([]);
  }
}

/** A node: its copy of session c1, changed and written as its engine does it. */
class Node {
  readonly kept: ExternalSessions;
  readonly copy: SessionCopy = emptyCopy();
  /** What was tried again later. */
  readonly tasks: (() => void)[] = [];
  refused: string[] = [];
  commits = 0;
  #now: number;

  constructor(store: ExternalStore, number: number) {
    this.#now = number * 1_000;
    const clock = { nextAt: () => (this.#now += 1), heard: (at: number) => void (this.#now = Math.max(this.#now, at)) };
    this.kept = new ExternalSessions({ store, owner: nodeId(number), clock, log: silentLog, later: (task) => void this.tasks.push(task) });
    this.kept.live = { copy: () => this.copy, late: () => [], merge: (_clientId, copy) => this.change({ type: 'merge', copy }) };
    this.kept.add({ type: 'copy', copy: this.copy });
  }

  change(record: SessionRecord): void {
    if (applyRecord(this.copy, record)) this.kept.add({ type: 'session', clientId: 'c1', record });
  }

  enqueue(n: number): void {
    const number = this.#now >= 2_000 ? 2 : 1;
    this.change({ type: 'enqueue', item: copyItem({ mid: mid(number, n), dot: { lineage: lineage(number), n }, ord: n }) });
  }

  commit(): void {
    this.kept.commit((refused) => {
      this.commits += 1;
      this.refused = [...refused];
    });
  }

  run(): void {
    for (const task of this.tasks.splice(0)) task();
  }

  get items(): string[] {
    return [...this.copy.items].map(({ mid: { actor, n } }) => `${actor.slice(0, 2)}${actor.at(-1)}:${n}`);
  }
}

function stored(store: ExternalStore): Promise<string[]> {
  const reader = new Node(store, 9);
  return new Promise((resolve) => reader.kept.fetch([], ['c1'], () => true, ([copy]) => resolve([...(copy?.items ?? [])].map(({ mid: { n } }) => String(n)).sort())));
}

describe('a session in a store that all nodes reach', () => {
  it('is claimed and written whole, then change by change, one write for each commit', async () => {
    const store = new MapStore();
    const node = new Node(store, 1);
    node.change({ type: 'subscribe', subscription: copySubscription({ topicFilter: 't', stamp: { at: 1, node: nodeId(1) } }) });
    node.commit();
    node.enqueue(1);
    node.enqueue(2);
    node.commit();
    node.commit();
    expect([store.operations, node.commits]).toEqual([['claim', 'replace', 'append'], 3]);
    expect(await stored(store)).toEqual(['1', '2']);
  });

  it('is safe only when the store has answered', () => {
    const store = new MapStore();
    const node = new Node(store, 1);
    node.commit();
    store.isAway = true;
    node.enqueue(1);
    node.commit();
    expect(node.commits).toBe(1);
    store.back();
    expect(node.commits).toBe(2);
  });

  it('is not kept by a node that does not serve it any more, and says so', () => {
    const store = new MapStore();
    const [old, young] = [new Node(store, 1), new Node(store, 2)];
    old.commit();
    young.commit();
    old.copy.role = 'frozen';
    old.enqueue(1);
    old.commit();
    expect([old.refused, old.tasks]).toEqual([['c1'], []]);
  });

  it('has what both nodes know when both serve it, each on its side of a split', async () => {
    const store = new MapStore();
    const [one, two] = [new Node(store, 1), new Node(store, 2)];
    one.enqueue(1);
    one.commit();
    two.enqueue(2);
    two.commit();
    one.enqueue(3);
    one.commit();
    expect(one.commits).toBe(1);
    one.run();
    expect([one.commits, one.items.length, one.kept.counters]).toEqual([2, 3, { storeWrites: 3, storeClaims: 3, storeRefused: 1 }]);
    expect(await stored(store)).toEqual(['1', '2', '3']);
  });

  it('leaves nothing when it has ended, and everything when it moved', () => {
    const store = new MapStore();
    const node = new Node(store, 1);
    node.enqueue(1);
    node.commit();
    node.kept.add({ type: 'drop', clientId: 'c1' });
    expect(store.operations.includes('remove')).toBe(false);
    const other = new Node(store, 2);
    other.commit();
    other.change({ type: 'reset', at: 5_000 });
    other.commit();
    other.kept.add({ type: 'drop', clientId: 'c1' });
    expect(store.sessions.get('c1')?.log).toEqual([]);
  });

  it('is written whole again when its log has grown far longer than it is', () => {
    const store = new MapStore();
    const node = new Node(store, 1);
    node.commit();
    for (let n = 1; n <= 2_000; n += 1) {
      node.enqueue(n);
      node.change({ type: 'finish', mid: mid(1, n), at: 0 });
      node.commit();
    }
    const whole = store.operations.filter((operation) => operation === 'replace').length;
    expect([whole > 1, whole < 10, (store.sessions.get('c1')?.log.length ?? 0) < 1_500]).toEqual([true, true, true]);
  });
});
