/**
 * Retained messages on their way to a new subscription. They may be millions, so they are read from the store by a cursor in
 * slices of one turn each, and only as fast as the client takes them: never more than its window and half its queue.
 */
import type { Message } from '../protocol/message.ts';
import type { TopicCursor } from '../topics/topicCursor.ts';
import { Publication } from './publication.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** Nodes of the store that one slice may enter. */
const NODES_PER_SLICE = 500;

export class RetainedFeed {
  readonly subscription: Subscription;
  readonly #session: Session;
  readonly #cursor: TopicCursor<Message>;
  /** A slice is due in a later turn; acknowledgements and drains meanwhile need not ask for another. */
  #scheduled = false;

  constructor(session: Session, subscription: Subscription, cursor: TopicCursor<Message>) {
    this.#session = session;
    this.subscription = subscription;
    this.#cursor = cursor;
  }

  /** Sends a slice now; further ones follow by themselves, or when the session calls again after an ack or a drain. */
  run(): void {
    if (this.#scheduled) return;
    const session = this.#session;
    if (session.retainedFeeds?.includes(this) !== true) return;
    const done = this.#cursor.advance(NODES_PER_SLICE, (message) => {
      if (!session.node.retainedExpired(message)) session.deliverRetained(new Publication(message), this.subscription);
      return session.takesRetained;
    });
    if (done) {
      session.endFeed(this);
      return;
    }
    // Not taking more now: the session calls `run` again when there is room.
    if (!session.takesRetained) return;
    this.#scheduled = true;
    session.node.defer(() => {
      this.#scheduled = false;
      this.run();
    });
  }
}
