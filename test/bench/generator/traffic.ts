/** Messages from publishers to subscribers in a closed loop or at a fixed pace; every message is counted and its order watched. */
import { copiesOf, filterOf, topicOf, type Traffic } from '../loads.ts';
import { addAck, flushAcks, PUBACK, PUBCOMP, PUBREC, PUBREL } from './ackWriter.ts';
import { pause, Stopwatch, waitUntil, warmUp, type Gate, type Job, type JobResult } from './job.ts';
import { Latencies } from './latencies.ts';
import { MessageNumbers } from './messageNumbers.ts';
import { PacketReader } from './packetReader.ts';
import { connect, connectToStay, publish, subscribe, type PublishShape } from './packets.ts';
import { Publisher } from './publisher.ts';
import { openClients, type BrokerAddress, type RawClient } from './rawClient.ts';

const PACE_MS = 1;
const DRAIN_LIMIT_MS = 5_000;
const BACKGROUND_CLIENTS = 10;
const FILTERS_PER_SUBSCRIBE = 100;
/** Identifier of an acknowledgement of four bytes. */
const ACK_ID_AT = 2;

/** One load's messages between clients that are open already. */
export class TrafficRun {
  readonly #load: Traffic;
  readonly #publishers: readonly Publisher[];
  readonly #numbers: MessageNumbers;
  /** Messages each publisher may send at the end of this turn. */
  readonly #credit: Int32Array;
  readonly #copies: number;
  /** Of messages at a fixed pace. */
  readonly latencies: Latencies | null;
  #copiesHeard = 0;
  #scheduled = false;
  #running = true;
  delivered = 0;

  constructor(load: Traffic, publishers: readonly Publisher[], subscribers: readonly RawClient[], shape: PublishShape) {
    this.#load = load;
    this.#publishers = publishers;
    this.#copies = copiesOf(load);
    this.#numbers = new MessageNumbers(publishers.length, subscribers.length);
    this.#credit = new Int32Array(publishers.length);
    this.latencies = load.perSecond === undefined ? null : new Latencies(publishers.length);
    subscribers.forEach((client, index) => this.#listen(client, index, shape));
    if (load.qos === 2) for (const publisher of publishers) releaseReceived(publisher.client);
  }

  get expected(): number {
    return this.#publishers.reduce((sum, { sent }) => sum + sent, 0) * this.#copies;
  }

  get disorder(): number {
    return this.#numbers.disorder;
  }

  start(): void {
    const { perSecond, window } = this.#load;
    if (perSecond !== undefined) return this.#pace(perSecond);
    this.#credit.fill(window);
    this.#sendCredit();
  }

  stop(): void {
    this.#running = false;
  }

  #listen(client: RawClient, receiver: number, { bytes: sample, packetIdAt, numbersAt }: PublishShape): void {
    const { socket } = client;
    const answer = this.#load.qos === 2 ? PUBREC : PUBACK;
    const reader = new PacketReader(sample.length, (bytes, at) => {
      if (bytes[at] === PUBREL) return addAck(socket, PUBCOMP, bytes, at + ACK_ID_AT);
      if (packetIdAt > 0) addAck(socket, answer, bytes, at + packetIdAt);
      this.#heard(receiver, number(bytes, at + numbersAt), number(bytes, at + numbersAt + 4));
    });
    client.onBytes = (bytes, length) => {
      reader.feed(bytes, length);
      flushAcks(socket);
    };
  }

