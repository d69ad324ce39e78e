/** The local cluster: its nodes as processes, what they tell, and what happens to them. */
import type { AclApplyResult } from '../../broker/api/schema/control.ts';
import { BusbarError, messageOf } from '../../broker/base/errors.ts';
import type { Log } from '../../broker/base/log.ts';
import type { ClusterEvent, ClusterStatus, LogLine, NodeStatus, TopologyFrame } from '../contract/cluster.ts';
import type { ClusterDefinition } from './clusterDefinition.ts';
import { ClusterTimeline } from './clusterTimeline.ts';
import type { HostEvents } from './hostEvents.ts';
import { judge } from './joining.ts';
import { NODE_HOST, longName, writeNodeConfig } from './nodeConfig.ts';
import type { NodePorts } from './nodeConfig.ts';
import type { NodeLauncher } from './nodeLauncher.ts';
import { NodeLogs } from './nodeLogs.ts';
import { NodeProcess } from './nodeProcess.ts';
import type { NodeEnd } from './nodeProcess.ts';
import { choosePorts } from './portPlan.ts';
import type { Project } from './project.ts';
import { TopologyFrames } from './topologyFrames.ts';

/** One frame of the live picture a second. */
export const FRAME_MS = 1_000;
/** Nodes of a cluster that is started without a definition. */
export const DEFAULT_NODES = 3;

export interface ClusterManagerOptions {
  readonly project: Project;
  readonly launcher: NodeLauncher;
  readonly events: HostEvents;
  readonly log: Log;
  readonly now: () => number;
  /** For tests that must not depend on what listens on this machine. */
  readonly isPortFree?: (port: number) => Promise<boolean>;
}

export class ClusterManager {
  readonly #options: ClusterManagerOptions;
  readonly #nodes = new Map<string, NodeProcess>();
  readonly #frames = new TopologyFrames();
  readonly #logs: NodeLogs;
  readonly #timeline: ClusterTimeline;
  /** Told whenever something may have settled. */
  readonly #waiters = new Set<() => void>();
  #definition: ClusterDefinition | undefined;
  #ports = new Map<string, NodePorts>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #told = true;
  #preparing: Promise<unknown> = Promise.resolve();

