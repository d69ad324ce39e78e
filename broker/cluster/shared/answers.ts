/** What leaves for a peer: runs of writes by number, and rows by bucket, in slices no larger than the network takes (R26). */
import { SLICE_BYTES } from '../limits.ts';
import { encodeChanges, encodeDiffer, encodeRepaired, encodeSharedRows, rowBytes, type HaveEntry, type WireActor, type WireRow } from '../wire/v1Shared.ts';
import type { SharedActor } from './have.ts';
import type { Replica } from './replica.ts';
import { hasBucket } from './repair.ts';
import { bucketOf, type SharedRow } from './sharedRows.ts';

/** Rows looked at for one frame, whether or not they belong into it. */
const WALK = 20_000;
/** Entries of a ring in one frame. */
const RUN = 10_000;

/**
 * One frame with the writes of an actor behind `from`: as many as fit. A write that was overwritten meanwhile is left out: what
 * overwrote it is on its way by its own number. When the ring no longer reaches back to `from`, the frame has a gap that says so.
 */
export function changesFrame(replica: Replica, actor: SharedActor, from: number): { readonly frame: Buffer; readonly to: number } {
  const ring = replica.ring(actor);
  const last = replica.have.seq(actor);
  const entries = ring?.after(from, RUN);
  if (entries === undefined) return { frame: encodeChanges({ actor, from: last, to: last, rows: [] }), to: last };
  const rows: WireRow[] = [];
  let bytes = 0;
  let to = from;
  for (const { seq, table, key } of entries) {
    if (bytes >= SLICE_BYTES) return { frame: encodeChanges({ actor, from, to, rows }), to };
    to = seq;
    const row = replica.rows.get(table, key);
    if (row === undefined || row.actor !== actor || row.seq !== seq) continue;
    const wire = { table: table.name, key, actor: 0, seq, at: row.at, value: row.value };
    rows.push(wire);
    bytes += rowBytes(wire);
  }
  if (entries.length < RUN) to = last;
  return { frame: encodeChanges({ actor, from, to, rows }), to };
}

/** The answer to a PULL: the writes of another actor behind `from`, up to what was seen of it when it came. */
export function* changesAnswer(replica: Replica, actor: SharedActor, from: number): Generator<Buffer | undefined, void> {
  const target = replica.have.seq(actor);
  for (let at = from; ; ) {
    const { frame, to } = changesFrame(replica, actor, at);
    yield frame;
    at = to;
    if (at >= target) return;
  }
}

export interface RowsQuestion {
  readonly buckets: Uint8Array;
  readonly audit: boolean;
  /** What was seen when the digests were compared: what was seen later, the buckets know nothing of. */
  readonly seen: readonly HaveEntry[];
}

/** The answer to a digest: all rows in the buckets that differ, tombstones too, and what had been seen. */
export function* rowsAnswer(replica: Replica, { buckets, audit, seen }: RowsQuestion): Generator<Buffer | undefined, void> {
  yield encodeDiffer({ audit, buckets });
  const slice = new Slice();
  let walked = 0;
  for (const table of replica.rows.all()) {
    if (audit && table.bulk) continue;
    for (const source of [table.tombstones, table.rows]) {
      for (const [key, row] of source.entries()) {
        walked += 1;
        if (hasBucket(buckets, bucketOf(table.name, key))) slice.add(table.name, key, row);
        if (!slice.full && walked < WALK) continue;
        walked = 0;
        yield slice.take();
      }
    }
  }
  yield slice.take();
  yield encodeRepaired(seen);
}

class Slice {
  #actors = new Map<SharedActor, number>();
  #rows: WireRow[] = [];
  #bytes = 0;

  get full(): boolean {
    return this.#bytes >= SLICE_BYTES || this.#actors.size >= 0xffff;
  }

  add(table: string, key: string, { value, at, actor, seq }: SharedRow): void {
    let index = this.#actors.get(actor);
    if (index === undefined) this.#actors.set(actor, (index = this.#actors.size));
    const row = { table, key, actor: index, seq, at, value };
    this.#rows.push(row);
    this.#bytes += rowBytes(row);
  }

  /** The frame, and a new slice; undefined when there is nothing in it. */
  take(): Buffer | undefined {
    if (this.#rows.length === 0) return undefined;
    const actors: WireActor[] = [...this.#actors.keys()];
    const frame = encodeSharedRows({ actors, rows: this.#rows });
    this.#actors = new Map();
    this.#rows = [];
    this.#bytes = 0;
    return frame;
  }
}
