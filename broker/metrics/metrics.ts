/**
 * metrics/: what a node counts (only grows) and measures (now and high-water mark), under EMQX's names (rest-api.md 9 and 2.3).
 * In: increments by index. Out: snapshots by name. Typed arrays, so that counting costs one addition.
 * May import: base. Begin at catalogue.ts for the names.
 */
import { METRIC_NAMES, STAT_NAMES, type MetricName, type StatName } from './catalogue.ts';

export class Metrics {
  readonly #counters = new Float64Array(METRIC_NAMES.length);
  readonly #stats = new Float64Array(STAT_NAMES.length);
  readonly #highest = new Float64Array(STAT_NAMES.length);

  /** `index` comes from `METRIC`. */
  add(index: number, by: number): void {
    (this.#counters[index] as number) += by;
  }

  inc(index: number): void {
    (this.#counters[index] as number) += 1;
  }

  get(name: MetricName): number {
    return this.#counters[METRIC[name]] as number;
  }

  /** Sets a gauge; `index` comes from `STAT`. */
  setStat(index: number, value: number): void {
    this.#stats[index] = value;
    if (value > (this.#highest[index] as number)) this.#highest[index] = value;
  }

  getStat(name: StatName): number {
    return this.#stats[STAT[name]] as number;
  }

  /** Every counter by name, as `GET /metrics` shows them. */
  counters(): Record<MetricName, number> {
    const out = {} as Record<MetricName, number>;
    METRIC_NAMES.forEach((name, index) => (out[name] = this.#counters[index] as number));
    return out;
  }

  /** Every gauge as `<name>.count` and `<name>.max`, as `GET /stats` shows them. */
  stats(): Record<string, number> {
    const out: Record<string, number> = {};
    STAT_NAMES.forEach((name, index) => {
      out[`${name}.count`] = this.#stats[index] as number;
      out[`${name}.max`] = this.#highest[index] as number;
    });
    return out;
  }
}

function indexOf<T extends string>(names: readonly T[]): Readonly<Record<T, number>> {
  return Object.freeze(Object.fromEntries(names.map((name, index) => [name, index]))) as Readonly<Record<T, number>>;
}

/** Counter name → index. */
export const METRIC = indexOf(METRIC_NAMES);
/** Gauge name → index. */
export const STAT = indexOf(STAT_NAMES);
