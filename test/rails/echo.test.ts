/** What a message costs that comes alone, against the least a server can pay for it: a guard rail of hot-path.md section 12. */
import { expect, it } from 'vitest';
import { C_COMPILER } from '../bench/brokers.ts';
import { measureEchoRail } from '../bench/echoRail.ts';
import { findProgram } from '../support/debianPackages.ts';

const MOST_ROUNDS = 5;

it('a single message costs the broker no more than twice the CPU of a C server that sends it back', async (context) => {
  for (const program of [C_COMPILER, 'taskset']) if ((await findProgram(program)) === null) return context.skip(`${program} is not installed`);
  const { times, mostTimes } = await measureEchoRail(MOST_ROUNDS, { warmupMs: 500, measureMs: 1_000 });
  expect(times).toBeLessThanOrEqual(mostTimes);
});
