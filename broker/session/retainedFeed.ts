/**
 * Retained messages on their way to a new subscription. They may be millions, so they are read from the store by a cursor in
 * slices of one turn each, and only as fast as the client takes them: never more than its window and half its queue, nor
 * faster than `retainer.delivery_rate`.
 */
import type { Millis } from '../base/ids.ts';
import { TokenBucket } from '../base/tokenBucket.ts';
import type { TopicCursor } from '../topics/topicCursor.ts';
import type { TimerOwner } from './ports.ts';
import { Publication } from './publication.ts';
import { RetainedBatch, type FramedMessage } from './retainedBatch.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** Nodes of the store that one slice may enter. */
const NODES_PER_SLICE = 500;

/** The subscription is gone: what it has not been sent yet stays unsent [MQTT-3.10.4-2]. */
export function stopFeed(session: Session, topicFilter: string): void {
  for (const feed of session.retainedFeeds ?? []) if (feed.subscription.topicFilter === topicFilter) session.endFeed(feed);
}

export class RetainedFeed implements TimerOwner {
  readonly subscription: Subscription;
  readonly #session: Session;
  readonly #cursor: TopicCursor<FramedMessage>;
  /** Shared by all feeds of a session that are under way; null when there is no limit. */
  readonly #bucket: TokenBucket | null;
  /** A slice is due in a later turn; acknowledgements and drains meanwhile need not ask for another. */
  #scheduled = false;

  constructor(session: Session, subscription: Subscription, cursor: TopicCursor<FramedMessage>) {
    this.#session = session;
    this.subscription = subscription;
    this.#cursor = cursor;
    this.#bucket = bucketOf(session);
  }

  /** Sends a slice now; further ones follow by themselves, or when the session calls again after an ack or a drain. */
  run(): void {
    if (this.#scheduled) return;
    const session = this.#session;
    if (session.retainedFeeds?.includes(this) !== true) return;
    const bucket = this.#bucket;
    const nowMs = session.node.clock.now();
    if (bucket !== null && this.#waits(bucket, nowMs)) return;
    const batch = bucket === null ? RetainedBatch.for(session, this.subscription.qos) : null;
    const done = this.#cursor.advance(NODES_PER_SLICE, (message) => {
      if (session.node.retainer.removeIfExpired(message)) return true;
      if (batch?.add(message) === true) return session.takesRetained;
      session.deliverRetained(new Publication(message.plain()), this.subscription);
      bucket?.take(1, nowMs);
      return session.takesRetained && (bucket === null || bucket.waitMs(1, nowMs) === 0);
    });
    batch?.send();
    if (done) {
      session.endFeed(this);
      return;
    }
    // Not taking more now: the session calls `run` again when there is room.
    if (!session.takesRetained || (bucket !== null && this.#waits(bucket, nowMs))) return;
    this.#scheduled = true;
    session.node.defer(() => this.#resume());
  }

  onTimer(): void {
    this.#resume();
  }

  #resume(): void {
    this.#scheduled = false;
    this.run();
  }

  /** True when the rate is used up; a timer goes on when it is not any more. */
  #waits(bucket: TokenBucket, nowMs: Millis): boolean {
    const waitMs = bucket.waitMs(1, nowMs);
    if (waitMs === 0) return false;
    this.#scheduled = true;
    this.#session.node.timers.schedule(this, 'retainedFeed', nowMs + waitMs);
    return true;
  }

  static bucketOf(feed: RetainedFeed): TokenBucket | null {
    return feed.#bucket;
  }
}

function bucketOf(session: Session): TokenBucket | null {
  const rate = session.node.retainer.deliveryRate;
  if (rate.tokens === Number.POSITIVE_INFINITY) return null;
  const [running] = session.retainedFeeds ?? [];
  return (running && RetainedFeed.bucketOf(running)) ?? new TokenBucket(rate, session.node.clock.now());
}
