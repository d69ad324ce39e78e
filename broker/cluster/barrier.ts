/** SUBACKs that wait until every peer has applied the route rows written so far (R28). */
import type { Millis } from '../base/ids.ts';
import { BARRIER_MAX_WAITING, BARRIER_MS } from './limits.ts';
import type { LinkState, Peer } from './peer.ts';
import { Kind, encodeBarrier } from './wire/v1.ts';

interface Waiting {
  readonly seq: number;
  readonly dueMs: Millis;
  readonly done: () => void;
}

export class RouteBarrier {
  /** In order of seq, and so of time. */
  #waiting: Waiting[] = [];
  readonly #present: () => Iterable<Peer>;
  /** Barriers that ended by time or by the bound rather than by the peers. */
  unconfirmed = 0;

  /** `present`: the peers an answer is awaited from. */
  constructor(present: () => Iterable<Peer>) {
    this.#present = present;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  wait(seq: number, nowMs: Millis, done: () => void): void {
    if (this.#confirmed() >= seq) {
      done();
      return;
    }
    if (this.#waiting.length >= BARRIER_MAX_WAITING) {
      this.unconfirmed += 1;
      done();
      return;
    }
    this.#waiting.push({ seq, dueMs: nowMs + BARRIER_MS, done });
  }

  /** Asks the peer of this link when someone waits for more than it has confirmed. Called at the end of a turn, behind the rows. */
  ask(link: LinkState): void {
    const last = this.#waiting.at(-1);
    if (last === undefined || link.peer.ackedSeq >= last.seq || link.barrierAsked >= last.seq) return;
    link.barrierAsked = last.seq;
    link.control(encodeBarrier(Kind.barrier, last.seq));
  }

  /** Lets go whoever need not wait any longer: a peer confirmed, or went down. */
  release(): void {
    if (this.#waiting.length === 0) return;
    const confirmed = this.#confirmed();
    this.#take((waiting) => waiting.seq <= confirmed);
  }

  tick(nowMs: Millis): void {
    this.unconfirmed += this.#take((waiting) => nowMs >= waiting.dueMs);
  }

  /** Our routes up to here are applied at every present peer. */
  #confirmed(): number {
    let confirmed = Number.POSITIVE_INFINITY;
    for (const peer of this.#present()) confirmed = Math.min(confirmed, peer.ackedSeq);
    return confirmed;
  }

  #take(ready: (waiting: Waiting) => boolean): number {
    const still = this.#waiting.findIndex((waiting) => !ready(waiting));
    const taken = this.#waiting.splice(0, still === -1 ? this.#waiting.length : still);
    for (const { done } of taken) done();
    return taken.length;
  }
}
