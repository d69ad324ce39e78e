/**
 * One node's part in the cluster, connected to the world: the cluster core on real sockets, for the broker (`port`) and for the
 * REST API (`AdminPort`). Open it before the broker, start it when the broker serves, stop it last.
 */
import type { AdminPort, NodeQuestion, NodeQuestions } from '../api/ports.ts';
import type { LinkSnapshot } from '../api/schema/topology.ts';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { NodeId, NodeName } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { ClusterStream, StreamHost } from '../cluster/stream.ts';
import { ClusterNode } from '../cluster/clusterNode.ts';
import { addressKey, type Address, type AskResult, type ClusterBrokerPort } from '../cluster/ports.ts';
import { MemberTable } from '../cluster/shared/memberTable.ts';
import type { SharedSync } from '../cluster/shared/sharedSync.ts';
import type { SharedTables } from '../cluster/shared/sharedTables.ts';
import type { BrokerConfig } from '../config/config.ts';
import { ClusterMembership } from './clusterMembership.ts';
import type { BrokerPort, ClusterPort } from '../core/clusterPort.ts';
import { Discovery } from './discovery/discovery.ts';
import { createSource } from './discovery/createSource.ts';
import { isDiscoveryEnabled, setDiscoveryEnabled } from './discovery/discoverySwitch.ts';
import { FaultControl, type FaultAlarms } from './faults/faultControl.ts';
import { LinkFaults } from './faults/linkFaults.ts';
import { LinkTls } from './linkTls.ts';
import { MembershipActions } from './membershipActions.ts';
import { PeerLinks, nodeCrypto, systemClock } from './peerLinks.ts';

/** One function per question another node, or our own API, may ask this node. */
export type Answers = {
  readonly [Q in NodeQuestion]: (
    params: NodeQuestions[Q]['params'],
  ) => NodeQuestions[Q]['answer'] | Promise<NodeQuestions[Q]['answer']>;
};

export interface ClusterServiceOptions {
  readonly config: BrokerConfig;
  /** This start of this node, from its data directory (R1, R2). */
  readonly life: { readonly nodeId: NodeId; readonly incarnation: number; readonly nonce: string };
  readonly log: Log;
  /** What all nodes share. */
  readonly tables: SharedTables;
}

export interface ClusterStart {
  readonly broker: BrokerPort;
  readonly answers: Answers;
  /** What is amiss with the links is told here. */
  readonly alarms?: FaultAlarms;
  /** Called before each event from a peer, to bring clocks up to date. */
  readonly entered?: () => void;
}

const NOT_STARTED: ClusterBrokerPort = {
  remoteRouteAdded: () => -1,
  remoteRouteRemoved: () => -1,
  remoteRoutesSnapshot() {},
  remoteRoutes: () => [],
  remoteNodeDown() {},
  dispatchForwarded: () => 0,
  forwardsFailed() {},
  remoteGroupChanged() {},
  remoteClaimChanged() {},
  dispatchShared() {},
};

/** What was opened before the service. */
interface Opened {
  readonly links: PeerLinks;
  readonly faults: LinkFaults | undefined;
  readonly bound: Address;
  readonly discoveryEnabled: boolean;
}

export class ClusterService implements AdminPort {
  readonly self: NodeName;
  readonly clusterName: string;
  /** Bound cluster address, e.g. `127.0.0.1:4371`. */
  readonly bind: string;
  /** What the broker asks of the cluster. */
  readonly port: ClusterPort;
  /** Faults of the links of this node (R73). */
  readonly faults: FaultControl;
  readonly #node: ClusterNode;
  readonly #links: PeerLinks;
  readonly #dataDir: string;
  readonly #members: MemberTable;
  readonly #address: Address;
  /** Joining, leaving and removing. */
  readonly membership: ClusterMembership;
  /** The same by name, for REST and the command line. */
  readonly membershipActions: MembershipActions;
  /** Undefined when the strategy is to wait to be told. */
  readonly #discovery: Discovery | undefined;
  #discoveryEnabled: boolean;
  #broker: ClusterBrokerPort = NOT_STARTED;
  #answers: Answers | undefined;

  /** Whether the sessions of a node go on elsewhere: one that stays away is forgotten only then (R13). */
  covered: (nodeId: NodeId) => boolean = () => true;