  #heard(receiver: number, publisher: number, messageNumber: number): void {
    this.delivered += 1;
    this.#numbers.seen(receiver, publisher, messageNumber);
    this.latencies?.heard(publisher, messageNumber);
    if (this.#copies > 1) {
      this.#copiesHeard += 1;
      if (this.#copiesHeard < this.#copies) return;
      this.#copiesHeard = 0;
    }
    this.#credit[publisher] = (this.#credit[publisher] as number) + 1;
    if (this.#scheduled || this.#load.perSecond !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => this.#sendCredit());
  }

  #sendCredit(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    for (let index = 0; index < this.#publishers.length; index += 1) {
      const count = this.#credit[index] as number;
      if (count === 0) continue;
      this.#credit[index] = 0;
      this.#publishers[index]?.publish(count);
    }
  }

  /** Single messages, spread over all publishers in turn. */
  #pace(perSecond: number): void {
    const startedMs = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      if (!this.#running) return clearInterval(timer);
      // A broker that falls behind is not flooded: it is asked for what it can still take.
      const room = this.#load.window * this.#publishers.length - (sent * this.#copies - this.delivered) / this.#copies;
      const due = Math.min(Math.floor(((performance.now() - startedMs) * perSecond) / 1000), Math.floor(sent + room));
      for (; sent < due; sent += 1) {
        const at = sent % this.#publishers.length;
        this.latencies?.sent(at, Math.floor(sent / this.#publishers.length));
        this.#publishers[at]?.publish(1);
      }
    }, PACE_MS);
  }
}

/** A big-endian number without a call that checks bounds: this runs once per message. */
function number(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

/** QoS 2 towards the broker: every PUBREC is answered with PUBREL. */
function releaseReceived(client: RawClient): void {
  const reader = new PacketReader(0, (bytes, at) => {
    if (bytes[at] === PUBREC) addAck(client.socket, PUBREL, bytes, at + ACK_ID_AT);
  });
  client.onBytes = (bytes, length) => {
    reader.feed(bytes, length);
    flushAcks(client.socket);
  };
}

async function addBackground(address: BrokerAddress, filters: number): Promise<void> {
  const clients = await openClients({ address, count: BACKGROUND_CLIENTS, prefix: 'b', connect });
  const perClient = filters / BACKGROUND_CLIENTS;
  for (const [index, client] of clients.entries()) {
    for (let first = 0; first < perClient; first += FILTERS_PER_SUBSCRIBE) {
      const numbers = Array.from({ length: FILTERS_PER_SUBSCRIBE }, (_, offset) => index * perClient + first + offset);
      // Below the first two levels of the load's own topics, so that the search has to look among them.
      await client.subscribe(subscribe(numbers.map((at) => `bench/+/${String(at).padStart(6, '0')}/#`), 0));
    }
  }
}

export async function runTraffic(job: Job, load: Traffic, gate: Gate): Promise<JobResult> {
  const { address } = job;
  if (load.backgroundFilters !== undefined) await addBackground(address, load.backgroundFilters);
  const [second = address] = job.others;
  const subscribers = await openClients({ address: load.across === true ? second : address, count: load.subscribers, prefix: 's', connect: load.durable === true ? connectToStay : connect });
  await Promise.all(subscribers.map((client, index) => client.subscribe(subscribe([filterOf(load.shape, index)], load.qos))));
  const clients = await openClients({ address, count: load.publishers, prefix: 'p', connect });
  const shapes = clients.map((_, index) => publish(topicOf(load.shape, index), load.qos, load.payloadBytes, index));
  const publishers = clients.map((client, index) => new Publisher(client, shapes[index] as PublishShape, load.window));
  const run = new TrafficRun(load, publishers, subscribers, shapes[0] as PublishShape);
  run.start();
  await warmUp(job, () => run.delivered);
  await gate.mark('begin');
  run.latencies?.forget();
  const [watch, before] = [new Stopwatch(), run.delivered];
  await pause(job.measureMs);
  const [times, units] = [watch.read(), run.delivered - before];
  const latency = run.latencies?.read();
  await gate.mark('end');
  run.stop();
  await waitUntil(DRAIN_LIMIT_MS, () => run.delivered >= run.expected);
  return { units, ...times, lost: run.expected - run.delivered, disorder: run.disorder, ...latency };
}
