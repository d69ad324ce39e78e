/**
 * QoS 1 into durable sessions, end to end: broker processes as they are started anywhere, acknowledged when it is safe, delivered to
 * subscribers whose sessions outlive their connections. Publishers go at a fixed pace, and wait when the broker falls behind.
 */
import { BUSBAR, type BrokerKind } from '../brokers.ts';
import { busbarCluster } from '../cluster/nodes.ts';
import type { ClusterLoad } from '../cluster/report.ts';
import type { Traffic } from '../loads.ts';
import { best, measure, type Outcome, type Times } from '../measure.ts';
import type { Row } from '../report.ts';

const DISK_LEAST_PER_SECOND = 40_000;
const REPLICATED_LEAST_PER_SECOND = DISK_LEAST_PER_SECOND / 2;
/** An open loop is never met to the last message. */
const MET = 0.98;
const FULL_SYNC = 'durable_sessions.synchronous=full';

const work = (perSecond: number): Traffic => ({ kind: 'traffic', shape: 'pairs', publishers: 50, subscribers: 50, qos: 1, window: 200, payloadBytes: 64, perSecond, durable: true });

const alone: BrokerKind = { name: 'busbar', start: (options) => BUSBAR.start({ ...options, sets: ['durability=disk', FULL_SYNC] }) };

async function run(kind: BrokerKind, name: string, perSecond: number, times: Times, rounds: number): Promise<Row[]> {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round += 1) outcomes.push(await measure(kind, { name, work: work(perSecond), targets: {} }, times));
  const outcome = best(outcomes);
  if (!outcome.ok) throw new Error(outcome.reason);
  const { perSecond: reached, microsPerUnit, brokerCpu, generatorCpu, medianMs = Number.NaN, p99Ms = Number.NaN, lost, disorder } = outcome.measured;
  const passed = reached >= perSecond * MET && lost === 0 && disorder === 0;
  const thousands = (value: number): string => `${(value / 1000).toFixed(1)}k msgs/s`;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const beside = `delivered after ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ${microsPerUnit.toFixed(1)} µs CPU, in all ${percent(brokerCpu)} of one core; generator ${percent(generatorCpu)}; ${lost} lost, ${disorder} out of order`;
  return [{ cells: [name, thousands(reached), thousands(perSecond), passed ? 'ok' : '**missed**', beside], passed }];
}

export const DURABLE_LOADS: readonly ClusterLoad[] = [
  {
    name: 'durable: QoS 1 into 50 durable sessions, one node, disk, full sync',
    run: (name, times, rounds) => run(alone, name, DISK_LEAST_PER_SECOND, times, rounds),
  },
  {
    name: 'durable: QoS 1 into 50 durable sessions, three nodes, replicated, full sync',
    run: (name, times, rounds) => run(busbarCluster(3, ['durability=replicated', FULL_SYNC]), name, REPLICATED_LEAST_PER_SECOND, times, rounds),
  },
];
