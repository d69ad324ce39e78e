/**
 * `npm run bench`: Busbar beside mosquitto (Debian package) and aedes (npm) in one run, on one core, under the same generator on the
 * other core. The judge is broker CPU per delivery; its inverse is the ceiling of one core. Both batched and single loads are shown:
 * either alone would mislead (hot-path.md section 11).
 *
 * Flags: --seconds N (counted time per run, default 4) · --rounds N (default 1) · --only TEXT (loads whose name contains it)
 *        --brokers a,b · --write (put the table into test/bench/RESULTS.md)
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AEDES, BUSBAR, MOSQUITTO, type BrokerKind } from './brokers.ts';
import type { Job, JobResult } from './generator.ts';
import { LOADS, type Load } from './loads.ts';

const GENERATOR_CORE = '1';
const WARMUP_MS = 1500;
const GENERATOR = fileURLToPath(new URL('./generator.ts', import.meta.url));
const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

interface Measured {
  readonly microsPerDelivery: number;
  readonly perSecond: number;
  readonly generatorCpu: number;
  readonly brokerCpu: number;
  readonly rssBytes: number;
}

async function measure(kind: BrokerKind, load: Load, measureMs: number): Promise<Measured> {
  const broker = await kind.start();
  try {
    const job: Job = { port: broker.port, load, warmupMs: WARMUP_MS, measureMs };
    const child = spawn('taskset', ['-c', GENERATOR_CORE, process.execPath, GENERATOR, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: WARMUP_MS + measureMs + 30_000,
      killSignal: 'SIGKILL',
    });
    let cpuBefore = Number.NaN;
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as { event: string } & JobResult;
      if (event.event === 'measuring') cpuBefore = await broker.cpuMs();
      if (event.event !== 'result') continue;
      const cpuMs = (await broker.cpuMs()) - cpuBefore;
      return {
        microsPerDelivery: (cpuMs * 1000) / event.deliveries,
        perSecond: (event.deliveries * 1000) / event.elapsedMs,
        generatorCpu: event.generatorCpu,
        brokerCpu: cpuMs / event.elapsedMs,
        rssBytes: await broker.rssBytes(),
      };
    }
    throw new Error(`the generator ended without a result for ${kind.name}, ${load.name}`);
  } finally {
    await broker.stop();
  }
}

/** The round with the lowest CPU per delivery: other work on the machine only ever adds. */
function best(rounds: readonly Measured[]): Measured {
  return rounds.reduce((a, b) => (b.microsPerDelivery < a.microsPerDelivery ? b : a));
}

const cell = (value: Measured): string => `${value.microsPerDelivery.toFixed(2)} (${Math.round(value.perSecond / 1000)}k)`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    brokers: { type: 'string', default: 'busbar,mosquitto,aedes' },
    write: { type: 'boolean', default: false },
  },
});
const kinds = [BUSBAR, MOSQUITTO, AEDES].filter((kind) => flags.brokers.split(',').includes(kind.name));
const others = kinds.filter((kind) => kind !== BUSBAR);
const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  console.log(line);
};

say(`Broker CPU in µs per delivered message (thousand deliveries/s); ${flags.seconds} s per run, best of ${flags.rounds}, ACL on, 64-byte payloads.`);
say(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}; broker on one core, generator on another.`);
say('');
const ratioHeads = kinds.includes(BUSBAR) ? others.map((kind) => `busbar vs ${kind.name}`) : [];
say(`| Load | ${[...kinds.map((kind) => kind.name), ...ratioHeads].join(' | ')} | generator busy | RSS busbar |`);
say(`|---|${'---|'.repeat(kinds.length + ratioHeads.length + 2)}`);
for (const load of LOADS.filter(({ name }) => name.includes(flags.only))) {
  const rounds = new Map<string, Measured[]>();
  for (let round = 0; round < Number(flags.rounds); round += 1)
    for (const kind of kinds) rounds.set(kind.name, [...(rounds.get(kind.name) ?? []), await measure(kind, load, Number(flags.seconds) * 1000)]);
  const of = (kind: BrokerKind): Measured => best(rounds.get(kind.name) ?? []);
  const ratios = kinds.includes(BUSBAR) ? others.map((kind) => `${(of(kind).microsPerDelivery / of(BUSBAR).microsPerDelivery).toFixed(1)}×`) : [];
  const busiest = Math.max(...kinds.map((kind) => of(kind).generatorCpu));
  const rss = kinds.includes(BUSBAR) ? `${Math.round(of(BUSBAR).rssBytes / 1e6)} MB` : '–';
  say(`| ${load.name} | ${[...kinds.map((kind) => cell(of(kind))), ...ratios].join(' | ')} | ${Math.round(busiest * 100)} % | ${rss} |`);
}
if (flags.write) await writeFile(RESULTS, `# Bench results\n\n\`npm run bench -- --write\` replaces this file.\n\n${lines.join('\n')}\n`);
