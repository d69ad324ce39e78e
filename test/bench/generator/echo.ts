/** PUBLISH packets to a server that sends them back: what a message costs at least, without a broker. */
import { topicOf, type EchoLoad } from '../loads.ts';
import { pause, Stopwatch, waitUntil, warmUp, type Gate, type Job, type JobResult } from './job.ts';
import { publish } from './packets.ts';
import { RawClient } from './rawClient.ts';

const DRAIN_LIMIT_MS = 5_000;

export async function runEcho(job: Job, { connections, payloadBytes }: EchoLoad, gate: Gate): Promise<JobResult> {
  const { bytes } = publish(topicOf('pairs', 0), 0, payloadBytes, 0);
  const clients = Array.from({ length: connections }, () => new RawClient(job.address));
  let [sent, returned, running] = [0, 0, true];
  const send = ({ socket }: RawClient): void => {
    sent += 1;
    socket.write(bytes);
  };
  for (const client of clients) {
    let missing = bytes.length;
    client.onBytes = (_bytes, length) => {
      missing -= length;
      if (missing > 0) return;
      missing = bytes.length;
      returned += 1;
      if (running) send(client);
    };
    send(client);
  }
  await warmUp(job, () => returned);
  await gate.mark('begin');
  const [watch, before] = [new Stopwatch(), returned];
  await pause(job.measureMs);
  const [times, units] = [watch.read(), returned - before];
  await gate.mark('end');
  running = false;
  await waitUntil(DRAIN_LIMIT_MS, () => returned === sent);
  return { units, ...times, lost: sent - returned, disorder: 0 };
}
