/**
 * The messages of a session in the order in which they are to be delivered: by arrival at the owner (`ord`), but none behind one of the
 * same actor with a higher number (C16, C17). One that comes late, or from another copy, goes in front of those: its `ord` becomes theirs.
 *
 * Worked example, (actor, n) at ord: a2@10 b7@11, then a1@12 arrives: a1@10 a2@10 b7@11. Messages only ever move forward, and stay in their
 * place when others are finished, so two copies with the same records have the same order whenever they are looked at.
 */
import type { CopyItem } from './copy.ts';
import { compareMids, type ActorKey, type Mid } from './identity.ts';
import { MidMap } from './midMap.ts';

interface Entry {
  item: CopyItem;
  previous: Entry | null;
  next: Entry | null;
}

export class CopyItems {
  readonly #entries = new MidMap<Entry>();
  #first: Entry | null = null;
  #last: Entry | null = null;
  /** Something was added out of turn: the order is made when it is next asked for, and before anything is taken away. */
  #disordered = false;

  get size(): number {
    return this.#entries.size;
  }

  get(mid: Mid): CopyItem | undefined {
    return this.#entries.get(mid)?.item;
  }

  has(mid: Mid): boolean {
    return this.#entries.has(mid);
  }

  /** Its mid must not be there. What comes in order of `ord` and n, as nearly all does, costs the same however long the queue. */
  add(item: CopyItem): void {
    const { actor, n } = item.mid;
    if (n <= this.#entries.highestN(actor) || (this.#last !== null && comesBefore(item, this.#last.item))) this.#disordered = true;
    const entry: Entry = { item, previous: this.#last, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#entries.set(item.mid, entry);
  }

  /** Puts an item with the same mid into the place of one that is there. */
  replace(item: CopyItem): void {
    const entry = this.#entries.get(item.mid);
    if (entry === undefined) return this.add(item);
    if (item.ord !== entry.item.ord) this.#disordered = true;
    entry.item = item;
  }

  delete(mid: Mid): CopyItem | undefined {
    if (this.#disordered) this.#order();
    const entry = this.#entries.get(mid);
    if (entry === undefined) return undefined;
    this.#entries.delete(mid);
    if (entry.previous === null) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === null) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    return entry.item;
  }

  clear(): void {
    this.#entries.clear();
    this.#first = null;
    this.#last = null;
    this.#disordered = false;
  }

  /** In order of delivery. The item at hand may be deleted; nothing may be added meanwhile. */
  *[Symbol.iterator](): Generator<CopyItem, void, undefined> {
    if (this.#disordered) this.#order();
    let entry = this.#first;
    while (entry !== null) {
      const next: Entry | null = entry.next;
      yield entry.item;
      entry = next;
    }
  }

  #order(): void {
    const items: CopyItem[] = [];
    for (let entry = this.#first; entry !== null; entry = entry.next) items.push(entry.item);
    this.clear();
    for (const item of inOrder(items)) {
      const entry: Entry = { item, previous: this.#last, next: null };
      if (this.#last === null) this.#first = entry;
      else this.#last.next = entry;
      this.#last = entry;
      this.#entries.set(item.mid, entry);
    }
  }
}

/** Lowers the `ord` of what stands behind later messages of its actor, and sorts. A function of the set: how it came about does not matter. */
function inOrder(items: CopyItem[]): CopyItem[] {
  const byActor = new Map<ActorKey, CopyItem[]>();
  for (const item of items) {
    const ofActor = byActor.get(item.mid.actor);
    if (ofActor === undefined) byActor.set(item.mid.actor, [item]);
    else ofActor.push(item);
  }
  for (const ofActor of byActor.values()) {
    let earliest = Number.POSITIVE_INFINITY;
    for (const item of ofActor.sort((a, b) => b.mid.n - a.mid.n)) {
      earliest = Math.min(earliest, item.ord);
      item.ord = earliest;
    }
  }
  return items.sort((a, b) => a.ord - b.ord || compareMids(a.mid, b.mid));
}

function comesBefore(a: CopyItem, b: CopyItem): boolean {
  return a.ord < b.ord || (a.ord === b.ord && compareMids(a.mid, b.mid) < 0);
}
