/**
 * The books of a ledger run: what publishers sent and had acknowledged, what each subscriber got, and what that makes of every single message.
 * Subscribers want all messages of their groups from before the first one on.
 */

/** What became of one message at its publisher. */
export interface Sent {
  readonly qos: 1 | 2;
  acked: boolean;
  /** The publisher lost its connection before the answer and sent it again, marked as a repetition. */
  resent: boolean;
  /** The publisher has given up without an answer: it may have arrived or not. */
  abandoned: boolean;
}

export interface Received {
  readonly publisher: string;
  readonly n: number;
  readonly qos: number;
  /** Null: the client does not tell. */
  readonly dup: boolean | null;
}

export interface Verdict {
  readonly published: number;
  readonly acknowledged: number;
  /** Acknowledged messages times their subscribers. */
  readonly owed: number;
  readonly delivered: number;
  readonly lost: readonly string[];
  readonly outOfOrder: readonly string[];
  /** Marked as repetitions, or repeated by the publisher itself. */
  readonly explainedRepeats: number;
  readonly unexplainedRepeats: readonly string[];
}

interface Publisher {
  readonly group: number;
  /** Every message is sent by a client of its own, over any node: nothing is promised about their order. */
  readonly unordered: boolean;
  readonly sent: Sent[];
}

interface Subscriber {
  readonly group: number;
  /** Publisher → how often message n came. */
  readonly counts: Map<string, number[]>;
  /** Publisher and QoS of delivery → highest message so far: order is promised per QoS [MQTT-4.6.0-6]. */
  readonly last: Map<string, number>;
}

export class Account {
  readonly #publishers = new Map<string, Publisher>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #outOfOrder: string[] = [];
  readonly #unexplained: string[] = [];
  #explained = 0;
  #delivered = 0;

  publisher(id: string, group: number, unordered = false): void {
    this.#publishers.set(id, { group, unordered, sent: [] });
  }

  subscriber(id: string, group: number): void {
    this.#subscribers.set(id, { group, counts: new Map(), last: new Map() });
  }

  /** Returns the number of the message, from 0. */
  sends(publisher: string, qos: 1 | 2): number {
    const { sent } = this.#publisher(publisher);
    sent.push({ qos, acked: false, resent: false, abandoned: false });
    return sent.length - 1;
  }

  acknowledged(publisher: string, n: number): void {
    const sent = this.#publisher(publisher).sent[n];
    if (sent !== undefined) sent.acked = true;
  }

  abandoned(publisher: string, n: number): void {
    const sent = this.#publisher(publisher).sent[n];
    if (sent !== undefined) sent.abandoned = true;
  }

  /** The publisher has lost its connection: what is open will be sent again. */
  interrupted(publisher: string): void {
    for (const sent of this.#publisher(publisher).sent) if (!sent.acked) sent.resent = true;
  }

  #publisher(id: string): Publisher {
    const publisher = this.#publishers.get(id);
    if (publisher === undefined) throw new Error(`No publisher is called ${id}`);
    return publisher;
  }

  received(subscriber: string, { publisher, n, qos, dup }: Received): void {
    const { counts, last } = this.#subscribers.get(subscriber) ?? {};
    if (counts === undefined || last === undefined) throw new Error(`No subscriber is called ${subscriber}`);
    this.#delivered += 1;
    const ofPublisher = counts.get(publisher) ?? [];
    counts.set(publisher, ofPublisher);
    const before = ofPublisher[n] ?? 0;
    ofPublisher[n] = before + 1;
    if (before > 0) return this.#repeated(subscriber, { publisher, n, qos, dup });
    const stream = `${publisher}/${qos}`;
    const highest = last.get(stream) ?? -1;
    if (this.#publisher(publisher).unordered) return;
    if (n < highest) this.#outOfOrder.push(`${subscriber} got ${publisher}:${n} after ${publisher}:${highest}`);
    else last.set(stream, n);
  }

  /** QoS 2 to the end is delivered once, whatever happens; QoS 1 may be repeated with DUP, or when the publisher repeats it. */
  #repeated(subscriber: string, { publisher, n, qos, dup }: Received): void {
    const sent = this.#publisher(publisher).sent[n];
    const mayRepeat = sent !== undefined && qos < 2 && (dup !== false || (sent.qos === 1 && sent.resent));
    if (mayRepeat) this.#explained += 1;
    else this.#unexplained.push(`${subscriber} got ${publisher}:${n} again (QoS ${qos})`);
  }

  /** Messages that are acknowledged and have not arrived everywhere. */
  get missing(): string[] {
    const missing: string[] = [];
    for (const [subscriber, { group, counts }] of this.#subscribers)
      for (const [id, publisher] of this.#publishers) {
        if (publisher.group !== group) continue;
        const got = counts.get(id);
        publisher.sent.forEach(({ acked }, n) => void (acked && !got?.[n] && missing.push(`${subscriber} never got ${id}:${n}`)));
      }
    return missing;
  }

  /** Messages that are still to be answered. */
  get open(): string[] {
    return [...this.#publishers].flatMap(([id, { sent }]) =>
      sent.flatMap(({ acked, abandoned, qos }, n) => (acked || abandoned ? [] : [`${id}:${n} (QoS ${qos}) was never answered`])),
    );
  }

  verdict(): Verdict {
    let [published, acknowledged, owed] = [0, 0, 0];
    for (const { group, sent } of this.#publishers.values()) {
      const done = sent.filter(({ acked }) => acked).length;
      const receivers = [...this.#subscribers.values()].filter((subscriber) => subscriber.group === group).length;
      published += sent.length;
      acknowledged += done;
      owed += done * receivers;
    }
    return {
      published,
      acknowledged,
      owed,
      delivered: this.#delivered,
      lost: this.missing,
      outOfOrder: this.#outOfOrder,
      explainedRepeats: this.#explained,
      unexplainedRepeats: this.#unexplained,
    };
  }
}
