/** A cluster of real broker processes on loopback: static seeds, a data directory per node that outlives its process, REST at hand. */
import { join } from 'node:path';
import { logIn } from './brokerApi.ts';
import { startBroker, type BrokerProcess, type StartBrokerOptions } from './brokerProcess.ts';
import { freePorts } from './ports.ts';
import { createTempDir, removeTempDir } from './tempDir.ts';
import { waitFor } from './waitFor.ts';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ClusterMember {
  /** `bus1@127.0.0.1` */
  readonly name: string;
  readonly clusterPort: number;
  readonly broker: BrokerProcess;
  /** Body of a REST answer below `/api/v5`. */
  readonly get: (path: string) => Promise<unknown>;
  /** Any REST call below `/api/v5`; rejects when it is refused. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** Log lines of one event so far. */
  readonly told: (msg: string) => LogLine[];
}

export class BrokerCluster {
  readonly #ports: readonly number[];
  readonly #directory: string;
  readonly #sets: readonly string[];
  readonly #members = new Map<number, ClusterMember>();
  readonly #optionsOf: (number: number) => StartBrokerOptions;

  /** `sets`: settings of every member, as `key=value`. `optionsOf`: how the process of a member is started. */
  static async start(count: number, sets: readonly string[] = [], optionsOf: (number: number) => StartBrokerOptions = () => ({})): Promise<BrokerCluster> {
    const cluster = new BrokerCluster(await freePorts(count), await createTempDir('busbar-cluster-'), sets, optionsOf);
    try {
      await Promise.all(Array.from({ length: count }, (_, index) => cluster.startMember(index + 1)));
      await cluster.whole();
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  private constructor(ports: readonly number[], directory: string, sets: readonly string[], optionsOf: (number: number) => StartBrokerOptions) {
    this.#optionsOf = optionsOf;
    this.#ports = ports;
    this.#directory = directory;
    this.#sets = sets;
  }

  /** Members as in `bus1`, `bus2`, … */
  member(number: number): ClusterMember {
    const member = this.#members.get(number);
    if (member === undefined) throw new Error(`bus${number} does not run`);
    return member;
  }

  get members(): readonly ClusterMember[] {
    return [...this.#members.values()];
  }

  /** What a node needs to find this cluster. */
  get seeds(): string {
    return `cluster.static.seeds=[${this.#ports.map((port, index) => `"bus${index + 1}@127.0.0.1:${port}"`).join(',')}]`;
  }

  /** Starts a member, or starts it again on the data it left. */
  async startMember(number: number): Promise<ClusterMember> {
    const clusterPort = this.#ports[number - 1] ?? 0;
    const name = `bus${number}@127.0.0.1`;
    const directory = join(this.#directory, `bus${number}`);
    const settings = [`node.name=${name}`, `node.data_dir=${directory}`, `cluster.port=${clusterPort}`, ...this.#sets];
    const member = await joiningBroker(this, settings, this.#optionsOf(number));
    this.#members.set(number, { ...member, name, clusterPort });
    return this.member(number);
  }

  /** The member is no longer counted among those that run. */
  async gone(number: number): Promise<void> {
    await this.member(number).broker.process.exit();
    this.#members.delete(number);
  }

  /** All running members have each other. */
  async whole(): Promise<void> {
    const names = this.members.map((member) => member.name).sort();
    await waitFor(`${names.join(', ')} to know each other`, async () => {
      const views = await Promise.all(this.members.map(async (member) => (await member.get('/cluster')) as { nodes: string[] }));
      return views.every((view) => JSON.stringify([...view.nodes].sort()) === JSON.stringify(names));
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.broker.end()));
    await removeTempDir(this.#directory);
  }
}

/** One more process with the cluster's seeds; who starts it ends it. */
export async function joiningBroker(
  cluster: BrokerCluster,
  settings: readonly string[],
  options: StartBrokerOptions = {},
): Promise<Omit<ClusterMember, 'name' | 'clusterPort'>> {
  return startNode(['cluster.discovery_strategy=static', 'node.cookie=bus', cluster.seeds, ...settings], options);
}

/** A node with its REST API and its log at hand. */
export async function startNode(settings: readonly string[], options: StartBrokerOptions = {}): Promise<Omit<ClusterMember, 'name' | 'clusterPort'>> {
  const broker = await startBroker(settings, options);
  const { api } = broker.ready;
  let token: Promise<string> | undefined;
  const call = async (method: string, path: string, body?: unknown) => {
    token ??= logIn(api);
    const headers = { authorization: `Bearer ${await token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await fetch(`${api}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    broker,
    call,
    get: (path) => call('GET', path),
    told: (msg) => logLines(broker).filter((line) => line.msg === msg),
  };
}

function logLines(broker: BrokerProcess): LogLine[] {
  return broker.process
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{"time"'))
    .map((line) => JSON.parse(line) as LogLine);
}
