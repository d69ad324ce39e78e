/**
 * Route rows of other nodes, the only copy of them: filter → which nodes have it. A million rows cost a Map and their filters
 * (R26); filters with wildcards also stand in a trie.
 *
 * The rows of a node live in a slot. A snapshot gets a slot of its own beside the one that serves, and takes its place when it is
 * complete. A slot that is over matches nothing from then on, and its rows are removed in slices (`sweep`).
 */
import type { NodeName } from '../base/ids.ts';
import { hasWildcard } from '../topics/topicFilter.ts';
import { TopicTrie } from '../topics/topicTrie.ts';
import { ShardedMap } from './shardedMap.ts';
import { flagsOf, MAX_SLOTS, memberOf, NodeSets, slotOf, type NodeSet } from './nodeSets.ts';

/** There was no such row. */
export const NO_ROW = -1;

/** Told as it happens. */
export interface RemoteRoutesEvents {
  /** The first row of a filter appeared, the last one went. */
  filterAdded(topicFilter: string): void;
  filterRemoved(topicFilter: string): void;
  /** Another set of nodes matches this filter, or perhaps any. */
  changed(topicFilter: string): void;
  allChanged(): void;
}

interface Slot {
  readonly node: NodeName;
  /** Its rows match; otherwise they are to be removed. */
  live: boolean;
  rows: number;
}

export class RemoteRoutes {
  readonly #rows = new ShardedMap<NodeSet>();
  readonly #wildcards = new TopicTrie<string>();
  readonly #sets = new NodeSets();
  readonly #slots: (Slot | undefined)[] = [];
  /** Where rows of a node are added and removed. */
  readonly #current = new Map<NodeName, number>();
  /** What served before the snapshot that is under way. */
  readonly #before = new Map<NodeName, number>();
  readonly #events: RemoteRoutesEvents;
  #walk: Iterator<[string, NodeSet]> | null = null;
  /** A slot is over that the present walk may have passed. */
  #walkAgain = false;
  #size = 0;

  constructor(events: RemoteRoutesEvents) {
    this.#events = events;
  }

  /** (filter, node) rows, those still to be removed included. */
  get size(): number {
    return this.#size;
  }

  has(topicFilter: string): boolean {
    return this.#rows.has(topicFilter);
  }

  /** Puts a row with its flags (0 to 3). Returns the flags it had, or NO_ROW. */
  add(node: NodeName, topicFilter: string, flags: number): number {
    const at = this.#current.get(node) ?? this.#open(node);
    const shard = this.#rows.shardOf(topicFilter);
    const set = shard.get(topicFilter);
    const before = set === undefined ? NO_ROW : this.#sets.find(set, at);
    const member = memberOf(at, flags);
    if (before === member) return flags;
    const matched = set !== undefined && this.#matches(set, node);
    shard.set(topicFilter, this.#sets.put(set, member));
    if (set === undefined) {
      if (hasWildcard(topicFilter)) this.#wildcards.set(topicFilter, topicFilter);
      this.#events.filterAdded(topicFilter);
    }
    if (before === NO_ROW) {
      (this.#slots[at] as Slot).rows += 1;
      this.#size += 1;
    }
    if (!matched) this.#events.changed(topicFilter);
    return before === NO_ROW ? NO_ROW : flagsOf(before);
  }

  /** Removes a row. Returns the flags it had, or NO_ROW. */
  remove(node: NodeName, topicFilter: string): number {
    const at = this.#current.get(node);
    const set = this.#rows.get(topicFilter);
    if (at === undefined || set === undefined) return NO_ROW;
    const before = this.#sets.find(set, at);
    if (before === NO_ROW) return NO_ROW;
    const left = this.#without(topicFilter, set, at);
    if (left === undefined || !this.#matches(left, node)) this.#events.changed(topicFilter);
    return flagsOf(before);
  }

  #without(topicFilter: string, set: NodeSet, at: number): NodeSet | undefined {
    const left = this.#sets.without(set, at);
    (this.#slots[at] as Slot).rows -= 1;
    this.#size -= 1;
    const shard = this.#rows.shardOf(topicFilter);
    if (left !== undefined) shard.set(topicFilter, left);
    else {
      shard.delete(topicFilter);
      if (hasWildcard(topicFilter)) this.#wildcards.delete(topicFilter);
      this.#events.filterRemoved(topicFilter);
    }
    return left;
  }

  #matches(set: NodeSet, node: NodeName): boolean {
    return this.#sets.members(set).some((member) => {
      const slot = this.#slots[slotOf(member)];
      return slot?.live === true && slot.node === node;
    });
  }

