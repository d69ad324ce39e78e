/**
 * Keeps the sessions of a node in a store that all nodes reach (R71), in the place of the journal on its disk and of second copies on other
 * nodes: each session is a log of its own there, which belongs to the node that has claimed it last.
 *
 * A node whose claim is not the last one hears of it when it writes. If it still serves the session, be it on its side of a split or
 * because it was believed dead, it claims it again, takes in what the other one has written, and writes the whole of both; so
 * whoever goes on with the session finds all that was ever acknowledged. If it does not, the one that serves it has, or gets, what this one knows.
 */
import { messageOf } from '../base/errors.ts';
import type { NodeId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { BatchWriter, encodeCopy, type BatchEntry, type LateEntry } from '../cluster/sessions/copy/batch.ts';
import type { SessionCopy } from '../cluster/sessions/copy/copy.ts';
import type { ExternalSessionsPort, HybridTimePort, SessionJournal } from '../cluster/sessions/desk.ts';
import type { ExternalStore } from './externalStore.ts';
import { recover } from './recovery.ts';

/** A log longer than this, and than `GROWTH` times the session it tells of, is replaced by the whole session. */
const MIN_REPLACE_BYTES = 64 * 1024;
const GROWTH = 4;

/** Late entries of a node are kept like a session; no client can have this name [MQTT-1.5.4-2]. */
const lateKey = (owner: NodeId): string => `\u0000late/${owner}`;

export interface ExternalSessionsOptions {
  readonly store: ExternalStore;
  readonly owner: NodeId;
  readonly clock: Pick<HybridTimePort, 'nextAt' | 'heard'>;
  readonly log: Log;
  /** Runs a task a little later. */
  readonly later: (task: () => void) => void;
}

/** What the engine has at the moment. */
export interface LiveExternal {
  copy(clientId: string): SessionCopy | undefined;
  late(): Iterable<LateEntry>;
  /** Another node has written this for a session that is served here, too. */
  merge(clientId: string, copy: SessionCopy): void;
}

/** Cumulative since the start. */
export interface ExternalCounters {
  storeWrites: number;
  storeClaims: number;
  /** Writes that the store refused since another node had claimed the session. */
  storeRefused: number;
}

/** One session as it stands in the store. */
class Entry {
  fence = 0;
  isClaimed = false;
  isClaiming = false;
  /** The next write is that of the whole. */
  whole = true;
  /** The session was ended: its log goes when it is dropped. */
  isEnded = false;
  batch: BatchWriter | undefined;
  bytes = 0;
  wholeBytes = 0;
  /** Commits that wait for a claim. */
  waiting: Commit[] = [];
}

/** A commit until all its parts are answered. */
class Commit {
  parts = 1;
  #refused: Set<string> | undefined;
  readonly #done: (refused: ReadonlySet<string>) => void;

  constructor(done: (refused: ReadonlySet<string>) => void) {
    this.#done = done;
  }

  refuse(clientId: string): void {
    (this.#refused ??= new Set()).add(clientId);
    this.end();
  }

  end(): void {
    this.parts -= 1;
    if (this.parts === 0) this.#done(this.#refused ?? NONE);
  }
}

const NONE: ReadonlySet<string> = new Set();

export class ExternalSessions implements SessionJournal, ExternalSessionsPort {
  readonly counters: ExternalCounters = { storeWrites: 0, storeClaims: 0, storeRefused: 0 };
  readonly #options: ExternalSessionsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  readonly #lateKey: string;
  #live: LiveExternal | undefined;

  constructor(options: ExternalSessionsOptions) {
    this.#options = options;
    this.#lateKey = lateKey(options.owner);
  }

  /** Before the first change. */
  set live(live: LiveExternal) {
    this.#live = live;
  }

  // ---------------------------------------------------------------- what earlier lives and lost nodes left

  /** Claims all that nodes left which are not there any more, and reads it. Answers when the store has. */
  fetch(owners: readonly NodeId[], also: readonly string[], wants: (clientId: string) => boolean, done: (copies: SessionCopy[], late: LateEntry[]) => void): void {
    const copies: SessionCopy[] = [];
    const late: LateEntry[] = [];
    const all = new Set(also.filter(wants));
    let open = 1;
    const end = (): void => {
      open -= 1;
      if (open === 0) done(copies, late);
    };
    const claimAll = (): void => {
      for (const clientId of all) {
        open += 1;
        this.#claimFor(clientId, (batches) => {
          const found = this.#read(clientId, batches);
          copies.push(...found.copies);
          late.push(...found.late);
          end();
        });
      }
      end();
    };
    let asked = owners.length;
    if (asked === 0) return claimAll();
    for (const owner of owners) {
      this.#options.store.claimedBy(owner, (clientIds) => {
        for (const clientId of clientIds) if (clientId === lateKey(owner) || wants(clientId)) all.add(clientId);
        asked -= 1;
        if (asked === 0) claimAll();
      });
    }
  }

  #read(clientId: string, batches: readonly Buffer[]): { copies: SessionCopy[]; late: LateEntry[] } {
    const { log, clock } = this.#options;
    const { copies, late, damage } = recover(batches.map((bytes, position) => ({ position, bytes })), clock.nextAt());
    for (const { reason } of damage) log.error('session_store_damaged', { store: 'redis', clientid: clientId, reason, hint: 'The session goes on with what is sound.' });
    for (const copy of copies) {
      copy.role = 'owner';
      copy.backup = null;
    }
    return { copies: [...copies], late: [...late] };
  }

  #claimFor(clientId: string, done: (batches: readonly Buffer[]) => void): void {
    const { store, owner, clock } = this.#options;
    const entry = this.#entryOf(clientId);
    const fence = clock.nextAt();
    this.counters.storeClaims += 1;
    entry.isClaiming = true;
    store.claim(clientId, fence, owner, (answer) => {
      if (answer.kind === 'stale') {
        // Their clock was ahead of ours: from here on ours is ahead.
        clock.heard(answer.fence);
        return this.#claimFor(clientId, done);
      }
      entry.isClaiming = false;
      entry.isClaimed = true;
      entry.fence = fence;
      done(answer.batches);
    });
  }

  #entryOf(clientId: string): Entry {
    let entry = this.#entries.get(clientId);
    if (entry === undefined) this.#entries.set(clientId, (entry = new Entry()));
    return entry;
  }

  // ---------------------------------------------------------------- changes

  add(change: BatchEntry): void {
    switch (change.type) {
      case 'copy':
        return this.#addCopy(change.copy);
      case 'session':
        return this.#addRecord(change);
      case 'drop':
        return this.#drop(change.clientId);
      case 'late':
      case 'lateDone':
        return this.#addTo(this.#lateKey, change);
      default:
    }
  }

  #addCopy(copy: SessionCopy): void {
    const entry = this.#entryOf(copy.clientId);
    entry.whole = true;
    entry.isEnded = copy.lastConn < copy.resetAt;
    this.#changed.add(copy.clientId);
  }

  #addRecord(change: Extract<BatchEntry, { type: 'session' }>): void {
    const { clientId, record } = change;
    this.#addTo(clientId, change);
    const entry = this.#entryOf(clientId);
    if (record.type === 'reset') entry.isEnded = true;
    else if (record.type === 'claim' && record.connectedAt > 0) entry.isEnded = false;
  }

  #addTo(key: string, change: BatchEntry): void {
    const entry = this.#entryOf(key);
    if (!entry.whole) (entry.batch ??= new BatchWriter()).add(change);
    this.#changed.add(key);
  }

  /** A session that moved belongs to whoever claims it; one that has ended leaves nothing. */
  #drop(clientId: string): void {
    const entry = this.#entries.get(clientId);
    this.#entries.delete(clientId);
    this.#changed.delete(clientId);
    if (entry === undefined) return;
    for (const commit of entry.waiting.splice(0)) commit.refuse(clientId);
    if (entry.isEnded && entry.isClaimed) this.#options.store.remove(clientId, entry.fence, () => {});
  }

  commit(done: (refused: ReadonlySet<string>) => void): void {
    const commit = new Commit(done);
    for (const key of this.#changed) {
      commit.parts += 1;
      this.#write(key, this.#entryOf(key), [commit]);
    }
    this.#changed.clear();
    commit.end();
  }

  #write(key: string, entry: Entry, commits: readonly Commit[]): void {
    if (!entry.isClaimed || entry.isClaiming) {
      entry.waiting.push(...commits);
      entry.whole = true;
      entry.batch = undefined;
      if (!entry.isClaiming) this.#claim(key, entry);
      return;
    }
    const { store } = this.#options;
    const { fence } = entry;
    const answered = (answer: 'stored' | 'stale'): void => {
      if (answer === 'stored') for (const commit of commits) commit.end();
      else this.#refused(key, entry, fence, commits);
    };
    this.counters.storeWrites += 1;
    if (entry.whole || entry.batch === undefined || entry.bytes > Math.max(MIN_REPLACE_BYTES, GROWTH * entry.wholeBytes)) {
      const whole = this.#wholeOf(key);
      if (whole === undefined) return commits.forEach((commit) => commit.refuse(key));
      entry.whole = false;
      entry.batch = undefined;
      entry.bytes = entry.wholeBytes = whole.length;
      return store.replace(key, fence, whole, answered);
    }
    const batch = entry.batch.take();
    entry.batch = undefined;
    entry.bytes += batch.length;
    store.append(key, fence, batch, answered);
  }

  #wholeOf(key: string): Buffer | undefined {
    if (key !== this.#lateKey) {
      const copy = this.#live?.copy(key);
      return copy && encodeCopy(copy);
    }
    const writer = new BatchWriter();
    for (const late of this.#live?.late() ?? []) writer.add({ type: 'late', late });
    return writer.take();
  }

  #claim(key: string, entry: Entry): void {
    this.#claimFor(key, (batches) => {
      const copy = this.#live?.copy(key);
      if (copy !== undefined && batches.length > 0) this.#takeIn(key, batches);
      if (this.#entries.get(key) !== entry) return;
      const waiting = entry.waiting.splice(0);
      if (waiting.length > 0) this.#write(key, entry, waiting);
    });
  }

  #takeIn(clientId: string, batches: readonly Buffer[]): void {
    try {
      for (const copy of this.#read(clientId, batches).copies) this.#live?.merge(clientId, copy);
    } catch (error) {
      this.#options.log.error('session_store_damaged', { store: 'redis', clientid: clientId, reason: messageOf(error) });
    }
  }

  /** Another node has claimed it since. */
  #refused(key: string, entry: Entry, fence: number, commits: readonly Commit[]): void {
    this.counters.storeRefused += 1;
    if (entry.fence === fence) entry.isClaimed = false;
    entry.whole = true;
    entry.batch = undefined;
    const isServed = key === this.#lateKey || this.#live?.copy(key)?.role === 'owner';
    if (this.#entries.get(key) !== entry || !isServed) return commits.forEach((commit) => commit.refuse(key));
    // Two that serve the same session take turns, and not faster than this.
    this.#options.later(() => {
      if (this.#entries.get(key) !== entry) commits.forEach((commit) => commit.refuse(key));
      else this.#write(key, entry, commits);
    });
  }
}
