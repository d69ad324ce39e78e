/** Lifetimes: whatever must be undone returns a Disposable when it is created. */

export interface Disposable {
  dispose(): void;
}

/** Wraps an undo function; calling `dispose` twice undoes once. */
export function toDisposable(undo: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      undo();
    },
  };
}

/** Collects disposables and undoes them newest first. Adding to a disposed store undoes at once. */
export class DisposableStore implements Disposable {
  #items: Disposable[] = [];
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const items = this.#items;
    this.#items = [];
    for (let index = items.length - 1; index >= 0; index -= 1) items[index]?.dispose();
  }
}