  /** Nodes with a matching row, each once. */
  match(topic: string): NodeName[] {
    const found: NodeName[] = [];
    this.#visit(topic, found);
    if (this.#wildcards.size > 0) this.#wildcards.match(topic, (topicFilter) => this.#visit(topicFilter, found));
    return found;
  }

  #visit(topicFilter: string, found: NodeName[]): void {
    const set = this.#rows.get(topicFilter);
    if (set === undefined) return;
    for (const member of this.#sets.members(set)) {
      const slot = this.#slots[slotOf(member)];
      if (slot?.live === true && !found.includes(slot.node)) found.push(slot.node);
    }
  }

  /** Filters of a node, in no order; during a snapshot those that it has told so far. */
  *filtersOf(node: NodeName): Generator<string> {
    const at = this.#current.get(node);
    if (at === undefined) return;
    for (const [topicFilter, set] of this.#rows.entries()) if (this.#sets.find(set, at) !== NO_ROW) yield topicFilter;
  }

  // ---------------------------------------------------------------- snapshots and ends

  /** Rows of a node are told anew from here on. What it had goes on to match until `complete`. */
  begin(node: NodeName): void {
    this.abandon(node);
    const serving = this.#current.get(node);
    if (serving === undefined) return;
    this.#before.set(node, serving);
    this.#open(node);
  }

  /** The rows told since `begin` are all it has. */
  complete(node: NodeName): void {
    const served = this.#before.get(node);
    if (served === undefined) return;
    this.#before.delete(node);
    this.#over(served);
  }

  /** What was told since `begin` is forgotten: the rest of it will not come. */
  abandon(node: NodeName): void {
    const served = this.#before.get(node);
    const told = this.#current.get(node);
    if (served === undefined || told === undefined) return;
    this.#before.delete(node);
    this.#current.set(node, served);
    this.#over(told);
  }

  /** The node is gone, its rows match nothing. */
  end(node: NodeName): void {
    this.complete(node);
    const at = this.#current.get(node);
    if (at === undefined) return;
    this.#current.delete(node);
    this.#over(at);
  }

  #open(node: NodeName): number {
    if (this.#slots.length === MAX_SLOTS && !this.#slots.includes(undefined)) this.sweep(Number.POSITIVE_INFINITY);
    const free = this.#slots.indexOf(undefined);
    const at = free === -1 ? this.#slots.length : free;
    this.#slots[at] = { node, live: true, rows: 0 };
    this.#current.set(node, at);
    return at;
  }

  #over(at: number): void {
    const slot = this.#slots[at] as Slot;
    slot.live = false;
    if (slot.rows === 0) {
      this.#slots[at] = undefined;
      return;
    }
    if (this.#walk === null) this.#walk = this.#rows.entries();
    else this.#walkAgain = true;
    this.#events.allChanged();
  }

  /** Something is left for `sweep`. */
  get isSweeping(): boolean {
    return this.#walk !== null;
  }

  /** Removes rows that match nothing any more; looks at `budget` filters. True when it is done. */
  sweep(budget: number): boolean {
    for (let left = budget; this.#walk !== null && left > 0; left -= 1) {
      const step = this.#walk.next();
      if (step.done !== true) this.#removeOver(...step.value);
      else if (this.#walkAgain) {
        this.#walkAgain = false;
        this.#walk = this.#rows.entries();
      } else {
        this.#walk = null;
        this.#slots.forEach((slot, at) => slot?.live === false && (this.#slots[at] = undefined));
      }
    }
    return this.#walk === null;
  }

  #removeOver(topicFilter: string, set: NodeSet): void {
    let left: NodeSet | undefined = set;
    for (const member of this.#sets.members(set)) {
      const at = slotOf(member);
      if (this.#slots[at]?.live === false && left !== undefined) left = this.#without(topicFilter, left, at);
    }
  }
}
