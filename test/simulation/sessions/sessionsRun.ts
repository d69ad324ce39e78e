/** One seed: a cluster with durable sessions under a workload and faults, then a heal, then quiet, then the checks. */
import type { SeedOptions, SeedResult } from '../profile.ts';
import { checkLedger, unquiet } from './checks.ts';
import { causeSessionFaults, healSessions, type SessionProfile } from './sessionFaults.ts';
import { SessionsWorld } from './sessionsWorld.ts';
import type { EngineFactory } from './simEngine.ts';
import { shapeOf } from './splitShapes.ts';
import { Workload } from './workload.ts';

const FAULTS_MS = 30_000;
/** After the heal everything is quiet within this (section 15). */
const QUIET_MS = 45_000;
const QUIET_POLL_MS = 500;
/** Quiet means quiet: it must still hold a while later. */
const STILL_MS = 2_000;
const MAX_SKEW_MS = 120_000;

export interface SessionsRunOptions extends SeedOptions {
  readonly engine: EngineFactory;
  readonly nodes?: number;
  readonly replicated?: boolean;
}

export function runSessions(seed: number, profile: SessionProfile, options: SessionsRunOptions): SeedResult {
  const { engine, nodes = profile === 'splits' ? shapeOf(seed).nodes : 2 + (seed % 4), replicated = true, faultsMs = FAULTS_MS, without = new Set(), trace } = options;
  const world = new SessionsWorld({ seed, nodes, engine, replicated, ...(trace && { trace }) });
  for (const node of world.stations) {
    node.sim.skewMs = Math.round((world.prng.next() - 0.5) * 2 * MAX_SKEW_MS);
    if (seed % 2 === 1) node.sim.deltaRing = 4;
  }
  const errors: string[] = [];
  const workload = new Workload(world, {
    seed,
    roaming: true,
    cleanStarts: seed % 3 === 0,
    churn: seed % 4 < 2,
    expiry: seed % 5 === 0,
  });
  let faults = () => 0;
  try {
    world.startAll();
    world.world.until('the first meeting', () => world.world.whole);
    workload.settle();
    world.world.until('protection', () => world.isProtected);
    faults = causeSessionFaults(world, profile, seed, faultsMs, without);
    workload.run(faultsMs);
    world.world.run(faultsMs);
    healSessions(world);
    const endMs = world.queue.nowMs + QUIET_MS;
    while (world.queue.nowMs < endMs && unquiet(world).length > 0) world.world.run(QUIET_POLL_MS);
    world.world.run(STILL_MS);
    errors.push(...unquiet(world).map((what) => `After the heal and ${QUIET_MS / 1_000} s: ${what}`));
  } catch (error) {
    errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { errors: wrong, counted } = checkLedger(world, profile);
  const { ledger } = world;
  const delivered = world.devices.reduce((sum, { id }) => sum + ledger.deliveries(id).length, 0);
  return {
    errors: [...errors, ...wrong],
    totals: { published: ledger.published.size, delivered, missed: world.missed.length, ...counted },
    faults: { count: faults(), ms: faultsMs },
  };
}
