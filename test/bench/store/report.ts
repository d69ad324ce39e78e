/** What the store of sessions is asked for, measured, as rows of the result table. */
import type { ClusterLoad } from '../cluster/report.ts';
import type { Row } from '../report.ts';
import { measureJournal, type JournalMeasured } from './journalLoad.ts';

/** Durable messages a second with full sync, one node. */
const FULL_LEAST_PER_SECOND = 40_000;
/** An open loop is never met to the last message. */
const MET = 0.98;

export const STORE_HEAD = ['Store of sessions', 'measured', 'asked', 'verdict', 'beside it'];

function row(name: string, measured: JournalMeasured, asked: number | undefined): Row {
  const { perSecond, medianMs, p99Ms, cpuMicros, counters } = measured;
  const passed = asked === undefined || perSecond >= asked * MET;
  const thousands = (value: number): string => `${(value / 1000).toFixed(1)}k msgs/s`;
  const beside = `confirmed after ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ${cpuMicros.toFixed(1)} µs CPU; ${counters.commits} commits, ${Math.round(counters.bytesWritten / 1e6)} MB`;
  return { cells: [name, thousands(perSecond), asked === undefined ? '–' : thousands(asked), passed ? 'ok' : '**missed**', beside], passed };
}

export const STORE_LOADS: readonly ClusterLoad[] = [
  {
    name: 'store: QoS 1 into 500 durable sessions, full sync, at 40,000 msgs/s',
    run: async (name, { measureMs }) => [row(name, await measureJournal('full', FULL_LEAST_PER_SECOND, measureMs), FULL_LEAST_PER_SECOND)],
  },
  {
    name: 'store: QoS 1 into 500 durable sessions, full sync, as fast as it goes',
    run: async (name, { measureMs }) => [row(name, await measureJournal('full', Number.POSITIVE_INFINITY, measureMs), undefined)],
  },
  {
    name: 'store: QoS 1 into 500 durable sessions, full sync, at 1,000 msgs/s',
    run: async (name, { measureMs }) => [row(name, await measureJournal('full', 1_000, measureMs), 1_000)],
  },
];
