/** How this process is doing, between two looks: processor, memory, event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

export interface Vitals {
  /** Share of one core, 0 to 1 and above with threads. */
  readonly cpu: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly loopP99Ms: number;
}

/** How often the loop's delay is sampled; also what it measures at rest, so it is taken off. */
const LOOP_RESOLUTION_MS = 10;

export class ProcessVitals {
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #cpu = process.cpuUsage();
  #sinceMs = performance.now();

  constructor() {
    this.#loop.enable();
  }

  /** Figures since the last call. */
  take(): Vitals {
    const nowMs = performance.now();
    const used = process.cpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, nowMs - this.#sinceMs);
    this.#cpu = process.cpuUsage();
    this.#sinceMs = nowMs;
    const loopP99Ms = this.#loop.count === 0 ? 0 : Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
    this.#loop.reset();
    const memory = process.memoryUsage();
    return {
      cpu: (used.user + used.system) / 1000 / elapsedMs,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      loopP99Ms,
    };
  }

  dispose(): void {
    this.#loop.disable();
  }
}
