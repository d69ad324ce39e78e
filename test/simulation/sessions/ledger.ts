/**
 * What applications did and saw, kept apart from any broker: messages published and acknowledged, subscriptions confirmed and given up,
 * deliveries. Accounts for every message per subscriber (cluster-protocol section 15).
 */
import { matches } from '../../../broker/topics/topicFilter.ts';

export interface Published {
  readonly body: string;
  readonly publisher: string;
  readonly n: number;
  readonly topic: string;
  readonly qos: 1 | 2;
  readonly atMs: number;
  readonly epoch: number;
  ackedMs: number | undefined;
  ackedEpoch: number | undefined;
  /** A node that took it in spoke for all the others without having met one since it was started. */
  byStranger: boolean;
  /** The application sent it again as a new message, because its session was gone. */
  renewed: boolean;
  /** Nodes it was sent to, one entry for each time. */
  readonly sentTo: string[];
}

export interface Delivery {
  readonly body: string;
  readonly dup: boolean;
  readonly qos: 0 | 1 | 2;
  readonly atMs: number;
}

/** One time during which a device had a subscription, by what it knows itself. */
interface Span {
  readonly filter: string;
  readonly qos: 1 | 2;
  readonly confirmedMs: number;
  readonly epoch: number;
  /** When it began to give it up, or threw its session away. */
  endedMs: number;
  endedEpoch: number | undefined;
}

export class Ledger {
  readonly published = new Map<string, Published>();
  readonly #spans = new Map<string, Span[]>();
  readonly #deliveries = new Map<string, Delivery[]>();
  /** Things that may never happen, noticed at once. */
  readonly errors: string[] = [];
  readonly #now: () => { readonly ms: number; readonly epoch: number };

  /** `epoch` is even while nothing is disturbed, odd from the first cut until the whole cluster has come together again. */
  constructor(now: () => { readonly ms: number; readonly epoch: number }) {
    this.#now = now;
  }

  publishes(publisher: string, n: number, topic: string, qos: 1 | 2): string {
    const body = `${publisher}:${n}`;
    const { ms, epoch } = this.#now();
    this.published.set(body, { body, publisher, n, topic, qos, atMs: ms, epoch, ackedMs: undefined, ackedEpoch: undefined, byStranger: false, renewed: false, sentTo: [] });
    return body;
  }

  sent(body: string, node: string): void {
    this.published.get(body)?.sentTo.push(node);
  }

  takenByStranger(body: string): void {
    const message = this.published.get(body);
    if (message !== undefined) message.byStranger = true;
  }

  acknowledged(body: string): void {
    const message = this.published.get(body);
    if (message === undefined || message.ackedMs !== undefined) return;
    const { ms, epoch } = this.#now();
    message.ackedMs = ms;
    message.ackedEpoch = epoch;
  }

  renewed(body: string): void {
    const message = this.published.get(body);
    if (message !== undefined) message.renewed = true;
  }

  subscribed(device: string, filter: string, qos: 1 | 2): void {
    const { ms, epoch } = this.#now();
    const spans = this.#spansOf(device);
    if (spans.some((span) => span.filter === filter && span.endedMs === Number.POSITIVE_INFINITY)) return;
    spans.push({ filter, qos, confirmedMs: ms, epoch, endedMs: Number.POSITIVE_INFINITY, endedEpoch: undefined });
  }

  /** From now on nothing more is owed; what was acknowledged to its publisher before still is, unless the session is thrown away. */
  unsubscribes(device: string, filter: string): void {
    const { ms, epoch } = this.#now();
    for (const span of this.#spansOf(device)) {
      if (span.filter !== filter || span.endedMs <= ms) continue;
      span.endedMs = ms;
      span.endedEpoch = epoch;
    }
  }

  /** A clean start: nothing that has not arrived yet is owed. */
  startsClean(device: string): void {
    this.#spans.set(device, []);
  }

