/**
 * A disk under virtual time: what was written becomes safe after a commit of 1 to 8 ms, in order; a crash loses what was not safe yet, or keeps
 * a part of it, as a real one may. Survives the process; lost only when it is wiped.
 */
import { randomBelow, type Prng } from '../../../broker/base/prng.ts';
import type { EventQueue } from '../eventQueue.ts';

export class SimDisk {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  #safe: Buffer[] = [];
  #tail: { readonly record: Buffer; readonly done: () => void }[] = [];
  #committing = false;
  /** Grows with every crash: commits under way then are never confirmed. */
  #life = 0;
  /** A commit takes this many times longer. */
  slowness = 1;

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  /** All records that survived, oldest first. */
  read(): readonly Buffer[] {
    return this.#safe;
  }

  get unsynced(): number {
    return this.#tail.length;
  }

  /** Bytes are copied: what happens to them afterwards is not on the disk. */
  write(record: Uint8Array, done: () => void): void {
    this.#tail.push({ record: Buffer.from(record), done });
    this.#commit();
  }

  /** Everything written so far is replaced by these, at once (compaction). */
  replace(records: readonly Uint8Array[]): void {
    this.#safe = records.map((record) => Buffer.from(record));
  }

  #commit(): void {
    if (this.#committing || this.#tail.length === 0) return;
    this.#committing = true;
    const life = this.#life;
    const batch = this.#tail.length;
    this.#queue.in((1 + randomBelow(this.#prng, 8)) * this.slowness, () => {
      if (life !== this.#life) return;
      this.#committing = false;
      const safe = this.#tail.splice(0, batch);
      for (const { record } of safe) this.#safe.push(record);
      for (const { done } of safe) done();
      this.#commit();
    });
  }

  /** The process died: of what was not confirmed a part may be there, in order, or nothing. */
  crash(): void {
    this.#life += 1;
    this.#committing = false;
    const kept = randomBelow(this.#prng, 2) === 0 ? 0 : randomBelow(this.#prng, this.#tail.length + 1);
    for (const { record } of this.#tail.splice(0).slice(0, kept)) this.#safe.push(record);
  }

  wipe(): void {
    this.#safe = [];
  }

  /** A byte of one record turns over, or the end of the last record is missing. Returns what was done, undefined when nothing is there. */
  corrupt(): string | undefined {
    const index = randomBelow(this.#prng, this.#safe.length);
    const record = this.#safe[index];
    if (record === undefined || record.length === 0) return undefined;
    if (randomBelow(this.#prng, 2) === 0) {
      this.#safe[this.#safe.length - 1] = this.#safe.at(-1)?.subarray(0, -1) ?? record;
      return 'the last record lost its end';
    }
    const at = randomBelow(this.#prng, record.length);
    record[at] = (record[at] ?? 0) ^ 0xff;
    return `byte ${at} of record ${index} of ${this.#safe.length} turned over`;
  }
}
