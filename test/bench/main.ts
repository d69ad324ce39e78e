/**
 * `npm run bench`: Busbar beside mosquitto (Debian package) and aedes (npm) in one run, each broker alone on one core, under the same
 * generator on the other. The judge is broker CPU per message; its inverse is the ceiling of one core. Both batched and single loads
 * are shown: either alone would mislead (hot-path.md section 11). A row fails when a required ratio is missed or a message was lost,
 * doubled or reordered. Exit code 1: something required was missed.
 *
 * Flags: --loads TEXT,TEXT (parts of names; also `overload`, `idle`, `tls`, `websocket`, `echo`, `cluster`, `durable`, `store`) · --seconds N (counted time per run, default 3)
 *        --rounds N (default 2, the best counts) · --brokers a,b · --idle N (connections of the idle loads at most)
 *        --write (put the tables into test/bench/RESULTS.md) · --list (names of the loads)
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findProgram } from '../support/debianPackages.ts';
import { AEDES, BUSBAR, C_COMPILER, MOSQUITTO, type BrokerKind } from './brokers.ts';
import { CLUSTER_HEAD, CLUSTER_LOADS, type ClusterLoad } from './cluster/report.ts';
import { ECHO_HEAD, echoRow, measureEchoRail } from './echoRail.ts';
import { ECHO_LOAD, FLOODS, IDLE_LOADS, LOADS, type Load } from './loads.ts';
import { best, measure, type Outcome, type Times } from './measure.ts';
import { COST_HEAD, costRow, FLOOD_HEAD, floodRow, IDLE_HEAD, idleRow, tableLine, tableRule, type Row } from './report.ts';
import { DURABLE_LOADS } from './store/durable.ts';
import { STORE_HEAD, STORE_LOADS } from './store/report.ts';

const WARMUP_MS = 1000;
const MAX_REASON = 300;
const ECHO_ROUNDS = 4;
const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    loads: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    brokers: { type: 'string', default: 'busbar,mosquitto,aedes' },
    idle: { type: 'string', default: '18000' },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const times: Times = { warmupMs: WARMUP_MS, measureMs: Number(flags.seconds) * 1000 };
const kinds = [BUSBAR, MOSQUITTO, AEDES].filter((kind) => flags.brokers.split(',').includes(kind.name));
const wanted = flags.loads.split(',').map((text) => text.trim().toLowerCase());
const isWanted = (name: string): boolean => wanted.some((text) => name.toLowerCase().includes(text));
const chosen = (loads: readonly Load[]): Load[] => loads.filter(({ name }) => isWanted(name));
const lines: string[] = [];
const missed: string[] = [];

function say(line: string): void {
  lines.push(line);
  console.log(line);
}

function sayHead(head: readonly string[]): void {
  say('');
  say(tableLine(head));
  say(tableRule(head));
}

function sayRow(row: Row): void {
  say(tableLine(row.cells));
  if (!row.passed) missed.push(row.cells[0] ?? '');
}

async function run(kind: BrokerKind, load: Load): Promise<Outcome> {
  const outcome = await measure(kind, load, times);
  if (!outcome.ok) console.error(`${kind.name}, ${load.name}: ${outcome.reason.split('\n', 2).join(' ').slice(0, MAX_REASON)}`);
  return outcome;
}

const carries = ({ name }: BrokerKind, { unknownTo = [] }: Load): boolean => !unknownTo.some((unable) => unable === name);

async function compareCosts(loads: readonly Load[]): Promise<void> {
  if (loads.length === 0) return;
  say('Broker CPU in µs per message delivered or per connection (thousands a second), and how many times more the peer uses.');
  sayHead(COST_HEAD);
  for (const load of loads) {
    const outcomes = new Map<BrokerKind['name'], Outcome>();
    const rounds = new Map<BrokerKind, Outcome[]>(kinds.filter((kind) => carries(kind, load)).map((kind) => [kind, []]));
    // Round by round, not broker by broker: what else the machine does then meets all of them.
    for (let round = 0; round < Number(flags.rounds); round += 1) for (const [kind, list] of rounds) list.push(await run(kind, load));
    for (const [kind, list] of rounds) outcomes.set(kind.name, best(list));
    sayRow(costRow(load, outcomes));
  }
}

async function eachBroker(loads: readonly Load[], head: readonly string[], rowOf: (load: Load, kind: BrokerKind, outcome: Outcome) => Row): Promise<void> {
  if (loads.length === 0) return;
  sayHead(head);
  for (const load of loads) for (const kind of kinds) if (carries(kind, load)) sayRow(rowOf(load, kind, await run(kind, load)));
}

async function compareWithEcho(): Promise<void> {
  if ((await findProgram(C_COMPILER)) === null) return say(`\nWithout a C compiler (${C_COMPILER}) there is no echo server to compare with.`);
  sayHead(ECHO_HEAD);
  sayRow(echoRow(await measureEchoRail(ECHO_ROUNDS, times)));
}

/** What only Busbar does. */
async function measureOwn(all: readonly ClusterLoad[], head: readonly string[]): Promise<void> {
  const loads = all.filter(({ name }) => isWanted(name));
  if (loads.length === 0 || !kinds.includes(BUSBAR)) return;
  sayHead(head);
  for (const load of loads) {
    const rows = await load.run(load.name, times, Number(flags.rounds)).catch((error: unknown): Row[] => {
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
      return [{ cells: [load.name, `failed: ${reason}`, '', '', ''], passed: false }];
    });
    for (const row of rows) sayRow(row);
  }
}

/** As many as asked for at most; one process may have 20,000 descriptors here. */
function limited(load: Load): Load {
  return load.work.kind === 'idle' ? { ...load, work: { ...load.work, connections: Math.min(load.work.connections, Number(flags.idle)) } } : load;
}

if (flags.list) {
  for (const { name } of [...LOADS, ECHO_LOAD, ...FLOODS, ...IDLE_LOADS, ...CLUSTER_LOADS, ...DURABLE_LOADS, ...STORE_LOADS]) console.log(name);
} else {
  say(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}; broker on one core, generator on another; ${flags.seconds} s per run, best of ${flags.rounds}; ACL on.`);
  say('');
  await compareCosts(chosen(LOADS));
  if (chosen([ECHO_LOAD]).length > 0 && kinds.includes(BUSBAR)) await compareWithEcho();
  await eachBroker(chosen(FLOODS), FLOOD_HEAD, (load, { name }, outcome) => floodRow(load, name, outcome));
  await eachBroker(chosen(IDLE_LOADS).map(limited), IDLE_HEAD, (load, { name }, outcome) => idleRow(load, name, outcome));
  await measureOwn(CLUSTER_LOADS, CLUSTER_HEAD);
  await measureOwn(DURABLE_LOADS, STORE_HEAD);
  await measureOwn(STORE_LOADS, STORE_HEAD);
  say('');
  say(missed.length === 0 ? 'All that is required was reached.' : `Missed: ${missed.join('; ')}.`);
  if (flags.write) await writeFile(RESULTS, `# Bench results\n\n\`npm run bench -- --write\` replaces this file.\n\n${lines.join('\n')}\n`);
  if (missed.length > 0) process.exitCode = 1;
}
