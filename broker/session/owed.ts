/**
 * Deliveries of a session that outlives connections: the cluster keeps them safe (cluster/sessions), the session is the window through
 * which its client gets them. What the client does to each is told back by `OwedPort`, and only what is secured there is repeated or
 * forgotten after a crash.
 */
import type { Millis } from '../base/ids.ts';
import type { Publication } from './publication.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** One message for one session, as the keeper of the session knows it. */
export interface Owed {
  readonly qos: 1 | 2;
  /** RETAIN of the delivery. */
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[] | null;
  /** `sent`: it left under the packet id and is repeated with DUP. `released`: PUBREC has come. */
  readonly state: 'queued' | 'sent' | 'released';
  /** 0 while queued; 0 when released: PUBREL goes under a new one. */
  readonly packetId: number;
}

/** Something waits until a change is safe. */
export interface Secured {
  secured(): void;
}

/** The keeper of sessions that outlive connections; core/keptSessions.ts implements it. */
export interface OwedPort {
  /** PUBLISH leaves under this packet id; of QoS 2 not before the waiter is called (cluster-protocol R64). */
  sent(session: Session, item: Owed, packetId: number, waiter: Secured | undefined): void;
  /** PUBREC has come; PUBREL leaves when the waiter is called (R64, C22). */
  received(session: Session, item: Owed, waiter: Secured): void;
  /** The client has acknowledged it for good, or will never get it: expired, too large. */
  finish(session: Session, item: Owed): void;
  /** A message for this session alone: retained, or chosen by a shared group. Comes back as a delivery when it is safe. */
  offer(session: Session, publication: Publication, qos: 1 | 2, retain: boolean, subscriptionIds: readonly number[] | null): void;
  /** What waits for its client is as much as may wait. */
  isFull(session: Session): boolean;
  /** PUBREL of the client has come for a QoS 2 message it published. */
  release(session: Session, packetId: number): void;
  /** The connection has ended; what is left of the session, its will included, waits for the client. */
  disconnected(session: Session, expiryMs: Millis): void;
  /** SUBACK and UNSUBACK wait until it is safe. */
  subscribed(session: Session, subscription: Subscription): void;
  unsubscribed(session: Session, topicFilter: string): void;
}
