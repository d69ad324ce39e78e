/**
 * `npm run simulate -- --seeds 500`: runs every fault profile over seeds and prints what failed, with the command that replays it.
 * `--seed N --profile P` runs one and prints all events.
 */
import { parseArgs } from 'node:util';
import { runSeed } from './clusterRun.ts';
import { PROFILES, type Profile } from './faults.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    profile: { type: 'string' },
  },
});

function profilesOf(name: string | undefined): readonly Profile[] {
  if (name === undefined) return PROFILES;
  const profile = PROFILES.find((known) => known === name);
  if (profile === undefined) throw new Error(`--profile is one of ${PROFILES.join(', ')}`);
  return [profile];
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${flag} is a whole number, not ${text}`);
  return value;
}

let failed = 0;
const first = wholeNumber('from', values.seed ?? values.from);
const count = values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1;
for (const profile of profilesOf(values.profile)) {
  const startMs = performance.now();
  const totals = { published: 0, arrived: 0, downs: 0 };
  let failedHere = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const { problems, published, arrived, downs } = runSeed(seed, profile);
    totals.published += published;
    totals.arrived += arrived;
    totals.downs += downs;
    if (problems.length === 0) continue;
    failedHere += 1;
    console.log(`seed ${seed} of ${profile}: replay with  npm run simulate -- --profile ${profile} --seed ${seed}`);
    const shown = values.seed === undefined ? problems.slice(0, 3) : problems;
    for (const problem of shown) console.log(`  ${problem}`);
  }
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  console.log(`${profile.padEnd(6)} ${count} seeds, ${failedHere} failed, ${JSON.stringify(totals)}, ${seconds} s`);
  failed += failedHere;
}
process.exitCode = failed === 0 ? 0 : 1;
