/**
 * Overload: publishers write whenever the system takes bytes, into one subscriber that reads all it gets. At QoS 1 each publisher keeps
 * a large window full; what was acknowledged to it must reach the subscriber. At QoS 0 a broker may leave messages out (`shed`).
 */
import { filterOf, topicOf, type Flood } from '../loads.ts';
import { addAck, flushAcks, PUBACK } from './ackWriter.ts';
import { pause, Stopwatch, waitUntil, type Gate, type Job, type JobResult } from './job.ts';
import { MessageNumbers } from './messageNumbers.ts';
import { PacketReader } from './packetReader.ts';
import { connect, publish, subscribe } from './packets.ts';
import { Publisher } from './publisher.ts';
import { openClients } from './rawClient.ts';

const MESSAGES_PER_WRITE = 200;
const DRAIN_LIMIT_MS = 20_000;
const QUIET_MS = 1_000;

/** Keeps one publisher going at QoS 0: as soon as the system has taken a block, the next, with a turn for the others in between. */
function pourQos0(publisher: Publisher, running: () => boolean): void {
  const { socket } = publisher.client;
  const pour = (): void => {
    if (!running()) return;
    publisher.publish(MESSAGES_PER_WRITE);
    if (socket.writableLength === 0) setImmediate(pour);
    // One empty write behind the blocked one: its callback tells that all was taken.
    else socket.write('', pour);
  };
  pour();
}

/** At QoS 1: as many new messages as were acknowledged. */
function pourQos1(publisher: Publisher, window: number, running: () => boolean): { acked: () => number } {
  let acked = 0;
  const reader = new PacketReader(0, () => void (acked += 1));
  publisher.client.onBytes = (bytes, length) => {
    reader.feed(bytes, length);
    if (running()) publisher.publish(window - (publisher.sent - acked));
  };
  publisher.publish(window);
  return { acked: () => acked };
}

export async function runFlood(job: Job, load: Flood, gate: Gate): Promise<JobResult> {
  const { address } = job;
  const filter = subscribe([filterOf('fan-in', 0)], load.qos);
  const [subscriber, deaf] = await openClients({ address, count: load.deafSubscriber ? 2 : 1, prefix: 's', connect });
  if (subscriber === undefined) throw new Error('a subscriber was opened');
  await subscriber.subscribe(filter);
  await deaf?.subscribe(filter);
  deaf?.socket.pause();
  const clients = await openClients({ address, count: load.publishers, prefix: 'p', connect });
  const shapes = clients.map((_, index) => publish(topicOf('fan-in', index), load.qos, load.payloadBytes, index));
  const [sample] = shapes;
  if (sample === undefined) throw new Error('a load needs a publisher');
  const publishers = clients.map((client, index) => new Publisher(client, shapes[index] ?? sample, MESSAGES_PER_WRITE));
  const numbers = new MessageNumbers(publishers.length, 1);
  let [delivered, running] = [0, true];
  const reader = new PacketReader(sample.bytes.length, (bytes, at) => {
    delivered += 1;
    if (sample.packetIdAt > 0) addAck(subscriber.socket, PUBACK, bytes, at + sample.packetIdAt);
    numbers.seen(0, bytes.readUInt32BE(at + sample.numbersAt), bytes.readUInt32BE(at + sample.numbersAt + 4));
  });
  subscriber.onBytes = (bytes, length) => {
    reader.feed(bytes, length);
    flushAcks(subscriber.socket);
  };
  const isRunning = (): boolean => running;
  const pours = publishers.map((publisher) => (load.qos === 0 ? void pourQos0(publisher, isRunning) : pourQos1(publisher, load.window, isRunning)));
  await pause(job.warmupMs);
  await gate.mark('begin');
  const [watch, before] = [new Stopwatch(), delivered];
  await pause(job.measureMs);
  const [times, units] = [watch.read(), delivered - before];
  await gate.mark('end');
  running = false;
  const sent = (): number => publishers.reduce((sum, publisher) => sum + publisher.sent, 0);
  if (load.qos === 1) {
    const acked = (): number => pours.reduce((sum, pour) => sum + (pour?.acked() ?? 0), 0);
    await waitUntil(DRAIN_LIMIT_MS, () => acked() >= sent() && delivered >= sent());
    return { units, ...times, lost: Math.max(0, acked() - delivered), disorder: numbers.disorder };
  }
  for (let last = -1; last !== delivered; ) {
    last = delivered;
    await pause(QUIET_MS);
  }
  return { units, ...times, lost: 0, disorder: numbers.disorder, shed: sent() - delivered };
}