  /** Binds the cluster port; no peer is heard before `start`. Rejects with CLUSTER_PORT_IN_USE. */
  static async open(options: ClusterServiceOptions): Promise<ClusterService> {
    const { host, port, tls } = options.config.cluster;
    const faults = options.config.debug.faults ? new LinkFaults() : undefined;
    const links = new PeerLinks({ tls: tls && (await LinkTls.open(tls)), faults });
    const bound = await links.listen(host, port);
    const discoveryEnabled = await isDiscoveryEnabled(options.config.node.dataDir);
    return new ClusterService(options, { links, faults, bound, discoveryEnabled });
  }

  private constructor({ config, life, log, tables }: ClusterServiceOptions, { links, faults, bound, discoveryEnabled }: Opened) {
    const { node, cluster } = config;
    this.self = node.name;
    this.clusterName = cluster.name;
    this.bind = addressKey(bound);
    this.#links = links;
    this.faults = new FaultControl({ self: node.name, faults, log });
    this.#dataDir = node.dataDir;
    this.#discoveryEnabled = discoveryEnabled;
    const address = { host: reachableHost(bound.host, node.name), port: bound.port };
    const broker: ClusterBrokerPort = {
      remoteRouteAdded: (peer, topicFilter, flags) => this.#broker.remoteRouteAdded(peer, topicFilter, flags),
      remoteRoutesSnapshot: (peer, step) => this.#broker.remoteRoutesSnapshot(peer, step),
      remoteRoutes: (peer) => this.#broker.remoteRoutes(peer),
      remoteRouteRemoved: (peer, topicFilter) => this.#broker.remoteRouteRemoved(peer, topicFilter),
      remoteNodeDown: (peer) => this.#broker.remoteNodeDown(peer),
      dispatchForwarded: (peer, publishes) => this.#broker.dispatchForwarded(peer, publishes),
      forwardsFailed: (count, why) => this.#broker.forwardsFailed(count, why),
      remoteGroupChanged: (peer, key, online, total) => this.#broker.remoteGroupChanged(peer, key, online, total),
      remoteClaimChanged: (peer, key, claim) => this.#broker.remoteClaimChanged(peer, key, claim),
      dispatchShared: (peer, publish, key, again) => this.#broker.dispatchShared(peer, publish, key, again),
    };
    this.#node = new ClusterNode(
      {
        identity: { ...life, name: node.name },
        clusterName: cluster.name,
        cookie: node.cookie,
        address,
        // Known without asking anybody: dialled with the first tick.
        seeds: discoveryEnabled && cluster.discoveryStrategy === 'static' ? cluster.seeds : [],
      },
      {
        transport: links,
        crypto: nodeCrypto,
        clock: systemClock,
        broker,
        log,
        answer: (question, params, reply) => void this.#answer(question, params).then(reply),
      },
    );
    const { core } = this.#node;
    const members = new MemberTable({
      tables,
      self: { nodeId: life.nodeId, name: node.name },
      autoheal: cluster.autoheal,
      autocleanMs: cluster.autocleanMs,
      onAlone: () => void this.disableDiscovery(),
      covered: (nodeId) => this.covered(nodeId),
      log,
    });
    this.#members = members;
    this.#address = address;
    core.isGone = (nodeId) => members.isGone(nodeId);
    this.membership = this.#attach(tables, log);
    this.membershipActions = new MembershipActions({
      self: this.self,
      node: this.#node,
      membership: this.membership,
      enableDiscovery: () => this.enableDiscovery(),
    });
    const source = createSource(cluster, { node: node.name, address }, log);
    this.#discovery = source && new Discovery({
      strategy: cluster.discoveryStrategy,
      source,
      propose: (proposals) => this.#node.propose(proposals),
      isIncomplete: () => this.#node.incomplete,
      log,
    });
    this.port = {
      routeAdded: (topicFilter, flags) => core.routeAdded(topicFilter, flags),
      routeRemoved: (topicFilter) => core.routeRemoved(topicFilter),
      routeBarrier: (done) => core.routeBarrier(done),
      forward: (peer, publish) => core.forward(peer, publish),
      groupChanged: (key, online, total) => core.groupChanged(key, online, total),
      claimChanged: (key, claim) => core.claimChanged(key, claim),
      forwardShared: (peer, publish, key, again) => core.forwardShared(peer, publish, key, again),
    };
  }

  /** The tables get their links; who is a member decides whose word their tombstones wait for. */
  #attach(tables: SharedTables, log: Log): ClusterMembership {
    const members = this.#members;
    let sync: SharedSync | undefined;
    this.#node.core.addStream((host) => {
      const stream = tables.attach(host);
      sync = stream.sync;
      sync.members = () => members.memberIds();
      return { ...stream, tick: (nowMs) => (stream.tick(nowMs), members.tick(nowMs)) };
    });
    if (sync === undefined) throw new Error('a stream is made when it is added');
    const setDiscovery = (enabled: boolean) => (enabled ? this.enableDiscovery() : this.disableDiscovery());
    return new ClusterMembership({ self: this.self, dataDir: this.#dataDir, node: this.#node, members, tables, sync, setDiscovery, log });
  }

  /** Before `start`. */
  addStream(create: (host: StreamHost) => ClusterStream): void {
    this.#node.core.addStream(create);
  }

  /** Other nodes are known of, or looked for: a start gives them a moment. */
  get expectsPeers(): boolean {
    return this.#discovery !== undefined || this.#node.knowsOthers;
  }

  /** Peers are let in and dialled from here on. */
  start({ broker, answers, alarms, entered = () => {} }: ClusterStart): void {
    this.faults.attach(alarms);
    this.#broker = broker;
    this.#answers = answers;
    this.#members.start(this.#node.core, this.#address);
    this.#links.start(this.#node, entered);
    if (this.#discoveryEnabled) this.#discovery?.start();
  }

  /** Says goodbye to the peers: they drop our routes at once. */
  async stop(): Promise<void> {
    await Promise.all([this.#discovery?.stop(), this.#links.stop()]);
  }

  // ---------------------------------------------------------------- discovery

  /** Whether other nodes are looked for; false after this node has left its cluster, until it joins one or is told to look again. */
  get discoveryEnabled(): boolean {
    return this.#discoveryEnabled;
  }

  /** Looks for other nodes again, from now on and after a restart, and answers when it has looked once. */
  async enableDiscovery(): Promise<void> {
    await setDiscoveryEnabled(this.#dataDir, true);
    this.#discoveryEnabled = true;
    if (this.#members.alone) this.#members.goTogether();
    this.#discovery?.start();
    await this.#discovery?.look();
  }

  /** Looks for nobody any more, not after a restart either: a node that has left must not come back by itself (R12). */
  async disableDiscovery(): Promise<void> {
    await setDiscoveryEnabled(this.#dataDir, false);
    this.#discoveryEnabled = false;
    await this.#discovery?.pause();
  }

  // ---------------------------------------------------------------- AdminPort

  members(): readonly { readonly node: NodeName; readonly status: 'running' | 'stopped' }[] {
    return this.#node.core.members();
  }

  routes(): readonly { readonly topic: string; readonly node: string }[] {
    return this.#node.core.routes();
  }

  ask<Q extends NodeQuestion>(
    node: NodeName,
    question: Q,
    params: NodeQuestions[Q]['params'],
  ): Promise<NodeQuestions[Q]['answer']> {
    return new Promise((resolve, reject) => {
      this.#node.core.ask(node, question, params, (result) => {
        // The peer answers by the same table: its answer to Q has the type of Q.
        if (result.ok) resolve(result.answer as NodeQuestions[Q]['answer']);
        else reject(new BusbarError(result.code, result.message, { hint: result.hint, details: { node } }));
      });
    });
  }

  async #answer(question: string, params: unknown): Promise<AskResult> {
    try {
      const answer = this.#answers === undefined ? undefined : answerTo(this.#answers, question);
      if (answer === undefined) throw new BusbarError('BAD_REQUEST', `${this.self} does not know the question ${question}`);
      return { ok: true, answer: await answer(params) };
    } catch (error) {
      const { code, message, hint } = error instanceof BusbarError ? error : new BusbarError('INTERNAL', messageOf(error));
      return { ok: false, code, message, hint };
    }
  }

  // ---------------------------------------------------------------- for the topology

  links(): readonly LinkSnapshot[] {
    return this.#node.links();
  }

  /** Messages lost or dropped on their way to other nodes, and SUBACKs that waited in vain. */
  losses(): { readonly forwardsDropped: number; readonly forwardsLost: number; readonly barriersUnconfirmed: number } {
    return this.#node.core.losses();
  }
}

/** The function for a question as it came over the link; questions of later versions are unknown. */
function answerTo(answers: Answers, question: string): ((params: unknown) => unknown) | undefined {
  return Object.hasOwn(answers, question) ? (answers[question as NodeQuestion] as (params: unknown) => unknown) : undefined;
}

/** Where others reach a node that is bound to all addresses: the host in its name. */
function reachableHost(boundHost: string, name: NodeName): string {
  const isWildcard = boundHost === '0.0.0.0' || boundHost === '::';
  return isWildcard ? name.slice(name.indexOf('@') + 1).replace(/^\[|\]$/g, '') : boundHost;
}
