/** Who wrote what this node has seen (R35): for every life of every node the number of its last write without a gap. */
import type { NodeId } from '../../base/ids.ts';
import type { HaveEntry } from '../wire/v1Shared.ts';

/** One life of one node as a writer. There is one object for each, so that they are compared by identity. */
export interface SharedActor {
  readonly nodeId: NodeId;
  readonly life: number;
}

export class Actors {
  readonly #known = new Map<string, SharedActor>();

  of(nodeId: NodeId, life: number): SharedActor {
    const key = nodeId + life.toString(36);
    let actor = this.#known.get(key);
    if (actor === undefined) {
      actor = { nodeId, life };
      this.#known.set(key, actor);
    }
    return actor;
  }
}

interface Seen {
  seq: number;
  /** Count of changes of the whole when this one changed last. */
  changed: number;
}

export class Have {
  readonly #seen = new Map<SharedActor, Seen>();
  #changes = 0;
  /** Of whoever writes here: met once for each write. */
  #own: { readonly actor: SharedActor; seen: Seen | undefined } | undefined;

  /** Whose writes `raiseOwn` counts. */
  set own(actor: SharedActor) {
    this.#own = { actor, seen: this.#seen.get(actor) };
  }

  /** The number of the next write of this node, which is seen from now on. */
  raiseOwn(): number {
    const own = this.#own;
    if (own === undefined) throw new Error('nobody writes here');
    if (own.seen === undefined) {
      this.raise(own.actor, this.seq(own.actor) + 1);
      own.seen = this.#seen.get(own.actor);
      return this.seq(own.actor);
    }
    this.#changes += 1;
    own.seen.changed = this.#changes;
    return (own.seen.seq += 1);
  }

  /** Grows with every change; `since` gives what has changed after a value of it. */
  get changes(): number {
    return this.#changes;
  }

  seq(actor: SharedActor): number {
    return this.#seen.get(actor)?.seq ?? 0;
  }

  /** True when it is news. */
  raise(actor: SharedActor, seq: number): boolean {
    const seen = this.#seen.get(actor);
    if (seen === undefined) {
      if (seq === 0) return false;
      this.#changes += 1;
      this.#seen.set(actor, { seq, changed: this.#changes });
      return true;
    }
    if (seq <= seen.seq) return false;
    this.#changes += 1;
    seen.seq = seq;
    seen.changed = this.#changes;
    return true;
  }

  clear(): void {
    this.#seen.clear();
    if (this.#own !== undefined) this.#own.seen = undefined;
    this.#changes += 1;
  }

  *all(): Generator<[SharedActor, number]> {
    for (const [actor, { seq }] of this.#seen) yield [actor, seq];
  }

  /** Entries that changed after `changes` had this value; all of them for 0. */
  since(changes: number): HaveEntry[] {
    const entries: HaveEntry[] = [];
    for (const [{ nodeId, life }, { seq, changed }] of this.#seen) if (changed > changes) entries.push({ nodeId, life, seq });
    return entries;
  }

  /** Equal for two nodes that have seen the same, whatever the order. */
  get hash(): number {
    let sum = 0;
    for (const [{ nodeId, life }, { seq }] of this.#seen) {
      let hash = 0x811c9dc5;
      for (let index = 0; index < nodeId.length; index += 1) hash = Math.imul(hash ^ nodeId.charCodeAt(index), 0x01000193);
      for (const part of [life, life / 0x1_0000_0000, seq, seq / 0x1_0000_0000]) hash = Math.imul(hash ^ (part >>> 0), 0x85ebca6b) ^ (hash >>> 15);
      sum = (sum + hash) >>> 0;
    }
    return sum;
  }
}
