/** Seeds of the swarm that failed once, each with what was wrong then. Made as small as they still failed. */
import { describe, expect, it } from 'vitest';
import { realEngine } from './realEngine.ts';
import type { SessionProfile } from './sessionFaults.ts';
import { runSessions } from './sessionsRun.ts';

interface Found {
  readonly profile: SessionProfile;
  readonly seed: number;
  readonly faultsMs?: number;
  readonly without?: readonly number[];
  readonly was: string;
}

const FOUND: readonly Found[] = [
  {
    profile: 'crash1',
    seed: 9,
    faultsMs: 15_938,
    without: [8, 6, 4, 3, 2],
    was: 'a QoS 1 message that its publisher sent again came to a subscriber of meanwhile, behind newer ones, which is right',
  },
  {
    profile: 'crash1',
    seed: 180,
    without: [10, 9, 8, 7, 6, 5, 3, 2, 1, 0],
    was: 'a QoS 2 message was settled while the session of its publisher did not know yet that it was secured (R65)',
  },
  {
    profile: 'crash1',
    seed: 213,
    faultsMs: 27_188,
    without: [11, 9],
    was: 'what a publisher sent behind a QoS 2 message that another node had still to finish went out before it',
  },
  {
    profile: 'pause',
    seed: 13,
    faultsMs: 13_594,
    without: [5, 3],
    was: 'a late STATE made a session that was served already adopted again',
  },
  {
    profile: 'pause',
    seed: 18,
    faultsMs: 15_938,
    was: 'a session left a node by hand-in without FLUSH of one that had been down, whose forward came behind it (R48)',
  },
  {
    profile: 'pause',
    seed: 59,
    was: 'a session that left a node unseen was supposed nowhere, since its row was frozen when it was last heard of (C11)',
  },
  {
    profile: 'pause',
    seed: 74,
    faultsMs: 26_250,
    without: [4, 2],
    was: 'a message of another life was opened twice and waited for ever (R65)',
  },
  {
    profile: 'crash1',
    seed: 323,
    faultsMs: 9_375,
    without: [5, 3, 2, 1, 0],
    was: 'a copy that was handed in came back after a restart, since its drop was not on disk (R55)',
  },
  {
    profile: 'crash1',
    seed: 318,
    was: 'an old copy made itself owner while the STATE of the last owner was under way',
  },
];

describe('a seed that failed', () => {
  for (const { profile, seed, faultsMs, without, was } of FOUND) {
    it(`${profile} ${seed}: ${was}`, () => {
      const options = { engine: realEngine('replicated'), ...(faultsMs && { faultsMs }), ...(without && { without: new Set(without) }) };
      expect(runSessions(seed, profile, options).errors).toEqual([]);
    });
  }
});
