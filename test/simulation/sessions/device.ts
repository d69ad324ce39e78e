/**
 * One device: a client id with a persistent session, subscriptions it wants, messages it sends, and a mind of its own about which node to be
 * connected to. Keeps exactly what MQTT lets a client remember: packet ids of QoS 2 both ways, unacknowledged packets.
 */
import { randomBelow, type Prng } from '../../../broker/base/prng.ts';
import type { EventQueue } from '../eventQueue.ts';
import type { ClientNet, Connection, DeviceEnd, Door } from './clientNet.ts';
import type { Ledger } from './ledger.ts';
import { Outbox } from './outbox.ts';
import type { FromDevice, PublishPacket, ToDevice, WillSpec } from './packets.ts';

/** Longer without CONNACK: it tries elsewhere. */
const CONNECT_MS = 12_000;
const PING_MS = 2_000;
/** Nothing heard for so long in spite of pings: it leaves without a word. */
const SILENT_MS = 6_000;
/** Acknowledgements of SUBSCRIBE are awaited so long, then it is sent again. */
const SUBSCRIBE_MS = 6_000;

/** A node that a device can be connected to. */
export interface Station extends Door {
  readonly name: string;
}

export interface DeviceWorld {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly net: ClientNet;
  readonly ledger: Ledger;
  readonly stations: readonly Station[];
  trace(line: string): void;
  /** Session present was 0 for a device that had a session. */
  sessionMissed(device: Device, station: Station): void;
}

/** How a device leaves its node for another. */
export type Leaving = 'drop' | 'silently' | 'clean';

export interface DeviceOptions {
  readonly expiryS: number;
  readonly will?: WillSpec;
}

export class Device {
  readonly id: string;
  readonly expiryS: number;
  readonly outbox: Outbox;
  /** Wanted subscriptions. */
  readonly wanted = new Map<string, 1 | 2>();
  state: 'offline' | 'connecting' | 'online' = 'offline';
  station: Station | undefined;
  /** Stays offline until told to connect. */
  resting = false;
  /** It has left for good, and its session is to end by itself. */
  retired = false;
  readonly #world: DeviceWorld;
  readonly #options: DeviceOptions;
  #connection: Connection | undefined;
  #session = 0;
  /** The broker has confirmed a session to it. */
  #hasSession = false;
  #cleanNext = false;
  #heardMs = 0;
  /** QoS 2 packet ids received and not released. */
  readonly #received = new Set<number>();
  /** Filters whose SUBSCRIBE or UNSUBSCRIBE was never answered. */
  readonly #unsettled = new Set<string>();
  /** SUBSCRIBE and UNSUBSCRIBE not answered on this connection yet. */
  readonly #asked = new Map<number, { readonly filter: string; readonly qos: 1 | 2 | undefined }>();
  #lastAskId = 1_000;

  constructor(id: string, world: DeviceWorld, options: DeviceOptions) {
    this.id = id;
    this.#world = world;
    this.#options = options;
    this.expiryS = options.expiryS;
    this.outbox = new Outbox(id, world.ledger);
  }

  get settled(): boolean {
    return this.state === 'online' && this.#asked.size === 0 && this.outbox.open === 0;
  }

  describe(): string {
    return `${this.id} is ${this.state} at ${this.station?.name ?? 'no node'}, ${this.outbox.open} packets unacknowledged, ${this.#asked.size} requests unanswered`;
  }

  // ---------------------------------------------------------------- connecting

  connect(station: Station = this.#anyStation()): void {
    if (this.state !== 'offline') return;
    this.state = 'connecting';
    this.station = station;
    this.#session += 1;
    const session = this.#session;
    this.#heardMs = this.#world.queue.nowMs;
    const whileHere =
      <T extends unknown[]>(step: (...values: T) => void) =>
      (...values: T) => {
        if (session === this.#session) step(...values);
      };
    const end: DeviceEnd = {
      opened: () => {},
      packet: whileHere((packet: ToDevice) => this.#packet(packet)),
      ended: whileHere(() => this.#lost()),
    };
    this.#connection = this.#world.net.connect(this.id, station, end);
    const cleanStart = this.#cleanNext;
    if (cleanStart) this.#forgetSession();
    this.#send({ type: 'connect', cleanStart, expiryS: this.#options.expiryS, will: this.#options.will });
    this.#world.queue.in(
      CONNECT_MS,
      whileHere(() => {
        if (this.state === 'connecting') this.#abandon();
      }),
    );
  }

  #anyStation(): Station {
    const { stations, prng } = this.#world;
    const station = stations[randomBelow(prng, stations.length)];
    if (station === undefined) throw new Error('There is no node to connect to');
    return station;
  }

  #forgetSession(): void {
    this.#hasSession = false;
    this.#received.clear();
    this.#world.ledger.startsClean(this.id);
  }

