/** An answer to our digest that is under way: all rows of the buckets that differ (R35). One at a time. */
import type { Millis } from '../../base/ids.ts';
import { BUCKETS, type HaveEntry } from '../wire/v1Shared.ts';
import type { Replica } from './replica.ts';
import type { SharedLink } from './sharedLink.ts';
import { bucketOf, type SharedRow, type TableRows } from './sharedRows.ts';

export class Repair {
  readonly from: SharedLink;
  readonly audit: boolean;
  progressMs: Millis;
  readonly #replica: Replica;
  #buckets: Uint8Array | undefined;
  readonly #met = new Map<TableRows, Set<string>>();

  constructor(replica: Replica, from: SharedLink, audit: boolean, nowMs: Millis) {
    this.#replica = replica;
    this.from = from;
    this.audit = audit;
    this.progressMs = nowMs;
  }

  differ(buckets: Uint8Array): void {
    this.#buckets = buckets;
  }

  /** Whether the other copy differs from ours at all. */
  get differs(): boolean {
    return this.#buckets?.some((byte) => byte !== 0) ?? false;
  }

  row(table: TableRows, key: string, row: SharedRow): void {
    // Two that have seen the same writes and differ all the same are at fault: what was seen says nothing then.
    this.#replica.accept(table, key, row, this.audit);
    let keys = this.#met.get(table);
    if (keys === undefined) this.#met.set(table, (keys = new Set()));
    keys.add(key);
  }

  /** The answer is complete. Returns how many rows were deleted because the other copy has seen them and has them no more. */
  complete(entries: readonly HaveEntry[]): number {
    const { actors, rows } = this.#replica;
    if (this.audit) return 0;
    const seen = new Map(entries.map(({ nodeId, life, seq }) => [actors.of(nodeId, life), seq]));
    let dropped = 0;
    for (const table of rows.all()) {
      const met = this.#met.get(table);
      for (const [key, row] of table.rows.entries()) {
        if (row.seq > (seen.get(row.actor) ?? 0) || met?.has(key) || !hasBucket(this.#buckets, bucketOf(table.name, key))) continue;
        this.#replica.forget(table, key);
        dropped += 1;
      }
    }
    this.#replica.sawAll(entries);
    return dropped;
  }
}

/** The buckets in which two digests differ, as a bitmap. */
export function differing(left: Uint32Array, right: Uint32Array): Uint8Array {
  const bitmap = new Uint8Array(BUCKETS / 8);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) if (left[bucket] !== right[bucket]) bitmap[bucket >> 3] = (bitmap[bucket >> 3] ?? 0) | (1 << (bucket & 7));
  return bitmap;
}

export function hasBucket(bitmap: Uint8Array | undefined, bucket: number): boolean {
  return bitmap !== undefined && ((bitmap[bucket >> 3] ?? 0) & (1 << (bucket & 7))) !== 0;
}
