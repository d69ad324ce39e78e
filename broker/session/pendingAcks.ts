/**
 * Acknowledgements of PUBLISH packets that must wait: a message of QoS 1 or 2 is acknowledged when everybody who owes it to a client
 * has it safely (cluster-protocol R52), which may be later than a message behind it. They leave in the order of their packets
 * [MQTT-4.6.0-2], [MQTT-4.6.0-3].
 */
import type { Channel } from './channel.ts';

/** Publishes of one connection that wait at one time; from here on it is read again only when half of them are answered. */
export const MAX_PENDING_ACKS = 1_024;

export class PendingAck {
  readonly #acks: PendingAcks;
  readonly #send: (receivers: number) => void;
  receivers = -1;

  constructor(acks: PendingAcks, send: (receivers: number) => void) {
    this.#acks = acks;
    this.#send = send;
  }

  /** The message is safe with all who were to get it: so many. */
  published(receivers: number): void {
    this.receivers = receivers;
    this.#acks.settle();
  }

  send(): void {
    this.#send(this.receivers);
  }
}

/** Those of one connection, oldest first. */
export class PendingAcks {
  readonly #channel: Channel;
  #waiting: PendingAck[] = [];
  #held = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(send: (receivers: number) => void): PendingAck {
    const ack = new PendingAck(this, send);
    this.#waiting.push(ack);
    if (this.#waiting.length >= MAX_PENDING_ACKS && !this.#held) {
      this.#held = true;
      this.#channel.out.hold();
    }
    return ack;
  }

  /** Sends what is due from the front on. */
  settle(): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#waiting[sent]!.receivers >= 0) sent += 1;
    if (sent === 0) return;
    const due = this.#waiting.splice(0, sent);
    if (this.#channel.connState !== 'connected') return;
    for (const ack of due) ack.send();
    if (this.#held && this.#waiting.length * 2 <= MAX_PENDING_ACKS) {
      this.#held = false;
      this.#channel.out.release();
    }
  }
}
