/** One seed: a cluster under a workload and faults, then a heal, then the checks. The same seed and profile give the same run. */
import { randomBelow } from '../../broker/base/prng.ts';
import { causeFaults, healAll, type FaultProfile } from './faults.ts';
import type { SeedOptions, SeedResult } from './profile.ts';
import type { SimNode } from './simNode.ts';
import { World } from './world.ts';

const TOPICS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
const FAULTS_MS = 15_000;
/** Long enough for the longest pause between two dials. */
const HEAL_MS = 30_000;
/** Whatever is under way has arrived. */
const SETTLE_MS = 2_000;

interface Expectation {
  readonly node: SimNode;
  readonly origin: string;
  readonly n: number;
  readonly topic: string;
}

/** Subscribes, unsubscribes, publishes and asks at random, and keeps what must come of it. */
class Workload {
  readonly #world: World;
  /** Node → topics whose SUBACK has gone out. */
  readonly #confirmed = new Map<SimNode, Set<string>>();
  readonly expected: Expectation[] = [];
  published = 0;
  asked = 0;
  answered = 0;

  constructor(world: World) {
    this.#world = world;
  }

  run(untilMs: number): void {
    const { queue, prng } = this.#world;
    if (queue.nowMs >= untilMs) return;
    this.#step();
    queue.in(5 + randomBelow(prng, 60), () => this.run(untilMs));
  }

  #step(): void {
    const { prng, nodes } = this.#world;
    const node = nodes[randomBelow(prng, nodes.length)];
    const topic = TOPICS[randomBelow(prng, TOPICS.length)];
    if (node === undefined || topic === undefined || !node.acts) return;
    const dice = randomBelow(prng, 10);
    if (dice < 5) this.publish(node, topic);
    else if (dice < 6) this.#share(node, topic);
    else if (dice < 8) this.#subscribe(node, topic);
    else if (dice < 9) this.#unsubscribe(node, topic);
    else this.#ask(node);
  }

  publish(node: SimNode, topic: string): void {
    const n = node.publish(topic);
    this.published += 1;
    for (const [other, topics] of this.#confirmed) {
      if (other !== node && topics.has(topic)) this.expected.push({ node: other, origin: node.actor, n, topic });
    }
  }

  #subscribe(node: SimNode, topic: string): void {
    const { actor } = node;
    node.subscribe(topic, () => {
      if (!node.alive || node.actor !== actor || !node.local.has(topic)) return;
      const topics = this.#confirmed.get(node) ?? new Set();
      this.#confirmed.set(node, topics.add(topic));
    });
  }

  /** Members of a shared group come and go, or an exclusive subscription changes hands. */
  #share(node: SimNode, topic: string): void {
    const { prng } = this.#world;
    const total = randomBelow(prng, 4);
    if (randomBelow(prng, 2) === 0) node.setGroup(topic, randomBelow(prng, total + 1), total);
    else node.setHolder(topic, total === 0 ? undefined : `c${total}`);
  }

  #unsubscribe(node: SimNode, topic: string): void {
    this.#confirmed.get(node)?.delete(topic);
    node.unsubscribe(topic);
  }

  #ask(node: SimNode): void {
    const { nodes, prng } = this.#world;
    const other = nodes[randomBelow(prng, nodes.length)];
    if (other === undefined) return;
    const { actor } = node;
    this.asked += 1;
    node.cluster.core.ask(other.name, 'stats', {}, () => {
      if (node.actor === actor) this.answered += 1;
    });
  }
}

