/**
 * What was settled a while ago, so that by now everybody has heard of it. A node that goes down within a beat of hearing it has told others
 * nothing: one of them may still hold the message as a late one, or as that of a publisher that sends it again, while whoever has delivered
 * it remembers nothing (R54).
 */
import type { Millis } from '../../base/ids.ts';
import type { ActorKey } from './copy/identity.ts';

interface Sample {
  readonly atMs: Millis;
  readonly settled: ReadonlyMap<ActorKey, number>;
}

export class SettledHistory {
  readonly #ageMs: Millis;
  /** Oldest first; the first one is the newest that is old enough, as soon as there is one. */
  readonly #samples: Sample[] = [];

  /** Looks back for `ageMs`, which must be more than it takes to miss a node that hears no beats. */
  constructor(ageMs: Millis) {
    this.#ageMs = ageMs;
  }

  /** Notes what is settled now: by life of a node, up to which number. */
  note(nowMs: Millis, settled: ReadonlyMap<ActorKey, number>): void {
    this.#samples.push({ atMs: nowMs, settled });
    while (this.#samples[1] !== undefined && nowMs - this.#samples[1].atMs >= this.#ageMs) this.#samples.shift();
  }

  /** Up to which number the messages of a life were settled that long ago; 0 when it was not known then. */
  upTo(actor: ActorKey, nowMs: Millis): number {
    const oldest = this.#samples[0];
    return oldest === undefined || nowMs - oldest.atMs < this.#ageMs ? 0 : (oldest.settled.get(actor) ?? 0);
  }
}
