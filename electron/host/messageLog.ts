/** The messages of one connection on their way to database and windows, in batches. */
import type { ClientMessage } from '../contract/clients.ts';
import type { EventOf } from '../contract/host.ts';
import type { StoredTotals } from './workspaceStore.ts';
import type { WorkspaceDb } from './workspaceDb.ts';

/**
 * Messages reach database and windows together, at most every 25 ms. The first one received after a pause goes at once: a
 * person waits for it. One that was sent can wait, since the answer to its publish tells it.
 */
export const BATCH_MS = 25;
/** Messages and payload bytes in one event; the rest of a batch is read from the database (`firstSeq`..`lastSeq` tell). */
export const MAX_EVENT_MESSAGES = 1_000;
export const MAX_EVENT_BYTES = 2 * 1024 * 1024;

export interface MessageLogOptions {
  readonly id: string;
  readonly db: WorkspaceDb;
  readonly stored: StoredTotals;
  readonly now: () => number;
  readonly onMessages: (event: EventOf<'client/messages'>) => void;
  readonly onFailure: (error: unknown) => void;
}

export class MessageLog {
  readonly #options: MessageLogOptions;
  #totals: StoredTotals;
  #batch: { -readonly [K in keyof ClientMessage]: ClientMessage[K] }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #clears = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #flushedMs = Number.NEGATIVE_INFINITY;

  constructor(options: MessageLogOptions) {
    this.#options = options;
    this.#totals = options.stored;
  }

  get totals(): StoredTotals {
    return this.#totals;
  }

  /** Undefined when the database keeps up, else a promise to wait for before reading on. */
  get room(): Promise<void> | undefined {
    return this.#options.db.room;
  }

  add(message: Omit<ClientMessage, 'seq'>): ClientMessage {
    const out = message.direction === 'out';
    const { lastSeq, received, sent } = this.#totals;
    this.#totals = { lastSeq: lastSeq + 1, received: received + Number(!out), sent: sent + Number(out) };
    const stored = { ...message, seq: lastSeq + 1 };
    this.#batch.push(stored);
    const now = this.#options.now();
    this.#flushAt(out ? now + BATCH_MS : Math.max(now, this.#flushedMs + BATCH_MS), now);
    return stored;
  }

  /** Notes the acknowledgement of an outgoing message, wherever it is by now. */
  acknowledge(seq: number, ack: number): void {
    const waiting = this.#batch.find((message) => message.seq === seq);
    if (waiting) waiting.ack = ack;
    else this.#options.db.setAck(this.#options.id, seq, ack).catch(this.#options.onFailure);
  }

  /** Hands the batch on. Whoever reads the database afterwards finds it there: requests are answered in order. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#flushedMs = this.#options.now();
    const messages = this.#batch;
    const first = messages[0];
    const last = messages.at(-1);
    if (!first || !last) return;
    this.#batch = [];
    const before = this.#totals;
    const clears = this.#clears;
    this.#options.db.append(this.#options.id, messages).then((stored) => {
      // After a clear the answer to an older batch speaks of what is gone.
      if (clears === this.#clears) this.#correct(before, stored);
    }, this.#options.onFailure);
    this.#options.onMessages({ id: this.#options.id, firstSeq: first.seq, lastSeq: last.seq, messages: newestWithinBounds(messages) });
  }

  /** The earliest wish wins. */
  #flushAt(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.flush(), dueMs - nowMs);
  }

  async clear(): Promise<void> {
    this.flush();
    this.#clears += 1;
    this.#totals = { ...this.#totals, received: 0, sent: 0 };
    await this.#options.db.clear(this.#options.id);
  }

  /** The database let old messages go: what it kept, plus what came since, is what there is. */
  #correct(counted: StoredTotals, stored: StoredTotals): void {
    const { lastSeq, received, sent } = this.#totals;
    this.#totals = { lastSeq, received: received + stored.received - counted.received, sent: sent + stored.sent - counted.sent };
  }
}

function newestWithinBounds(messages: readonly ClientMessage[]): ClientMessage[] {
  let bytes = 0;
  let from = messages.length;
  while (from > 0 && messages.length - from < MAX_EVENT_MESSAGES) {
    bytes += messages[from - 1]?.payload.length ?? 0;
    if (bytes > MAX_EVENT_BYTES && from < messages.length) break;
    from -= 1;
  }
  return messages.slice(from);
}
