/**
 * Connections between devices and nodes: FIFO per direction with a small delay. The network between nodes does not touch them. A device may
 * leave without a word: the node then believes it is still there.
 */
import { randomBelow, type Prng } from '../../../broker/base/prng.ts';
import type { EventQueue } from '../eventQueue.ts';
import type { FromDevice, ToDevice } from './packets.ts';

/** A node notices after this that a device has gone without a word. */
const KEEP_ALIVE_MS = 15_000;

/** A node as devices reach it. */
export interface Door {
  /** Nothing listens while it is false. */
  readonly alive: boolean;
  /** Executes now, or later while the process stands still; never in another life. */
  act(step: () => void): void;
  opened(connection: Connection): void;
  packet(connection: Connection, packet: FromDevice): void;
  /** The device has gone and the node noticed. */
  closed(connection: Connection): void;
}

/** What a device hears of its present connection. */
export interface DeviceEnd {
  opened(): void;
  packet(packet: ToDevice): void;
  /** Refused, or ended by the node or its death. */
  ended(): void;
}

export class Connection {
  readonly id: number;
  readonly clientId: string;
  readonly #net: ClientNet;
  readonly #door: Door;
  readonly #device: DeviceEnd;
  /** The device still listens. */
  #held = true;
  /** The node has not ended it, and has not heard of its end. */
  #open = true;
  #toNodeMs = 0;
  #toDeviceMs = 0;

  constructor(net: ClientNet, id: number, clientId: string, door: Door, device: DeviceEnd) {
    this.#net = net;
    this.id = id;
    this.clientId = clientId;
    this.#door = door;
    this.#device = device;
  }

  get open(): boolean {
    return this.#open;
  }

  // ---------------------------------------------------------------- the device's side

  connect(): void {
    this.#toNodeIn(() => {
      if (!this.#door.alive) this.died();
      else {
        this.#door.opened(this);
        this.#toDeviceIn(() => this.#device.opened());
      }
    });
  }

  toNode(packet: FromDevice): void {
    this.#toNodeIn(() => {
      if (this.#open) this.#door.packet(this, packet);
    });
  }

  /** The device has no connection any more. `told`: the node learns of it. */
  leave(told: boolean): void {
    if (!this.#held) return;
    this.#held = false;
    if (told) this.#toNodeIn(() => this.#noticed());
    else this.#net.in(KEEP_ALIVE_MS, () => this.#door.alive && this.#door.act(() => this.#noticed()));
  }

  #noticed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#net.forget(this);
    this.#door.closed(this);
  }

  #toNodeIn(step: () => void): void {
    this.#toNodeMs = this.#net.arrival(this.#toNodeMs, () => {
      if (this.#door.alive) this.#door.act(step);
      else this.died();
    });
  }

  // ---------------------------------------------------------------- the node's side

  toDevice(packet: ToDevice): void {
    if (this.#open) this.#toDeviceIn(() => this.#device.packet(packet));
  }

  /** The node ends it: the device hears of it behind all that was sent. Nothing more is reported to the node. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#net.forget(this);
    this.#toDeviceIn(() => this.#gone());
  }

  /** The process behind it is gone. */
  died(): void {
    this.#open = false;
    this.#net.forget(this);
    this.#toDeviceIn(() => this.#gone());
  }

  #gone(): void {
    this.#held = false;
    this.#device.ended();
  }

  #toDeviceIn(step: () => void): void {
    this.#toDeviceMs = this.#net.arrival(this.#toDeviceMs, () => {
      if (this.#held) step();
    });
  }
}

export class ClientNet {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #open = new Map<number, { readonly connection: Connection; readonly door: Door }>();
  #lastId = 0;

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  connect(clientId: string, door: Door, device: DeviceEnd): Connection {
    this.#lastId += 1;
    const connection = new Connection(this, this.#lastId, clientId, door, device);
    this.#open.set(connection.id, { connection, door });
    connection.connect();
    return connection;
  }

  /** The process of a node has ended. */
  crash(door: Door): void {
    for (const open of [...this.#open.values()]) if (open.door === door) open.connection.died();
  }

  forget(connection: Connection): void {
    this.#open.delete(connection.id);
  }

  in(ms: number, step: () => void): void {
    this.#queue.in(ms, step);
  }

  /** Runs a step behind the one before it in the same direction; returns when. */
  arrival(lastMs: number, step: () => void): number {
    const atMs = Math.max(lastMs, this.#queue.nowMs + 1 + randomBelow(this.#prng, 5));
    this.#queue.at(atMs, step);
    return atMs;
  }
}