  /** The connection has ended without our doing. */
  #lost(): void {
    this.#offline();
    this.#later();
  }

  /** Leaves without a word and tries elsewhere. */
  #abandon(): void {
    this.#connection?.leave(false);
    this.#offline();
    this.#later();
  }

  #offline(): void {
    this.#session += 1;
    this.state = 'offline';
    this.#connection = undefined;
    this.#asked.clear();
  }

  /** Back at the same node mostly, which may be the first of several attempts. */
  #later(): void {
    if (this.resting) return;
    const { queue, prng } = this.#world;
    const session = this.#session;
    const station = randomBelow(prng, 3) > 0 ? this.station : undefined;
    queue.in(50 + randomBelow(prng, 950), () => {
      if (session === this.#session && !this.resting) this.connect(station);
    });
  }

  /** Leaves its node, and comes back somewhere after a while. */
  move(leaving: Leaving, to: Station = this.#anyStation(), awayMs = randomBelow(this.#world.prng, 300)): void {
    this.leave(leaving);
    const session = this.#session;
    this.#world.queue.in(awayMs, () => {
      if (session === this.#session) this.connect(to);
    });
  }

  leave(leaving: Leaving): void {
    if (this.state === 'online' && leaving === 'clean') this.#send({ type: 'disconnect' });
    this.#connection?.leave(leaving !== 'silently');
    this.#offline();
    this.#world.trace(`${this.id} leaves ${this.station?.name ?? '?'} (${leaving})`);
  }

  /** Leaves and never comes back: nothing is owed to it any more. */
  retire(leaving: Leaving): void {
    this.resting = true;
    this.retired = true;
    this.leave(leaving);
    this.#world.ledger.startsClean(this.id);
  }

  /** The next CONNECT throws the session away. */
  startCleanNext(): void {
    this.#cleanNext = true;
  }

  // ---------------------------------------------------------------- packets

  #send(packet: FromDevice): void {
    this.#connection?.toNode(packet);
  }

  readonly #sender = (packet: FromDevice): void => this.#send(packet);

  #packet(packet: ToDevice): void {
    this.#heardMs = this.#world.queue.nowMs;
    switch (packet.type) {
      case 'connack':
        return this.#connack(packet.ok, packet.present);
      case 'publish':
        return this.#publish(packet);
      case 'pubrel':
        this.#received.delete(packet.packetId);
        return this.#send({ type: 'pubcomp', packetId: packet.packetId });
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return this.outbox.answer(packet.type, packet.packetId, this.#sender);
      case 'suback':
      case 'unsuback':
        return this.#answered(packet.packetId);
      case 'pingresp':
        return;
    }
  }

  #connack(ok: boolean, present: boolean): void {
    const { station } = this;
    if (!ok || station === undefined) return this.#abandon();
    this.#world.trace(`${this.id} is connected to ${station.name}, session present ${present ? 1 : 0}`);
    const clean = this.#cleanNext;
    this.#cleanNext = false;
    this.state = 'online';
    if (!present && this.#hasSession && !clean) this.#world.sessionMissed(this, station);
    if (!present) this.#received.clear();
    this.#hasSession = true;
    for (const filter of new Set([...this.#unsettled, ...(present ? [] : this.wanted.keys())])) this.#ask(filter);
    this.outbox.resume(present, station.name, this.#sender);
    this.#ping(this.#session);
  }

  #ping(session: number): void {
    if (session !== this.#session) return;
    if (this.#world.queue.nowMs - this.#heardMs > SILENT_MS) return this.#abandon();
    this.#send({ type: 'pingreq' });
    this.#world.queue.in(PING_MS, () => this.#ping(session));
  }

  #publish({ topic, body, qos, dup, packetId }: PublishPacket): void {
    const fresh = qos !== 2 || !this.#received.has(packetId);
    if (fresh) {
      this.#world.trace(`${this.id} gets ${body} (QoS ${qos}, ${topic}, id ${packetId}${dup ? ', DUP' : ''})`);
      this.#world.ledger.delivered(this.id, { body, dup, qos });
    }
    if (qos === 1) this.#send({ type: 'puback', packetId });
    if (qos === 2) {
      this.#received.add(packetId);
      this.#send({ type: 'pubrec', packetId });
    }
  }

  // ---------------------------------------------------------------- wishes

  subscribe(filter: string, qos: 1 | 2): void {
    this.wanted.set(filter, qos);
    this.#wish(filter);
  }

  unsubscribe(filter: string): void {
    this.wanted.delete(filter);
    this.#world.ledger.unsubscribes(this.id, filter);
    this.#wish(filter);
  }

  #wish(filter: string): void {
    this.#unsettled.add(filter);
    if (this.state === 'online') this.#ask(filter);
  }

  #ask(filter: string): void {
    const qos = this.wanted.get(filter);
    this.#lastAskId += 1;
    const packetId = this.#lastAskId;
    this.#asked.set(packetId, { filter, qos });
    if (qos === undefined) this.#send({ type: 'unsubscribe', packetId, filter });
    else this.#send({ type: 'subscribe', packetId, filter, qos });
    const session = this.#session;
    this.#world.queue.in(SUBSCRIBE_MS, () => {
      if (session === this.#session && this.#asked.delete(packetId)) this.#ask(filter);
    });
  }

  #answered(packetId: number): void {
    const asked = this.#asked.get(packetId);
    if (asked === undefined) return;
    this.#asked.delete(packetId);
    // A wish that changed meanwhile has been sent behind this one.
    if (this.wanted.get(asked.filter) !== asked.qos) return;
    this.#unsettled.delete(asked.filter);
    this.#world.trace(`${this.id} has ${asked.qos === undefined ? 'unsubscribed from' : 'subscribed to'} ${asked.filter}`);
    if (asked.qos !== undefined) this.#world.ledger.subscribed(this.id, asked.filter, asked.qos);
  }

  publish(topic: string, qos: 1 | 2): void {
    const { station } = this;
    if (this.state === 'online' && station !== undefined && !this.outbox.full)
      this.outbox.publish(topic, qos, station.name, this.#sender);
  }
}
