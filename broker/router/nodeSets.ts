/**
 * Which nodes have a row, as one small integer. Filters are many and sets of nodes are few: a set of one is its member, a larger one
 * is kept once for all filters that have it, so that no row costs an object (R26).
 */

/** A member is a slot and the flags of its row; the slot stands above these bits. */
const FLAG_BITS = 2;
const FLAG_MASK = (1 << FLAG_BITS) - 1;
/** Slots that can be told apart. */
export const MAX_SLOTS = 256;
/** Sets below this are their only member. */
const FIRST_SHARED = MAX_SLOTS << FLAG_BITS;

export type NodeSet = number;

export function memberOf(slot: number, flags: number): number {
  return (slot << FLAG_BITS) | flags;
}

export function slotOf(member: number): number {
  return member >> FLAG_BITS;
}

export function flagsOf(member: number): number {
  return member & FLAG_MASK;
}

export class NodeSets {
  /** Members of each shared set in rising order; undefined while the number is free. */
  readonly #members: (readonly number[] | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #byMembers = new Map<string, NodeSet>();
  readonly #free: number[] = [];

  /** Shared sets in use. */
  get size(): number {
    return this.#byMembers.size;
  }

  members(set: NodeSet): readonly number[] {
    return set < FIRST_SHARED ? [set] : (this.#members[set - FIRST_SHARED] ?? []);
  }

  /** The member of a slot, -1 if there is none. */
  find(set: NodeSet, slot: number): number {
    if (set < FIRST_SHARED) return slotOf(set) === slot ? set : -1;
    for (const member of this.#members[set - FIRST_SHARED] ?? []) if (slotOf(member) === slot) return member;
    return -1;
  }

  /** The set in which `member` takes the place of whatever its slot had; for a row that has `set` so far (undefined: it is new). */
  put(set: NodeSet | undefined, member: number): NodeSet {
    if (set === undefined) return member;
    const slot = slotOf(member);
    if (set < FIRST_SHARED && slotOf(set) === slot) return member;
    const others = this.members(set).filter((other) => slotOf(other) !== slot);
    return this.#replace(set, [...others, member].sort((a, b) => a - b));
  }

  /** The set without a slot; undefined when nothing is left. */
  without(set: NodeSet, slot: number): NodeSet | undefined {
    if (set < FIRST_SHARED) return slotOf(set) === slot ? undefined : set;
    const left = this.members(set).filter((member) => slotOf(member) !== slot);
    return this.#replace(set, left);
  }

  #replace(set: NodeSet, members: readonly number[]): NodeSet {
    const next = this.#intern(members);
    if (set >= FIRST_SHARED) this.#release(set);
    return next;
  }

  #intern(members: readonly number[]): NodeSet {
    const [only] = members;
    if (only !== undefined && members.length === 1) return only;
    const key = members.join();
    let set = this.#byMembers.get(key);
    if (set === undefined) {
      const at = this.#free.pop() ?? this.#members.length;
      this.#members[at] = members;
      this.#uses[at] = 0;
      this.#byMembers.set(key, (set = at + FIRST_SHARED));
    }
    (this.#uses[set - FIRST_SHARED] as number) += 1;
    return set;
  }

  #release(set: NodeSet): void {
    const at = set - FIRST_SHARED;
    const uses = (this.#uses[at] ?? 0) - 1;
    this.#uses[at] = uses;
    if (uses > 0) return;
    this.#byMembers.delete((this.#members[at] ?? []).join());
    this.#members[at] = undefined;
    this.#free.push(at);
  }
}
