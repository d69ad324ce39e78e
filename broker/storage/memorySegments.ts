/** A store in memory: safe when `later` says so. A crash loses what was not safe by then, or all but a part of it, as a real one does. */
import type { SegmentStore, StoredSegment } from './segmentStore.ts';

export class MemorySegments implements SegmentStore {
  readonly #later: (commit: () => void) => void;
  #segments: { readonly position: number; readonly bytes: Buffer }[] = [];
  #unsafe: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  #safeEnd = 0;
  /** Grows with every crash: a commit that was under way then never answers. */
  #life = 0;

  /** `later`: calls when a commit has taken its time, in the order of the calls. */
  constructor(later: (commit: () => void) => void) {
    this.#later = later;
  }

  get end(): number {
    return this.#safeEnd + this.#unsafe.length;
  }

  get unsafe(): number {
    return this.#unsafe.length;
  }

  append(segment: Buffer, done: () => void): void {
    // A copy: nothing that happens to the bytes afterwards may reach a disk.
    this.#unsafe.push({ bytes: Buffer.from(segment), done });
    const life = this.#life;
    this.#later(() => {
      if (life !== this.#life) return;
      const first = this.#unsafe.shift();
      if (first === undefined) return;
      this.#keep(first.bytes);
      first.done();
    });
  }

  dropBefore(position: number): void {
    this.#segments = this.#segments.filter((segment) => segment.position >= position);
  }

  /** The process dies. Of what was not safe, the first `kept` are there all the same. */
  crash(kept = 0): void {
    this.#life += 1;
    for (const { bytes } of this.#unsafe.slice(0, kept)) this.#keep(bytes);
    this.#unsafe = [];
  }

  /** What the next life finds, but for positions that are unreadable. */
  load(lost: ReadonlySet<number> = new Set()): StoredSegment[] {
    return this.#segments.filter(({ position }) => !lost.has(position)).map(({ position, bytes }) => ({ position, bytes: Buffer.from(bytes) }));
  }

  #keep(bytes: Buffer): void {
    this.#segments.push({ position: this.#safeEnd, bytes });
    this.#safeEnd += 1;
  }
}
