/** A million routes of one node, and another one that joins: how long until it knows them, and what they cost it. */
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../brokers.ts';
import { connect, PINGREQ, PINGRESP_BYTE, subscribe } from '../generator/packets.ts';
import { openClients, type RawClient } from '../generator/rawClient.ts';
import { ask, startNode, whole, type ClusterNodeProcess } from './nodes.ts';

const CLIENTS = 50;
const FILTERS_PER_SUBSCRIBE = 500;
/** One in so many filters has a wildcard. */
const WILDCARD_EVERY = 5;
const POLL_MS = 50;
const JOIN_LIMIT_MS = 60_000;
/** Time for collections of what starting and joining left behind. */
const SETTLE_MS = 4_000;
const PING_PAUSE_MS = 5;

export interface RoutesResult {
  readonly routes: number;
  /** From the moment the joining node accepts connections. */
  readonly joinMs: number;
  /** CPU of the joining node meanwhile: what is left of `joinMs` when it has a core of its own. */
  readonly joinCpuMs: number;
  /** Resident memory of the joining node beyond that of one that joined a cluster without routes. */
  readonly bytesPerRoute: number;
  /** Longest wait of a client for a PINGRESP while the routes came: at the joining node, at the other one. */
  readonly joiningPauseMs: number;
  readonly servingPauseMs: number;
  /** From the death of the node with the routes until the other one has forgotten them all, and the longest PINGRESP meanwhile. */
  readonly forgetMs: number;
  readonly forgettingPauseMs: number;
}

const filterOf = (n: number): string => (n % WILDCARD_EVERY === 0 ? `site/${n % 1000}/+/${n}/state` : `site/${n % 1000}/device/${n}/state`);

async function subscribeAll(port: number, count: number): Promise<void> {
  const clients = await openClients({ address: { port, tls: false }, count: CLIENTS, prefix: 'r', connect });
  const perClient = Math.ceil(count / CLIENTS);
  await Promise.all(
    clients.map(async (client, index) => {
      const end = Math.min(count, (index + 1) * perClient);
      for (let first = index * perClient; first < end; first += FILTERS_PER_SUBSCRIBE) {
        const filters = Array.from({ length: Math.min(FILTERS_PER_SUBSCRIBE, end - first) }, (_, offset) => filterOf(first + offset));
        await client.subscribe(subscribe(filters, 0));
      }
    }),
  );
}

async function topicsOf(node: ClusterNodeProcess): Promise<number> {
  const stats = (await ask(node, '/stats')) as readonly Record<string, number>[] | undefined;
  return stats?.find((row) => (row['node'] as unknown) === node.node)?.['topics.count'] ?? -1;
}

async function until(node: ClusterNodeProcess, topics: (count: number) => boolean): Promise<void> {
  const deadline = performance.now() + JOIN_LIMIT_MS;
  while (!topics(await topicsOf(node))) {
    if (performance.now() > deadline) throw new Error(`${node.node} has ${await topicsOf(node)} topics after ${JOIN_LIMIT_MS} ms`);
    await pause(POLL_MS);
  }
}

/** Pings a node until told to stop, and answers with the longest wait. */
class Pinger {
  readonly #longest: Promise<number>;
  #running = true;

  constructor(client: RawClient) {
    this.#longest = this.#ping(client);
  }

  static async at(port: number): Promise<Pinger> {
    const [client] = await openClients({ address: { port, tls: false }, count: 1, prefix: `ping-${port}-`, connect });
    return new Pinger(client as RawClient);
  }

  async #ping(client: RawClient): Promise<number> {
    let longest = 0;
    while (this.#running) {
      const sent = performance.now();
      await client.exchange(PINGREQ, PINGRESP_BYTE);
      longest = Math.max(longest, performance.now() - sent);
      await pause(PING_PAUSE_MS);
    }
    client.onClosed = null;
    client.socket.destroy();
    return longest;
  }

  stop(): Promise<number> {
    this.#running = false;
    return this.#longest;
  }
}

export async function measureRoutes(routes: number): Promise<RoutesResult> {
  const clusterPorts = [await freePort(), await freePort()];
  const nodes: ClusterNodeProcess[] = [];
  try {
    const [first, empty] = [await startNode(0, clusterPorts), await startNode(1, clusterPorts)];
    nodes.push(first, empty);
    await whole(nodes);
    await pause(SETTLE_MS);
    const { rssBytes: rssBefore } = await empty.usage();
    await empty.stop();
    await subscribeAll(first.port, routes);
    const second = await startNode(1, clusterPorts);
    nodes.push(second);
    const started = performance.now();
    const { cpuMs: cpuBefore } = await second.usage();
    const pingers = [await Pinger.at(second.port), await Pinger.at(first.port)];
    await until(second, (count) => count >= routes);
    const joinMs = performance.now() - started;
    const joinCpuMs = (await second.usage()).cpuMs - cpuBefore;
    const [joiningPauseMs = 0, servingPauseMs = 0] = await Promise.all(pingers.map((pinger) => pinger.stop()));
    await pause(SETTLE_MS);
    const { rssBytes } = await second.usage();
    const pinger = await Pinger.at(second.port);
    const died = performance.now();
    await first.stop();
    await until(second, (count) => count >= 0 && count < 1_000);
    const forgetMs = performance.now() - died;
    const forgettingPauseMs = await pinger.stop();
    return { routes, joinMs, joinCpuMs, bytesPerRoute: (rssBytes - rssBefore) / routes, joiningPauseMs, servingPauseMs, forgetMs, forgettingPauseMs };
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}
