/** The ways in which a cluster falls apart (profile `splits`): each seed has one shape, again and again, with other nodes on each side. */
import { randomBelow, type Prng } from '../../../broker/base/prng.ts';

/** Directions that are cut, by position of the nodes. */
type Cuts = readonly (readonly [from: number, to: number])[];

export interface SplitShape {
  readonly name: string;
  readonly nodes: number;
  readonly lastsMs: readonly [number, number];
  readonly pauseMs: readonly [number, number];
  cuts(order: readonly number[]): Cuts;
}

/** Nodes in groups of these sizes, nothing between groups. */
const apart =
  (...sizes: readonly number[]) =>
  (order: readonly number[]): Cuts => {
    const side = sizes.flatMap((size, group) => new Array<number>(size).fill(group));
    return order.flatMap((from, i) => order.flatMap((to, j): Cuts => (side[i] === side[j] ? [] : [[from, to]])));
  };

const LONG = { lastsMs: [300, 14_000], pauseMs: [500, 5_000] } as const;

export const SPLIT_SHAPES: readonly SplitShape[] = [
  { name: '1:1', nodes: 2, ...LONG, cuts: apart(1, 1) },
  { name: '2:1', nodes: 3, ...LONG, cuts: apart(2, 1) },
  { name: '1:1:1', nodes: 3, ...LONG, cuts: apart(1, 1, 1) },
  { name: '2:2:1', nodes: 5, ...LONG, cuts: apart(2, 2, 1) },
  { name: 'one direction', nodes: 3, ...LONG, cuts: ([a = 0, b = 1]) => [[a, b]] },
  { name: 'one of three sees both', nodes: 3, ...LONG, cuts: ([a = 0, b = 1]) => [[a, b], [b, a]] },
  { name: 'flapping', nodes: 4, lastsMs: [50, 1_500], pauseMs: [50, 1_000], cuts: ([a = 0, b = 1]) => [[a, b], [b, a]] },
];

export function shapeOf(seed: number): SplitShape {
  return SPLIT_SHAPES[seed % SPLIT_SHAPES.length] as SplitShape;
}

export function shuffled(prng: Prng, count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let left = count - 1; left > 0; left -= 1) {
    const at = randomBelow(prng, left + 1);
    [order[left], order[at]] = [order[at] as number, order[left] as number];
  }
  return order;
}
