/**
 * Back-pressure from a subscriber to its publishers. While more waits in its queue, or in front of its socket, than should, whoever
 * sends to it is not read, so that TCP slows the sender instead of a bound dropping what it has sent. Only for a subscriber that keeps
 * up in its way: one that does not work off a part of it in time is waited for no longer, and the rule for dropping holds until it has.
 */
import type { Millis } from '../base/ids.ts';

/** A connection that can be kept from feeding. Each `heldBack` is followed by one `letGo`. */
export interface Feeder {
  heldBack(): void;
  letGo(): void;
}

/** The senders held for one subscriber, longest first. */
export class Feeders {
  readonly #held = new Set<Feeder>();
  #timer: NodeJS.Timeout | null = null;
  #tooSlow = false;
  #releasing = false;

  /** Too much waits for the subscriber, and this one has just added to it. The first of several says how long they wait. */
  hold(feeder: Feeder, patienceMs: Millis): void {
    if (this.#tooSlow || this.#held.has(feeder)) return;
    this.#held.add(feeder);
    feeder.heldBack();
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#giveUp(), patienceMs);
    this.#timer.unref();
  }

  /** The subscriber has worked off enough. Senders go on one after the other, at the end of the turn, until it is too much again. */
  eased(): void {
    this.#tooSlow = false;
    if (this.#held.size === 0 || this.#releasing) return;
    this.#stopTimer();
    this.#releasing = true;
    setImmediate(() => this.#letGoInTurn());
  }

  /** Nobody has to wait any more: the subscriber is gone. */
  dispose(): void {
    this.#tooSlow = true;
    this.#letGoAll();
  }

  #letGoInTurn(): void {
    this.#releasing = false;
    for (const feeder of [...this.#held]) {
      this.#held.delete(feeder);
      feeder.letGo();
      // Held again: what it had still to say has filled the queue once more, and the next one waits for the next time.
      if (this.#held.has(feeder)) return;
    }
  }

  #giveUp(): void {
    this.#timer = null;
    this.#tooSlow = true;
    this.#letGoAll();
  }

  #letGoAll(): void {
    this.#stopTimer();
    const held = [...this.#held];
    this.#held.clear();
    for (const feeder of held) feeder.letGo();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
