/**
 * The messages of one connection that a window holds: a run without gaps at the end of what the host has stored. Older ones stay in
 * the host's store and come back page by page; nothing is lost by the bound here, it only moves the window's start.
 */
export interface LogEntry {
  readonly seq: number;
  readonly ack: number | null;
}

/** Messages a window keeps per connection; above it the oldest tenth leaves the window (they stay in the store). */
export const MAX_HELD_MESSAGES = 20_000;

export class MessageLog<M extends LogEntry> {
  #items: M[] = [];
  readonly #most: number;

  constructor(most: number = MAX_HELD_MESSAGES) {
    this.#most = most;
  }

  /** In order of seq, without gaps. A new array after every change, so that lists see it. */
  get items(): readonly M[] {
    return this.#items;
  }

  get lastSeq(): number {
    return this.#items.at(-1)?.seq ?? 0;
  }

  /** True when the host holds older messages than the window. */
  get hasOlder(): boolean {
    return (this.#items[0]?.seq ?? 1) > 1;
  }

  /**
   * Adds newer messages. Those already held are passed over; answers the seq after which messages are missing when the run does not
   * reach on from the last one held, and then holds nothing of it.
   */
  append(messages: readonly M[]): { readonly missingAfter: number } | undefined {
    const last = this.lastSeq;
    const fresh = last === 0 ? messages : messages.filter(({ seq }) => seq > last);
    const first = fresh[0];
    if (first === undefined) return undefined;
    if (last > 0 && first.seq > last + 1) return { missingAfter: last };
    const joined = this.#items.concat(fresh);
    this.#items = joined.length > this.#most ? joined.slice(joined.length - Math.ceil(this.#most * 0.9)) : joined;
    return undefined;
  }

  /** Puts an older page before what is held, as far as it joins on without a gap. */
  prepend(page: readonly M[]): void {
    const first = this.#items[0];
    const older = first === undefined ? page : page.filter(({ seq }) => seq < first.seq);
    const last = older.at(-1);
    if (last === undefined || (first !== undefined && last.seq !== first.seq - 1)) return;
    this.#items = [...older, ...this.#items].slice(0, this.#most);
  }

  /** Notes the broker's answer to a message that was sent. */
  ack(seq: number, ack: number): void {
    const index = this.#indexOf(seq);
    const held = index === undefined ? undefined : this.#items[index];
    if (index === undefined || held === undefined) return;
    this.#items = this.#items.slice();
    this.#items[index] = { ...held, ack };
  }

  find(seq: number): M | undefined {
    const index = this.#indexOf(seq);
    return index === undefined ? undefined : this.#items[index];
  }

  clear(): void {
    this.#items = [];
  }

  /** Runs have no gaps, so the place follows from the seq. */
  #indexOf(seq: number): number | undefined {
    const first = this.#items[0]?.seq;
    if (first === undefined || seq < first || seq > this.lastSeq) return undefined;
    return seq - first;
  }
}
