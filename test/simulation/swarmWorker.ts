/** One process of the swarm: runs the seeds it is told to and sends the verdicts back. */
import { PROFILES } from './profiles.ts';
import type { SeedResult } from './profile.ts';

export interface Job {
  readonly profile: string;
  readonly seed: number;
  readonly faultsMs?: number;
  readonly without?: readonly number[];
}

export function runJob({ profile: name, seed, faultsMs, without }: Job, trace?: (line: string) => void): SeedResult {
  const profile = PROFILES.find((known) => known.name === name);
  if (profile === undefined) throw new Error(`There is no profile ${name}`);
  const options = {
    ...(faultsMs !== undefined && { faultsMs }),
    ...(without && { without: new Set(without) }),
    ...(trace && { trace }),
  };
  try {
    return profile.run(seed, options);
  } catch (error) {
    return { errors: [`It threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`], totals: {} };
  }
}

if (process.send !== undefined) process.on('message', (job: Job) => process.send?.(runJob(job)));
