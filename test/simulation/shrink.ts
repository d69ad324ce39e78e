/** Makes a failing seed smaller where that is cheap: fewer faults, and a shorter time of them. */
import type { SeedResult } from './profile.ts';
import type { Job } from './swarmWorker.ts';

/** The time of faults is not narrowed down further than this. */
const SHRINK_FLOOR_MS = 500;

/** The smallest run found that still fails: faults end earlier, then one fault after the other is left out. */
export async function shrink(
  job: Job,
  result: SeedResult,
  run: (smaller: Job) => Promise<SeedResult>,
): Promise<{ job: Job; result: SeedResult }> {
  let least = { job, result };
  const attempt = async (smaller: Job) => {
    const again = await run(smaller);
    if (again.errors.length > 0) least = { job: smaller, result: again };
    return again.errors.length > 0;
  };
  if (result.faults === undefined) return least;
  let [passing, failing] = [0, result.faults.ms];
  while (failing - passing > SHRINK_FLOOR_MS) {
    const middle = Math.round((passing + failing) / 2);
    if (await attempt({ ...job, faultsMs: middle })) failing = middle;
    else passing = middle;
  }
  for (let fault = (least.result.faults?.count ?? 0) - 1; fault >= 0; fault -= 1)
    await attempt({ ...least.job, without: [...(least.job.without ?? []), fault] });
  return least;
}