export function runSeed(
  seed: number,
  profile: FaultProfile,
  { faultsMs = FAULTS_MS, without, trace }: SeedOptions = {},
): SeedResult {
  const world = new World({ seed, nodes: 2 + (seed % 3) });
  world.trace = trace;
  for (const node of world.nodes) if (seed % 2 === 1) node.deltaRing = 4;
  const workload = new Workload(world);
  const problems: string[] = [];
  world.startAll();
  if (profile === 'calm') world.until('the first meeting', () => world.whole);
  const faults = causeFaults(world, profile, faultsMs, without);
  workload.run(world.queue.nowMs + FAULTS_MS);
  world.run(FAULTS_MS);
  healAll(world);
  try {
    world.until('all nodes linked after the heal', () => world.whole, HEAL_MS);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  world.run(SETTLE_MS);
  problems.push(...checkTables(world), ...checkEvents(world, profile));
  if (profile === 'calm') problems.push(...checkDelivered(workload.expected), ...checkAnswered(workload));
  problems.push(...checkLastRound(world), ...checkArrivals(world), ...checkLeaks(world));
  const sum = (of: (node: SimNode) => number) => world.nodes.reduce((total, node) => total + of(node), 0);
  const downs = sum((node) => node.told('cluster_node_down').length);
  return {
    errors: problems,
    totals: { published: workload.published, arrived: sum((node) => node.arrivals.length), downs },
    faults: { count: faults(), ms: faultsMs },
  };
}

/** Every node's view of the others' routes equals the union of the others' local routes. */
function checkTables(world: World): string[] {
  return world.nodes.flatMap((node) => {
    const [known, expected] = [world.knownRoutes(node), world.expectedRoutes(node)].map((routes) => JSON.stringify(routes));
    return known === expected ? [] : [`${node.name} knows the routes ${known}, should know ${expected}`];
  });
}

/** What the profile forbids: in calm and flap nobody is ever declared down (R19); a fault of the tables never. */
function checkEvents(world: World, profile: FaultProfile): string[] {
  return world.nodes.flatMap((node) => {
    const problems = node.events
      .filter((event) => event.level === 'error')
      .map(({ msg, fields }) => `${node.name}: ${msg} ${JSON.stringify(fields)}`);
    const downs = node.told('cluster_node_down');
    if ((profile === 'calm' || profile === 'flap') && downs.length > 0)
      problems.push(`${node.name} gave up a peer: ${JSON.stringify(downs)}`);
    return [...problems, ...node.faults];
  });
}

/** Subscribe here, publish there: whatever was published after the SUBACK has arrived (S16). */
function checkDelivered(expected: readonly Expectation[]): string[] {
  const problems: string[] = [];
  for (const { node, origin, n, topic } of expected) {
    const arrived = node.arrivals.some((arrival) => arrival.origin === origin && arrival.n === n && arrival.topic === topic);
    if (!arrived) problems.push(`${node.name} had subscribed to ${topic} and missed message ${n} of ${origin}`);
  }
  return problems;
}

function checkAnswered({ asked, answered }: Workload): string[] {
  return asked === answered ? [] : [`${asked} questions, ${answered} answers`];
}

/** After the heal every publish reaches every node that subscribed, once. */
function checkLastRound(world: World): string[] {
  const before = new Map(world.nodes.map((node) => [node, node.arrivals.length]));
  const expected = new Map(world.nodes.map((node) => [node, 0]));
  for (const publisher of world.nodes) {
    for (const topic of TOPICS) {
      publisher.publish(topic);
      for (const node of world.nodes)
        if (node !== publisher && node.local.has(topic)) expected.set(node, (expected.get(node) ?? 0) + 1);
    }
  }
  world.run(SETTLE_MS);
  return world.nodes.flatMap((node) => {
    const arrived = node.arrivals.length - (before.get(node) ?? 0);
    return arrived === expected.get(node) ? [] : [`${node.name} got ${arrived} of ${expected.get(node)} messages after the heal`];
  });
}

/** Messages of one life of one node arrive in order and once each, and only where somebody had subscribed at some time. */
function checkArrivals(world: World): string[] {
  const problems: string[] = [];
  for (const node of world.nodes) {
    const last = new Map<string, number>();
    for (const { origin, n } of node.arrivals) {
      const before = last.get(origin) ?? 0;
      if (n <= before) problems.push(`${node.name} got message ${n} of ${origin} after ${before}`);
      last.set(origin, n);
    }
  }
  return problems;
}

/** All is quiet: one link per pair, nothing waits, nothing is kept. */
function checkLeaks(world: World): string[] {
  const others = world.nodes.length - 1;
  const quiet = JSON.stringify({ links: others, probes: 0, calls: 0, barriers: 0, connections: others, strangers: 0 });
  const problems = world.nodes.flatMap((node) => {
    const { core, gate } = node.cluster;
    const state = JSON.stringify({ ...core.pending(), connections: gate.connections, strangers: gate.strangers });
    return state === quiet ? [] : [`${node.name} holds ${state}, should hold ${quiet}`];
  });
  const ends = world.network.connections;
  if (ends !== others * world.nodes.length) problems.push(`${ends} open ends of connections`);
  return problems;
}
