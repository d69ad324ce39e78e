/** The sending side of a device: QoS 1 and 2 with a window, packet ids of its own, re-sent in order when its session is resumed. */
import type { Ledger } from './ledger.ts';
import type { FromDevice } from './packets.ts';

const WINDOW = 8;

interface Outgoing {
  readonly packetId: number;
  readonly body: string;
  readonly topic: string;
  readonly qos: 1 | 2;
  released: boolean;
}

export class Outbox {
  readonly #ledger: Ledger;
  readonly #device: string;
  /** In order of sending. */
  #window: Outgoing[] = [];
  #lastPacketId = 0;
  #n = 0;

  constructor(device: string, ledger: Ledger) {
    this.#device = device;
    this.#ledger = ledger;
  }

  get open(): number {
    return this.#window.length;
  }

  get full(): boolean {
    return this.#window.length >= WINDOW;
  }

  publish(topic: string, qos: 1 | 2, node: string, send: (packet: FromDevice) => void): void {
    this.#n += 1;
    const body = this.#ledger.publishes(this.#device, this.#n, topic, qos);
    const outgoing: Outgoing = { packetId: this.#freeId(), body, topic, qos, released: false };
    this.#window.push(outgoing);
    this.#send(outgoing, false, node, send);
  }

  #freeId(): number {
    do this.#lastPacketId = (this.#lastPacketId % 100) + 1;
    while (this.#window.some(({ packetId }) => packetId === this.#lastPacketId));
    return this.#lastPacketId;
  }

  #send(
    { packetId, body, topic, qos, released }: Outgoing,
    dup: boolean,
    node: string,
    send: (packet: FromDevice) => void,
  ): void {
    if (released) send({ type: 'pubrel', packetId });
    else {
      this.#ledger.sent(body, node);
      send({ type: 'publish', topic, body, qos, dup, packetId });
    }
  }

  /** What was not acknowledged comes again [MQTT-4.4.0-1]; without a session it is new to the broker. */
  resume(present: boolean, node: string, send: (packet: FromDevice) => void): void {
    for (const outgoing of this.#window) {
      if (!present) {
        this.#ledger.renewed(outgoing.body);
        outgoing.released = false;
      }
      this.#send(outgoing, present, node, send);
    }
  }

  answer(type: 'puback' | 'pubrec' | 'pubcomp', packetId: number, send: (packet: FromDevice) => void): void {
    const outgoing = this.#window.find((candidate) => candidate.packetId === packetId);
    if (type === 'pubrec') {
      if (outgoing !== undefined && outgoing.qos === 2) {
        outgoing.released = true;
        this.#ledger.acknowledged(outgoing.body);
      }
      send({ type: 'pubrel', packetId });
      return;
    }
    if (outgoing === undefined || (type === 'puback') !== (outgoing.qos === 1)) return;
    if (type === 'puback') this.#ledger.acknowledged(outgoing.body);
    this.#window = this.#window.filter((other) => other !== outgoing);
  }
}
