/**
 * Random histories of a session that lives in several copies at once: messages arrive here and there, are sent and finished, clients come
 * and go, copies fork and are merged. Beside each copy grows a second one, built from bytes of its records alone, and an account of which
 * messages it must hold. One seed and a number of steps give everything; `smallestFailure` finds the fewest steps that fail.
 */
import { randomBelow, seededPrng, type Prng } from '../../broker/base/prng.ts';
import { BatchReader, BatchWriter, decodeCopy, encodeCopy } from '../../broker/cluster/sessions/copy/batch.ts';
import { nextDot, SessionCopy, type CopyItem } from '../../broker/cluster/sessions/copy/copy.ts';
import { lineageOf, midKey, type Mid, type MidKey } from '../../broker/cluster/sessions/copy/identity.ts';
import { applyRecord, type SessionRecord } from '../../broker/cluster/sessions/copy/record.ts';
import { actor, copyItem, copySubscription, mid, nodeId, sessionMessage } from './sessionCopies.ts';

const MAX_COPIES = 4;
const PUBLISHERS = [101, 102];
const FILTERS = ['a', 'b/#', '$share/g/c'];
const PACKET_IDS = 6;

export interface HistoryOptions {
  readonly seed: number;
  readonly steps: number;
  /** Clean starts too. */
  readonly resets: boolean;
}

export class LivingCopy {
  readonly node: number;
  readonly copy: SessionCopy;
  /** The same, from records as bytes. */
  readonly shadow: SessionCopy;
  /** Messages that reached this copy or one that was merged into it; those of them that were finished. */
  readonly arrived: Set<MidKey>;
  readonly finished: Set<MidKey>;
  readonly #writer = new BatchWriter();

  constructor(node: number, copy: SessionCopy, arrived: Iterable<MidKey>, finished: Iterable<MidKey>) {
    this.node = node;
    this.copy = copy;
    this.shadow = decodeCopy(encodeCopy(copy));
    this.arrived = new Set(arrived);
    this.finished = new Set(finished);
  }

  change(record: SessionRecord): void {
    if (applyRecord(this.copy, record)) this.#writer.addRecord(this.copy.clientId, record);
  }

