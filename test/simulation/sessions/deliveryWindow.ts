/** What a broker keeps per connected client of a durable session: the receive window, over items that the engine delivers in order. */
import type { SessionItem, SessionMid, SessionsPort, Waiter } from '../../../broker/cluster/sessions/ports.ts';
import { bodyOf } from './simMessage.ts';
import type { ToDevice } from './packets.ts';

/** Receive maximum of every device: small, so that queues build up. */
const WINDOW = 4;
const MAX_PACKET_ID = 65_535;

interface Inflight {
  readonly mid: SessionMid;
  readonly qos: 1 | 2;
}

interface Leaving {
  readonly item: SessionItem;
  readonly packetId: number;
  isFree: boolean;
}

export class DeliveryWindow {
  readonly #engine: SessionsPort;
  readonly #clientId: string;
  readonly #send: (packet: ToDevice) => void;
  readonly #inflight = new Map<number, Inflight>();
  #queue: SessionItem[] = [];
  /** Have a packet id, and wait for it or for one before them to be secured. */
  readonly #leaving: Leaving[] = [];
  #lastPacketId: number;
  /** The connection is over: nothing more leaves, nothing more is told. */
  over = false;

  constructor(engine: SessionsPort, clientId: string, packetIdsFrom: number, send: (packet: ToDevice) => void) {
    this.#engine = engine;
    this.#clientId = clientId;
    this.#lastPacketId = packetIdsFrom - 1;
    this.#send = send;
  }

  get open(): number {
    return this.#inflight.size + this.#queue.length;
  }

  deliver(item: SessionItem): void {
    if (item.state !== 'queued') this.#repeat(item);
    else {
      this.#queue.push(item);
      this.#fill();
    }
  }

  /** Sent before, on another connection or by another node. */
  #repeat(item: SessionItem): void {
    const packetId = item.packetId === 0 ? this.#freeId() : item.packetId;
    this.#inflight.set(packetId, { mid: item.mid, qos: item.qos });
    if (item.state === 'released') this.#send({ type: 'pubrel', packetId });
    else this.#publish(item, packetId, true);
  }

  #freeId(): number {
    do this.#lastPacketId = (this.#lastPacketId % MAX_PACKET_ID) + 1;
    while (this.#inflight.has(this.#lastPacketId));
    return this.#lastPacketId;
  }

  #fill(): void {
    while (this.#inflight.size < WINDOW) {
      const item = this.#queue.shift();
      if (item === undefined) return;
      const packetId = this.#freeId();
      this.#inflight.set(packetId, { mid: item.mid, qos: item.qos });
      const leaving: Leaving = { item, packetId, isFree: item.qos === 1 };
      this.#leaving.push(leaving);
      // R64: QoS 2 leaves when the packet id is secured, and what is behind it leaves behind it.
      const free = this.#when(() => {
        leaving.isFree = true;
        this.#leave();
      });
      this.#engine.sent(this.#clientId, item.mid, packetId, item.qos === 2 ? free : undefined);
      this.#leave();
    }
  }

  #leave(): void {
    while (this.#leaving[0]?.isFree === true) {
      const { item, packetId } = this.#leaving.shift() as Leaving;
      this.#publish(item, packetId, false);
    }
  }

  #publish({ message, qos }: SessionItem, packetId: number, dup: boolean): void {
    this.#send({ type: 'publish', topic: message.topic, body: bodyOf(message), qos, dup, packetId });
  }

  #when(step: () => void): Waiter {
    return {
      secured: () => {
        if (!this.over) step();
      },
    };
  }

  puback(packetId: number): void {
    if (this.#inflight.get(packetId)?.qos === 1) this.#finish(packetId);
  }

  /** R64: PUBREL leaves when "released" is secured (C22). */
  pubrec(packetId: number): void {
    const inflight = this.#inflight.get(packetId);
    if (inflight?.qos === 2)
      this.#engine.received(
        this.#clientId,
        inflight.mid,
        this.#when(() => this.#send({ type: 'pubrel', packetId })),
      );
    else this.#send({ type: 'pubrel', packetId });
  }

  pubcomp(packetId: number): void {
    if (this.#inflight.get(packetId)?.qos === 2) this.#finish(packetId);
  }

  #finish(packetId: number): void {
    const inflight = this.#inflight.get(packetId);
    if (inflight === undefined) return;
    this.#inflight.delete(packetId);
    this.#engine.finish(this.#clientId, inflight.mid);
    this.#fill();
  }
}
