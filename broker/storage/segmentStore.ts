/**
 * storage/: how sessions outlive the process: what a store must do, the journal on top of it, and how its contents become sessions again.
 * In: entries of the engine of durable sessions. Out: segments for a store; at a start the other way round.
 * May import: base, protocol, cluster (the shapes of sessions). Must not: io, node:*, timers, ambient time.
 * Begin at journal.ts for writing, recovery.ts for reading. `io/storage` has the store on SQLite, memorySegments.ts one for tests.
 */

/** An append-only list of byte strings, each of which is there whole or not at all. */
export interface SegmentStore {
  /**
   * `done` when it is safe, as safe as the store was told to be. Segments become safe in the order of `append`. Not called when the store
   * cannot be written: it goes on trying. The bytes are the store's from now on.
   */
  append(segment: Buffer, done: () => void): void;
  /** How many segments were ever appended: the position of the next one. */
  readonly end: number;
  /** What stands before this position is not needed any more. It may vanish later, and in parts. */
  dropBefore(position: number): void;
}

export interface StoredSegment {
  readonly position: number;
  readonly bytes: Buffer;
}
