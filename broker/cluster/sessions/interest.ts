/**
 * Who wants a topic, cluster-wide, as far as durable sessions go: the copies of this node that take messages, and by filter the nodes
 * whose rows have it. One look-up tells where a message goes, where it must wait, and what it makes here.
 */
import { isSharedKey, parseSubscription } from '../../topics/sharedSubscription.ts';
import { TopicIndex } from '../../topics/topicIndex.ts';
import type { CopySubscription } from './copy/copy.ts';
import type { Held } from './held.ts';
import type { SessionMessage } from './message.ts';
import type { SessionPeer } from './peers.ts';

/** A subscription of a copy here. */
export class LocalInterest {
  readonly held: Held;
  subscription: CopySubscription;

  constructor(held: Held, subscription: CopySubscription) {
    this.held = held;
    this.subscription = subscription;
  }
}

/** A filter of rows of a peer, or a shared group that has members there. */
export class RemoteInterest {
  readonly peer: SessionPeer;
  /** `$share/<group>/<filter>`; null for a filter. */
  readonly group: string | null;
  rows = 0;
  /** Rows of sessions without a confirmed second copy. */
  unprotected = 0;

  constructor(peer: SessionPeer, group: string | null) {
    this.peer = peer;
    this.group = group;
  }
}

/** What matched. Used again for the next message: read it at once. */
export interface Matches {
  readonly locals: LocalInterest[];
  readonly remotes: RemoteInterest[];
  /** Members of shared groups: one of each group is to get the message, which the broker chooses (R52). */
  readonly groups: RemoteInterest[];
}

export class Interest {
  readonly #index = new TopicIndex<LocalInterest | RemoteInterest>();
  readonly #matches: Matches = { locals: [], remotes: [], groups: [] };
  /** Members of shared groups among the copies of this node. */
  localShares = 0;

  get isEmpty(): boolean {
    return this.#index.size === 0 && this.localShares === 0;
  }

  addLocal(filter: string, interest: LocalInterest): void {
    this.#index.add(filter, interest);
  }

  removeLocal(filter: string, interest: LocalInterest): void {
    this.#index.remove(filter, interest);
  }

  addRemote(peer: SessionPeer, filter: string, isProtected: boolean): void {
    let interest = peer.interests.get(filter);
    if (interest === undefined) {
      interest = new RemoteInterest(peer, isSharedKey(filter) ? filter : null);
      peer.interests.set(filter, interest);
      this.#index.add(filterOf(filter), interest);
    }
    interest.rows += 1;
    if (!isProtected) interest.unprotected += 1;
  }

  removeRemote(peer: SessionPeer, filter: string, wasProtected: boolean): void {
    const interest = peer.interests.get(filter);
    if (interest === undefined) return;
    interest.rows -= 1;
    if (!wasProtected) interest.unprotected -= 1;
    if (interest.rows > 0) return;
    peer.interests.delete(filter);
    this.#index.remove(filterOf(filter), interest);
  }

  match(message: SessionMessage): Matches {
    const { locals, remotes, groups } = this.#matches;
    locals.length = 0;
    remotes.length = 0;
    groups.length = 0;
    this.#index.match(message.topic, (interest) => {
      if (interest instanceof LocalInterest) locals.push(interest);
      else if (interest.group === null) remotes.push(interest);
      else groups.push(interest);
    });
    return this.#matches;
  }
}

/** What is matched of a filter or group of a row. */
function filterOf(wanted: string): string {
  const parsed = isSharedKey(wanted) ? parseSubscription(wanted) : undefined;
  return parsed?.ok === true ? parsed.target.topicFilter : wanted;
}
