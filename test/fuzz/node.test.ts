/** All attacks at once on a node process for a bounded time, with a canary beside them. */
import { expect, it } from 'vitest';
import { attackNode } from './attackNode.ts';

const SECONDS = 8;
const SEED = 1;
/** A round takes about 25 ms when nothing else goes on. */
const LEAST_ROUNDS = 10;

it.skipIf(process.platform !== 'linux')(
  'a node under attack serves its other clients, keeps its memory within bounds, and ends cleanly',
  async () => {
    const { problems, rounds } = await attackNode(SEED, SECONDS);
    expect(problems).toEqual([]);
    expect(rounds).toBeGreaterThan(LEAST_ROUNDS);
  },
  120_000,
);
