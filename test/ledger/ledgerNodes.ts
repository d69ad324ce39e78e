/** The nodes of a ledger run: real processes with fixed ports and data directories that outlive them, killed, stopped and started again. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { logIn } from '../support/brokerApi.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { freePorts } from '../support/ports.ts';
import { createTempDir, removeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

/** A node that runs; `standing` while it is stopped by a signal. */
interface Running {
  readonly broker: BrokerProcess;
  token: Promise<string> | undefined;
  standing: boolean;
}

const PROTECTED_LIMIT_MS = 60_000;

export class LedgerNodes {
  readonly mqttPorts: readonly number[];
  readonly #clusterPorts: readonly number[];
  readonly #directory: string;
  readonly #settings: readonly string[];
  readonly #lifetimeMs: number;
  readonly #running = new Map<number, Running>();

  private constructor(
    mqttPorts: readonly number[],
    clusterPorts: readonly number[],
    directory: string,
    settings: readonly string[],
    lifetimeMs: number,
  ) {
    this.mqttPorts = mqttPorts;
    this.#clusterPorts = clusterPorts;
    this.#directory = directory;
    this.#settings = settings;
    this.#lifetimeMs = lifetimeMs;
  }

  /** `settings`: of every node, as `key=value`. No process outlives `lifetimeMs`. */
  static async start(count: number, settings: readonly string[], lifetimeMs: number): Promise<LedgerNodes> {
    const ports = await freePorts(2 * count);
    const nodes = new LedgerNodes(
      ports.slice(0, count),
      ports.slice(count),
      await createTempDir('busbar-ledger-'),
      settings,
      lifetimeMs,
    );
    try {
      await Promise.all(ports.slice(0, count).map((_, index) => nodes.startNode(index)));
      await nodes.whole();
      return nodes;
    } catch (error) {
      await nodes.end();
      throw error;
    }
  }

  get count(): number {
    return this.mqttPorts.length;
  }

  /** Nodes that run and do not stand still, by number from 0. */
  get acting(): number[] {
    return [...this.#running].filter(([, { standing }]) => !standing).map(([index]) => index);
  }

  #name(index: number): string {
    return `bus${index + 1}@127.0.0.1`;
  }

  #data(index: number): string {
    return join(this.#directory, `bus${index + 1}`);
  }

