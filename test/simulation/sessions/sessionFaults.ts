/**
 * What befalls a cluster with durable sessions, by profile (cluster-protocol section 15). Every fault draws from a source of its own, so that
 * leaving one out changes no other.
 */
import { randomBelow, seededPrng, type Prng } from '../../../broker/base/prng.ts';
import type { SessionNode } from './sessionNode.ts';
import type { SessionsWorld } from './sessionsWorld.ts';
import { shapeOf, shuffled, type SplitShape } from './splitShapes.ts';

export const SESSION_PROFILES = ['calm', 'flap', 'crash1', 'pause', 'part', 'splits', 'mix', 'skew', 'corrupt'] as const;
export type SessionProfile = (typeof SESSION_PROFILES)[number];

type Fault = (world: SessionsWorld, prng: Prng) => void;

/** How often it is looked whether the next node may die. */
const PROTECTED_POLL_MS = 50;

function pick<T>(prng: Prng, items: readonly T[]): T | undefined {
  return items[randomBelow(prng, items.length)];
}

function between(prng: Prng, leastMs: number, mostMs: number): number {
  return leastMs + randomBelow(prng, mostMs - leastMs);
}

function pairOf({ stations }: SessionsWorld, prng: Prng): [SessionNode, SessionNode] {
  const first = randomBelow(prng, stations.length);
  const second = (first + 1 + randomBelow(prng, stations.length - 1)) % stations.length;
  const [a, b] = [stations[first], stations[second]];
  if (a === undefined || b === undefined) throw new Error('A cluster has two nodes at least');
  return [a, b];
}

const reset: Fault = (world, prng) => {
  const [a, b] = pairOf(world, prng);
  world.trace(`connections between ${a.name} and ${b.name} break`);
  world.world.network.reset(a.sim, b.sim);
};

/** Kills a node as soon as the one before is made good (R66), then starts it again, sometimes with an empty or a damaged disk. */
const killProtected =
  (harm: 'wipe' | 'corrupt'): Fault =>
  (world, prng) => {
    const node = pick(prng, world.stations);
    const harmed = randomBelow(prng, 3) === 0;
    const backMs = between(prng, 20, 8_000);
    const attempt = () => {
      if (node === undefined || world.faultsOver) return;
      if (!world.isProtected) return world.queue.in(PROTECTED_POLL_MS, attempt);
      node.crash();
      if (harmed && harm === 'wipe') node.wipe();
      if (harmed && harm === 'corrupt') world.trace(`${node.name}: ${node.disk.corrupt() ?? 'nothing to damage'}`);
      world.queue.in(backMs, () => {
        if (!node.alive) node.start();
      });
    };
    attempt();
  };

const pause: Fault = (world, prng) => {
  const node = pick(prng, world.living);
  const forMs = between(prng, 500, 9_000);
  if (node === undefined || !node.sim.acts) return;
  const disturbance = world.disturb();
  world.trace(`${node.name} stands still for ${forMs} ms`);
  node.sim.pause();
  world.queue.in(forMs, () => {
    world.trace(`${node.name} goes on`);
    node.sim.resume();
    disturbance.over();
  });
};

function cutFor(world: SessionsWorld, cuts: readonly (readonly [SessionNode, SessionNode])[], forMs: number, then: () => void): void {
  const disturbance = world.disturb();
  const text = cuts.map(([from, to]) => `${from.name}>${to.name}`).join(' ');
  world.trace(`cut for ${forMs} ms: ${text}`);
  for (const [from, to] of cuts) world.world.network.cut(from.sim, to.sim);
  world.queue.in(forMs, () => {
    world.trace(`mended: ${text}`);
    for (const [from, to] of cuts) world.world.network.mend(from.sim, to.sim);
    disturbance.over();
    then();
  });
}

/**
 * A split of the shape of this seed. Half of them are followed, as soon as nodes meet again, by a cut between two of them: a session may have
 * moved in the first, and the second hides where (C11, section 18).
 */
