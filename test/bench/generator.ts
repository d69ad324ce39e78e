/**
 * The load generator: a process of its own on the other core, raw MQTT 3.1.1 bytes encoded before the load begins, one read buffer for
 * all sockets. Argument 1 is a `Job` as JSON. It says where it stands in lines of JSON (`GeneratorEvent`), and waits at each mark for
 * a line on stdin, so that the bench can look at the broker in between.
 */
import { createInterface } from 'node:readline';
import { runConnects } from './generator/connects.ts';
import { runCrowd } from './generator/crowd.ts';
import { runEcho } from './generator/echo.ts';
import { runFlood } from './generator/flood.ts';
import { runIdle } from './generator/idle.ts';
import type { Gate, GeneratorEvent, Job, JobResult } from './generator/job.ts';
import { NotSupported } from './generator/rawClient.ts';
import { runRetained } from './generator/retained.ts';
import { runTraffic } from './generator/traffic.ts';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(event: GeneratorEvent, written?: () => void): void {
  process.stdout.write(`${JSON.stringify(event)}\n`, written);
}

const gate: Gate = {
  async mark(mark) {
    say({ event: 'mark', mark });
    await answers.next();
  },
};

function run(job: Job): Promise<JobResult> {
  const { work } = job;
  switch (work.kind) {
    case 'traffic':
      return runTraffic(job, work, gate);
    case 'crowd':
      return runCrowd(job, work, gate);
    case 'connects':
      return runConnects(job, work, gate);
    case 'retained':
      return runRetained(job, work, gate);
    case 'flood':
      return runFlood(job, work, gate);
    case 'echo':
      return runEcho(job, work, gate);
    case 'idle':
      return runIdle(job, work, gate);
  }
}

try {
  say({ event: 'result', ...(await run(JSON.parse(process.argv[2] ?? 'null') as Job)) }, () => process.exit(0));
} catch (error) {
  if (!(error instanceof NotSupported)) throw error;
  say({ event: 'notSupported', reason: error.message }, () => process.exit(0));
}
