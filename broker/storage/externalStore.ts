/**
 * Sessions in a store that all nodes reach (R71): it takes the place of backups and of the journal. Any node may go on with any session:
 * it claims it with a fence (R41), and from then on the store refuses what others write for it, however late it comes.
 *
 * The batches of a session are those of `BatchWriter`, each one to be read by itself. What is in the store is as safe as the store is.
 */
import type { NodeId } from '../base/ids.ts';

export type ClaimAnswer =
  /** The session is this node's, with all that was written for it, oldest first. Empty: there is no such session. */
  | { readonly kind: 'claimed'; readonly batches: readonly Buffer[] }
  /** Somebody has claimed it with a higher fence. */
  | { readonly kind: 'stale'; readonly fence: number };

/** `stale`: the session is another node's by now, and nothing was written. */
export type WriteAnswer = 'stored' | 'stale';

/**
 * Answers come when the store has answered, in any order between sessions, in order for one. While it is out of reach nothing is answered
 * and everything is tried again; each write counts once, however often it is sent.
 */
export interface ExternalStore {
  claim(clientId: string, fence: number, owner: NodeId, done: (answer: ClaimAnswer) => void): void;
  /** Behind what is there. */
  append(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void;
  /** In the place of all that is there: a whole copy. */
  replace(clientId: string, fence: number, batch: Buffer, done: (answer: WriteAnswer) => void): void;
  /** The session has ended. */
  remove(clientId: string, fence: number, done: (answer: WriteAnswer) => void): void;
  /** Sessions that a node claimed last: what is left of it when it is gone. */
  claimedBy(owner: NodeId, done: (clientIds: readonly string[]) => void): void;
  /** A node says under which name it runs: a later life without its data finds what it left. */
  announce(owner: NodeId, name: string): void;
  /** Nodes that ever ran under a name. */
  ownersNamed(name: string, done: (owners: readonly NodeId[]) => void): void;
  /** Too much waits for the store: publishers are to be held back. */
  readonly isFull: boolean;
}