const split =
  (shape: SplitShape): Fault =>
  (world, prng) => {
    const { stations } = world;
    const at = (index: number) => stations[index] as SessionNode;
    const cuts = shape.cuts(shuffled(prng, stations.length)).map(([from, to]): [SessionNode, SessionNode] => [at(from), at(to)]);
    const [a, b] = pairOf(world, prng);
    const again = randomBelow(prng, 2) === 0;
    const [forMs, pauseMs, againMs] = [between(prng, ...shape.lastsMs), between(prng, 0, 300), between(prng, 300, 6_000)];
    cutFor(world, cuts, forMs, () => {
      if (!again || world.faultsOver) return;
      world.queue.in(pauseMs, () => {
        if (!world.faultsOver) cutFor(world, [[a, b], [b, a]], againMs, () => {});
      });
    });
  };

/** One direction, one pair, two groups or three are cut for a while; cuts of several faults overlap and are mended one by one. */
const partition: Fault = (world, prng) => {
  const cuts: [SessionNode, SessionNode][] = [];
  const [a, b] = pairOf(world, prng);
  const kind = randomBelow(prng, 4);
  if (kind === 0) cuts.push([a, b]);
  else if (kind === 1) cuts.push([a, b], [b, a]);
  else {
    const side = world.stations.map(() => randomBelow(prng, kind));
    world.stations.forEach((from, i) => world.stations.forEach((to, j) => void (side[i] !== side[j] && cuts.push([from, to]))));
  }
  cutFor(world, cuts, between(prng, 300, 14_000), () => {});
};

/** The wall clock of a node steps by up to a minute. */
const step: Fault = (world, prng) => {
  const node = pick(prng, world.stations);
  const stepMs = between(prng, -60_000, 60_000);
  if (node === undefined) return;
  world.trace(`the clock of ${node.name} steps by ${stepMs} ms`);
  node.sim.skewMs += stepMs;
};

interface ProfileFaults {
  readonly faults: readonly Fault[];
  readonly everyMs: readonly [number, number];
}

const crash = killProtected('wipe');

const FAULTS: Readonly<Record<Exclude<SessionProfile, 'splits'>, ProfileFaults>> = {
  calm: { faults: [], everyMs: [1, 2] },
  flap: { faults: [reset], everyMs: [200, 2_000] },
  crash1: { faults: [crash], everyMs: [500, 4_000] },
  pause: { faults: [pause], everyMs: [1_000, 6_000] },
  part: { faults: [partition], everyMs: [500, 5_000] },
  mix: { faults: [reset, crash, pause, partition], everyMs: [500, 4_000] },
  skew: { faults: [reset, step, step, crash], everyMs: [300, 3_000] },
  corrupt: { faults: [killProtected('corrupt'), reset], everyMs: [500, 4_000] },
};

function splitsOf(seed: number): ProfileFaults {
  const shape = shapeOf(seed);
  const [least, most] = shape.pauseMs;
  return { faults: [split(shape)], everyMs: [least, most + shape.lastsMs[1] / 2] };
}

/** Lets faults happen, one after another, for so long, but for those whose numbers are in `without`. Tells how many there were. */
export function causeSessionFaults(
  world: SessionsWorld,
  profile: SessionProfile,
  seed: number,
  durationMs: number,
  without: ReadonlySet<number>,
): () => number {
  const { faults, everyMs } = profile === 'splits' ? splitsOf(seed) : FAULTS[profile];
  const when = seededPrng(seed ^ 0xfa17);
  const endMs = world.queue.nowMs + durationMs;
  let count = 0;
  const next = () => {
    if (world.queue.nowMs >= endMs) return;
    const number = count;
    count += 1;
    const prng = seededPrng((seed ^ 0xfa17) + 7_919 * (number + 1));
    const fault = pick(prng, faults);
    if (!without.has(number) && fault !== undefined) {
      world.trace(`fault ${number}`);
      fault(world, prng);
    }
    world.queue.in(between(when, ...everyMs), next);
  };
  if (faults.length > 0) world.queue.in(between(when, 0, 1_000), next);
  return () => count;
}

/** Everything works again. */
export function healSessions(world: SessionsWorld): void {
  world.trace('all is healed');
  world.faultsOver = true;
  world.world.network.heal();
  for (const node of world.stations) {
    node.sim.resume();
    if (!node.alive) node.start();
  }
}
