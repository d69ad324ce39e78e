/**
 * `npm run simulate -- --seeds 500`: runs so many seeds, shared out over all fault profiles, on all processors, and prints what failed:
 * made as small as is cheap, with the one command that replays it. `--profile part` chooses profiles, `--seconds N` stops early, `--from N`
 * begins elsewhere. `--seed N` runs one seed of each chosen profile and prints all that was wrong; with `--trace` also every event.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { SeedResult } from './profile.ts';
import type { Profile } from './profile.ts';
import { PROFILES, profilesCalled } from './profiles.ts';
import { shrink } from './shrink.ts';
import { SwarmPool } from './swarmPool.ts';
import { runJob, type Job } from './swarmWorker.ts';

/** Failing seeds of one profile that are made smaller; the others are only named. */
const SHRUNK_PER_PROFILE = 3;
const SHOWN_ERRORS = 4;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    profile: { type: 'string' },
    held: { type: 'boolean', default: false },
    'faults-ms': { type: 'string' },
    without: { type: 'string' },
    trace: { type: 'boolean', default: false },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});

/** `--held`: without those of which seeds are known to fail. */
function chosenProfiles(): readonly Profile[] {
  const chosen = values.profile === undefined ? PROFILES : profilesCalled(values.profile);
  return values.held ? chosen.filter(({ isOpen }) => isOpen !== true) : chosen;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${flag} is a whole number, not ${text}`);
  return value;
}

interface Tally {
  seeds: number;
  readonly failed: number[];
  readonly totals: Record<string, number>;
  ms: number;
}

function replay({ profile, seed, faultsMs, without }: Job): string {
  const faults = faultsMs === undefined ? '' : ` --faults-ms ${faultsMs}`;
  const left = without === undefined || without.length === 0 ? '' : ` --without ${without.join(',')}`;
  return `npm run simulate -- --profile ${profile} --seed ${seed}${faults}${left} --trace`;
}

function show({ job, result }: { job: Job; result: SeedResult }): void {
  console.log(`seed ${job.seed} of ${job.profile} fails; replay with  ${replay(job)}`);
  for (const error of result.errors.slice(0, SHOWN_ERRORS)) console.log(`  ${error}`);
  if (result.errors.length > SHOWN_ERRORS) console.log(`  … ${result.errors.length - SHOWN_ERRORS} more`);
}

async function swarm(): Promise<boolean> {
  const profiles = chosenProfiles();
  const from = wholeNumber('from', values.from);
  const each = Math.ceil(wholeNumber('seeds', values.seeds) / profiles.length);
  const endMs =
    values.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + wholeNumber('seconds', values.seconds) * 1_000;
  const tallies = new Map<string, Tally>(profiles.map(({ name }) => [name, { seeds: 0, failed: [], totals: {}, ms: 0 }]));
  const size = Math.max(1, wholeNumber('processes', values.processes));
  const pool = new SwarmPool(size);
  const planned = each * profiles.length;
  let next = 0;
  const runner = async () => {
    while (next < planned && performance.now() < endMs) {
      const profile = profiles[next % profiles.length]?.name ?? '';
      const job: Job = { profile, seed: from + Math.floor(next / profiles.length) };
      next += 1;
      const tally = tallies.get(profile);
      const startMs = performance.now();
      const result = await pool.run(job);
      if (tally === undefined) continue;
      tally.ms += performance.now() - startMs;
      tally.seeds += 1;
      for (const [key, value] of Object.entries(result.totals)) tally.totals[key] = (tally.totals[key] ?? 0) + value;
      if (result.errors.length === 0) continue;
      tally.failed.push(job.seed);
      if (tally.failed.length <= SHRUNK_PER_PROFILE) show(await shrink(job, result, (smaller) => pool.run(smaller)));
    }
  };
  await Promise.all(Array.from({ length: size }, runner));
  pool.close();
  if (next < planned) console.log(`The time was over after ${next} of ${planned} seeds`);
  const width = Math.max(...profiles.map(({ name }) => name.length));
  for (const [name, { seeds, failed, totals, ms }] of tallies) {
    const which = failed.length === 0 ? '' : ` (${failed.slice(0, 20).join(' ')}${failed.length > 20 ? ' …' : ''})`;
    console.log(
      `${name.padEnd(width)} ${seeds} seeds, ${failed.length} failed${which}, ${Math.round(ms / Math.max(1, seeds))} ms each, ${JSON.stringify(totals)}`,
    );
  }
  return [...tallies.values()].every(({ failed }) => failed.length === 0);
}

function one(seed: number): boolean {
  let sound = true;
  for (const { name } of chosenProfiles()) {
    const job: Job = {
      profile: name,
      seed,
      ...(values['faults-ms'] !== undefined && { faultsMs: wholeNumber('faults-ms', values['faults-ms']) }),
      ...(values.without !== undefined && { without: values.without.split(',').map((number) => wholeNumber('without', number)) }),
    };
    const { errors, totals } = runJob(job, values.trace ? (line) => console.log(line) : undefined);
    console.log(`${name} seed ${seed}: ${errors.length === 0 ? 'passes' : 'FAILS'} ${JSON.stringify(totals)}`);
    for (const error of errors) console.log(`  ${error}`);
    sound &&= errors.length === 0;
  }
  return sound;
}

const sound = values.seed === undefined ? await swarm() : one(wholeNumber('seed', values.seed));
process.exitCode = sound ? 0 : 1;
