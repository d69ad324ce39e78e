/**
 * Very many subscribers, each counted for itself: whoever misses a message, or gets one twice or late, is found. As soon as a subscriber
 * has its SUBACK, a publisher at another node sends to a topic that it alone has: "subscribe here, publish there" needs no waiting (R28).
 */
import type { CrowdLoad } from '../loads.ts';
import { Stopwatch, waitUntil, type Gate, type Job, type JobResult } from './job.ts';
import { PacketReader } from './packetReader.ts';
import { connect, publish, subscribe } from './packets.ts';
import { openClients, sourceFor, type RawClient } from './rawClient.ts';

/** As long as a subscriber's own topic, so that all packets have one size. */
export const CROWD_TOPIC = 'crowd/all/00000';
export const CROWD_PAYLOAD_BYTES = 16;
/** A character in which the two kinds of topics differ, from the start of a packet. */
const KIND_AT = 2 + 2 + 'crowd/'.length;
const OWN = 'o'.charCodeAt(0);
const BATCH = 200;
const PROBE_LIMIT_MS = 5_000;
const RECEIVE_LIMIT_MS = 60_000;

const ownTopic = (subscriber: number): string => `crowd/own/${String(subscriber).padStart(5, '0')}`;

export async function runCrowd(job: Job, { subscribers, first, messages }: CrowdLoad, gate: Gate): Promise<JobResult> {
  const watch = new Stopwatch();
  const { address, others: [elsewhere = address] } = job;
  const [prober] = (await openClients({ address: elsewhere, count: 1, prefix: `probe${first}-`, connect })) as [RawClient];
  const next = new Int32Array(subscribers);
  const probes = new Uint8Array(subscribers);
  let [received, probed, disorder] = [0, 0, 0];
  const { bytes: sample, numbersAt } = publish(CROWD_TOPIC, 0, CROWD_PAYLOAD_BYTES, 0);
  const listen = (client: RawClient, subscriber: number): void => {
    const reader = new PacketReader(sample.length, (bytes, at) => {
      if (bytes[at + KIND_AT] === OWN) {
        if (probes[subscriber] === 0) probed += 1;
        else disorder += 1;
        probes[subscriber] = 1;
        return;
      }
      const number = bytes.readUInt32BE(at + numbersAt + 4);
      if (number !== next[subscriber]) disorder += 1;
      next[subscriber] = number + 1;
      received += 1;
    });
    client.onBytes = (bytes, length) => reader.feed(bytes, length);
  };
  for (let from = 0; from < subscribers; from += BATCH) {
    const count = Math.min(BATCH, subscribers - from);
    const clients = await openClients({ address, count, prefix: `c${first + from}-`, connect, sourceOf: (index) => sourceFor(first + from + index) });
    await Promise.all(
      clients.map(async (client, index) => {
        const topic = ownTopic(first + from + index);
        await client.subscribe(subscribe([CROWD_TOPIC, topic], 0));
        listen(client, from + index);
        prober.socket.write(publish(topic, 0, CROWD_PAYLOAD_BYTES, 0).bytes);
      }),
    );
  }
  const times = watch.read();
  await waitUntil(PROBE_LIMIT_MS, () => probed >= subscribers);
  await gate.mark('begin');
  await waitUntil(RECEIVE_LIMIT_MS, () => received >= subscribers * messages);
  await gate.mark('end');
  return { units: subscribers, ...times, lost: subscribers * messages - received + (subscribers - probed), disorder };
}
