/** Very many subscribers, each counted for itself: whoever misses a message, or gets one twice or late, is found. */
import type { CrowdLoad } from '../loads.ts';
import { Stopwatch, waitUntil, type Gate, type Job, type JobResult } from './job.ts';
import { PacketReader } from './packetReader.ts';
import { connect, publish, subscribe } from './packets.ts';
import { openClients, sourceFor } from './rawClient.ts';

export const CROWD_TOPIC = 'crowd/all';
export const CROWD_PAYLOAD_BYTES = 16;
const BATCH = 200;
const RECEIVE_LIMIT_MS = 60_000;

export async function runCrowd(job: Job, { subscribers, first, messages }: CrowdLoad, gate: Gate): Promise<JobResult> {
  const watch = new Stopwatch();
  const next = new Int32Array(subscribers);
  let [received, disorder] = [0, 0];
  const { bytes: sample, numbersAt } = publish(CROWD_TOPIC, 0, CROWD_PAYLOAD_BYTES, 0);
  for (let from = 0; from < subscribers; from += BATCH) {
    const count = Math.min(BATCH, subscribers - from);
    const clients = await openClients({ address: job.address, count, prefix: `c${first + from}-`, connect, sourceOf: (index) => sourceFor(first + from + index) });
    await Promise.all(clients.map((client, index) => client.subscribe(subscribe([CROWD_TOPIC, `crowd/one/${first + from + index}`], 0))));
    clients.forEach((client, index) => {
      const reader = new PacketReader(sample.length, (bytes, at) => {
        const number = bytes.readUInt32BE(at + numbersAt + 4);
        if (number !== next[from + index]) disorder += 1;
        next[from + index] = number + 1;
        received += 1;
      });
      client.onBytes = (bytes, length) => reader.feed(bytes, length);
    });
  }
  const times = watch.read();
  await gate.mark('begin');
  await waitUntil(RECEIVE_LIMIT_MS, () => received >= subscribers * messages);
  await gate.mark('end');
  return { units: subscribers, ...times, lost: subscribers * messages - received, disorder };
}
