/**
 * Keeps the changes of sessions (R62, R63). All entries of a turn go to the store as one segment; while the store is busy, the next one
 * grows. So commits size themselves: one message at low load, hundreds at high load, and no timer anywhere.
 *
 * Old segments are got rid of by a checkpoint: all that lives is written once more, in slices between the changes, and what came before
 * the first slice is dropped. Its cost is bounded: it begins when the journal is `GROWTH` times as long as what the last one wrote.
 */
import { BatchWriter, type BatchEntry, type LateEntry } from '../cluster/sessions/copy/batch.ts';
import type { SessionCopy } from '../cluster/sessions/copy/copy.ts';
import type { SegmentStore } from './segmentStore.ts';

/** A journal shorter than this is left alone. */
const MIN_CHECKPOINT_BYTES = 64 * 1024 * 1024;
const GROWTH = 3;
/** Of a checkpoint, in one segment; a single session may be larger. */
const SLICE_BYTES = 256 * 1024;
/**
 * Bytes that wait for the store, beyond which `isFull` asks for publishers to be held back. Nothing is dropped: acknowledgements wait
 * for the store, so what waits is bounded by the windows of publishers in any case.
 */
export const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/** What is written by a checkpoint. Each is asked for when its turn comes, and given as it is then; what has gone by then is left out. */
export interface LiveSessions {
  copies(): Iterable<SessionCopy>;
  late(): Iterable<LateEntry>;
}

export interface JournalOptions {
  readonly store: SegmentStore;
  readonly live: LiveSessions;
  /** Bytes the store had at the start. */
  readonly storedBytes: number;
  /** Less than `MIN_CHECKPOINT_BYTES` only in tests. */
  readonly minCheckpointBytes?: number;
  /** Less than `SLICE_BYTES` only in tests. */
  readonly sliceBytes?: number;
}

/** Cumulative since the start, but for `bytes` and `pendingBytes`. */
export interface JournalCounters {
  readonly commits: number;
  readonly bytesWritten: number;
  readonly checkpoints: number;
  /** How often `isFull` became true. */
  readonly full: number;
  /** Kept by the store, less what was dropped. */
  readonly bytes: number;
  /** Not safe yet. */
  readonly pendingBytes: number;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #minCheckpointBytes: number;
  readonly #batch = new BatchWriter();
  /** Who waits for the batch that grows. */
  #waiting: (() => void)[] = [];
  #inFlightBytes = 0;
  #isBusy = false;
  #checkpoint: Checkpoint | undefined;
  #bytes: number;
  #liveBytes = 0;
  #wasFull = false;
  #commits = 0;
  #bytesWritten = 0;
  #checkpoints = 0;
  #full = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#minCheckpointBytes = options.minCheckpointBytes ?? MIN_CHECKPOINT_BYTES;
    this.#bytes = options.storedBytes;
  }

  /** Written with the next commit. What it holds is taken down at once, so it may be changed afterwards. */
  add(entry: BatchEntry): void {
    this.#batch.add(entry);
    if (!this.#wasFull && this.isFull) {
      this.#wasFull = true;
      this.#full += 1;
    }
  }

  /** `done` when everything that was added so far is safe. To be called once a turn, if anything was added. */
  commit(done: () => void): void {
    if (this.#batch.isEmpty && !this.#isBusy) {
      done();
      return;
    }
    this.#waiting.push(done);
    if (!this.#isBusy) this.#write();
  }

  get isFull(): boolean {
    return this.#batch.length + this.#inFlightBytes > MAX_PENDING_BYTES;
  }

  counters(): JournalCounters {
    return {
      commits: this.#commits,
      bytesWritten: this.#bytesWritten,
      checkpoints: this.#checkpoints,
      full: this.#full,
      bytes: this.#bytes,
      pendingBytes: this.#batch.length + this.#inFlightBytes,
    };
  }

  #write(): void {
    this.#continueCheckpoint();
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#batch.isEmpty) {
      this.#isBusy = false;
      for (const done of waiting) done();
      return;
    }
    const { store } = this.#options;
    const ended = this.#checkpoint?.isWritten === true ? this.#checkpoint : undefined;
    const segment = this.#batch.take();
    // Not to be asked of the segment later: its memory goes over to the store.
    const { length } = segment;
    this.#isBusy = true;
    this.#inFlightBytes = length;
    this.#bytes += length;
    if (this.#checkpoint !== undefined) this.#checkpoint.bytes += length;
    store.append(segment, () => {
      this.#commits += 1;
      this.#bytesWritten += length;
      this.#inFlightBytes = 0;
      this.#wasFull = this.isFull;
      if (ended !== undefined) this.#endCheckpoint(ended);
      for (const done of waiting) done();
      // Only now: a commit that is asked for by those calls goes with the batch that has grown meanwhile.
      this.#isBusy = false;
      if (!this.#batch.isEmpty || this.#waiting.length > 0 || this.#checkpoint !== undefined) this.#write();
    });
  }

  /** Begins one when it is time, and adds the next slice. */
  #continueCheckpoint(): void {
    if (this.#checkpoint === undefined) {
      if (this.#bytes < Math.max(this.#minCheckpointBytes, this.#liveBytes * GROWTH)) return;
      this.#beginCheckpoint();
      return;
    }
    this.#addSlice(this.#checkpoint);
  }

  /** The mark stands alone in a segment of its own: what waits goes before it, so that nothing of before is dropped with it. */
  #beginCheckpoint(): void {
    const { store, live } = this.#options;
    if (!this.#batch.isEmpty) {
      const segment = this.#batch.take();
      const { length } = segment;
      this.#bytes += length;
      store.append(segment, () => {
        this.#commits += 1;
        this.#bytesWritten += length;
      });
    }
    this.#checkpoint = { from: store.end, copies: live.copies()[Symbol.iterator](), late: live.late()[Symbol.iterator](), isWritten: false, bytes: 0 };
    this.#batch.add({ type: 'checkpoint', phase: 'begin' });
    this.#batch.continues = true;
    this.#addSlice(this.#checkpoint);
  }

  #addSlice(checkpoint: Checkpoint): void {
    const limit = this.#batch.length + (this.#options.sliceBytes ?? SLICE_BYTES);
    while (this.#batch.length < limit) {
      const copy = checkpoint.copies.next();
      if (copy.done !== true) {
        this.#batch.add({ type: 'copy', copy: copy.value });
        continue;
      }
      const late = checkpoint.late.next();
      if (late.done !== true) {
        this.#batch.add({ type: 'late', late: late.value });
        continue;
      }
      this.#batch.add({ type: 'checkpoint', phase: 'end' });
      this.#batch.continues = false;
      checkpoint.isWritten = true;
      return;
    }
  }

  #endCheckpoint({ from, bytes }: Checkpoint): void {
    this.#checkpoint = undefined;
    this.#checkpoints += 1;
    this.#liveBytes = bytes;
    this.#bytes = bytes;
    this.#options.store.dropBefore(from);
  }
}

interface Checkpoint {
  /** Position of its first segment. */
  readonly from: number;
  readonly copies: Iterator<SessionCopy>;
  readonly late: Iterator<LateEntry>;
  /** Its last slice is in the batch, or on its way. */
  isWritten: boolean;
  bytes: number;
}
