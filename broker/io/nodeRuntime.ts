/**
 * One broker node connected to the world: BrokerNode with data directory, rules, cluster, listeners and REST API. broker/main.ts adds what
 * belongs to a process (arguments, signals, supervisor). `start` opens things in an order in which each finds what it needs, so a node that cannot
 * serve says so before anybody connects; `stop` closes them in the opposite order.
 */
import { randomBytes } from 'node:crypto';
import type { Fault, FaultAction } from '../api/schema/fault.ts';
import type { NodeSnapshot } from '../api/schema/topology.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { BUSBAR_VERSION } from '../base/version.ts';
import type { BrokerConfig } from '../config/config.ts';
import { clients, nodeInfo, subscriptions } from '../core/adminAnswers.ts';
import { alarmAnswers } from '../core/alarmAnswers.ts';
import { BrokerNode } from '../core/brokerNode.ts';
import { serviceAnswers } from '../core/serviceAnswers.ts';
import { shareRetained } from '../core/services/sharedRetained.ts';
import { SharedSettings } from '../core/services/sharedSettings.ts';
import { BrokerServices } from '../core/services/brokerServices.ts';
import type { SharedTables } from '../cluster/shared/sharedTables.ts';
import { Hooks } from '../hooks/hooks.ts';
import { METRIC, Metrics } from '../metrics/metrics.ts';
import { AclFile } from './aclFile.ts';
import { AuthnService } from './authn/authnService.ts';
import { BanService } from './bans/banService.ts';
import { startAdminServer, type AdminServer } from './adminServer.ts';
import { ClusterObserver } from './clusterObserver.ts';
import { ClusterService, type Answers } from './clusterService.ts';
import type { ByteCounters } from './connection.ts';
import { openDataDir, type DataDir } from './dataDir.ts';
import { DelayedFile } from './delayedFile.ts';
import { hostFacts } from './hostFacts.ts';
import { DevelopmentCertificates } from './listeners/developmentCertificates.ts';
import { listenerAnswers, listenerHands, type ListenerAdministration } from './listeners/listenerAnswers.ts';
import { ListenerStore } from './listeners/listenerStore.ts';
import { ListenerManager } from './listeners/listenerManager.ts';
import { SharedListeners } from './listeners/sharedListeners.ts';
import { NodeLimits } from './nodeLimits.ts';
import { takeSnapshot } from './nodeSnapshot.ts';
import { OperatorEvents } from './operatorEvents.ts';
import { OutputTurn } from './outputTurn.ts';
import { ProcessVitals } from './processVitals.ts';
import { NodeDrain } from './nodeDrain.ts';
import { otherListeners } from './otherListeners.ts';
import { sessionAnswers } from './sessionAnswers.ts';
import { SessionService } from './sessionService.ts';
import { SharedAcl } from './sharedAcl.ts';
import { SharedState } from './sharedState.ts';
import { enableSharedRead } from './sharedRead.ts';
import { SlowClients } from './slowClients.ts';
import { TimerWheel } from './timerWheel.ts';
import { TurnClock } from './turnClock.ts';

const BYTES_RECEIVED = METRIC['bytes.received'];
const BYTES_SENT = METRIC['bytes.sent'];

/** What has been opened so far, each with how it is closed. */
type Opened = { readonly name: string; readonly close: () => void | Promise<void> }[];

interface RuntimeParts {
  readonly config: BrokerConfig;
  readonly log: Log;
  readonly events: OperatorEvents;
  readonly dataDir: DataDir;
  readonly shared: SharedState;
  readonly acl: AclFile;
  readonly authn: AuthnService;
  readonly bans: BanService;
  readonly cluster: ClusterService;
  readonly sessions: SessionService;
  readonly opened: Opened;
}

export class NodeRuntime {
  readonly config: BrokerConfig;
  readonly node: BrokerNode;
  readonly acl: AclFile;
  readonly #sharedAcl: SharedAcl;
  readonly authn: AuthnService;
  readonly bans: BanService;
  readonly #dataDir: DataDir;
  readonly #cluster: ClusterService;
  readonly listeners: ListenerManager;
  readonly #listenerAdministration: ListenerAdministration;
  readonly #log: Log;
  readonly #clock: TurnClock;
  readonly #output: OutputTurn;
  readonly #vitals: ProcessVitals;
  readonly #opened: Opened;
  readonly #services: BrokerServices;
  readonly #tables: SharedTables;
  readonly #sessions: SessionService;
  /** Hybrid time: what was changed before yields to the configuration. */
  readonly #startedAt: number;
  readonly #settings: SharedSettings;
  readonly #drain: NodeDrain;
  readonly #observer: ClusterObserver;
  #admin: AdminServer | undefined;
  #running = false;

