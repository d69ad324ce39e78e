import { describe, expect, it } from 'vitest';
import { runSeed } from './clusterRun.ts';
import { PROFILES } from './faults.ts';

/** Enough to notice the loss of any one rule in seconds; `npm run simulate -- --seeds N` runs more. */
const SEEDS = 50;

describe('a cluster under faults, then healed', () => {
  it.each(PROFILES)('%s: keeps its promises in all seeds', (profile) => {
    const failures: string[] = [];
    let arrived = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const report = runSeed(seed, profile);
      arrived += report.arrived;
      if (report.problems.length > 0)
        failures.push(`npm run simulate -- --profile ${profile} --seed ${seed}: ${report.problems[0]}`);
    }
    expect(failures).toEqual([]);
    expect(arrived).toBeGreaterThan(SEEDS);
  });

  it('is the same in every run of a seed', () => {
    expect(runSeed(7, 'mix')).toEqual(runSeed(7, 'mix'));
  });
});
