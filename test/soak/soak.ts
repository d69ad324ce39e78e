/** A broker under half load for a while: mixed QoS at a fixed pace, retained messages, clients that come and go; memory sampled. */
import { DELTA_RING, SHARED_RING } from '../../broker/cluster/limits.ts';
import { topicOf, type Traffic } from '../bench/loads.ts';
import { connect, PINGREQ, PINGRESP_BYTE, publish, subscribe, UNSUBACK_BYTE, unsubscribe, type PublishShape } from '../bench/generator/packets.ts';
import { Publisher } from '../bench/generator/publisher.ts';
import { openClients, type BrokerAddress } from '../bench/generator/rawClient.ts';
import { pause, waitUntil } from '../bench/generator/job.ts';
import { TrafficRun } from '../bench/generator/traffic.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { HeapProbe, INSPECT, rssOf } from '../support/heapProbe.ts';
import { Churn, RETAINED_TOPICS, retainedMessage } from './churn.ts';
import { verdictOf, type Sample, type Verdict } from './flatness.ts';

export interface SoakOptions {
  readonly seconds: number;
  /** Messages a second, spread evenly over QoS 0, 1 and 2. */
  readonly perSecond: number;
  readonly visitsPerSecond: number;
  readonly samples: number;
  readonly onSample?: (sample: Sample) => void;
}

export interface SoakResult extends Verdict {
  readonly samples: readonly Sample[];
  readonly delivered: number;
  readonly lost: number;
  readonly disorder: number;
  readonly visits: number;
}

const PAIRS = 20;
const FILTERS_PER_PACKET = 100;
const PAYLOAD_BYTES = 64;
const DRAIN_LIMIT_MS = 10_000;
/** Broker and generator stop by themselves when the soak itself dies. */
const SPARE_MS = 120_000;

async function pairsOf(address: BrokerAddress, qos: 0 | 1 | 2, perSecond: number): Promise<TrafficRun> {
  const load: Traffic = { kind: 'traffic', shape: 'pairs', publishers: PAIRS, subscribers: PAIRS, qos, window: 64, payloadBytes: PAYLOAD_BYTES, perSecond };
  const topic = (index: number): string => topicOf('pairs', qos * PAIRS + index);
  const subscribers = await openClients({ address, count: PAIRS, prefix: `s${qos}-`, connect });
  await Promise.all(subscribers.map((client, index) => client.subscribe(subscribe([topic(index)], qos))));
  const clients = await openClients({ address, count: PAIRS, prefix: `p${qos}-`, connect });
  const shapes = clients.map((_, index) => publish(topic(index), qos, PAYLOAD_BYTES, index));
  const publishers = clients.map((client, index) => new Publisher(client, shapes[index] as PublishShape, load.window));
  return new TrafficRun(load, publishers, subscribers, shapes[0] as PublishShape);
}

/**
 * What a node keeps of its latest changes, of routes and of retained messages, for peers that come back, is bounded, and fills as fast as
 * clients come and go. It is filled here, so that it is no growth, however slow the machine.
 */
async function fillHistories(address: BrokerAddress): Promise<void> {
  const [client] = await openClients({ address, count: 1, prefix: 'histories', connect });
  if (client === undefined) throw new Error('a client was opened');
  const filters = Array.from({ length: FILTERS_PER_PACKET }, (_, index) => `soak/routes/${index}/+`);
  for (let changes = 0; changes < DELTA_RING; changes += 2 * FILTERS_PER_PACKET) {
    await client.subscribe(subscribe(filters, 0));
    await client.exchange(unsubscribe(filters), UNSUBACK_BYTE);
  }
  const round = Buffer.concat(Array.from({ length: RETAINED_TOPICS }, (_, index) => retainedMessage(index, 0)));
  for (let changes = 0; changes < SHARED_RING; changes += RETAINED_TOPICS) {
    client.socket.write(round);
    await client.exchange(PINGREQ, PINGRESP_BYTE);
  }
  client.socket.destroy();
}

async function sampleWhile(broker: BrokerProcess, probe: HeapProbe, options: SoakOptions, delivered: () => number): Promise<Sample[]> {
  const { pid } = broker.process;
  const samples: Sample[] = [];
  const startedMs = performance.now();
  for (let index = 1; index <= options.samples; index += 1) {
    await pause(Math.max(0, startedMs + (index * options.seconds * 1000) / options.samples - performance.now()));
    const heapBytes = await probe.liveBytes();
    const sample = { seconds: (performance.now() - startedMs) / 1000, heapBytes, rssBytes: await rssOf(pid), delivered: delivered() };
    samples.push(sample);
    options.onSample?.(sample);
  }
  return samples;
}

/** Starts a broker of its own on free ports and ends it. Rejects when a client is refused. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const broker = await startBroker([], { nodeArguments: [INSPECT], lifetimeMs: options.seconds * 1000 + SPARE_MS });
  try {
    const address = { port: broker.port, tls: false };
    const probe = await HeapProbe.open(broker.process);
    await fillHistories(address);
    const runs = await Promise.all(([0, 1, 2] as const).map((qos) => pairsOf(address, qos, options.perSecond / 3)));
    const churn = new Churn(address);
    const churned = churn.run(options.visitsPerSecond);
    for (const run of runs) run.start();
    const sum = (figure: (run: TrafficRun) => number): number => runs.reduce((total, run) => total + figure(run), 0);
    const samples = await Promise.race([sampleWhile(broker, probe, options, () => sum((run) => run.delivered)), churned.then(() => [])]);
    for (const run of runs) run.stop();
    churn.stop();
    await churned;
    await waitUntil(DRAIN_LIMIT_MS, () => runs.every((run) => run.delivered >= run.expected));
    probe.close();
    return {
      ...verdictOf(samples),
      samples,
      delivered: sum((run) => run.delivered),
      lost: sum((run) => run.expected - run.delivered),
      disorder: sum((run) => run.disorder),
      visits: churn.visits,
    };
  } finally {
    await broker.end();
  }
}