  /** Rejects with the error of the first thing that failed; what was opened before it is closed again. */
  static async start(config: BrokerConfig, ownLog: Log): Promise<NodeRuntime> {
    const opened: Opened = [];
    const events = new OperatorEvents(config.node.name, Date.now);
    const log = events.watch(ownLog);
    try {
      const dataDir = await openDataDir(config.node.dataDir, Date.now());
      opened.push({ name: 'data_dir', close: () => dataDir.close() });
      const shared = new SharedState({ dataDir: dataDir.path, life: dataDir.life, log });
      if (dataDir.life.isCopy === true) await dataDir.forgotOrigin();
      opened.push({ name: 'shared_tables', close: () => shared.dispose() });
      const acl = await AclFile.open({ path: config.authorization.aclFile, log });
      opened.push({ name: 'acl', close: () => acl.dispose() });
      const authn = await AuthnService.open({ config, tables: shared.tables, clock: { now: Date.now }, log });
      opened.push({ name: 'authn', close: () => authn.dispose() });
      const bans = await BanService.open({ config, tables: shared.tables, clock: { now: Date.now }, log });
      opened.push({ name: 'bans', close: () => bans.dispose() });
      const sessions = await SessionService.open({ config, nodeId: dataDir.life.nodeId, clock: shared.clock, log });
      opened.push({ name: 'sessions', close: () => sessions.close() });
      const cluster = await ClusterService.open({ config, life: dataDir.life, log, tables: shared.tables });
      opened.push({ name: 'cluster', close: () => cluster.stop() });
      const runtime = new NodeRuntime({ config, log, events, dataDir, shared, acl, authn, bans, cluster, sessions, opened });
      await runtime.#serve();
      return runtime;
    } catch (error) {
      await closeAll(opened, log);
      throw error;
    }
  }

