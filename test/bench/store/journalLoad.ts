/**
 * The journal of sessions alone, on a real disk: messages of QoS 1 arrive for many sessions at a given rate, are written, sent when they are
 * safe, and finished in a later commit. What a broker adds is not in it; what the disk can do is.
 */
import { silentLog } from '../../../broker/base/log.ts';
import { nextDot, SessionCopy, type CopyItem } from '../../../broker/cluster/sessions/copy/copy.ts';
import { lineageOf } from '../../../broker/cluster/sessions/copy/identity.ts';
import { applyRecord, type SessionRecord } from '../../../broker/cluster/sessions/copy/record.ts';
import { SessionStore } from '../../../broker/io/storage/sessionStore.ts';
import type { Synchronous } from '../../../broker/io/storage/segmentTable.ts';
import { STEPS_PER_MS } from '../../../broker/cluster/stamp.ts';
import type { JournalCounters } from '../../../broker/storage/journal.ts';
import { actor, nodeId } from '../../support/sessionCopies.ts';
import { withTempDir } from '../../support/tempDir.ts';

const SESSIONS = 500;
const PUBLISHERS = 50;
const PACKET_BYTES = 120;
const TOPIC_BYTES = 20;
/** Of one turn of the loop: what a broker reads from its sockets at a time. */
const TURN_MS = 1;

export interface JournalMeasured {
  readonly perSecond: number;
  /** From the turn in which a message arrives to its confirmation. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** CPU of the process with its thread for one message: enqueue, commit, finish. */
  readonly cpuMicros: number;
  readonly counters: JournalCounters;
}

/** `perSecond`: offered, whatever happens to it; Infinity keeps one commit's worth under way. */
export function measureJournal(synchronous: Synchronous, perSecond: number, durationMs: number): Promise<JournalMeasured> {
  return withTempDir('bench-sessions-', async (dataDir) => {
    const onFailure = (error: Error): void => {
      throw error;
    };
    const store = SessionStore.open({ dataDir, synchronous, log: silentLog, nowMs: Date.now(), onFailure });
    const load = new JournalLoad(store);
    const measured = await load.run(perSecond, durationMs);
    await store.close();
    return measured;
  });
}

class JournalLoad {
  readonly #copies = Array.from({ length: SESSIONS }, (_, at) => new SessionCopy(`client-${at}`, nodeId(1)));
  readonly #journal;
  #arrived = 0;
  #confirmed = 0;
  #objects = 0;
  #toFinish: [SessionCopy, CopyItem['mid']][] = [];
  readonly #waitsMs: number[] = [];

  constructor(store: SessionStore) {
    this.#journal = store.journal({ copies: () => this.#copies, late: () => [] });
    for (const copy of this.#copies) this.#journal.add({ type: 'copy', copy });
  }

  async run(perSecond: number, durationMs: number): Promise<JournalMeasured> {
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    for (let now = began; now - began < durationMs; now = performance.now()) {
      this.#turn(Math.min(((now - began) / 1000) * perSecond, this.#confirmed + MOST_OPEN));
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
    const seconds = (performance.now() - began) / 1000;
    const confirmed = this.#confirmed;
    const { user, system } = process.cpuUsage(cpuBefore);
    await new Promise<void>((resolve) => this.#journal.commit(resolve));
    this.#waitsMs.sort((a, b) => a - b);
    const waited = (share: number): number => this.#waitsMs[Math.floor(this.#waitsMs.length * share)] ?? Number.NaN;
    return { perSecond: confirmed / seconds, medianMs: waited(0.5), p99Ms: waited(0.99), cpuMicros: (user + system) / confirmed, counters: this.#journal.counters() };
  }

  /** Messages up to a number arrive; those that were confirmed are acknowledged by their subscribers. */
  #turn(upTo: number): void {
    const began = performance.now();
    for (const [copy, mid] of this.#toFinish.splice(0)) this.#change(copy, { type: 'finish', mid, at: 0 });
    const came: [SessionCopy, CopyItem['mid']][] = [];
    while (this.#arrived < upTo) came.push(this.#arrive());
    if (came.length === 0) return;
    this.#journal.commit(() => {
      this.#confirmed += came.length;
      this.#waitsMs.push(performance.now() - began);
      for (const one of came) this.#toFinish.push(one);
    });
  }

  #arrive(): [SessionCopy, CopyItem['mid']] {
    const n = (this.#arrived += 1);
    const copy = this.#copies[n % SESSIONS]!;
    const mid = { actor: actor(1), n };
    const packet = Buffer.alloc(PACKET_BYTES, 0x61);
    packet.set([0x32, PACKET_BYTES - 2, 0, TOPIC_BYTES]);
    const message = { packet, isV5: false, qos: 1, fromClientId: `pub-${n % PUBLISHERS}`, fromUsername: undefined, topic: 'a'.repeat(TOPIC_BYTES), retain: false } as const;
    const dot = nextDot(copy, () => lineageOf(actor(1), (this.#objects += 1)));
    const ord = Date.now() * STEPS_PER_MS;
    this.#change(copy, { type: 'enqueue', item: { mid, dot, ord, message, qos: 1, retain: false, subscriptionIds: null, sharedBy: null, state: 'sent', packetId: (n % 60_000) + 1 } });
    return [copy, mid];
  }

  #change(copy: SessionCopy, record: SessionRecord): void {
    if (applyRecord(copy, record)) this.#journal.add({ type: 'session', clientId: copy.clientId, record });
  }
}

/** What publishers have open in all: 50 with a window of 200. */
const MOST_OPEN = 10_000;
