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
  /** Filters of durable sessions that are here: by client id, and how many have each. */
  readonly #kept = new Map<string, ReadonlySet<string>>();
  readonly #keptFilters = new Map<string, number>();
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
      if (!this.#keptFilters.has(topicFilter)) this.#routes.routeAdded(topicFilter);
    }
    this.#routes.routeBarrier(done);
  }

  unsubscribe(clientId: string, topicFilter: string): void {
    const clients = this.#filters.get(topicFilter);
    if (clients === undefined || !clients.delete(clientId) || clients.size > 0) return;
    this.#filters.delete(topicFilter);
    if (!this.#keptFilters.has(topicFilter)) this.#routes.routeRemoved(topicFilter);
  }

  /** A durable session is here: its filters are routes like others, though the engine matches them. */
  kept(clientId: string, topicFilters: Iterable<string>): void {
    const wanted = new Set(topicFilters);
    const known = this.#kept.get(clientId) ?? new Set();
    for (const topicFilter of known) if (!wanted.has(topicFilter)) this.#keptGone(topicFilter);
    for (const topicFilter of wanted) if (!known.has(topicFilter)) this.#keptHere(topicFilter);
    if (wanted.size === 0) this.#kept.delete(clientId);
    else this.#kept.set(clientId, wanted);
  }

  keptSubscribed(clientId: string, topicFilter: string): void {
    this.kept(clientId, [...(this.#kept.get(clientId) ?? []), topicFilter]);
  }

  /** Calls `done` when all nodes have the routes of now. */
  routeKnown(done: () => void): void {
    this.#routes.routeBarrier(done);
  }

  keptUnsubscribed(clientId: string, topicFilter: string): void {
    const left = [...(this.#kept.get(clientId) ?? [])].filter((known) => known !== topicFilter);
    this.kept(clientId, left);
  }

  #keptHere(topicFilter: string): void {
    const count = this.#keptFilters.get(topicFilter) ?? 0;
    this.#keptFilters.set(topicFilter, count + 1);
    if (count === 0 && !this.#filters.has(topicFilter)) this.#routes.routeAdded(topicFilter);
  }

  #keptGone(topicFilter: string): void {
    const count = (this.#keptFilters.get(topicFilter) ?? 0) - 1;
    if (count > 0) return void this.#keptFilters.set(topicFilter, count);
    this.#keptFilters.delete(topicFilter);
    if (!this.#filters.has(topicFilter)) this.#routes.routeRemoved(topicFilter);
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
