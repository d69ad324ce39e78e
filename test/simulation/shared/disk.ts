/** What one data directory holds of the shared tables, and a memory of all that it ever held, for the checks. */
import type { ClockBoundPort } from '../../../broker/cluster/hybridClock.ts';
import type { SharedStorePort, StoreBatch, StoredRow } from '../../../broker/cluster/shared/sharedTables.ts';
import type { HaveEntry } from '../../../broker/cluster/wire/v1Shared.ts';

export class SimDisk implements SharedStorePort {
  readonly #rows = new Map<string, StoredRow>();
  readonly #have = new Map<string, HaveEntry>();
  #life = 0;
  #bound = 0;
  /** Key → stamps of all writes that were ever in force here, oldest first, and whether each was a delete. */
  readonly #ever = new Map<string, Map<number, boolean>>();

  readonly bound: ClockBoundPort = { load: () => this.#bound, save: (bound) => void (this.#bound = bound) };

  load(): { rows: StoredRow[]; have: HaveEntry[]; life: number } {
    return { rows: [...this.#rows.values()], have: [...this.#have.values()], life: this.#life };
  }

  readonly isLong = false;

  append({ anew, rows, gone, bulk, have, life }: StoreBatch): void {
    if (anew) for (const part of [this.#rows, this.#have, this.#ever]) part.clear();
    for (const row of [...rows, ...bulk.rows]) {
      const key = `${row.table}/${row.key}`;
      this.#rows.set(key, row);
      const ever = this.#ever.get(key) ?? new Map<number, boolean>();
      this.#ever.set(key, ever.set(row.at, row.value === undefined));
    }
    for (const { table, key } of [...gone, ...bulk.gone]) this.#rows.delete(`${table}/${key}`);
    for (const entry of have) this.#have.set(`${entry.nodeId}/${entry.life}`, entry);
    this.#life = life;
  }

  /** The newest write of a key that was ever in force here; 0 when there was none, or it was a delete and those do not count. */
  newest(key: string, deletesToo: boolean): number {
    const ever = this.#ever.get(key) ?? new Map<number, boolean>();
    const newest = Math.max(0, ...ever.keys());
    return ever.get(newest) === true && !deletesToo ? 0 : newest;
  }

  /** It was in force here, and something newer was in force afterwards. */
  replaced(key: string, at: number): boolean {
    const ever = [...(this.#ever.get(key)?.keys() ?? [])];
    const place = ever.indexOf(at);
    return place >= 0 && ever.slice(place).some((other) => other > at);
  }
}
