/** Retained messages written by one client, then read by another through `#`. A PINGREQ behind the last one tells when all are taken. */
import type { RetainedLoad } from '../loads.ts';
import { Stopwatch, waitUntil, type Gate, type Job, type JobResult } from './job.ts';
import { PacketReader } from './packetReader.ts';
import { connect, forget, PINGREQ, PINGRESP_BYTE, publish, subscribe, UNSUBACK_BYTE, unsubscribe } from './packets.ts';
import { openClients, type RawClient } from './rawClient.ts';

const MESSAGES_PER_WRITE = 200;
const WARMUP_MESSAGES = 30_000;
const READ_LIMIT_MS = 60_000;
/** Topics of one length: `bench/retained/site/12/device/000345`. */
const DEVICES_PER_SITE = 1000;

function topic(index: number): string {
  const site = String(Math.floor(index / DEVICES_PER_SITE)).padStart(4, '0');
  return `bench/retained/${site}/device/${String(index % DEVICES_PER_SITE).padStart(4, '0')}`;
}

function inBlocks(packets: readonly Uint8Array[]): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < packets.length; at += MESSAGES_PER_WRITE) blocks.push(Buffer.concat(packets.slice(at, at + MESSAGES_PER_WRITE)));
  return blocks;
}

async function writeAll(client: RawClient, blocks: readonly Buffer[]): Promise<void> {
  for (const block of blocks) {
    if (client.socket.write(block)) continue;
    await new Promise<void>((resolve) => client.socket.once('drain', resolve));
  }
  await client.exchange(PINGREQ, PINGRESP_BYTE);
}

/** Resolves with the number of messages that came, each topic counted once. */
async function readAll(client: RawClient, filter: string, messages: number, publishBytes: number, numbersAt: number): Promise<{ read: number; doubled: number }> {
  const seen = new Uint8Array(messages);
  let read = 0;
  let doubled = 0;
  const reader = new PacketReader(publishBytes, (bytes, at) => {
    const index = bytes.readUInt32BE(at + numbersAt);
    if (seen[index] === 0) read += 1;
    else doubled += 1;
    seen[index] = 1;
  });
  let subackLeft = 5;
  client.onBytes = (bytes, length) => {
    // The answer to SUBSCRIBE comes first and has five bytes.
    const skip = Math.min(subackLeft, length);
    subackLeft -= skip;
    reader.feed(skip === 0 ? bytes : bytes.subarray(skip), length - skip);
  };
  client.socket.write(subscribe([filter], 0));
  await waitUntil(READ_LIMIT_MS, () => read >= messages);
  return { read, doubled };
}

/** As every load has a warm-up: messages of other topics, written, read and deleted again. */
async function warmUp(writer: RawClient, reader: RawClient, payloadBytes: number): Promise<void> {
  const warmTopic = (index: number): string => topic(index).replace('retained', 'warm-up!');
  const packets = Array.from({ length: WARMUP_MESSAGES }, (_, index) => publish(warmTopic(index), 0, payloadBytes, index, true));
  const [sample] = packets;
  if (sample === undefined) return;
  await writeAll(writer, inBlocks(packets.map(({ bytes }) => bytes)));
  await readAll(reader, 'bench/warm-up!/#', WARMUP_MESSAGES, sample.bytes.length, sample.numbersAt);
  const filter = unsubscribe(['bench/warm-up!/#']);
  await reader.exchange(filter, UNSUBACK_BYTE);
  await writeAll(writer, inBlocks(packets.map((_, index) => forget(warmTopic(index)))));
}

export async function runRetained(job: Job, { messages, payloadBytes }: RetainedLoad, gate: Gate): Promise<JobResult> {
  const [writer, reader] = await openClients({ address: job.address, count: 2, prefix: 'r', connect });
  if (writer === undefined || reader === undefined) throw new Error('two clients were opened');
  const packets = Array.from({ length: messages }, (_, index) => publish(topic(index), 0, payloadBytes, index, true));
  const [sample] = packets;
  if (sample === undefined) throw new Error('a load needs a message');
  const blocks = inBlocks(packets.map(({ bytes }) => bytes));
  await warmUp(writer, reader, payloadBytes);
  await gate.mark('begin');
  const watch = new Stopwatch();
  await writeAll(writer, blocks);
  await gate.mark('later');
  const { read, doubled } = await readAll(reader, '#', messages, sample.bytes.length, sample.numbersAt);
  const times = watch.read();
  await gate.mark('end');
  return { units: messages, ...times, lost: messages - read, disorder: doubled };
}
