/**
 * Both nodes dial at once (R8): the connection dialled by the smaller node id is kept. The smaller node therefore lets a proven connection of
 * the other wait while its own dial to that node is under way: our proof is held back, so that the peer never takes the connection for a
 * link and nothing is lost on it. It waits briefly only: who is behind our own dial has proven nothing yet, and may be a stranger who says nothing.
 */
import type { Millis } from '../base/ids.ts';
import { CROSSED_DIAL_MS } from './limits.ts';
import type { LinkId } from './ports.ts';
import type { Hello } from './wire/v1.ts';

export interface HeldConnection {
  readonly id: LinkId;
  readonly hello: Hello;
  /** Our proof. */
  readonly send: Buffer | undefined;
}

export class CrossedDials {
  readonly #held = new Map<LinkId, HeldConnection & { readonly sinceMs: Millis }>();

  hold(connection: HeldConnection, nowMs: Millis): void {
    if (!this.#held.has(connection.id)) this.#held.set(connection.id, { ...connection, sinceMs: nowMs });
  }

  drop(id: LinkId): void {
    this.#held.delete(id);
  }

  /** Takes out what needs to wait no longer: our own dial has come to nothing, or has taken too long. */
  due(nowMs: Millis, ownDialComes: (hello: Hello) => boolean): HeldConnection[] {
    if (this.#held.size === 0) return [];
    const due = [...this.#held.values()].filter(({ hello, sinceMs }) => nowMs - sinceMs >= CROSSED_DIAL_MS || !ownDialComes(hello));
    for (const { id } of due) this.#held.delete(id);
    return due;
  }

  /** Takes out what our own dial, which has proven itself, makes superfluous. */
  superfluous(nodeId: Hello['nodeId']): HeldConnection[] {
    if (this.#held.size === 0) return [];
    const superfluous = [...this.#held.values()].filter(({ hello }) => hello.nodeId === nodeId);
    for (const { id } of superfluous) this.#held.delete(id);
    return superfluous;
  }
}