  /** Starts a node, or starts it again on the data it left. */
  async startNode(index: number): Promise<void> {
    const seeds = this.#clusterPorts.map((port, number) => `"${this.#name(number)}:${port}"`).join(',');
    const cluster = this.count === 1 ? [] : ['cluster.discovery_strategy=static', `cluster.static.seeds=[${seeds}]`];
    const settings = [
      `node.name=${this.#name(index)}`,
      `node.data_dir=${this.#data(index)}`,
      `listeners.tcp.default.bind=127.0.0.1:${this.mqttPorts[index]}`,
      `cluster.port=${this.#clusterPorts[index]}`,
      'node.cookie=ledger',
      'debug.faults=true',
      ...cluster,
      ...this.#settings,
    ];
    const broker = await startBroker(settings, { lifetimeMs: this.#lifetimeMs });
    this.#running.set(index, { broker, token: undefined, standing: false });
  }

  #at(index: number): Running {
    const running = this.#running.get(index);
    if (running === undefined) throw new Error(`${this.#name(index)} does not run`);
    return running;
  }

  /** SIGKILL, in the middle of whatever it does. */
  async kill(index: number): Promise<void> {
    const { process } = this.#at(index).broker;
    this.#running.delete(index);
    process.kill('SIGKILL');
    await process.exit();
  }

  /** SIGTERM: it ends as it should. */
  async stop(index: number): Promise<void> {
    const { process } = this.#at(index).broker;
    this.#running.delete(index);
    await process.end();
  }

  /** The data directory is lost. */
  async wipe(index: number): Promise<void> {
    await rm(this.#data(index), { recursive: true, force: true });
  }

  freeze(index: number): void {
    const running = this.#at(index);
    running.standing = true;
    running.broker.process.kill('SIGSTOP');
  }

  thaw(index: number): void {
    const running = this.#at(index);
    running.broker.process.kill('SIGCONT');
    running.standing = false;
  }

  /** Body of a REST answer below `/api/v5`. */
  get(index: number, path: string): Promise<unknown> {
    return this.#ask(index, 'GET', path);
  }

  async #ask(index: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const running = this.#at(index);
    const { api } = running.broker.ready;
    running.token ??= logIn(api);
    const authorization = `Bearer ${await running.token}`;
    const told = body === undefined ? { headers: { authorization } } : { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${api}${path}`, { method, ...told });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Bytes between two nodes are held back until `heal`. */
  async cut(index: number, peer: number, direction: 'in' | 'out' | 'both'): Promise<void> {
    await this.#ask(index, 'PUT', `/nodes/${this.#name(index)}/faults`, { peer: this.#name(peer), kind: 'cut', direction });
  }

  async heal(index: number): Promise<void> {
    await this.#ask(index, 'DELETE', `/nodes/${this.#name(index)}/faults`);
  }

  /** Its clients have gone and its sessions are elsewhere: it can be stopped. */
  async drain(index: number): Promise<void> {
    const path = `/nodes/${this.#name(index)}/drain`;
    await this.#ask(index, 'POST', path);
    const isDrained = async () => ((await this.get(index, path)) as { state: string }).state === 'drained';
    try {
      await waitFor(`${this.#name(index)} to be drained`, isDrained, PROTECTED_LIMIT_MS);
    } catch (error) {
      throw new Error(`Not drained: ${JSON.stringify(await this.get(index, path))}`, { cause: error });
    }
  }

  /** All nodes run and have each other. */
  async whole(): Promise<void> {
    const names = this.mqttPorts.map((_, index) => this.#name(index)).sort().join(' ');
    let seen: string[] = [];
    const isWhole = async () => {
      seen = await Promise.all(
        this.mqttPorts.map(async (_, index) => {
          const { nodes } = (await this.get(index, '/cluster')) as { nodes: string[] };
          return nodes.sort().join(' ');
        }),
      );
      return seen.every((view) => view === names);
    };
    try {
      await waitFor('all nodes to have each other', isWhole, PROTECTED_LIMIT_MS);
    } catch (error) {
      throw new Error(`Not whole: ${seen.join(' | ')}\n${this.said().join('\n')}`, { cause: error });
    }
  }

  /** Any node may die now and nothing is lost (R66). */
  async protectedAgain(): Promise<void> {
    await this.whole();
    const isProtected = async () => ((await this.get(this.acting[0] ?? 0, '/cluster/sessions')) as { protected: boolean }[]).every((node) => node.protected);
    try {
      await waitFor('the sessions to be protected again', isProtected, PROTECTED_LIMIT_MS);
    } catch (error) {
      throw new Error(`Not protected: ${JSON.stringify(await this.get(this.acting[0] ?? 0, '/cluster/sessions'))}`, { cause: error });
    }
  }

  /** The last lines each node logged. */
  said(): string[] {
    return [...this.#running].flatMap(([index, { broker }]) => broker.process.stderr().split('\n').slice(-12).map((line) => `${this.#name(index)}: ${line}`));
  }

  /** What the nodes logged at level error, by message. */
  errors(): string[] {
    return [...this.#running.values()].flatMap(({ broker }) =>
      broker.process
        .stderr()
        .split('\n')
        .filter((line) => line.includes('"level":"error"')),
    );
  }

  async end(): Promise<void> {
    for (const [index, { standing }] of this.#running) if (standing) this.thaw(index);
    await Promise.all([...this.#running.values()].map(({ broker }) => broker.end()));
    await removeTempDir(this.#directory);
  }
}