  private constructor({ config, log, events, dataDir, shared, acl, authn, bans, cluster, sessions, opened }: RuntimeParts) {
    this.config = config;
    this.acl = acl;
    this.#sharedAcl = new SharedAcl({ tables: shared.tables, acl, log });
    this.authn = authn;
    this.bans = bans;
    this.#log = log;
    this.#dataDir = dataDir;
    this.#cluster = cluster;
    this.#opened = opened;
    const clock = new TurnClock();
    const timers = new TimerWheel(clock, log);
    const output = new OutputTurn();
    const vitals = new ProcessVitals();
    const metrics = new Metrics();
    this.#clock = clock;
    this.#output = output;
    this.#vitals = vitals;
    opened.push({ name: 'timers', close: () => [timers, output, vitals].forEach((item) => item.dispose()) });
    this.node = new BrokerNode({
      config,
      clock,
      timers,
      hooks: new Hooks(log),
      metrics,
      log,
      authorizer: acl.authorizer,
      authn: authn.chains,
      admission: bans.admission,
      cluster: cluster.port,
      sessions: sessions.keep(cluster),
      prng: { next: Math.random },
      newClientId: () => `busbar-${randomBytes(10).toString('hex')}`,
      defer: (task) => setImmediate(task),
    });
    shareRetained(shared.tables, this.node.retainer, log, (at) => clock.now() - shared.clock.ageMs(at));
    bans.onBanned((clientId) => void this.node.kick(clientId));
    const delayed = DelayedFile.open(config.node.dataDir, log);
    opened.push({ name: 'delayed', close: () => delayed.close() });
    const limits = new NodeLimits(config.limiter, { clock, timers });
    const runningNodes = () => cluster.members().flatMap(({ node, status }) => (status === 'running' ? [node] : []));
    const services = new BrokerServices({
      node: this.node,
      version: BUSBAR_VERSION,
      runningNodes,
      listenerPort: (id) => portOf(this.listenerBinds[id]),
      delayed,
      limiter: { config: () => limits.config, configure: (changed) => limits.configure(changed) },
    });
    this.#services = services;
    this.#sessions = sessions;
    sessions.attach(services.alarms);
    this.#tables = shared.tables;
    this.#startedAt = shared.clock.nextAt();
    this.#settings = new SharedSettings({ tables: shared.tables, services, given: config.given, startedAt: this.#startedAt, log });
    opened.push({ name: 'services', close: () => services.dispose() });
    const bytes: ByteCounters = {
      received: (count) => metrics.add(BYTES_RECEIVED, count),
      sent: (count) => metrics.add(BYTES_SENT, count),
    };
    const developmentCertificates = new DevelopmentCertificates(dataDir.path, log);
    const slowClients = new SlowClients({ congestion: config.connCongestion, forceShutdown: config.forceShutdown, alarms: services.alarms, timers, clock, metrics, log });
    this.listeners = new ListenerManager(config.listeners, { node: this.node, output, clock, bytes, limits, slowClients, developmentCertificates, log });
    this.#drain = new NodeDrain({
      self: cluster.self,
      node: this.node,
      listeners: this.listeners,
      others: () => runningNodes().filter((node) => node !== cluster.self),
      elsewhere: (nodes) => otherListeners(cluster, nodes),
      log,
    });
    opened.push({ name: 'drain', close: () => this.#drain.dispose() });
    this.#observer = new ClusterObserver({ events, alarms: services.alarms, cluster, node: this.node, tables: shared.tables, dataDir, durability: config.sessions.durability, log });
    opened.push({ name: 'observer', close: () => this.#observer.dispose() });
    this.#listenerAdministration = {
      manager: this.listeners,
      store: new ListenerStore(dataDir.path),
      configured: (listener) => authn.setListener(listener),
      removed: (id) => authn.removeListener(id),
    };
  }

  async #serve(): Promise<void> {
    this.#opened.push({ name: 'listeners', close: () => this.listeners.stopAccepting() });
    if (!(await enableSharedRead())) this.#log.warn('shared_read_unavailable', { node: process.version, effect: 'connections read by data events, at more CPU' });
    const shared = await SharedListeners.open({
      tables: this.#tables,
      hands: listenerHands(this.#listenerAdministration),
      dataDir: this.#dataDir.path,
      given: this.config.given,
      startedAt: this.#startedAt,
      log: this.#log,
    });
    this.#opened.push({ name: 'shared_listeners', close: () => shared.close() });
    await this.listeners.startEnabled((id) => shared.isStopped(id));
    await shared.start();
    this.#cluster.start({ broker: this.node, answers: this.#answers(shared), alarms: this.#services.alarms, entered: () => void this.#clock.tick() });
    const admin = await startAdminServer({
      config: this.config,
      admin: this.#cluster,
      authn: this.authn,
      bans: this.bans,
      tables: this.#tables,
      version: BUSBAR_VERSION,
      log: this.#log,
      isRunning: () => this.#running,
    });
    this.#admin = admin;
    this.#opened.push({ name: 'api', close: () => admin.close() });
    this.#running = true;
  }

  /** What this node answers about itself, to its own REST API and to other nodes. */
  #answers(sharedListeners: SharedListeners): Answers {
    const { node } = this;
    return {
      ...serviceAnswers(this.#services, (service) => this.#settings.changed(service)),
      ...alarmAnswers(this.#services),
      ...this.#sharedAcl.answers,
      ...listenerAnswers(this.#listenerAdministration, sharedListeners),
      membership: (action) => this.#cluster.membershipActions.act(action),
      faults: (action) => this.#cluster.faults.act(action),
      ...sessionAnswers({ node, drain: this.#drain, durability: this.config.sessions.durability, storeCounters: () => this.#sessions.counters }),
      nodeInfo: () => nodeInfo(node, hostFacts(), Date.now()),
      stats: () => node.metrics.stats(),
      ...this.#observer.answers,
      clients: ({ filter, offset, limit }) => clients(node, filter, offset, limit),
      subscriptions: ({ filter, offset, limit }) => subscriptions(node, filter, offset, limit),
    };
  }

  /** Listener id → bound address. */
  get listenerBinds(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.listeners.running.map((listener) => [listener.config.id, listener.bind]));
  }

  /** Base URL of the REST API. */
  get apiUrl(): string {
    return this.#admin?.url ?? '';
  }

  /** Bound cluster address. */
  get clusterBind(): string {
    return this.#cluster.bind;
  }

  /** Does what a supervisor asks. Throws FAULTS_DISABLED, FAULT_INVALID. */
  fault(action: FaultAction): readonly Fault[] {
    return this.#cluster.faults.act(action);
  }

  snapshot(): NodeSnapshot {
    return takeSnapshot({
      node: this.node,
      nodeId: this.#dataDir.life.nodeId,
      listeners: this.listeners.running,
      vitals: this.#vitals,
      links: this.#cluster.links(),
      faults: this.#cluster.faults.list(),
      acl: this.acl.status,
    });
  }

  /** Tells every client, lets what waits leave within a grace, and releases everything. Never rejects. */
  async stop(): Promise<void> {
    this.#running = false;
    this.listeners.stopAccepting();
    this.#clock.tick();
    this.node.shutdown();
    this.#output.flush();
    await this.listeners.connectionsGone();
    await closeAll(this.#opened, this.#log);
  }

}

/** The port of a bound address such as `[::1]:1883`. */
function portOf(bind: string | undefined): number | undefined {
  const port = /:(\d+)$/.exec(bind ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Newest first. One that fails is told and does not keep the others open. */
async function closeAll(opened: Opened, log: Log): Promise<void> {
  for (let item = opened.pop(); item !== undefined; item = opened.pop()) {
    try {
      await item.close();
    } catch (error) {
      log.error('close_failed', { what: item.name, reason: messageOf(error) });
    }
  }
}
