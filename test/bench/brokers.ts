/** The brokers of the comparison as processes on one core each run, with CPU time and memory read from the kernel. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a broker process has used so far. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly peakRssBytes: number;
}

export interface RunningBroker {
  readonly name: BrokerName;
  readonly port: number;
  /** Of the other nodes of a cluster. */
  readonly otherPorts?: readonly number[];
  usage(): Promise<Usage>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** `echo`: no broker, but the least that a server can pay for a message (echo/echoServer.c). */
export type BrokerName = 'busbar' | 'mosquitto' | 'aedes' | 'echo';

export interface StartOptions {
  /** Listen with TLS instead of plain TCP. */
  readonly tls: boolean;
  /** Listen with WebSocket instead; busbar. */
  readonly ws?: boolean;
  /** More settings, as `key=value`; for busbar. */
  readonly sets?: readonly string[];
}

export interface BrokerKind {
  readonly name: BrokerName;
  start(options: StartOptions): Promise<RunningBroker>;
}

const BROKER_CORE = '0';
const START_LIMIT_MS = 10_000;
const NS_PER_MS = 1e6;
/** Any one will do; Debian's packages gcc, clang and tcc each bring it. */
export const C_COMPILER = 'cc';
const root = fileURLToPath(new URL('../..', import.meta.url));
const ECHO_SOURCE = fileURLToPath(new URL('./echo/echoServer.c', import.meta.url));

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

/** Time on a processor over all threads, to the nanosecond where the kernel keeps it: some loads last a tenth of a second. */
async function cpuMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')));
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / NS_PER_MS;
}

async function startPinned(name: BrokerName, port: number, command: string, args: readonly string[], folder: string): Promise<RunningBroker> {
  const child = spawn('taskset', ['-c', BROKER_CORE, command, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const pid = child.pid ?? 0;
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
  return {
    name,
    port,
    stop,
    signal: (signal) => void child.kill(signal),
    async usage() {
      const [cpu, status] = await Promise.all([cpuMs(pid), readFile(`/proc/${pid}/status`, 'utf8')]);
      const kilobytes = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
      return { cpuMs: cpu, rssBytes: kilobytes('VmRSS') * 1024, peakRssBytes: kilobytes('VmHWM') * 1024 };
    },
  };
}

const folderFor = (name: string): Promise<string> => mkdtemp(path.join(tmpdir(), `busbar-bench-${name}-`));

interface Certificate {
  readonly certfile: string;
  readonly keyfile: string;
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const [certfile, keyfile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  await promisify(execFile)('openssl', ['req', '-x509', ...subject, '-keyout', keyfile, '-out', certfile]);
  return { certfile, keyfile };
}

export const BUSBAR: BrokerKind = {
  name: 'busbar',
  async start({ tls, ws = false, sets: more = [] }) {
    const [port, folder, clusterPort] = [await freePort(), await folderFor('busbar'), await freePort()];
    const acl = path.join(folder, 'acl.conf');
    await writeFile(acl, '{deny, {username, "nobody"}, all, ["secret/#"]}.\n{allow, {ipaddr, "127.0.0.0/8"}, all, ["$SYS/#", "#"]}.\n{deny, all}.\n');
    const listener = async (): Promise<string[]> => {
      if (ws) return ['listeners.tcp.default.enable=false', `listeners.ws.default.bind=127.0.0.1:${port}`];
      if (!tls) return ['listeners.ws.default.enable=false', `listeners.tcp.default.bind=127.0.0.1:${port}`];
      const { certfile, keyfile } = await makeCertificate(folder);
      return [
        'listeners.ws.default.enable=false',
        `listeners.tcp.default.enable=false`,
        `listeners.ssl.default.bind=127.0.0.1:${port}`,
        `listeners.ssl.default.ssl_options.certfile=${certfile}`,
        `listeners.ssl.default.ssl_options.keyfile=${keyfile}`,
      ];
    };
    const sets = [
      `node.data_dir=${folder}`,
      ...(await listener()),
      `dashboard.listeners.http.bind=127.0.0.1:0`,
      `cluster.port=${clusterPort}`,
      // Mosquitto runs without a window here (max_inflight_messages 0), aedes has none; this one is never full in any load of ours.
      'mqtt.max_inflight=1000',
      `authorization.sources=[{type = file, path = "${acl}"}]`,
      ...more,
    ];
    return startPinned('busbar', port, process.execPath, ['broker/main.ts', ...sets.flatMap((set) => ['--set', set])], folder);
  },
};

export const MOSQUITTO: BrokerKind = {
  name: 'mosquitto',
  async start({ tls }) {
    const [port, folder] = [await freePort(), await folderFor('mosquitto')];
    const config = path.join(folder, 'mosquitto.conf');
    const acl = path.join(folder, 'acl');
    await writeFile(acl, 'topic readwrite #\n');
    const certificate = tls ? await makeCertificate(folder) : undefined;
    const lines = [
      `listener ${port} 127.0.0.1`,
      ...(certificate ? [`certfile ${certificate.certfile}`, `keyfile ${certificate.keyfile}`] : []),
      'allow_anonymous true',
      `acl_file ${acl}`,
      'set_tcp_nodelay true',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'persistence false',
      'log_type error',
      'user root',
      '',
    ];
    await writeFile(config, lines.join('\n'));
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

export const ECHO: BrokerKind = {
  name: 'echo',
  async start() {
    const [port, folder] = [await freePort(), await folderFor('echo')];
    const program = path.join(folder, 'echoServer');
    await promisify(execFile)(C_COMPILER, ['-O2', '-o', program, ECHO_SOURCE]);
    return startPinned('echo', port, program, [String(port)], folder);
  },
};
