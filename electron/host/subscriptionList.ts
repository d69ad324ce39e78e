/** The subscriptions of one connection: what is wanted, what the broker granted, what it still has to forget, and which of them a message matches. */
import { parseSubscription } from '../../broker/topics/sharedSubscription.ts';
import { matches } from '../../broker/topics/topicFilter.ts';
import type { SubscriptionState } from '../contract/clients.ts';
import type { SubscriptionSpec } from '../contract/connectionParts.ts';

interface Entry {
  readonly spec: SubscriptionSpec;
  granted: number | null;
  count: number;
  /** Without `$share/group/` and the like. */
  readonly matcher: string;
}

export class SubscriptionList {
  readonly #entries = new Map<string, Entry>();
  /** Granted once and wanted no more: the broker keeps them with the session until it is told. */
  readonly #toForget = new Set<string>();

  constructor(wanted: readonly SubscriptionSpec[]) {
    for (const spec of wanted) this.want(spec);
  }

  /** Adds a subscription or changes one. What the broker answered holds as long as it need not be asked anew. */
  want(spec: SubscriptionSpec): void {
    const { topicFilter } = spec;
    const before = this.#entries.get(topicFilter);
    const parsed = parseSubscription(topicFilter);
    const matcher = parsed.ok ? parsed.target.topicFilter : topicFilter;
    const granted = before && onTheWire(before.spec) === onTheWire(spec) ? before.granted : null;
    this.#entries.set(topicFilter, { spec, granted, count: before?.count ?? 0, matcher });
    if (spec.disabled !== true) this.#toForget.delete(topicFilter);
    else if (before) this.#forget(before);
  }

  drop(topicFilter: string): void {
    const before = this.#entries.get(topicFilter);
    if (before) this.#forget(before);
    this.#entries.delete(topicFilter);
  }

  #forget({ spec, granted }: Entry): void {
    if (granted !== null && granted < 0x80) this.#toForget.add(spec.topicFilter);
  }

  /** The broker has forgotten it. */
  forgotten(topicFilter: string): void {
    this.#toForget.delete(topicFilter);
  }

  grant(topicFilter: string, granted: number): void {
    const entry = this.#entries.get(topicFilter);
    if (entry) entry.granted = granted;
  }

  /** A connection without a session: nothing is granted any more, and counting starts anew. */
  begin(sessionPresent: boolean): void {
    if (!sessionPresent) this.#toForget.clear();
    for (const entry of this.#entries.values()) {
      entry.count = 0;
      if (!sessionPresent) entry.granted = null;
    }
  }

  /** What must be sent now: everything that is on and that the broker has not answered. */
  get unanswered(): readonly SubscriptionSpec[] {
    return [...this.#entries.values()].filter(({ spec, granted }) => granted === null && spec.disabled !== true).map(({ spec }) => spec);
  }

  /** What the broker must be told to forget. */
  get unforgotten(): readonly string[] {
    return [...this.#toForget];
  }

  get wanted(): SubscriptionSpec[] {
    return [...this.#entries.values()].map(({ spec }) => spec);
  }

  state(topicFilter: string): SubscriptionState | undefined {
    const entry = this.#entries.get(topicFilter);
    return entry && stateOf(entry);
  }

  get states(): SubscriptionState[] {
    return [...this.#entries.values()].map(stateOf);
  }

  /** The filters that match; each counts the message. */
  count(topic: string): string[] {
    const matched: string[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.spec.disabled === true || !matches(entry.matcher, topic)) continue;
      entry.count += 1;
      matched.push(entry.spec.topicFilter);
    }
    return matched;
  }
}

function stateOf({ spec, granted, count }: Entry): SubscriptionState {
  return { topicFilter: spec.topicFilter, qos: spec.qos, granted, count };
}

/** What of a subscription the broker hears; all else is ours. */
function onTheWire({ qos, noLocal = false, retainAsPublished = false, retainHandling = 0, identifier, disabled = false }: SubscriptionSpec): string {
  return JSON.stringify([qos, noLocal, retainAsPublished, retainHandling, identifier, disabled]);
}
