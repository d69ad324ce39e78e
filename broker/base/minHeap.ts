/** A binary heap: the smallest entry is at hand, adding and taking cost a logarithm. */
export class MinHeap<T> {
  readonly #compare: (left: T, right: T) => number;
  #items: T[] = [];

  constructor(compare: (left: T, right: T) => number, items: Iterable<T> = []) {
    this.#compare = compare;
    this.#items = [...items].sort(compare);
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(items[parent] as T, item) <= 0) break;
      items[at] = items[parent] as T;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return first;
  }

  /** Puts an item in place of the first one, where order asks for it. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#compare(items[child + 1] as T, items[child] as T) < 0) child += 1;
      if (this.#compare(item, items[child] as T) <= 0) break;
      items[at] = items[child] as T;
      at = child;
    }
    items[at] = item;
  }

  /** Keeps only what passes. */
  filter(keep: (item: T) => boolean): void {
    this.#items = this.#items.filter(keep).sort(this.#compare);
  }

  /**
   * The entries in order without taking them. The first `n` cost n log n, however many there are: a second heap holds the places
   * whose parents have been visited.
   */
  *inOrder(): Generator<T> {
    const items = this.#items;
    if (items.length === 0) return;
    const open = new MinHeap<number>((left, right) => this.#compare(items[left] as T, items[right] as T));
    open.push(0);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      yield items[at] as T;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < items.length) open.push(child);
    }
  }
}
