/** Virtual time: events in order of (time, order of scheduling), so that a seed always gives the same run. */
export class EventQueue {
  nowMs = 0;
  #order = 0;
  readonly #heap: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];

  at(atMs: number, run: () => void): void {
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run };
    this.#order += 1;
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[index] = above;
      heap[parent] = entry;
      index = parent;
    }
  }

  in(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** Runs everything due until then; the clock stands at `untilMs` afterwards. */
  runUntil(untilMs: number): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.atMs > untilMs) break;
      this.#pop();
      this.nowMs = first.atMs;
      first.run();
    }
    this.nowMs = untilMs;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    heap[0] = last;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      for (const child of [left, right]) {
        const [a, b] = [heap[child], heap[least]];
        if (a !== undefined && b !== undefined && before(a, b)) least = child;
      }
      const [top, lower] = [heap[index], heap[least]];
      if (least === index || top === undefined || lower === undefined) return;
      heap[index] = lower;
      heap[least] = top;
      index = least;
    }
  }
}

function before(a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
