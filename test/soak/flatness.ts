/** Whether memory stays level: the middle of the early samples against the middle of the late ones. */

export interface Sample {
  readonly seconds: number;
  /** Reachable after a full collection. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly delivered: number;
}

export interface Verdict {
  readonly flat: boolean;
  readonly heapGrowthBytes: number;
  readonly rssGrowthBytes: number;
}

/** The first fifth is warm-up: code is compiled, caches and sessions fill. */
const WARMUP_SHARE = 0.2;
/** What the collector and the allocator may hold more at the end without anything being kept for ever. */
const HEAP_SLACK_BYTES = 2 * 1024 * 1024;
const RSS_SLACK_BYTES = 24 * 1024 * 1024;

export function verdictOf(samples: readonly Sample[]): Verdict {
  const counted = samples.slice(Math.floor(samples.length * WARMUP_SHARE));
  const third = Math.max(1, Math.floor(counted.length / 3));
  const growth = (figure: (sample: Sample) => number): number => median(counted.slice(-third).map(figure)) - median(counted.slice(0, third).map(figure));
  const heapGrowthBytes = growth(({ heapBytes }) => heapBytes);
  const rssGrowthBytes = growth(({ rssBytes }) => rssBytes);
  return { flat: heapGrowthBytes <= HEAP_SLACK_BYTES && rssGrowthBytes <= RSS_SLACK_BYTES, heapGrowthBytes, rssGrowthBytes };
}

/** NaN without values, so that a verdict without samples is not flat. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
