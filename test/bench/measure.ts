/** One load on one broker: both processes started, the broker's use of CPU and memory taken at the generator's marks. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BrokerKind, RunningBroker, Usage } from './brokers.ts';
import type { GeneratorEvent, Job, JobResult, Mark } from './generator/job.ts';
import type { Load } from './loads.ts';

const GENERATOR_CORE = '1';
const GENERATOR = fileURLToPath(new URL('./generator.ts', import.meta.url));
/** Beyond warm-up and counted time: connecting, draining, and slow brokers. */
const SPARE_MS = 90_000;

export interface Measured extends JobResult {
  /** Broker CPU per unit (message or connection), µs. The judge. */
  readonly microsPerUnit: number;
  readonly perSecond: number;
  /** Share of its core the broker used. */
  readonly brokerCpu: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** Resident memory gained between the first two marks, per unit. */
  readonly bytesPerUnit: number;
  /** Share of its core between the second and third mark, where a load has one. */
  readonly laterCpu: number;
}

export type Outcome = { readonly ok: true; readonly measured: Measured } | { readonly ok: false; readonly notSupported: boolean; readonly reason: string };

export interface Times {
  readonly warmupMs: number;
  /** See `Job`. */
  readonly warmupUnits?: number;
  readonly measureMs: number;
}

export function startGenerator(job: Job): ChildProcess {
  return spawn('taskset', ['-c', GENERATOR_CORE, process.execPath, GENERATOR, JSON.stringify(job)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: job.warmupMs + job.measureMs + SPARE_MS,
    killSignal: 'SIGKILL',
  });
}

function figuresOf(result: JobResult, marks: ReadonlyMap<Mark, Usage>, last: Usage): Measured {
  const [begin, end] = [marks.get('begin'), marks.get('end')];
  if (begin === undefined || end === undefined) throw new Error('the generator passed no mark');
  const cpuMs = end.cpuMs - begin.cpuMs;
  const later = marks.get('later');
  return {
    ...result,
    microsPerUnit: (cpuMs * 1000) / result.units,
    perSecond: (result.units * 1000) / result.elapsedMs,
    brokerCpu: cpuMs / result.elapsedMs,
    rssBytes: end.rssBytes,
    peakRssBytes: last.peakRssBytes,
    bytesPerUnit: (end.rssBytes - begin.rssBytes) / result.units,
    laterCpu: later === undefined ? 0 : (later.cpuMs - end.cpuMs) / result.elapsedMs,
  };
}

async function converse(child: ChildProcess, broker: RunningBroker): Promise<Outcome> {
  const marks = new Map<Mark, Usage>();
  if (child.stdout === null) throw new Error('the generator has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as GeneratorEvent;
    if (event.event === 'mark') {
      marks.set(event.mark, await broker.usage());
      child.stdin?.write('go\n');
    } else if (event.event === 'notSupported') return { ok: false, notSupported: true, reason: event.reason };
    else return { ok: true, measured: figuresOf(event, marks, await broker.usage()) };
  }
  return { ok: false, notSupported: false, reason: 'the generator ended without a result' };
}

/** Never rejects: a broker that cannot carry a load is told in its row. */
export async function measure(kind: BrokerKind, { work, tls = false, ws = false }: Load, times: Times): Promise<Outcome> {
  let broker: RunningBroker | undefined;
  let child: ChildProcess | undefined;
  try {
    broker = await kind.start({ tls, ws });
    const others = (broker.otherPorts ?? []).map((port) => ({ port, tls }));
    child = startGenerator({ address: { port: broker.port, tls, ws }, others, work, ...times });
    return await converse(child, broker);
  } catch (error) {
    return { ok: false, notSupported: false, reason: (error as Error).message };
  } finally {
    if (child?.exitCode === null) child.kill('SIGKILL');
    await broker?.stop();
  }
}

/** The round with the lowest CPU per unit: other work on the machine only ever adds. */
export function best(rounds: readonly Outcome[]): Outcome {
  return rounds.reduce((a, b) => (!b.ok || (a.ok && a.measured.microsPerUnit <= b.measured.microsPerUnit) ? a : b));
}
