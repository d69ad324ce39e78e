/** What devices do by themselves (cluster-protocol section 15, W1 to W4, W8): publish, roam, start clean now and then, change subscriptions, go for good. */
import { randomBelow, seededPrng, type Prng } from '../../../broker/base/prng.ts';
import type { Device, Leaving } from './device.ts';
import type { SessionsWorld } from './sessionsWorld.ts';

const TOPICS = ['t/a', 't/b', 't/c', 'u/a'] as const;
const FILTERS = ['t/a', 't/b', 't/c', 'u/a', 't/+', 'u/#'] as const;
/** Shorter than the quiet at the end, longer than any pause of a node. */
const EXPIRY_S = 20;
const LEAVINGS: readonly Leaving[] = ['drop', 'silently', 'clean'];

export interface WorkloadOptions {
  readonly seed: number;
  /** Devices move between nodes. */
  readonly roaming: boolean;
  /** W3: some of them throw their sessions away. */
  readonly cleanStarts: boolean;
  /** W4: subscriptions come and go. */
  readonly churn: boolean;
  /** W8: a device leaves for good, and its session expires. */
  readonly expiry: boolean;
}

export class Workload {
  readonly #world: SessionsWorld;
  readonly #prng: Prng;
  readonly #options: WorkloadOptions;
  readonly #subscribers: Device[] = [];
  readonly #publishers: Device[] = [];
  #endMs = 0;

  constructor(world: SessionsWorld, options: WorkloadOptions) {
    this.#world = world;
    this.#options = options;
    this.#prng = seededPrng(options.seed ^ 0x10ad);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[randomBelow(this.#prng, items.length)];
    if (item === undefined) throw new Error('Nothing to pick from');
    return item;
  }

  /** Devices connect and subscribe; faults may begin when they have settled. */
  settle(): void {
    const subscribers = 2 + randomBelow(this.#prng, 4);
    const publishers = 1 + randomBelow(this.#prng, 3);
    for (let index = 1; index <= subscribers; index += 1) this.#subscribers.push(this.#world.device(`s${index}`));
    for (let index = 1; index <= publishers; index += 1) this.#publishers.push(this.#world.device(`p${index}`));
    if (this.#options.expiry) this.#subscribers.push(this.#world.device('e1', { expiryS: EXPIRY_S }));
    for (const device of this.#subscribers) {
      const count = 1 + randomBelow(this.#prng, 2);
      for (let index = 0; index < count; index += 1) device.subscribe(this.#pick(FILTERS), this.#qos());
    }
    for (const device of this.#world.devices) device.connect();
    this.#world.world.until('all devices settled', () => this.#world.devices.every((device) => device.settled));
  }

  #qos(): 1 | 2 {
    return randomBelow(this.#prng, 2) === 0 ? 1 : 2;
  }

  run(durationMs: number): void {
    this.#endMs = this.#world.queue.nowMs + durationMs;
    for (const device of this.#publishers) this.#repeat(20, 130, () => device.publish(this.#pick(TOPICS), this.#qos()));
    for (const device of this.#subscribers) {
      if (this.#options.roaming && device.expiryS !== EXPIRY_S) this.#repeat(500, 5_000, () => this.#roam(device));
      if (this.#options.churn) this.#repeat(1_000, 6_000, () => this.#churn(device));
    }
    for (const device of this.#subscribers)
      if (device.expiryS === EXPIRY_S)
        this.#world.queue.in(randomBelow(this.#prng, durationMs), () => device.retire(this.#pick(['drop', 'clean'])));
    if (this.#options.roaming) for (const device of this.#publishers) this.#repeat(4_000, 15_000, () => this.#roam(device));
  }

  #repeat(leastMs: number, mostMs: number, step: () => void): void {
    this.#world.queue.in(leastMs + randomBelow(this.#prng, mostMs - leastMs), () => {
      if (this.#world.queue.nowMs >= this.#endMs) return;
      step();
      this.#repeat(leastMs, mostMs, step);
    });
  }

  /** W1: drops its connection, leaves it open behind itself, or says goodbye; then connects to some node. */
  #roam(device: Device): void {
    if (device.state !== 'online') return;
    if (this.#options.cleanStarts && this.#subscribers.includes(device) && randomBelow(this.#prng, 12) === 0)
      device.startCleanNext();
    device.move(
      this.#pick(LEAVINGS),
      this.#pick(this.#world.stations),
      randomBelow(this.#prng, randomBelow(this.#prng, 4) === 0 ? 4_000 : 200),
    );
  }

  #churn(device: Device): void {
    if (device.state !== 'online') return;
    const filter = this.#pick(FILTERS);
    if (device.wanted.has(filter)) device.unsubscribe(filter);
    else device.subscribe(filter, this.#qos());
  }
}
