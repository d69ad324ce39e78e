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

/** A seed takes half a second of CPU, on a busy machine many times that. */
const LIMIT_MS = 60_000;

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
  {
    profile: 'part',
    seed: 90,
    faultsMs: 29_063,
    without: [9, 8, 6, 5, 3],
    was: 'a copy on its way out went after a time, though a node that did not see the new owner still sent to it (R48)',
  },
  {
    profile: 'part',
    seed: 72,
    faultsMs: 28_594,
    without: [12, 11, 10, 6, 5, 4, 2, 0],
    was: 'a second copy remembered for ever what it had finished before the session began anew elsewhere (R54)',
  },
  {
    profile: 'crash1',
    seed: 29,
    was: 'a copy on its way out wanted what the session had given up meanwhile, so that nobody sent FLUSH for it',
  },
  {
    profile: 'mix',
    seed: 44,
    faultsMs: 22_969,
    without: [7, 5, 4, 3],
    was: 'stamps of the side with the slow clocks stood still in a split, and a subscription lost against an older UNSUBSCRIBE (R36)',
  },
  {
    profile: 'mix',
    seed: 92,
    faultsMs: 22_500,
    without: [2, 1],
    was: 'a restarted node stamped lower than before, so that subscriptions seemed to be newer than what it parked for them (R36)',
  },
  {
    profile: 'mix',
    seed: 100,
    was: 'two sides of a split gave one packet id to two messages, and the client took the second for the first',
  },
  {
    profile: 'mix',
    seed: 48,
    faultsMs: 24_844,
    without: [11, 10, 8, 7, 6, 4, 1],
    was: 'a node that started again while it was cut off did not remember that there are others (R10, R27)',
  },
  {
    profile: 'skew',
    seed: 200,
    faultsMs: 21_563,
    without: [13, 12, 10, 9, 8, 6, 5, 4, 3, 2, 1, 0],
    was: 'a session did not expire, since the clock of another node had ended its connection (R69)',
  },
  {
    profile: 'crash1',
    seed: 174,
    faultsMs: 13_594,
    without: [5],
    was: 'a session left a node without the FLUSH of one that had been sent its rows and was not heard yet (R48)',
  },
  {
    profile: 'crash1',
    seed: 53,
    faultsMs: 25_782,
    without: [11, 10, 9, 8, 7, 5, 4, 3, 2, 1],
    was: 'what had come to both nodes during a take-over was put behind newer messages (C16)',
  },
  {
    profile: 'crash1',
    seed: 60,
    faultsMs: 11_719,
    without: [5, 3, 2, 1, 0],
    was: 'a session was made anew at a wiped node while another was about to go on with it (C8)',
  },
  {
    profile: 'pause',
    seed: 501,
    faultsMs: 16_875,
    without: [1],
    was: 'a merged message had the QoS of one copy and the state of the other, so that its PUBCOMP finished nothing',
  },
  {
    profile: 'pause',
    seed: 470,
    without: [6],
    was: 'a packet id of a fork was given to a client that had it in use for another message (R53.4)',
  },
  {
    profile: 'pause',
    seed: 197,
    faultsMs: 29_532,
    was: 'a copy on its way out that was also the second one did not tell what the session had given up, and waited for FLUSH for ever',
  },
  {
    profile: 'crash1',
    seed: 1_045,
    faultsMs: 13_125,
    without: [5, 4, 3, 1],
    was: 'a session expired at once after a restart of a node whose wall clock was behind the clock of the cluster (R36, R69)',
  },
  {
    profile: 'mix',
    seed: 358,
    faultsMs: 7_969,
    without: [4, 3, 0],
    was: 'a session had moved to a node whose row was under way when the old one no longer had it, so that nobody parked for it (C11)',
  },
  {
    profile: 'mix',
    seed: 384,
    was: 'a restarted node let go of what it had parked for one that it had not met yet when it went on with the sessions of that one (R27)',
  },
  {
    profile: 'mix',
    seed: 576,
    was: 'a node that stood still read an UNSUBSCRIBE of a connection which the client had left, after it had subscribed again elsewhere (R53.3)',
  },
  {
    profile: 'mix',
    seed: 577,
    was: 'a session made anew in a split counted packet ids like the hidden one, and the client took a message for a repetition',
  },
  {
    profile: 'mix',
    seed: 1_057,
    faultsMs: 29_532,
    without: [16, 15, 12, 2],
    was: 'a session had moved to a node that replaced another, of which the origin of a message knew nothing yet (R5, R32)',
  },
  {
    profile: 'part',
    seed: 501,
    faultsMs: 28_125,
    without: [9, 8, 6, 2],
    was: 'one copy waited for FLUSH for ever',
  },
  {
    profile: 'skew',
    seed: 49,
    faultsMs: 23_438,
    without: [12, 11, 9, 8, 7, 6, 5, 3, 2, 1, 0],
    was: 'a node forgot a message as soon as it was settled, and went down before others had heard of that (R54)',
  },
  {
    profile: 'mix',
    seed: 73,
    faultsMs: 22_969,
    without: [11, 10, 8, 6],
    was: 'a later connection at one node counted packet ids from where an earlier one had begun, and the client took a message for a repetition',
  },
  {
    profile: 'flap',
    seed: 217,
    faultsMs: 21_094,
    was: 'a subscription that had been given up came back with the beginning of the one before, and got what came in between late, behind newer messages',
  },
  {
    profile: 'skew',
    seed: 273,
    faultsMs: 21_563,
    without: [13, 12, 10, 9, 7, 6, 2, 0],
    was: 'late entries went out by the names of messages: those that another node had accepted first came behind newer ones',
  },
  {
    profile: 'calm',
    seed: 417,
    was: 'nothing on main: an attempt to put messages out of turn into the queue towards a client changed the places of others',
  },
];

describe('a seed that failed', { timeout: LIMIT_MS }, () => {
  for (const { profile, seed, faultsMs, without, was } of FOUND) {
    it(`${profile} ${seed}: ${was}`, () => {
      const options = { engine: realEngine('replicated'), ...(faultsMs && { faultsMs }), ...(without && { without: new Set(without) }) };
      expect(runSessions(seed, profile, options).errors).toEqual([]);
    });
  }
});