  delivered(device: string, delivery: Omit<Delivery, 'atMs'>): void {
    const deliveries = this.#deliveries.get(device) ?? [];
    this.#deliveries.set(device, deliveries);
    deliveries.push({ ...delivery, atMs: this.#now().ms });
    if (!this.published.has(delivery.body) && !delivery.body.startsWith('will:'))
      this.errors.push(`${device} got ${delivery.body}, which nobody published`);
  }

  deliveries(device: string): readonly Delivery[] {
    return this.#deliveries.get(device) ?? [];
  }

  #spansOf(device: string): Span[] {
    const spans = this.#spans.get(device) ?? [];
    this.#spans.set(device, spans);
    return spans;
  }

  // ---------------------------------------------------------------- accounts

  /**
   * I1: acknowledged messages that never arrived at a device that was subscribed when they were published. `split`: a subscription made in
   * the same disturbance as the message counts only from its end on (section 13, 3: not guaranteed is "a message published on one side for a
   * subscription made on the other side during the same split"); one that was given up in it does not count either: the message waits at
   * its origin for the other side (R32), and what reaches a session after UNSUBSCRIBE must not be added to it [MQTT-3.10.4-2].
   * Nor does a message that was taken in by a node which was killed, has met nobody since it was started again, and speaks for all others:
   * either its disk was lost and it does not know that there are any, or it is one of two and has gone on with the sessions of the other one,
   * since that one has not answered for 4 s (R58, R33). Covered is a "single failure of one node or disk at a time, the next one after
   * `protected` is true again" and "any cuts and pauses without a crash" (section 1), and this is a crash in the middle of a cut or a pause:
   * sessions that were made or moved while the node was dead are at the other one alone, and nothing that the node has says so. To keep such
   * messages, too, it would have to park every one for as long as the other node stays a member and away, so that whoever restarts one node of two
   * while the other is off would wait 2 s for each PUBACK, and for ever once 1 GiB is parked. What it takes in before those 4 s it parks
   * until the other node has had it, and with two others that do not answer it does so without end (R27).
   */
  missing(split: boolean): string[] {
    const missing: string[] = [];
    for (const [device, spans] of this.#spans) {
      const got = new Set(this.deliveries(device).map(({ body }) => body));
      for (const message of this.published.values()) {
        const { ackedMs } = message;
        if (ackedMs === undefined || got.has(message.body) || (split && message.byStranger)) continue;
        const owed = spans.some(({ filter, confirmedMs, endedMs, epoch, endedEpoch }) => {
          if (confirmedMs > message.atMs || endedMs < ackedMs || !matches(filter, message.topic)) return false;
          if (!split) return true;
          const isSince = epoch === message.epoch && epoch % 2 === 1;
          const isGivenUp = endedEpoch !== undefined && endedEpoch % 2 === 1 && (endedEpoch === message.epoch || endedEpoch === message.ackedEpoch);
          return !isSince && !isGivenUp;
        });
        if (!owed) continue;
        missing.push(
          `${device} lost ${message.body} (QoS ${message.qos}, ${message.topic}, sent at ${message.atMs} to ${message.sentTo.join('+')}, acknowledged at ${ackedMs})`,
        );
      }
    }
    return missing;
  }

  #hadSubscribed(device: string, { topic, atMs }: Published): boolean {
    return this.#spansOf(device).some(({ filter, confirmedMs, endedMs }) => confirmedMs <= atMs && endedMs > atMs && matches(filter, topic));
  }

  get unacknowledged(): Published[] {
    return [...this.published.values()].filter(({ ackedMs }) => ackedMs === undefined);
  }

  /** Deliveries of one message to one device beyond the first, where both sides asked for QoS 2, or of QoS 1 without DUP. */
  repeats(): { readonly exactlyOnce: string[]; readonly unmarked: string[] } {
    const exactlyOnce: string[] = [];
    const unmarked: string[] = [];
    for (const [device, deliveries] of this.#deliveries) {
      const seen = new Map<string, Delivery>();
      for (const delivery of deliveries) {
        const first = seen.get(delivery.body);
        const message = this.published.get(delivery.body);
        if (first === undefined) seen.set(delivery.body, delivery);
        else if (message === undefined || message.renewed) continue;
        else if (first.qos === 2 && delivery.qos === 2)
          exactlyOnce.push(`${device} got ${delivery.body} twice, at ${first.atMs} and ${delivery.atMs}`);
        else if (!delivery.dup && (message.qos === 2 || message.sentTo.length === 1))
          unmarked.push(`${device} got ${delivery.body} again without DUP, at ${first.atMs} and ${delivery.atMs}`);
      }
    }
    return { exactlyOnce, unmarked };
  }

  /**
   * First deliveries of one publisher, topic and QoS that came in another order than published [MQTT-4.6.0-5]. A QoS 1 message that was sent
   * again to a broker that had it is a new one to whoever subscribed meanwhile: such a subscriber rightly gets 2, 3, 1, 2, 3 [MQTT-4.3.2].
   */
  inversions(): string[] {
    const inversions: string[] = [];
    for (const [device, deliveries] of this.#deliveries) {
      const last = new Map<string, number>();
      const seen = new Set<string>();
      for (const { body, atMs, qos } of deliveries) {
        const message = this.published.get(body);
        if (message === undefined || seen.has(body)) continue;
        seen.add(body);
        if (message.qos === 1 && message.sentTo.length > 1 && !this.#hadSubscribed(device, message)) continue;
        const key = `${message.publisher} ${message.topic} ${qos}`;
        const before = last.get(key) ?? -1;
        if (message.n < before)
          inversions.push(`${device} got ${body} after ${message.publisher}:${before} of ${message.topic}, at ${atMs}`);
        else last.set(key, message.n);
      }
    }
    return inversions;
  }
}
