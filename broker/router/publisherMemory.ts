/** What a shared group remembers of each publisher: whose turn it is, and whom a sticky publisher has stuck to. */
import type { NodeName } from '../base/ids.ts';

export interface PublisherMemory<M> {
  readonly publisher: string;
  /** Counts the publisher's messages to members anywhere (`turn`) and those that other nodes sent here (`turnHere`). */
  turn: number;
  turnHere: number;
  /** A member of this node, or the node of one elsewhere. */
  choice: M | NodeName | undefined;
  /** State of the group in which `choice` was found to be good. */
  epoch: number;
}

/** Publishers one group remembers for certain; up to twice as many are kept. One that is forgotten begins anew at random. */
export const MAX_PUBLISHERS = 10_000;

/** Two generations, like the cache of topics: who publishes is remembered, who stopped is dropped without a timer. */
export class PublisherMemories<M> {
  readonly #max: number;
  #young = new Map<string, PublisherMemory<M>>();
  #old = new Map<string, PublisherMemory<M>>();
  /** Messages come in runs of one publisher: no look-up inside a run. */
  #last: PublisherMemory<M> | undefined;

  constructor(max = MAX_PUBLISHERS) {
    this.#max = max;
  }

  /** `start` is where the turns of an unknown publisher begin. */
  of(publisher: string, start: () => number): PublisherMemory<M> {
    const last = this.#last;
    if (last !== undefined && last.publisher === publisher) return last;
    let memory = this.#young.get(publisher);
    if (memory === undefined) {
      memory = this.#old.get(publisher) ?? { publisher, turn: start(), turnHere: start(), choice: undefined, epoch: -1 };
      this.#insert(memory);
    }
    this.#last = memory;
    return memory;
  }

  #insert(memory: PublisherMemory<M>): void {
    this.#old.delete(memory.publisher);
    if (this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(memory.publisher, memory);
  }
}
