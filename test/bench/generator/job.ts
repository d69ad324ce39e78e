/** What the bench tells a generator to do, and what it answers. Lines of JSON on stdin and stdout. */
import type { Work } from '../loads.ts';
import type { BrokerAddress } from './rawClient.ts';

export interface Job {
  readonly address: BrokerAddress;
  /** Of the other nodes when the broker is a cluster. */
  readonly others: readonly BrokerAddress[];
  readonly work: Work;
  readonly warmupMs: number;
  /** Messages that the warm-up lasts for at least: on a busy machine little of a time is the broker's. Absent = none. */
  readonly warmupUnits?: number;
  readonly measureMs: number;
}

/** The bench takes the broker's CPU time and memory at each mark. Cost is counted from `begin` to `end`. */
export type Mark = 'begin' | 'end' | 'later';

export interface JobResult {
  /** What the broker's CPU time is divided by: messages delivered, or connections. */
  readonly units: number;
  readonly elapsedMs: number;
  /** Share of its core the generator used meanwhile: near 1 it measures itself. */
  readonly generatorCpu: number;
  /** Messages the protocol promises that did not come, and those that came twice or out of order. */
  readonly lost: number;
  readonly disorder: number;
  /** Of messages at a fixed pace: from writing one to reading it. */
  readonly medianMs?: number;
  readonly p99Ms?: number;
  /** QoS 0 messages that an overloaded broker left out, as it may. */
  readonly shed?: number;
}

export type GeneratorEvent =
  | { readonly event: 'mark'; readonly mark: Mark }
  | ({ readonly event: 'result' } & JobResult)
  | { readonly event: 'notSupported'; readonly reason: string };

/** What a run needs besides its job: to halt at a mark until the bench has taken its figures. */
export interface Gate {
  mark(mark: Mark): Promise<void>;
}

/** The generator's own CPU share and the time between two looks. */
export class Stopwatch {
  readonly #cpu = process.cpuUsage();
  readonly #startedMs = performance.now();

  read(): { elapsedMs: number; generatorCpu: number } {
    const elapsedMs = performance.now() - this.#startedMs;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { elapsedMs, generatorCpu: (user + system) / 1000 / elapsedMs };
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const WARMUP_LIMIT_MS = 20_000;

/** Until what is compiled in the first seconds has been. */
export async function warmUp({ warmupMs, warmupUnits = 0 }: Pick<Job, 'warmupMs' | 'warmupUnits'>, units: () => number): Promise<void> {
  await pause(warmupMs);
  await waitUntil(WARMUP_LIMIT_MS, () => units() >= warmupUnits);
}

const POLL_MS = 20;

/** Waits for a condition; false when the time is over first. */
export async function waitUntil(limitMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await pause(POLL_MS);
  }
  return true;
}
