/** Connections made and given up over and over: what accepting a client costs. */
import type { ConnectChurn } from '../loads.ts';
import { pause, Stopwatch, type Gate, type Job, type JobResult } from './job.ts';
import { connect, DISCONNECT } from './packets.ts';
import { RawClient, sourceFor } from './rawClient.ts';

const CONNACK = 0x20;

export async function runConnects(job: Job, { workers }: ConnectChurn, gate: Gate): Promise<JobResult> {
  let running = true;
  let accepted = 0;
  let made = 0;
  const work = async (): Promise<void> => {
    while (running) {
      const client = new RawClient(job.address, sourceFor(made));
      made += 1;
      await client.exchange(connect(`c${made}`), CONNACK);
      accepted += 1;
      await new Promise<void>((resolve) => {
        client.onClosed = resolve;
        client.socket.end(DISCONNECT);
      });
    }
  };
  const ended = Promise.all(Array.from({ length: workers }, work));
  await Promise.race([pause(job.warmupMs), ended]);
  await gate.mark('begin');
  const [watch, before] = [new Stopwatch(), accepted];
  await Promise.race([pause(job.measureMs), ended]);
  const [times, units] = [watch.read(), accepted - before];
  await gate.mark('end');
  running = false;
  await ended;
  return { units, ...times, lost: made - accepted, disorder: 0 };
}
