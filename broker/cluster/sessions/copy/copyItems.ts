/**
 * The messages of a session in the order in which they are to be delivered: by arrival at the owner (`ord`), and inside the places
 * that messages of one actor take, by their number (C16, C17).
 *
 * Worked example, (actor, n) at ord: a2@10 b7@11 a1@12 b8@13. Actor a has the places 1 and 3, so a1 goes to the first of them and a2 to
 * the second: a1 b7 a2 b8. Sorting by n alone would tear a and b apart; sorting by ord alone turns a1 and a2 round.
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
  /** Something was added out of turn: the order is made when it is next asked for. */
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
    if (n <= this.#entries.highestN(actor) || (this.#last !== null && item.ord < this.#last.item.ord)) this.#disordered = true;
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
    if (entry.item.ord !== item.ord) this.#disordered = true;
    entry.item = item;
  }

  delete(mid: Mid): CopyItem | undefined {
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
    for (const item of inSlots(items)) {
      const entry: Entry = { item, previous: this.#last, next: null };
      if (this.#last === null) this.#first = entry;
      else this.#last.next = entry;
      this.#last = entry;
      this.#entries.set(item.mid, entry);
    }
  }
}

/** A function of the set alone: whoever holds the same items has them in the same order. */
export function inSlots(items: readonly CopyItem[]): CopyItem[] {
  const byArrival = [...items].sort((a, b) => a.ord - b.ord || compareMids(a.mid, b.mid));
  const byActor = new Map<ActorKey, CopyItem[]>();
  for (const item of byArrival) {
    const ofActor = byActor.get(item.mid.actor);
    if (ofActor === undefined) byActor.set(item.mid.actor, [item]);
    else ofActor.push(item);
  }
  const taken = new Map<ActorKey, Iterator<CopyItem>>();
  for (const [actor, ofActor] of byActor) taken.set(actor, ofActor.sort((a, b) => a.mid.n - b.mid.n).values());
  return byArrival.map(({ mid }) => taken.get(mid.actor)!.next().value as CopyItem);
}
