/** From writing a message to reading it, for messages numbered by their publishers. */

/** Messages of one publisher under way at most. */
const RING = 1024;

export class Latencies {
  readonly #sentMs: Float64Array;
  #millis: number[] = [];

  constructor(publishers: number) {
    this.#sentMs = new Float64Array(publishers * RING);
  }

  sent(publisher: number, number: number): void {
    this.#sentMs[publisher * RING + (number % RING)] = performance.now();
  }

  heard(publisher: number, number: number): void {
    this.#millis.push(performance.now() - (this.#sentMs[publisher * RING + (number % RING)] ?? 0));
  }

  /** What came so far does not count. */
  forget(): void {
    this.#millis = [];
  }

  read(): { medianMs: number; p99Ms: number } {
    const sorted = Float64Array.from(this.#millis).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { medianMs: at(0.5), p99Ms: at(0.99) };
  }
}