  constructor(options: ClusterManagerOptions) {
    this.#options = options;
    this.#timeline = new ClusterTimeline(options.events, options.now);
    this.#logs = new NodeLogs({
      dir: options.project.layout.logsDir,
      now: options.now,
      onLines: (lines) => options.events.emit('node/log', lines),
      onFileError: (error) => options.log.warn('node_log_not_written', { reason: messageOf(error) }),
    });
  }

  /** Takes over what busbar.yaml says; a file that cannot be read leaves the cluster as it is. */
  async load(): Promise<void> {
    const definition = await this.#options.project.readDefinition().catch(() => this.#definition);
    if (definition) this.#define(definition);
  }

  status(): ClusterStatus {
    const nodes = (this.#definition?.nodes ?? []).map(({ name }) => this.nodeStatus(name));
    return { name: this.#definition?.name ?? this.#options.project.name, state: this.#state(nodes), nodes };
  }

  /** Throws NODE_UNKNOWN. */
  nodeStatus(name: string): NodeStatus {
    const ports = this.#ports.get(name) ?? { mqtt: 0, api: 0, cluster: 0 };
    return { name, node: longName(name), ...this.#node(name).status, ports };
  }

  /** Starts every node that does not live. Answers when all run or one failed; a failure is in the answer, not thrown. */
  async start(count: number | undefined): Promise<ClusterStatus> {
    const project = this.#options.project;
    this.#define((await project.readDefinition()) ?? (await project.createDefinition(count ?? DEFAULT_NODES)));
    await this.#launch([...this.#nodes.values()].filter((node) => !node.isAlive).map((node) => node.name));
    await this.#settled((nodes) => nodes.every((node) => node.state === 'running') || nodes.some((node) => node.state === 'failed' || node.state === 'stopped'));
    return this.status();
  }

  async stop(): Promise<ClusterStatus> {
    this.#stopping = true;
    try {
      await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
    } finally {
      this.#stopping = false;
      this.#changed();
    }
    return this.status();
  }

  /** Adds a node to busbar.yaml and, while others live, starts it. */
  async addNode(): Promise<ClusterStatus> {
    const { definition, name } = await this.#options.project.addNode();
    const alive = [...this.#nodes.values()].some((node) => node.isAlive);
    this.#define(definition);
    if (alive) await this.startNode(name);
    return this.status();
  }

  /** Answers when the node runs. Throws NODE_UNKNOWN, or NODE_START_FAILED with the node's own message. */
  async startNode(name: string): Promise<NodeStatus> {
    const node = this.#node(name);
    if (node.state === 'stopping') await node.stop();
    await this.#launch([name]);
    await node.started;
    await this.#settled(() => node.state !== 'starting' && node.state !== 'joining');
    return this.nodeStatus(name);
  }

  async stopNode(name: string): Promise<NodeStatus> {
    await this.#node(name).stop();
    return this.nodeStatus(name);
  }

  async killNode(name: string): Promise<NodeStatus> {
    await this.#node(name).kill();
    return this.nodeStatus(name);
  }

  freezeNode(name: string): NodeStatus {
    this.#node(name).freeze();
    this.tell('fault', 'node.frozen', name);
    return this.nodeStatus(name);
  }

  thawNode(name: string): NodeStatus {
    this.#node(name).thaw();
    this.tell('healed', 'node.thawed', name);
    return this.nodeStatus(name);
  }

  /** The nodes to which faults can be sent now. */
  get answering(): readonly NodeProcess[] {
    return [...this.#nodes.values()].filter((node) => node.ready !== null && !node.isFrozen);
  }

  /** Throws NODE_UNKNOWN. */
  process(name: string): NodeProcess {
    return this.#node(name);
  }

  async restartNode(name: string): Promise<NodeStatus> {
    await this.#node(name).stop();
    return this.startNode(name);
  }

  frames(sinceMs: number): readonly TopologyFrame[] {
    return this.#frames.since(sinceMs);
  }

  events(sinceMs: number): ClusterEvent[] {
    return this.#timeline.since(sinceMs);
  }

  log(query: { node?: string | undefined; beforeSeq?: number | undefined; limit: number }): LogLine[] {
    return this.#logs.read(query);
  }

  /** Where a node listens. Throws NODE_UNKNOWN, CLUSTER_NOT_RUNNING when it does not live. */
  address(name: string, kind: keyof NodePorts): { host: string; port: number } {
    const node = this.#node(name);
    const ports = this.#ports.get(name);
    if (!ports || !node.ready) {
      throw new BusbarError('CLUSTER_NOT_RUNNING', `The node ${name} is not running.`, { hint: 'Start the node first.', details: { node: name } });
    }
    return { host: NODE_HOST, port: ports[kind] };
  }

  /** Asks every node that is up to use these rules; undefined where there was no answer in time. */
  async applyAcl(text: string): Promise<{ node: string; running: boolean; result: AclApplyResult | undefined }[]> {
    return Promise.all(
      [...this.#nodes.values()].map(async (node) => ({
        node: node.name,
        running: node.ready !== null,
        result: node.ready ? await node.applyAcl(text) : undefined,
      })),
    );
  }

  /** What a node said last about its rules in force; undefined when it does not report. */
  aclInForce(name: string) {
    return this.#frames.snapshot(name)?.acl ?? undefined;
  }

  /** Tells and keeps one event of the time line. */
  tell(...event: Parameters<ClusterTimeline['tell']>): void {
    this.#timeline.tell(...event);
  }

  /** Stops all and writes what is left to write. */
  async close(): Promise<void> {
    await this.stop();
    clearInterval(this.#timer);
    await this.#logs.close();
  }

  #node(name: string): NodeProcess {
    const node = this.#nodes.get(name);
    if (!node) throw new BusbarError('NODE_UNKNOWN', `There is no node ${name} in this cluster.`, { details: { node: name } });
    return node;
  }

  /** Makes the table of nodes fit a definition; a node that lives stays until it has ended. */
  #define(definition: ClusterDefinition): void {
    const gone = [...this.#nodes.values()].filter((node) => !node.isAlive && !definition.nodes.some(({ name }) => name === node.name));
    for (const node of gone) this.#nodes.delete(node.name);
    const orphans = [...this.#nodes.keys()].filter((name) => !definition.nodes.some((node) => node.name === name)).map((name) => ({ name }));
    this.#definition = { ...definition, nodes: [...definition.nodes, ...orphans] };
    for (const { name } of definition.nodes) if (!this.#nodes.has(name)) this.#nodes.set(name, this.#createNode(name));
    this.#changed();
  }

  #createNode(name: string): NodeProcess {
    let before = 'stopped';
    const node: NodeProcess = new NodeProcess({
      name,
      launcher: this.#options.launcher,
      now: this.#options.now,
      keepOutput: (child) => {
        this.#logs.follow(name, child.stdout);
        this.#logs.follow(name, child.stderr);
      },
      events: {
        onChange: () => {
          if (node.state === 'running' && before !== 'running') this.tell('lifecycle', 'node.running', name);
          before = node.state;
          this.#judgeSoon();
          this.#changed();
        },
        onSnapshot: (snapshot) => {
          this.#frames.report(name, snapshot, this.#options.now());
          this.#timeline.tellLinks(this.#frames.linkChanges());
          this.#judgeSoon();
        },
        onEnd: (end) => this.#ended(node, end),
      },
    });
    return node;
  }

  #ended(node: NodeProcess, end: NodeEnd): void {
    this.#frames.forget(node.name);
    this.#timeline.tellEnd(node.name, end, node.status);
    this.#timeline.tellLinks(this.#frames.linkChanges());
  }

  /** Chooses ports, writes configurations and launches, all nodes at once. One preparation at a time. */
  #launch(names: readonly string[]): Promise<void> {
    const launch = this.#preparing.then(async () => {
      const { project } = this.#options;
      const definition = this.#definition;
      if (!definition || names.length === 0) return;
      const kept = new Map([...this.#ports].filter(([name]) => this.#nodes.get(name)?.isAlive));
      this.#ports = await choosePorts(definition, names, kept, project.layout.portsFile, this.#options.isPortFree);
      const cookie = await project.secret(project.layout.cookieFile);
      await Promise.all(
        names.map(async (name) => {
          const config = await writeNodeConfig({ layout: project.layout, definition, name, cookie, ports: this.#ports });
          // Its failure is told by its state and by whoever awaits `started`.
          this.#node(name)
            .start(['--config', config], () => this.#otherPorts(name, cookie))
            .catch(() => undefined);
        }),
      );
      this.#timer ??= setInterval(() => this.#tick(), FRAME_MS);
    });
    this.#preparing = launch.catch(() => undefined);
    return launch;
  }

  /** A configuration of a node with ports that are free now; undefined when it has those ports already, or cannot have others. */
  #otherPorts(name: string, cookie: string): Promise<readonly string[] | undefined> {
    const choice = this.#preparing.then(async () => {
      const { project } = this.#options;
      const definition = this.#definition;
      const before = this.#ports.get(name);
      const others = new Map([...this.#ports].filter(([other]) => other !== name));
      if (!definition) return undefined;
      const ports = await choosePorts(definition, [name], others, project.layout.portsFile, this.#options.isPortFree);
      const chosen = ports.get(name);
      if (chosen === undefined || JSON.stringify(chosen) === JSON.stringify(before)) return undefined;
      this.#ports = ports;
      return ['--config', await writeNodeConfig({ layout: project.layout, definition, name, cookie, ports })];
    });
    this.#preparing = choice.then(
      () => undefined,
      () => undefined,
    );
    return choice;
  }

  #tick(): void {
    this.#judge();
    const names = [...this.#nodes.keys()];
    // The last frame, taken after the last node ended, shows every node without figures.
    this.#options.events.emit('cluster/frame', this.#frames.take(names, this.#options.now()));
    if ([...this.#nodes.values()].some((node) => node.isAlive)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #judgeSoon(): void {
    queueMicrotask(() => this.#judge());
  }

  #judge(): void {
    const all = [...this.#nodes.values()].map((node) => ({
      name: node.name,
      state: node.state,
      sinceMs: node.status.sinceMs,
      snapshot: this.#frames.snapshot(node.name),
    }));
    for (const candidate of all) {
      const verdict = judge(candidate, all, this.#options.now());
      if (verdict?.running) this.#nodes.get(candidate.name)?.markRunning(verdict.reason);
    }
  }

  /** Tells windows once per turn, however much changed in it. */
  #changed(): void {
    if (!this.#told) return;
    this.#told = false;
    queueMicrotask(() => {
      this.#told = true;
      this.#options.events.emit('cluster/changed', this.status());
      for (const look of [...this.#waiters]) look();
    });
  }

  #settled(isSettled: (nodes: readonly NodeProcess[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSettled([...this.#nodes.values()])) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }

  #state(nodes: readonly NodeStatus[]): ClusterStatus['state'] {
    if (nodes.length === 0) return 'none';
    const has = (...states: NodeStatus['state'][]) => nodes.some((node) => states.includes(node.state));
    if (!has('starting', 'joining', 'running', 'stopping')) return 'stopped';
    if (this.#stopping || !has('starting', 'joining', 'running')) return 'stopping';
    if (!has('running')) return 'starting';
    if (nodes.every((node) => node.state === 'running')) return nodes.some((node) => node.reason !== null) ? 'degraded' : 'running';
    return has('failed', 'stopped', 'stopping') ? 'degraded' : 'starting';
  }
}
