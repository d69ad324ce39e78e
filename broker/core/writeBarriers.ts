/** Answers that wait until all changes made before them are safe, session by session: SUBACK and UNSUBACK. */
import type { Session } from '../session/session.ts';

interface Writes {
  begun: number;
  safe: number;
  waiting: { readonly until: number; readonly done: () => void }[];
}

export class WriteBarriers {
  readonly #writes = new Map<Session, Writes>();

  get size(): number {
    return this.#writes.size;
  }

  /** A change is being made safe; the returned waiter is told when it is. Changes of one session become safe in order. */
  begin(session: Session): { secured(): void } {
    let writes = this.#writes.get(session);
    if (writes === undefined) this.#writes.set(session, (writes = { begun: 0, safe: 0, waiting: [] }));
    const of = writes;
    of.begun += 1;
    return { secured: () => this.#safe(session, of) };
  }

  #safe(session: Session, writes: Writes): void {
    writes.safe += 1;
    while (writes.waiting.length > 0 && writes.waiting[0]!.until <= writes.safe) writes.waiting.shift()!.done();
    if (writes.safe === writes.begun && this.#writes.get(session) === writes) this.#writes.delete(session);
  }

  /** The session is over or elsewhere: nobody is answered any more. */
  forget(session: Session): void {
    this.#writes.delete(session);
  }

  /** Calls `done` when all changes begun so far are safe; at once when they are. */
  after(session: Session, done: () => void): void {
    const writes = this.#writes.get(session);
    if (writes === undefined) done();
    else writes.waiting.push({ until: writes.begun, done });
  }
}
