/** Slow hashes run on Node's thread pool, a few at a time: the loop goes on, and files still find a thread. */

/** The pool has four threads. */
const MAX_RUNNING = 3;
/** Further ones are refused: the clients behind them would have given up before their turn. */
export const MAX_WAITING = 10_000;

export class HashPool {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** How often it was too busy. */
  refused = 0;

  /** Undefined when too many wait already. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < MAX_RUNNING) {
      this.#running += 1;
      return this.#start(task);
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.refused += 1;
      return undefined;
    }
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#start(task));
  }

  /** Who ends hands its place to the next. */
  async #start<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
