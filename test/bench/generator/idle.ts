/** Connections with one subscription each that then do nothing. */
import type { IdleLoad } from '../loads.ts';
import { pause, Stopwatch, type Gate, type Job, type JobResult } from './job.ts';
import { connect, subscribe } from './packets.ts';
import { openClients, sourceFor } from './rawClient.ts';

/** Long enough for a collection of what connecting left behind, if the broker does one by itself. */
const SETTLE_MS = 3_000;
const BATCH = 200;

export async function runIdle(job: Job, { connections }: IdleLoad, gate: Gate): Promise<JobResult> {
  const { address } = job;
  await gate.mark('begin');
  for (let first = 0; first < connections; first += BATCH) {
    const count = Math.min(BATCH, connections - first);
    const clients = await openClients({ address, count, prefix: `i${first}-`, connect, sourceOf: (index) => sourceFor(first + index) });
    await Promise.all(clients.map((client, index) => client.subscribe(subscribe([`idle/${first + index}`], 0))));
  }
  await pause(SETTLE_MS);
  await gate.mark('end');
  const watch = new Stopwatch();
  await pause(job.measureMs);
  const times = watch.read();
  await gate.mark('later');
  return { units: connections, ...times, lost: 0, disorder: 0 };
}
