/** A subscription of a session, and what several of one session that match the same topic amount to. */
import type { Qos, SubOpts } from '../protocol/packet.ts';
import { parseSubscription, type SubscriptionTarget } from '../topics/sharedSubscription.ts';
import type { Session } from './session.ts';

/** What dispatch hands to `Session.deliver`: one subscription, or several of the same session merged into one copy. */
export interface Receiver {
  readonly session: Session;
  readonly qos: Qos;
  /** Some of it does not want the session's own messages. */
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly subscriptionIds: readonly number[] | null;
  /** Null for a single subscription. */
  readonly parts: readonly Receiver[] | null;
}

export interface Subscription extends Receiver {
  /** As subscribed. */
  readonly topicFilter: string;
  readonly retainHandling: 0 | 1 | 2;
  /** What `$share/…`, `$queue/…` or `$exclusive/…` stands for; null for an ordinary filter. */
  readonly target: SubscriptionTarget | null;
}

/** All receivers have the same fields in the same order: dispatch stays monomorphic. */
export function newSubscription(session: Session, topicFilter: string, opts: SubOpts, subscriptionId: number | undefined): Subscription {
  return {
    session,
    qos: opts.qos,
    noLocal: opts.noLocal,
    retainAsPublished: opts.retainAsPublished,
    subscriptionIds: subscriptionId === undefined ? null : [subscriptionId],
    parts: null,
    topicFilter,
    retainHandling: opts.retainHandling,
    target: targetOf(topicFilter),
  };
}

/** The filter that is matched and routed. */
export function routedFilter(subscription: Subscription): string {
  return subscription.target?.topicFilter ?? subscription.topicFilter;
}

function targetOf(topicFilter: string): SubscriptionTarget | null {
  if (topicFilter.charCodeAt(0) !== 0x24) return null;
  const parsed = parseSubscription(topicFilter);
  return parsed.ok && (parsed.target.shareGroup !== undefined || parsed.target.exclusive) ? parsed.target : null;
}

/**
 * Overlapping subscriptions of one session become one copy at the highest granted QoS [MQTT-3.3.4-2] with the identifiers
 * of all of them [MQTT-3.3.4-3], [MQTT-3.3.4-4]. RETAIN is kept when any of them wants it as published.
 */
export function mergeReceivers(parts: readonly Receiver[]): Receiver {
  const first = parts[0] as Receiver;
  if (parts.length === 1) return first;
  const ids = parts.flatMap((part) => part.subscriptionIds ?? []);
  return {
    session: first.session,
    qos: parts.reduce<Qos>((highest, part) => (part.qos > highest ? part.qos : highest), 0),
    noLocal: parts.some((part) => part.noLocal),
    retainAsPublished: parts.some((part) => part.retainAsPublished),
    subscriptionIds: ids.length === 0 ? null : ids,
    parts,
  };
}

/** Groups the receivers of one topic by session, in the order in which sessions first appear. */
export function mergeBySession(matched: readonly Receiver[]): Receiver[] {
  if (matched.length < 2) return [...matched];
  const bySession = new Map<Session, Receiver[]>();
  for (const receiver of matched) {
    const group = bySession.get(receiver.session);
    if (group === undefined) bySession.set(receiver.session, [receiver]);
    else group.push(receiver);
  }
  if (bySession.size === matched.length) return [...matched];
  return [...bySession.values()].map(mergeReceivers);
}

/** What is left of a receiver for a message of its own session: No Local takes out only the subscription that has it. */
export function withoutNoLocal(receiver: Receiver): Receiver | undefined {
  if (!receiver.noLocal) return receiver;
  const rest = receiver.parts?.filter((part) => !part.noLocal) ?? [];
  return rest.length === 0 ? undefined : mergeReceivers(rest);
}
