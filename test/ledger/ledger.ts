/** One ledger run: nodes, devices, faults, then quiet, then the books (issue "A cluster that cannot be broken", proof by real processes). */
import { randomBelow, seededPrng } from '../../broker/base/prng.ts';
import { Account, type Verdict } from './account.ts';
import { LedgerPublisher, LedgerSubscriber, MosquittoPublisher, MosquittoSubscriber, type LedgerPlace } from './ledgerClients.ts';
import { causeLedgerFault, type LedgerFault } from './ledgerFaults.ts';
import { LedgerNodes } from './ledgerNodes.ts';

export interface LedgerOptions {
  readonly nodes: number;
  /** Settings of every node, as `key=value`. */
  readonly settings: readonly string[];
  readonly subscribers: number;
  readonly publishers: number;
  /** mosquitto_sub and mosquitto_pub beside MQTT.js. */
  readonly mosquitto: number;
  /** Messages a second of each publisher. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly faults: readonly LedgerFault[];
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface LedgerResult extends Verdict {
  /** Messages no broker has answered in the end. */
  readonly open: readonly string[];
  readonly sessionsMissed: number;
  readonly faults: number;
}

/** A message reaches as many subscribers as there are per group; publishers of a group are as many as fill the rest. */
const GROUPS = 10;
/** Between two faults. */
const FAULT_EVERY_MS = [1_000, 4_000] as const;
/** After the last fault everything has arrived within this. */
const QUIET_MS = 60_000;
const POLL_MS = 100;
/** Room for the start and the quiet time. */
const AROUND_MS = 180_000;

const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

export async function runLedger(options: LedgerOptions): Promise<LedgerResult> {
  const lifetimeMs = options.seconds * 1_000 + AROUND_MS;
  const nodes = await LedgerNodes.start(options.nodes, options.settings, lifetimeMs);
  const devices = new Devices(options, { account: new Account(), ports: nodes.mqttPorts }, lifetimeMs);
  try {
    await devices.ready();
    await nodes.protectedAgain();
    options.say(`${options.subscribers} subscribers and ${options.publishers} publishers are at work on ${options.nodes} nodes`);
    const faults = await disturb(options, nodes, devices);
    await nodes.whole();
    options.say('all is healed');
    await devices.quiet();
    return { ...devices.account.verdict(), open: devices.account.open, sessionsMissed: devices.sessionsMissed, faults };
  } finally {
    await devices.end();
    await nodes.end();
  }
}

/** Lets devices publish and faults happen for as long as is wanted; returns how many there were. */
async function disturb({ seconds, faults, seed, say }: LedgerOptions, nodes: LedgerNodes, devices: Devices): Promise<number> {
  const prng = seededPrng(seed);
  const stop = devices.publish();
  const endMs = performance.now() + seconds * 1_000;
  let count = 0;
  while (performance.now() < endMs) {
    await sleep(FAULT_EVERY_MS[0] + randomBelow(prng, FAULT_EVERY_MS[1] - FAULT_EVERY_MS[0]));
    const fault = faults[randomBelow(prng, faults.length)];
    if (fault === undefined || performance.now() >= endMs) continue;
    await causeLedgerFault(fault, { nodes, prng, dropOne: () => devices.dropOne(prng), say, sleep });
    count += 1;
  }
  await stop();
  return count;
}

class Devices {
  readonly account: Account;
  readonly #options: LedgerOptions;
  readonly #subscribers: LedgerSubscriber[] = [];
  readonly #publishers: LedgerPublisher[] = [];
  readonly #mosquittoSubscribers: MosquittoSubscriber[] = [];
  readonly #mosquittoPublishers: MosquittoPublisher[] = [];

  constructor(options: LedgerOptions, place: LedgerPlace, lifetimeMs: number) {
    this.account = place.account;
    this.#options = options;
    for (let index = 0; index < options.subscribers; index += 1)
      this.#subscribers.push(new LedgerSubscriber(`sub${index}`, index % GROUPS, index % 2 === 0 ? 1 : 2, place, index));
    for (let index = 0; index < options.publishers; index += 1)
      this.#publishers.push(new LedgerPublisher(`pub${index}`, index % GROUPS, place, index));
    for (let index = 0; index < options.mosquitto; index += 1) {
      this.#mosquittoSubscribers.push(new MosquittoSubscriber(`mosq-sub${index}`, index % GROUPS, place, index, lifetimeMs));
      this.#mosquittoPublishers.push(new MosquittoPublisher(`mosq-pub${index}`, index % GROUPS, place));
    }
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#subscribers, ...this.#mosquittoSubscribers].map(({ ready }) => ready));
  }

  get sessionsMissed(): number {
    return [...this.#subscribers, ...this.#publishers].reduce((sum, { sessionsMissed }) => sum + sessionsMissed, 0);
  }

  /** QoS 1 and 2 in turn; call the answer to end it. */
  publish(): () => Promise<void> {
    let turn = 0;
    const under = setInterval(() => {
      turn += 1;
      for (const publisher of this.#publishers) publisher.publish(turn % 2 === 0 ? 1 : 2);
    }, 1_000 / this.#options.perSecond);
    const slow = setInterval(() => {
      for (const subscriber of this.#mosquittoSubscribers) subscriber.read();
      for (const [index, publisher] of this.#mosquittoPublishers.entries())
        publisher.publish(turn % 2 === 0 ? 1 : 2, index + turn);
    }, 1_000);
    return async () => {
      clearInterval(under);
      clearInterval(slow);
      await Promise.all(this.#mosquittoPublishers.map((publisher) => publisher.idle));
    };
  }

  dropOne(prng: { next(): number }): void {
    const clients = [...this.#subscribers, ...this.#publishers];
    clients[Math.floor(prng.next() * clients.length)]?.drop();
  }

  /** Waits until every message is answered and has arrived, or no longer than `QUIET_MS`. */
  async quiet(): Promise<void> {
    const endMs = performance.now() + QUIET_MS;
    const done = () => {
      for (const subscriber of this.#mosquittoSubscribers) subscriber.read();
      return this.account.open.length === 0 && this.account.missing.length === 0;
    };
    while (!done() && performance.now() < endMs) await sleep(POLL_MS);
    // What should not come a second time would come now.
    await sleep(10 * POLL_MS);
    done();
  }

  async end(): Promise<void> {
    await Promise.all([...this.#subscribers, ...this.#publishers, ...this.#mosquittoSubscribers].map((client) => client.end()));
  }
}
