/** Fault profiles (cluster-protocol section 15), each with its own strictness. Faults end by themselves or at the heal. */
import { randomBelow } from '../../broker/base/prng.ts';
import type { SimNode } from './simNode.ts';
import type { World } from './world.ts';

export const FAULT_PROFILES = ['calm', 'flap', 'crash', 'pause', 'part', 'mix'] as const;
export type FaultProfile = (typeof FAULT_PROFILES)[number];

type Fault = (world: World) => void;

function pick<T>(world: World, items: readonly T[]): T {
  const item = items[randomBelow(world.prng, items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function pairOf(world: World): [SimNode, SimNode] {
  const first = pick(world, world.nodes);
  return [
    first,
    pick(
      world,
      world.nodes.filter((node) => node !== first),
    ),
  ];
}

/** Between the two, uniformly. */
function between(world: World, leastMs: number, mostMs: number): number {
  return leastMs + randomBelow(world.prng, mostMs - leastMs);
}

/** Connections break; nobody is cut off. */
const reset: Fault = (world) => world.network.reset(...pairOf(world));

/** Kills a node, with or without its disk, and starts it again a while later; sometimes it says goodbye first. */
const crash: Fault = (world) => {
  if (world.living.length < 2) return;
  const node = pick(world, world.living);
  if (randomBelow(world.prng, 4) === 0) node.stop();
  else node.crash();
  if (randomBelow(world.prng, 3) === 0) node.wipe();
  world.queue.in(between(world, 20, 6_000), () => {
    if (!node.alive) node.start();
  });
};

const pause: Fault = (world) => {
  const node = pick(world, world.living);
  node.pause();
  world.queue.in(between(world, 500, 9_000), () => node.resume());
};

/** One direction, one pair, or two groups are cut for a while. A heal heals all. */
const partition: Fault = (world) => {
  const cut = (from: SimNode, to: SimNode) => world.network.cut(from, to);
  const [a, b] = pairOf(world);
  switch (randomBelow(world.prng, 3)) {
    case 0:
      cut(a, b);
      break;
    case 1:
      cut(a, b);
      cut(b, a);
      break;
    default: {
      const side = world.nodes.map(() => world.prng.next() < 0.5);
      world.nodes.forEach((from, i) => world.nodes.forEach((to, j) => side[i] !== side[j] && cut(from, to)));
    }
  }
  world.queue.in(between(world, 300, 14_000), () => world.network.heal());
};

const FAULTS: Readonly<Record<FaultProfile, readonly Fault[]>> = {
  calm: [],
  flap: [reset],
  crash: [crash],
  pause: [pause],
  part: [partition, partition, reset],
  mix: [reset, crash, pause, partition],
};

/**
 * Lets faults of the profile happen, one after another, for so long, but for those whose numbers are in `without`. Returns how many there
 * were so far.
 */
export function causeFaults(
  world: World,
  profile: FaultProfile,
  durationMs: number,
  without: ReadonlySet<number> = new Set(),
): () => number {
  const faults = FAULTS[profile];
  let count = 0;
  if (faults.length === 0) return () => 0;
  const endMs = world.queue.nowMs + durationMs;
  const next = () => {
    if (world.queue.nowMs >= endMs) return;
    if (world.living.length > 0 && !without.has(count)) pick(world, faults)(world);
    count += 1;
    world.queue.in(between(world, 300, 2_500), next);
  };
  world.queue.in(between(world, 0, 1_000), next);
  return () => count;
}

/** Everything works again. */
export function healAll(world: World): void {
  world.network.heal();
  for (const node of world.nodes) {
    node.resume();
    if (!node.alive) node.start();
  }
}
