import { describe, expect, it } from 'vitest';
import { shrink } from './shrink.ts';
import type { SeedResult } from './profile.ts';
import type { Job } from './swarmWorker.ts';

/** Twenty faults, one a second; the run fails when it has the third and the seventh. */
function run({ faultsMs = 20_000, without = [] }: Job): SeedResult {
  const happened = Array.from({ length: Math.ceil(faultsMs / 1_000) }, (_, number) => number);
  const fails = [3, 7].every((number) => happened.includes(number) && !without.includes(number));
  return { errors: fails ? ['lost'] : [], totals: {}, faults: { count: happened.length, ms: faultsMs } };
}

describe('making a failing seed smaller', () => {
  it('ends the faults early and leaves out those that do not matter', async () => {
    const job = { profile: 'links-part', seed: 5 };
    const { job: least, result } = await shrink(job, run(job), (smaller) => Promise.resolve(run(smaller)));
    expect(least).toEqual({ profile: 'links-part', seed: 5, faultsMs: 7_188, without: [6, 5, 4, 2, 1, 0] });
    expect(result.errors).toEqual(['lost']);
  });

  it('leaves a run alone that has no faults to leave out', async () => {
    const job = { profile: 'tables', seed: 5 };
    const result = { errors: ['unequal'], totals: {} };
    expect(await shrink(job, result, () => Promise.reject(new Error('not to be run')))).toEqual({ job, result });
  });
});
