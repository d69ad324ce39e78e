/** Receivers of a node whose sessions end with their connections: matched by the broker itself, reached from other nodes by its routes. */
import type { SessionMessage } from '../../../broker/cluster/sessions/message.ts';
import { matches } from '../../../broker/topics/topicFilter.ts';
import type { ToDevice } from './packets.ts';
import { bodyOf } from './simMessage.ts';

/** The part of the cluster core that spreads routes. */
export interface RoutePort {
  routeAdded(topicFilter: string): void;
  routeRemoved(topicFilter: string): void;
  routeBarrier(done: () => void): void;
}

/** Beyond the packet ids of delivery windows. */
const FIRST_PACKET_ID = 10_000;

export class PlainReceivers {
  readonly #routes: RoutePort;
  readonly #send = new Map<string, (packet: ToDevice) => void>();
  /** Filter → client ids. */
  readonly #filters = new Map<string, Set<string>>();
  #lastPacketId = FIRST_PACKET_ID;

  constructor(routes: RoutePort) {
    this.#routes = routes;
  }

  opened(clientId: string, send: (packet: ToDevice) => void): void {
    this.#send.set(clientId, send);
  }

  closed(clientId: string): void {
    if (!this.#send.delete(clientId)) return;
    for (const topicFilter of [...this.#filters.keys()]) this.unsubscribe(clientId, topicFilter);
  }

  subscribe(clientId: string, topicFilter: string, done: () => void): void {
    const clients = this.#filters.get(topicFilter);
    if (clients !== undefined) clients.add(clientId);
    else {
      this.#filters.set(topicFilter, new Set([clientId]));
      this.#routes.routeAdded(topicFilter);
    }
    this.#routes.routeBarrier(done);
  }

  unsubscribe(clientId: string, topicFilter: string): void {
    const clients = this.#filters.get(topicFilter);
    if (clients === undefined || !clients.delete(clientId) || clients.size > 0) return;
    this.#filters.delete(topicFilter);
    this.#routes.routeRemoved(topicFilter);
  }

  dispatch(message: SessionMessage): void {
    const receivers = new Set<string>();
    for (const [topicFilter, clients] of this.#filters)
      if (matches(topicFilter, message.topic)) for (const clientId of clients) receivers.add(clientId);
    for (const clientId of receivers) {
      this.#lastPacketId += 1;
      const packet = {
        type: 'publish',
        topic: message.topic,
        body: bodyOf(message),
        qos: 1,
        dup: false,
        packetId: this.#lastPacketId,
      } as const;
      this.#send.get(clientId)?.(packet);
    }
  }
}
