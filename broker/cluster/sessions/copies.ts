/** The copies of this node: how they change, and when a change is secured (R51). */
import type { NodeId } from '../../base/ids.ts';
import { parseSubscription, sharedKey } from '../../topics/sharedSubscription.ts';
import type { BatchEntry } from './copy/batch.ts';
import { SessionCopy } from './copy/copy.ts';
import { applyRecord, type SessionRecord } from './copy/record.ts';
import type { Desk } from './desk.ts';
import { Held } from './held.ts';
import { LocalInterest } from './interest.ts';
import type { Waiter } from './ports.ts';

/** Records kept for the next delta; a backup further behind gets the whole copy. */
const LOG_MAX = 10_000;

export class Copies {
  readonly #desk: Desk;
  readonly #held = new Map<string, Held>();
  /** Changed since the last commit. */
  readonly #toCommit = new Set<Held>();
  /** Something was added to the journal since the last commit. */
  #isJournalled = false;
  /** Changed since the backup was last sent something. */
  readonly toReplicate = new Set<Held>();
  /** Copies with waiters, for the count of what is not secured. */
  readonly #unsecured = new Set<Held>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get(clientId: string): Held | undefined {
    return this.#held.get(clientId);
  }

  all(): IterableIterator<Held> {
    return this.#held.values();
  }

  /** As the journal is to have them, each when it is asked for. */
  *written(): Generator<SessionCopy, void, undefined> {
    for (const clientId of [...this.#held.keys()]) {
      const held = this.#held.get(clientId);
      if (held !== undefined) yield held.copy;
    }
  }

  get count(): number {
    return this.#held.size;
  }

  get unsecured(): number {
    return this.#unsecured.size;
  }

  /** A new copy of this node, of nothing. */
  create(clientId: string): Held {
    return this.add(new SessionCopy(clientId, this.#desk.self));
  }

  add(copy: SessionCopy): Held {
    const held = this.restore(copy);
    held.seq = 1;
    if (this.journal({ type: 'copy', copy })) this.#toCommit.add(held);
    this.#desk.stream.touch();
    return held;
  }

  /** A copy that the journal has. */
  restore(copy: SessionCopy): Held {
    const held = new Held(copy);
    this.#held.set(copy.clientId, held);
    this.#syncInterests(held);
    return held;
  }

  /** Puts another value in the place of the copy; whoever waited is served by the new one. */
  replace(held: Held, copy: SessionCopy): Held {
    const waiting = [...held.waiting];
    this.#clearInterests(held);
    this.#unsecured.delete(held);
    this.#toCommit.delete(held);
    this.toReplicate.delete(held);
    const next = this.add(copy);
    next.seq = held.seq + 1;
    next.committed = held.committed;
    next.changes = held.changes;
    for (const { waiter } of waiting) this.whenSecured(next, waiter);
    return next;
  }

  /** The copy is gone, into a better one or with its session (R55). */
  drop(held: Held): void {
    this.#held.delete(held.clientId);
    this.#clearInterests(held);
    this.#toCommit.delete(held);
    this.toReplicate.delete(held);
    this.journal({ type: 'drop', clientId: held.clientId });
    this.#desk.stream.touch();
    this.handedOver(held);
  }

  /** The owner has secured all that the copy has: whoever waits for it here need not wait any more. */
  handedOver(held: Held): void {
    this.#unsecured.delete(held);
    for (const { waiter } of held.waiting.splice(0)) waiter.secured();
  }

  // ---------------------------------------------------------------- changes

  /** Changes a copy; false when the record changes nothing. `replicated`: it came from the owner, and is no reason to send anything. */
  apply(held: Held, record: SessionRecord, replicated = false): boolean {
    const { size: doneBefore } = held.copy.done;
    if (!applyRecord(held.copy, record)) return false;
    // R54: what the bound took away besides the one that came.
    if (record.type === 'finish' && held.copy.done.size < doneBefore) this.#desk.counters.doneForgotten += doneBefore + 1 - held.copy.done.size;
    held.seq += 1;
    if (!replicated) {
      held.changes += 1;
      this.#log(held, record);
    }
    if (this.#desk.options.journal !== undefined && this.journal({ type: 'session', clientId: held.clientId, record })) this.#toCommit.add(held);
    this.#followInterests(held, record);
    this.#desk.stream.touch();
    return true;
  }

  #log(held: Held, record: SessionRecord): void {
    if (record.type === 'role' || this.#desk.options.durability !== 'replicated') return;
    this.toReplicate.add(held);
    if (held.wholeNext) return;
    held.log.push(record);
    if (held.log.length > LOG_MAX) this.wholeNext(held);
  }

  /** The backup gets the whole copy next. */
  wholeNext(held: Held): void {
    held.wholeNext = true;
    held.log = [];
    this.toReplicate.add(held);
    this.#desk.stream.touch();
  }

  setRole(held: Held, role: SessionCopy['role'], backup: NodeId | null = held.copy.backup): void {
    this.apply(held, { type: 'role', role, backup });
  }

  // ---------------------------------------------------------------- what it wants

  #followInterests(held: Held, record: SessionRecord): void {
    switch (record.type) {
      case 'subscribe':
      case 'unsubscribe':
      case 'merge':
      case 'reset':
      case 'role':
        this.#syncInterests(held);
        break;
      default:
    }
  }

  #syncInterests(held: Held): void {
    const { interest } = this.#desk;
    if (held.copy.role === 'backup') return this.#clearInterests(held);
    const wanted = new Set<string>();
    const shares = new Set<string>();
    for (const subscription of held.copy.subscriptions.values()) {
      const filter = subscription.on ? plainFilter(subscription.topicFilter, shares) : undefined;
      if (filter === undefined) continue;
      wanted.add(filter);
      const known = held.interests.get(filter);
      if (known !== undefined) {
        known.subscription = subscription;
        continue;
      }
      const made = new LocalInterest(held, subscription);
      held.interests.set(filter, made);
      interest.addLocal(filter, made);
    }
    for (const [filter, made] of held.interests) {
      if (wanted.has(filter)) continue;
      held.interests.delete(filter);
      interest.removeLocal(filter, made);
    }
    this.#setShares(held, shares);
  }

  #setShares(held: Held, shares: ReadonlySet<string>): void {
    this.#desk.interest.localShares += shares.size - held.shares.size;
    held.shares = shares;
  }

  #clearInterests(held: Held): void {
    this.#setShares(held, NO_SHARES);
    for (const [filter, made] of held.interests) this.#desk.interest.removeLocal(filter, made);
    held.interests.clear();
  }

  // ---------------------------------------------------------------- secured

  /** Up to which change the copy is secured (R51). */
  securedSeq(held: Held): number {
    const { durability } = this.#desk.options;
    if (durability === 'memory') return held.seq;
    if (durability === 'disk' || !this.#desk.peers.somePresent) return held.committed;
    return Math.min(held.committed, held.confirmed);
  }

  isSecured(held: Held): boolean {
    return this.securedSeq(held) >= held.seq;
  }

  /** Calls when all that has changed so far is secured; at once when it is. */
  whenSecured(held: Held, waiter: Waiter): void {
    if (held.waiting.length === 0 && this.isSecured(held)) {
      waiter.secured();
      return;
    }
    held.waiting.push({ seq: held.seq, waiter });
    this.#unsecured.add(held);
  }

  /** Something that counts for it has happened: a commit, a confirmation, the loss of the last peer. */
  settle(held: Held): void {
    const secured = this.securedSeq(held);
    const { waiting } = held;
    let done = 0;
    while (done < waiting.length && waiting[done]!.seq <= secured) done += 1;
    if (done > 0) {
      const served = waiting.splice(0, done);
      if (waiting.length === 0) this.#unsecured.delete(held);
      for (const { waiter } of served) waiter.secured();
    }
    this.#desk.delivery.pump(held);
  }

  settleAll(): void {
    for (const held of [...this.#held.values()]) this.settle(held);
  }

  /** R71: whoever goes on with it finds it there. */
  #backedByStore(held: Held): void {
    if (held.backed || !held.isOwner || this.#held.get(held.clientId) !== held) return;
    held.backed = true;
    this.#desk.registry.changed(held.clientId);
  }

  /** Adds to what the next commit writes. Everything has to, also what nobody waits for: a copy that was dropped must not come back. */
  journal(entry: BatchEntry): boolean {
    const { journal } = this.#desk.options;
    if (journal === undefined) return false;
    journal.add(entry);
    this.#isJournalled = true;
    return true;
  }

  /** One commit for all that changed in this turn (R63). */
  commit(): void {
    const { journal } = this.#desk.options;
    const late = this.#desk.lateEntries.takeWritten();
    if (journal === undefined || !this.#isJournalled) return;
    this.#isJournalled = false;
    const batch = [...this.#toCommit].map((held) => ({ held, seq: held.seq }));
    this.#toCommit.clear();
    journal.commit((refused) => {
      for (const { held, seq } of batch) {
        if (refused?.has(held.clientId) === true) continue;
        if (held.committed < seq) held.committed = seq;
        if (this.#desk.options.external !== undefined) this.#backedByStore(held);
        if (this.#held.get(held.clientId) === held) this.settle(held);
      }
      this.#desk.lateEntries.committed(late);
      this.#desk.stream.touch();
    });
  }
}

const NO_SHARES: ReadonlySet<string> = new Set();

/** What is matched of a subscription: nothing for a member of a shared group, which the origin of a message chooses (R52); the group is noted. */
function plainFilter(topicFilter: string, shares: Set<string>): string | undefined {
  if (topicFilter.charCodeAt(0) !== 0x24) return topicFilter;
  const parsed = parseSubscription(topicFilter);
  if (!parsed.ok) return undefined;
  const { shareGroup, topicFilter: filter } = parsed.target;
  if (shareGroup === undefined) return filter;
  shares.add(sharedKey(shareGroup, filter));
  return undefined;
}
