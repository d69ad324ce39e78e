/** What a cluster is asked for, measured, as rows of the result table. */
import { BUSBAR } from '../brokers.ts';
import type { Load, Traffic } from '../loads.ts';
import { best, measure, type Measured, type Outcome, type Times } from '../measure.ts';
import { megabytes, type Row } from '../report.ts';
import { measureCrowd } from './crowd.ts';
import { measureDeath } from './death.ts';
import { busbarCluster } from './nodes.ts';
import { measureRoutes } from './routes.ts';

/** CPU of both ends for one forwarded message, batched. */
const FORWARD_MOST_MICROS = 0.5;
const HOP_MOST_MS = 1;
const CROWD_PER_NODE = 18_000;
const ROUTES = 1_000_000;
const ROUTES_MOST_MS = 10_000;
const ROUTE_MOST_BYTES = 300;
const KILLED_MOST_MS = 1_000;
const SILENT_MOST_MS = 5_000;

export const CLUSTER_HEAD = ['Cluster', 'measured', 'asked', 'verdict', 'beside it'];

/** One figure at least, with what is asked of it. */
export interface ClusterLoad {
  readonly name: string;
  run(name: string, times: Times, rounds: number): Promise<Row[]>;
}

function row(name: string, figure: string, asked: string, passed: boolean, beside = '–'): Row {
  return { cells: [name, figure, asked, passed ? 'ok' : '**missed**', beside], passed };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const millis = (ms: number): string => `${ms.toFixed(2)} ms`;
const micros = (value: number): string => `${value.toFixed(2)} µs`;

/** The same traffic inside one node and from one node to the next, turn by turn; of each the best. */
async function nearAndFar(work: Traffic, times: Times, rounds: number): Promise<{ readonly near: Measured; readonly far: Measured }> {
  const load = (across: boolean): Load => ({ name: 'forwarding', work: { ...work, across }, targets: {} });
  const [nears, fars]: [Outcome[], Outcome[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    nears.push(await measure(BUSBAR, load(false), times));
    fars.push(await measure(busbarCluster(2), load(true), times));
  }
  return { near: measuredOf(best(nears)), far: measuredOf(best(fars)) };
}

function measuredOf(outcome: Outcome): Measured {
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.measured;
}

const pairs = { kind: 'traffic', shape: 'pairs', payloadBytes: 64, qos: 0 } as const;
const complete = ({ lost, disorder }: Measured): boolean => lost === 0 && disorder === 0;
const rate = ({ perSecond }: Measured): string => `${Math.round(perSecond / 1000)}k msgs/s`;

export const CLUSTER_LOADS: readonly ClusterLoad[] = [
  {
    name: 'cluster: QoS 0 from node to node, 64 bytes, batched: CPU of both ends',
    async run(name, times, rounds) {
      const { near, far } = await nearAndFar({ ...pairs, publishers: 100, subscribers: 100, window: 100 }, times, rounds);
      const added = far.microsPerUnit - near.microsPerUnit;
      const beside = `in all ${micros(far.microsPerUnit)} at ${rate(far)}; inside one node ${micros(near.microsPerUnit)} at ${rate(near)}; ${far.lost} lost`;
      return [row(name, micros(added), `≤ ${micros(FORWARD_MOST_MICROS)}`, added <= FORWARD_MOST_MICROS && complete(far), beside)];
    },
  },
  {
    name: 'cluster: median latency added by a hop at 10,000 msgs/s',
    async run(name, times, rounds) {
      const { near, far } = await nearAndFar({ ...pairs, publishers: 50, subscribers: 50, window: 64, perSecond: 10_000 }, times, rounds);
      const added = (far.medianMs ?? Number.NaN) - (near.medianMs ?? Number.NaN);
      const beside = `median ${millis(far.medianMs ?? 0)} (p99 ${millis(far.p99Ms ?? 0)}); inside one node ${millis(near.medianMs ?? 0)} (p99 ${millis(near.p99Ms ?? 0)})`;
      return [row(name, millis(added), `< ${millis(HOP_MOST_MS)}`, added < HOP_MOST_MS && complete(far), beside)];
    },
  },
  {
    name: 'cluster: 54,000 subscribers over three nodes, each receiving',
    async run(name) {
      const { subscribers, received, lost, disorder, connectMs, deliverMs, rssBytes } = await measureCrowd(CROWD_PER_NODE);
      const beside = `${received.toLocaleString('en')} deliveries in ${seconds(deliverMs)}; connected and subscribed in ${seconds(connectMs)}; RSS ${rssBytes.map(megabytes).join(', ')}`;
      return [row(name, `${subscribers.toLocaleString('en')}, ${lost} lost, ${disorder} out of order`, '54,000, none lost', lost === 0 && disorder === 0, beside)];
    },
  },
  {
    name: 'cluster: death of a node noticed',
    async run(name) {
      const { killedMs, silentMs } = await measureDeath();
      return [
        row(`${name}: killed`, seconds(killedMs), `≤ ${seconds(KILLED_MOST_MS)}`, killedMs <= KILLED_MOST_MS),
        row(`${name}: silent`, seconds(silentMs), `≤ ${seconds(SILENT_MOST_MS)}`, silentMs <= SILENT_MOST_MS),
      ];
    },
  },
  {
    name: 'cluster: a million routes',
    async run(name) {
      const { joinMs, joinCpuMs, bytesPerRoute, joiningPauseMs, servingPauseMs, forgetMs, forgettingPauseMs } = await measureRoutes(ROUTES);
      return [
        row(`${name}: known to a joining node`, seconds(joinMs), `< ${seconds(ROUTES_MOST_MS)}`, joinMs < ROUTES_MOST_MS, `with ${seconds(joinCpuMs)} of CPU there; longest PINGRESP meanwhile: there ${millis(joiningPauseMs)}, at the other node ${millis(servingPauseMs)}`),
        row(`${name}: resident memory of each there`, `${Math.round(bytesPerRoute)} bytes`, `< ${ROUTE_MOST_BYTES} bytes`, bytesPerRoute < ROUTE_MOST_BYTES, `forgotten ${seconds(forgetMs)} after their node was killed, longest PINGRESP meanwhile ${millis(forgettingPauseMs)}`),
      ];
    },
  },
];
