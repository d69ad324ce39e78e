/** The subscriptions of one connection: what is wanted, what the broker granted, and which of them a message matches. */
import { parseSubscription } from '../../broker/topics/sharedSubscription.ts';
import { matches } from '../../broker/topics/topicFilter.ts';
import type { ConnectionSpec, SubscriptionState } from '../contract/clients.ts';

type Wanted = ConnectionSpec['subscriptions'][number];

interface Entry extends Wanted {
  granted: number | null;
  count: number;
  /** Without `$share/group/` and the like. */
  readonly matcher: string;
}

export class SubscriptionList {
  readonly #entries = new Map<string, Entry>();

  constructor(wanted: readonly Wanted[]) {
    for (const { topicFilter, qos } of wanted) this.want(topicFilter, qos);
  }

  /** Adds a filter, or asks for another QoS; either way the broker has not answered yet. */
  want(topicFilter: string, qos: 0 | 1 | 2): void {
    const count = this.#entries.get(topicFilter)?.count ?? 0;
    const parsed = parseSubscription(topicFilter);
    const matcher = parsed.ok ? parsed.target.topicFilter : topicFilter;
    this.#entries.set(topicFilter, { topicFilter, qos, granted: null, count, matcher });
  }

  drop(topicFilter: string): void {
    this.#entries.delete(topicFilter);
  }

  grant(topicFilter: string, granted: number): void {
    const entry = this.#entries.get(topicFilter);
    if (entry) entry.granted = granted;
  }

  /** A connection without a session: nothing is granted any more, and counting starts anew. */
  begin(sessionPresent: boolean): void {
    for (const entry of this.#entries.values()) {
      entry.count = 0;
      if (!sessionPresent) entry.granted = null;
    }
  }

  /** What must be sent now: everything the broker has not answered. */
  get unanswered(): readonly Wanted[] {
    return [...this.#entries.values()].filter((entry) => entry.granted === null).map(({ topicFilter, qos }) => ({ topicFilter, qos }));
  }

  get wanted(): Wanted[] {
    return [...this.#entries.values()].map(({ topicFilter, qos }) => ({ topicFilter, qos }));
  }

  state(topicFilter: string): SubscriptionState | undefined {
    const entry = this.#entries.get(topicFilter);
    return entry && { topicFilter, qos: entry.qos, granted: entry.granted, count: entry.count };
  }

  get states(): SubscriptionState[] {
    return [...this.#entries.values()].map(({ topicFilter, qos, granted, count }) => ({ topicFilter, qos, granted, count }));
  }

  /** The filters that match; each counts the message. */
  count(topic: string): string[] {
    const matched: string[] = [];
    for (const entry of this.#entries.values()) {
      if (!matches(entry.matcher, topic)) continue;
      entry.count += 1;
      matched.push(entry.topicFilter);
    }
    return matched;
  }
}
