/**
 * TCP as the cluster sees it: connections that are FIFO per direction with random delay, cuts per direction that hold bytes back
 * and release them after the heal, resets that lose what is under way, dials that are refused, swallowed or accepted.
 */
import { randomBelow, type Prng } from '../../broker/base/prng.ts';
import type { Address } from '../../broker/cluster/ports.ts';
import type { EventQueue } from './eventQueue.ts';

/** A machine on the network; `run` executes now, or later while the process stands still. */
export interface Host {
  readonly name: string;
  readonly address: Address;
  /** Nothing listens: dials are refused. */
  readonly alive: boolean;
  /** Grows with every start: a dial of an earlier life ends with it. */
  readonly life: number;
  run(step: (door: Door) => void): void;
}

/** Where a host takes in what the network does. */
export interface Door {
  accepted(id: number, remote: string): void;
  dialled(id: number, address: Address): void;
  dialFailed(address: Address, refused: boolean, reason: string): void;
  bytes(id: number, chunk: Buffer): void;
  closed(id: number, reason: string): void;
}

interface End {
  readonly host: Host;
  readonly id: number;
  open: boolean;
  /** The connection was reset: nothing more arrives, the end of it excepted. */
  broken: boolean;
  /** On their way to this end, in order. `undefined` ends the stream. */
  readonly incoming: { readonly chunk: Buffer | undefined; readonly atMs: number }[];
}

const DIAL_TIMEOUT_MS = 3_000;

export class Network {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #hosts = new Map<string, Host>();
  /** Directions `from>to` that are cut. */
  readonly #cuts = new Set<string>();
  /** Both ends of each connection by the ids the hosts know. */
  readonly #ends = new Map<number, { readonly near: End; readonly far: End }>();
  #lastId = 0;

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  add(host: Host): void {
    this.#hosts.set(`${host.address.host}:${host.address.port}`, host);
  }

  /** 1 to 15 ms, one in twenty ten times that. */
  #delayMs(): number {
    const delayMs = 1 + randomBelow(this.#prng, 15);
    return randomBelow(this.#prng, 20) === 0 ? delayMs * 10 : delayMs;
  }

  #isCut(from: Host, to: Host): boolean {
    return this.#cuts.has(`${from.name}>${to.name}`);
  }

  cut(from: Host, to: Host): void {
    this.#cuts.add(`${from.name}>${to.name}`);
  }

  /** One direction is whole again; what was held follows. */
  mend(from: Host, to: Host): void {
    if (!this.#cuts.delete(`${from.name}>${to.name}`)) return;
    for (const { near, far } of this.#between(from, to)) if (near.host === from) this.#pump(near, far);
  }

  get isWhole(): boolean {
    return this.#cuts.size === 0;
  }

  /** Lets everything through again; what was held follows. */
  heal(): void {
    this.#cuts.clear();
    for (const { far, near } of this.#ends.values()) this.#pump(far, near);
  }

  dial(from: Host, address: Address): void {
    const to = this.#hosts.get(`${address.host}:${address.port}`);
    const { life } = from;
    const answer = (step: (door: Door) => void) => {
      if (from.life === life) from.run(step);
    };
    const roundTripMs = this.#delayMs() + this.#delayMs();
    if (to === undefined || this.#isCut(from, to) || this.#isCut(to, from)) {
      this.#queue.in(DIAL_TIMEOUT_MS, () => answer((door) => door.dialFailed(address, false, 'No answer')));
      return;
    }
    this.#queue.in(roundTripMs, () => {
      if (!to.alive) answer((door) => door.dialFailed(address, true, 'Connection refused'));
      else if (from.alive && from.life === life) this.#connect(from, to, address);
    });
  }

  #connect(from: Host, to: Host, address: Address): void {
    const near: End = { host: from, id: (this.#lastId += 1), open: true, broken: false, incoming: [] };
    const far: End = { host: to, id: (this.#lastId += 1), open: true, broken: false, incoming: [] };
    this.#ends.set(near.id, { near, far });
    this.#ends.set(far.id, { near: far, far: near });
    to.run((door) => door.accepted(far.id, `${from.address.host}:${40_000 + near.id}`));
    from.run((door) => door.dialled(near.id, address));
  }

  write(id: number, bytes: Uint8Array): void {
    const ends = this.#ends.get(id);
    if (ends?.near.open) this.#send(ends.near, ends.far, Buffer.from(bytes));
  }

  /** Ends one side: the other hears of it behind all that was written. */
  close(id: number): void {
    const ends = this.#ends.get(id);
    if (!ends?.near.open) return;
    ends.near.open = false;
    this.#send(ends.near, ends.far, undefined);
  }

  #send(from: End, to: End, chunk: Buffer | undefined): void {
    if (to.broken) return;
    const lastMs = to.incoming.at(-1)?.atMs ?? 0;
    to.incoming.push({ chunk, atMs: Math.max(lastMs, this.#queue.nowMs + this.#delayMs()) });
    this.#pump(from, to);
  }

  /** Delivers what is due towards `to`, and looks again when the next is. */
  #pump(from: End, to: End): void {
    if (this.#isCut(from.host, to.host)) return;
    for (let next = to.incoming[0]; next !== undefined && next.atMs <= this.#queue.nowMs; next = to.incoming[0]) {
      to.incoming.shift();
      this.#deliver(to, next.chunk);
    }
    const next = to.incoming[0];
    if (next !== undefined) this.#queue.at(next.atMs, () => this.#pump(from, to));
  }

  #deliver(to: End, chunk: Buffer | undefined): void {
    if (!to.open) return;
    if (chunk === undefined) {
      this.#lose(to, 'The connection was closed');
      return;
    }
    to.host.run((door) => door.bytes(to.id, chunk));
  }

  #lose(end: End, reason: string): void {
    if (!end.open) return;
    end.open = false;
    this.#ends.delete(end.id);
    end.host.run((door) => door.closed(end.id, reason));
  }

  /** Bytes that a cut holds back. */
  queuedBytes(id: number): number {
    const ends = this.#ends.get(id);
    if (ends === undefined || !this.#isCut(ends.near.host, ends.far.host)) return 0;
    return ends.far.incoming.reduce((sum, { chunk }) => sum + (chunk?.length ?? 0), 0);
  }

  /** Open connections between two hosts, or of one. */
  #between(a: Host, b?: Host): { readonly near: End; readonly far: End }[] {
    return [...this.#ends.values()].filter(({ near, far }) => near.host === a && (b === undefined || far.host === b));
  }

  /** Breaks all connections between two hosts; what is under way is lost, and the ends hear of it at different times. */
  reset(a: Host, b: Host): void {
    for (const { near, far } of this.#between(a, b)) {
      for (const end of [near, far]) {
        end.incoming.length = 0;
        end.broken = true;
        this.#queue.in(this.#delayMs(), () => this.#lose(end, 'The connection was reset'));
      }
    }
  }

  /** The process of a host is gone: its kernel ends the connections, as far as the network lets it. */
  crash(host: Host): void {
    for (const { near, far } of this.#between(host)) {
      near.open = false;
      near.incoming.length = 0;
      this.#ends.delete(near.id);
      this.#send(near, far, undefined);
    }
  }

  /** Connections with an open end. */
  get connections(): number {
    let open = 0;
    for (const { near } of this.#ends.values()) if (near.open) open += 1;
    return open;
  }
}
