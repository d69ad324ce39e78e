import { describe, expect, it } from 'vitest';
import { runSeed } from './clusterRun.ts';
import { FAULT_PROFILES } from './faults.ts';

/** Enough to notice the loss of any one rule in seconds; `npm run simulate -- --seeds N` runs more. */
const SEEDS = 20;

describe('a cluster under faults, then healed', () => {
  it.each(FAULT_PROFILES)('%s: keeps its promises in all seeds', (profile) => {
    const failures: string[] = [];
    let arrived = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const report = runSeed(seed, profile);
      arrived += report.totals['arrived'] ?? 0;
      if (report.errors.length > 0)
        failures.push(`npm run simulate -- --profile links-${profile} --seed ${seed}: ${report.errors[0]}`);
    }
    expect(failures).toEqual([]);
    expect(arrived).toBeGreaterThan(SEEDS);
  });

  it('is the same in every run of a seed', () => {
    expect(runSeed(7, 'mix')).toEqual(runSeed(7, 'mix'));
  });
});
