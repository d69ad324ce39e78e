/** A map by `Mid` without making a text of it: messages of a session come from few actors and have growing numbers. */
import { compareMids, type ActorKey, type Mid } from './identity.ts';

/** Maps of actors that have nothing left are kept up to here, so that one message in, one message out allocates nothing. */
const MAX_IDLE_ACTORS = 16;

interface OfActor<V> {
  readonly byN: Map<number, V>;
  /** The highest n that was ever set while this actor is known. */
  highestN: number;
}

export class MidMap<V> {
  readonly #byActor = new Map<ActorKey, OfActor<V>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(mid: Mid): V | undefined {
    return this.#byActor.get(mid.actor)?.byN.get(mid.n);
  }

  has(mid: Mid): boolean {
    return this.#byActor.get(mid.actor)?.byN.has(mid.n) === true;
  }

  set({ actor, n }: Mid, value: V): void {
    let of = this.#byActor.get(actor);
    if (of === undefined) {
      if (this.#byActor.size >= MAX_IDLE_ACTORS) this.#forgetIdle();
      of = { byN: new Map(), highestN: n };
      this.#byActor.set(actor, of);
    }
    const before = of.byN.size;
    of.byN.set(n, value);
    this.#size += of.byN.size - before;
    if (n > of.highestN) of.highestN = n;
  }

  delete({ actor, n }: Mid): boolean {
    const deleted = this.#byActor.get(actor)?.byN.delete(n) === true;
    if (deleted) this.#size -= 1;
    return deleted;
  }

  clear(): void {
    this.#byActor.clear();
    this.#size = 0;
  }

  /** Not below any n of this actor in the map; 0 when it has none. It may be that of an entry that has gone. */
  highestN(actor: ActorKey): number {
    return this.#byActor.get(actor)?.highestN ?? 0;
  }

  /** Calls for each entry, in no order that may reach the outside; the entry at hand may be deleted. */
  forEach(each: (mid: Mid, value: V) => void): void {
    for (const [actor, { byN }] of this.#byActor) for (const [n, value] of byN) each({ actor, n }, value);
  }

  /** By actor, then n: the same for equal maps, however they came about. */
  sorted(): [Mid, V][] {
    const entries: [Mid, V][] = [];
    this.forEach((mid, value) => entries.push([mid, value]));
    return entries.sort((a, b) => compareMids(a[0], b[0]));
  }

  #forgetIdle(): void {
    for (const [actor, { byN }] of this.#byActor) if (byN.size === 0) this.#byActor.delete(actor);
  }
}