  endTurn(): void {
    for (const entry of new BatchReader().read(this.#writer.take())) if (entry.type === 'session') applyRecord(this.shadow, entry.record);
  }

  /** What it must hold, unless something was reset. */
  get expected(): MidKey[] {
    return [...this.arrived].filter((key) => !this.finished.has(key)).sort();
  }

  get held(): MidKey[] {
    return [...this.copy.items].map((item) => midKey(item.mid)).sort();
  }
}

export class CopyHistory {
  readonly copies: LivingCopy[];
  readonly #prng: Prng;
  readonly #resets: boolean;
  #now = 1_000;
  #objects = 0;
  readonly #published: Mid[] = [];

  constructor({ seed, steps, resets }: HistoryOptions) {
    this.#prng = seededPrng(seed);
    this.#resets = resets;
    this.copies = [new LivingCopy(1, new SessionCopy('c1', nodeId(1)), [], [])];
    for (let step = 0; step < steps; step += 1) this.#step();
    for (const living of this.copies) living.endTurn();
  }

  #below(count: number): number {
    return randomBelow(this.#prng, count);
  }

  #one<T>(values: readonly T[]): T | undefined {
    return values[this.#below(values.length)];
  }

  #tick(): number {
    this.#now += 1 + this.#below(3);
    return this.#now;
  }

  #step(): void {
    const living = this.#one(this.copies)!;
    const kind = this.#below(20);
    if (kind < 6) this.#arrive(living);
    else if (kind < 9) this.#send(living);
    else if (kind < 12) this.#finish(living);
    else if (kind < 14) this.#subscribe(living);
    else if (kind < 16) this.#connection(living);
    else if (kind < 17) this.#fork(living);
    else if (kind < 19) this.#merge(living);
    else if (this.#resets && this.#below(3) === 0) this.#cleanStart(living);
    if (this.#below(3) === 0) living.endTurn();
  }

  /** A message that has been published, or a new one; forks get the same one at different times. */
  #arrive(living: LivingCopy): void {
    const again = this.#below(3) === 0 ? this.#one(this.#published) : undefined;
    const of = again ?? mid(this.#one(PUBLISHERS)!, this.#published.length + 1);
    if (again === undefined) this.#published.push(of);
    const dot = nextDot(living.copy, () => lineageOf(actor(living.node), (this.#objects += 1)));
    const packetId = this.#below(2) === 0 ? 0 : this.#freePacketId(living.copy);
    const item = copyItem({ mid: of, dot, ord: this.#tick(), message: sessionMessage(`t/${of.n}`), packetId, state: packetId === 0 ? 'queued' : 'sent' });
    living.arrived.add(midKey(of));
    living.change({ type: 'enqueue', item });
  }

  /** 0 when all are taken. */
  #freePacketId(copy: SessionCopy): number {
    const packetId = 1 + this.#below(PACKET_IDS);
    return [...copy.items].some((item) => item.packetId === packetId) ? 0 : packetId;
  }

  #item(living: LivingCopy): CopyItem | undefined {
    return this.#one([...living.copy.items]);
  }

  #send(living: LivingCopy): void {
    const item = this.#item(living);
    if (item === undefined) return;
    const packetId = item.packetId === 0 ? this.#freePacketId(living.copy) : item.packetId;
    if (packetId === 0) return;
    living.change({ type: 'state', mid: item.mid, state: item.state === 'queued' ? 'sent' : 'released', packetId });
  }

  #finish(living: LivingCopy): void {
    const item = this.#item(living);
    if (item === undefined) return;
    living.finished.add(midKey(item.mid));
    living.change({ type: 'finish', mid: item.mid, at: this.#tick() });
  }

  #subscribe(living: LivingCopy): void {
    const topicFilter = this.#one(FILTERS)!;
    const stamp = { at: this.#tick(), node: nodeId(living.node) };
    if (this.#below(3) === 0) return living.change({ type: 'unsubscribe', topicFilter, stamp });
    const old = living.copy.subscriptions.get(topicFilter);
    const sinceAt = old?.on === true ? old.sinceAt : stamp.at;
    living.change({ type: 'subscribe', subscription: copySubscription({ topicFilter, stamp, sinceAt, subscriptionId: this.#below(3) }) });
  }

  /** Of a connection only its owner can say anything. */
  #connection(living: LivingCopy): void {
    const { copy, node } = living;
    const owner = nodeId(node);
    const at = this.#tick();
    const kind = copy.owner === owner ? this.#below(6) : this.#below(2);
    if (kind === 0) return living.change({ type: 'claim', owner, epoch: copy.epoch, connectedAt: at, disconnectedAt: 0 });
    if (kind === 1) return living.change({ type: 'claim', owner, epoch: at, connectedAt: 0, disconnectedAt: at });
    if (kind === 2) return living.change({ type: 'await', packetId: 1 + this.#below(3), mid: { ...mid(node, at), digest: 0 } });
    if (kind === 3) return living.change({ type: 'release', packetId: 1 + this.#below(3) });
    if (kind === 4) return living.change({ type: 'expiry', expiryMs: this.#below(2) === 0 ? Number.POSITIVE_INFINITY : at });
    living.change({ type: 'will', will: this.#below(2) === 0 ? null : { message: sessionMessage('w'), delayMs: at } });
  }

  #fork(living: LivingCopy): void {
    if (this.copies.length === MAX_COPIES) return;
    const node = [1, 2, 3, 4].find((number) => !this.copies.some((other) => other.node === number))!;
    const fork = new LivingCopy(node, decodeCopy(encodeCopy(living.copy)), living.arrived, living.finished);
    this.copies.push(fork);
    // Half of them are promoted; the others stay what a backup is.
    if (this.#below(2) === 0) fork.change({ type: 'claim', owner: nodeId(node), epoch: this.#tick(), connectedAt: 0, disconnectedAt: this.#now });
  }

  /** The other copy stays as it is, or is handed in and dropped. */
  #merge(living: LivingCopy): void {
    const other = this.#one(this.copies)!;
    if (other === living) return;
    living.change({ type: 'merge', copy: other.copy });
    for (const key of other.arrived) living.arrived.add(key);
    for (const key of other.finished) living.finished.add(key);
    if (this.#below(2) === 0) this.copies.splice(this.copies.indexOf(other), 1);
  }

  #cleanStart(living: LivingCopy): void {
    const at = this.#tick();
    living.change({ type: 'reset', at });
    living.change({ type: 'claim', owner: nodeId(living.node), epoch: living.copy.epoch, connectedAt: at, disconnectedAt: 0 });
  }
}

/** Runs `check` over many histories. What fails is told by the seed and the fewest steps with which it fails. */
export function forHistories(count: number, resets: boolean, check: (history: CopyHistory) => void): void {
  for (let seed = 1; seed <= count; seed += 1) {
    const steps = 5 + (seed % 60);
    const error = failure({ seed, steps, resets }, check);
    if (error === undefined) continue;
    let smallest = { steps, error };
    for (let fewer = steps - 1; fewer > 0; fewer -= 1) {
      const smaller = failure({ seed, steps: fewer, resets }, check);
      if (smaller !== undefined) smallest = { steps: fewer, error: smaller };
    }
    throw new Error(`seed ${seed} fails after ${smallest.steps} steps`, { cause: smallest.error });
  }
}

function failure(options: HistoryOptions, check: (history: CopyHistory) => void): unknown {
  try {
    check(new CopyHistory(options));
    return undefined;
  } catch (error) {
    return error;
  }
}
