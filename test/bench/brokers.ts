/** The brokers of the comparison as processes on one core each run, with their CPU time read from the kernel. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface RunningBroker {
  readonly name: string;
  readonly port: number;
  /** User plus system time of the process so far, ms. */
  cpuMs(): Promise<number>;
  rssBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface BrokerKind {
  readonly name: string;
  start(): Promise<RunningBroker>;
}

const BROKER_CORE = '0';
const START_LIMIT_MS = 10_000;
/** The kernel counts CPU in ticks of this many a second on every Linux Node supports (USER_HZ). */
const TICKS_PER_SECOND = 100;
const root = fileURLToPath(new URL('../..', import.meta.url));

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function acceptsConnections(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the broker ended with exit code ${child.exitCode} before it listened`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the broker did not listen on port ${port} within ${START_LIMIT_MS} ms`);
}

async function startPinned(name: string, port: number, command: string, args: readonly string[], folder: string): Promise<RunningBroker> {
  const child = spawn('taskset', ['-c', BROKER_CORE, command, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await acceptsConnections(port, child);
  } catch (error) {
    await stop();
    throw new Error(`${name}: ${(error as Error).message}\n${errors}`, { cause: error });
  }
  const procFile = (file: string): Promise<string> => readFile(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    name,
    port,
    stop,
    async cpuMs() {
      const fields = (await procFile('stat')).replace(/^.*\) /, '').split(' ');
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
    },
    async rssBytes() {
      return Number(/VmRSS:\s+(\d+)/.exec(await procFile('status'))?.[1] ?? 0) * 1024;
    },
  };
}

const folderFor = (name: string): Promise<string> => mkdtemp(path.join(tmpdir(), `busbar-bench-${name}-`));

export const BUSBAR: BrokerKind = {
  name: 'busbar',
  async start() {
    const [port, folder, clusterPort] = [await freePort(), await folderFor('busbar'), await freePort()];
    const acl = path.join(folder, 'acl.conf');
    await writeFile(acl, '{deny, {username, "nobody"}, all, ["secret/#"]}.\n{allow, {ipaddr, "127.0.0.1"}, all, ["$SYS/#", "#"]}.\n{deny, all}.\n');
    const sets = [
      `node.data_dir=${folder}`,
      `listeners.tcp.default.bind=127.0.0.1:${port}`,
      `dashboard.listeners.http.bind=127.0.0.1:0`,
      `cluster.port=${clusterPort}`,
      `authorization.sources=[{type = file, path = "${acl}"}]`,
    ];
    return startPinned('busbar', port, process.execPath, ['broker/main.ts', ...sets.flatMap((set) => ['--set', set])], folder);
  },
};

export const MOSQUITTO: BrokerKind = {
  name: 'mosquitto',
  async start() {
    const [port, folder] = [await freePort(), await folderFor('mosquitto')];
    const config = path.join(folder, 'mosquitto.conf');
    const acl = path.join(folder, 'acl');
    await writeFile(acl, 'topic readwrite #\n');
    await writeFile(
      config,
      [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        `acl_file ${acl}`,
        'set_tcp_nodelay true',
        'max_inflight_messages 0',
        'max_queued_messages 0',
        'persistence false',
        'log_type error',
        'user root',
        '',
      ].join('\n'),
    );
    return startPinned('mosquitto', port, 'mosquitto', ['-c', config], folder);
  },
};

export const AEDES: BrokerKind = {
  name: 'aedes',
  async start() {
    const [port, folder] = [await freePort(), await folderFor('aedes')];
    return startPinned('aedes', port, process.execPath, ['test/bench/aedesServer.ts', String(port)], folder);
  },
};
