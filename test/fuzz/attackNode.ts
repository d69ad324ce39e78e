/** All attacks at once on one node process, a canary beside them, and a look at the node's memory and log afterwards. */
import { readFile } from 'node:fs/promises';
import { seededPrng } from '../../broker/base/prng.ts';
import { apiOf, type BrokerApi } from '../support/brokerApi.ts';
import { startBroker } from '../support/brokerProcess.ts';
import { waitFor } from '../support/waitFor.ts';
import { FUZZ_MAX_PACKET_SIZE, FUZZ_MAX_TOPIC_ALIAS, FUZZ_MAX_TOPIC_LEVELS } from './breakRule.ts';
import { MQTT_ATTACKS } from './attacks.ts';
import { Canary, type CanaryReport } from './canary.ts';
import { Draw } from './draw.ts';
import { FRONT_ATTACKS } from './frontAttacks.ts';

const IDLE_TIMEOUT_MS = 4_000;
/** What a node may have grown by under attack: its buffers (bounded by names in the code) and what the collector has not freed. */
const MAX_GROWTH_BYTES = 512 * 1024 * 1024;
export const ATTACKS = { ...MQTT_ATTACKS, ...FRONT_ATTACKS };
const SETS = [
  'listeners.ws.default.enable=true',
  'listeners.ws.default.bind=127.0.0.1:0',
  'listeners.ssl.default.bind=127.0.0.1:0',
  'listeners.tcp.proxied.bind=127.0.0.1:0',
  'listeners.tcp.proxied.proxy_protocol=true',
  `mqtt.max_packet_size=${FUZZ_MAX_PACKET_SIZE}`,
  `mqtt.max_topic_alias=${FUZZ_MAX_TOPIC_ALIAS}`,
  `mqtt.max_topic_levels=${FUZZ_MAX_TOPIC_LEVELS}`,
  'mqtt.max_awaiting_rel=20',
  'mqtt.max_inflight=8',
  'retainer.max_retained_messages=200',
  `mqtt.idle_timeout=${IDLE_TIMEOUT_MS}ms`,
];

export interface AttackReport extends CanaryReport {
  readonly problems: readonly string[];
  readonly peakGrowthMb: number;
}

export async function attackNode(seed: number, seconds: number, only?: string): Promise<AttackReport> {
  const broker = await startBroker(SETS);
  const problems: string[] = [];
  let canaryReport: CanaryReport = { rounds: 0, slowestMs: 0 };
  let peak = 0;
  const before = await rssBytes(broker.process.pid);
  const watch = setInterval(() => void rssBytes(broker.process.pid).then((rss) => (peak = Math.max(peak, rss - before)), () => {}), 100);
  try {
    const canary = await Canary.start(broker.port);
    const untilMs = performance.now() + seconds * 1_000;
    const portOf = (listener: string) => Number(broker.ready.listeners[listener]?.split(':').at(-1));
    const target = { port: broker.port, wsPort: portOf('ws:default'), tlsPort: portOf('ssl:default'), proxyPort: portOf('tcp:proxied'), idleTimeoutMs: IDLE_TIMEOUT_MS };
    const chosen = Object.entries(ATTACKS).filter(([name]) => only === undefined || only === name);
    const results = chosen.map(async ([name, attack], index) => {
      const found = await attack({ target, untilMs, draw: new Draw(seededPrng(seed * 100 + index)) });
      problems.push(...found.map((problem) => `${name}: ${problem}`));
    });
    for (const result of await Promise.allSettled(results)) if (result.status === 'rejected') problems.push(String(result.reason));
    canaryReport = await canary.end().catch((error: Error) => {
      problems.push(`canary: ${error.message}`);
      return canaryReport;
    });
    const api = apiOf(broker.ready.api);
    await waitFor('the end of every connection', async () => (await liveConnections(api)) === 0, 20_000).catch(async () => {
      problems.push(`${await liveConnections(api)} connections are left when every client has gone`);
    });
    if (peak > MAX_GROWTH_BYTES) problems.push(`the node grew by ${megabytes(peak)} MB`);
    const log = broker.process.stderr() + broker.process.stdout();
    for (const line of log.split('\n')) if (/"(channel|timer|connection)_failed"|Error: /.test(line)) problems.push(`the node logged: ${line.slice(0, 500)}`);
    broker.process.kill('SIGTERM');
    const exit = await broker.process.exit(20_000);
    if (exit.code !== 0) problems.push(`the node ended with ${exit.code ?? exit.signal}`);
  } finally {
    clearInterval(watch);
    await broker.end();
  }
  return { ...canaryReport, problems: problems.map((problem) => `${problem}\n  replay: npm run fuzz -- --layer node --seed ${seed} --seconds ${seconds}`), peakGrowthMb: megabytes(peak) };
}

async function liveConnections(api: BrokerApi): Promise<number> {
  const { body } = await api.get('/stats?aggregate=true');
  return (body as Readonly<Record<string, number>>)['live_connections.count'] ?? Number.NaN;
}

async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024; // a zombie has none
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
