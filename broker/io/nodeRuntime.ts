/**
 * One broker node connected to the world: BrokerNode with listeners, clock, timers and data directory. broker/main.ts adds what belongs to
 * a process (arguments, signals, supervisor). Start order: data directory, rules, listeners, so that a node that cannot serve says so
 * before anybody connects. Stop order: the other way round.
 */
import { randomBytes } from 'node:crypto';
import type { LinkSnapshot, NodeSnapshot } from '../api/schema/topology.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { BrokerConfig } from '../config/config.ts';
import { BrokerNode } from '../core/brokerNode.ts';
import { standalone } from '../core/clusterPort.ts';
import { Hooks } from '../hooks/hooks.ts';
import { METRIC, Metrics } from '../metrics/metrics.ts';
import { AclFile } from './aclFile.ts';
import type { ByteCounters } from './connection.ts';
import { openDataDir, type DataDir } from './disk/dataDir.ts';
import { TcpListener } from './listeners/tcp.ts';
import { takeSnapshot } from './nodeSnapshot.ts';
import { OutputTurn } from './outputTurn.ts';
import { ProcessVitals } from './processVitals.ts';
import { TimerWheel } from './timerWheel.ts';
import { TurnClock } from './turnClock.ts';

/** How long clients may take to read their last bytes when the node stops. */
const STOP_GRACE_MS = 2_000;
const POLL_MS = 20;

export class NodeRuntime {
  readonly config: BrokerConfig;
  readonly node: BrokerNode;
  readonly dataDir: DataDir;
  readonly acl: AclFile;
  readonly listeners: readonly TcpListener[];
  readonly #log: Log;
  readonly #clock: TurnClock;
  readonly #timers: TimerWheel;
  readonly #output: OutputTurn;
  readonly #vitals = new ProcessVitals();

  /** Rejects with the error of the first thing that failed; what was opened before it is closed again. */
  static async start(config: BrokerConfig, log: Log): Promise<NodeRuntime> {
    const dataDir = await openDataDir(config.node.dataDir, Date.now());
    let runtime: NodeRuntime | undefined;
    try {
      const acl = await AclFile.open({ path: config.authorization.aclFile, log });
      runtime = new NodeRuntime(config, log, dataDir, acl);
      for (const listener of runtime.listeners) await listener.listen();
      return runtime;
    } catch (error) {
      if (runtime === undefined) dataDir.close();
      else await runtime.stop();
      throw error;
    }
  }

  private constructor(config: BrokerConfig, log: Log, dataDir: DataDir, acl: AclFile) {
    this.config = config;
    this.#log = log;
    this.dataDir = dataDir;
    this.acl = acl;
    const clock = new TurnClock();
    const output = new OutputTurn();
    const metrics = new Metrics();
    this.#clock = clock;
    this.#output = output;
    this.#timers = new TimerWheel(clock);
    const bytes: ByteCounters = {
      received: (count) => metrics.add(METRIC['bytes.received'], count),
      sent: (count) => metrics.add(METRIC['bytes.sent'], count),
    };
    this.node = new BrokerNode({
      config,
      clock,
      timers: this.#timers,
      hooks: new Hooks(log),
      metrics,
      log,
      authorizer: acl.authorizer,
      cluster: standalone,
      newClientId: () => `busbar-${randomBytes(10).toString('hex')}`,
      defer: (task) => setImmediate(task),
    });
    this.listeners = config.listeners.map(
      (listener) => new TcpListener({ config: listener, node: this.node, output, clock, bytes, log }),
    );
  }

  /** Listener id → bound address. */
  listenerBinds(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.listeners.map((listener) => [listener.config.id, listener.bind]));
  }

  /** Base URL of the REST API; empty while the node has none. */
  get apiUrl(): string {
    return '';
  }

  /** Bound cluster address; empty while the node accepts no links. */
  get clusterBind(): string {
    return '';
  }

  links(): readonly LinkSnapshot[] {
    return [];
  }

  snapshot(): NodeSnapshot {
    return takeSnapshot(
      {
        node: this.node,
        nodeId: this.dataDir.life.nodeId,
        listeners: this.listeners,
        vitals: this.#vitals,
        links: this.links(),
        acl: null,
      },
      Date.now(),
    );
  }

  /** Tells every client, lets what waits leave within a grace, and releases everything. Never rejects. */
  async stop(): Promise<void> {
    for (const listener of this.listeners) listener.stopAccepting();
    this.#clock.tick();
    this.node.shutdown();
    this.#output.flush();
    await this.#connectionsGone();
    for (const listener of this.listeners) listener.destroyConnections();
    this.acl.dispose();
    this.#timers.dispose();
    this.#output.dispose();
    this.#vitals.dispose();
    try {
      this.dataDir.close();
    } catch (error) {
      this.#log.error('data_dir_not_closed', { reason: messageOf(error) });
    }
  }

  async #connectionsGone(): Promise<void> {
    const deadlineMs = performance.now() + STOP_GRACE_MS;
    while (this.listeners.some((listener) => listener.connections.size > 0) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
