/** One node with durable sessions: the real cluster node with an engine, a disk that outlives it, and a small broker for devices. */
import type { NodeId, NodeName } from '../../../broker/base/ids.ts';
import type { Prng } from '../../../broker/base/prng.ts';
import type { Address } from '../../../broker/cluster/ports.ts';
import type { ClusterNode } from '../../../broker/cluster/clusterNode.ts';
import { volatileBound } from '../../../broker/cluster/hybridClock.ts';
import { matches } from '../../../broker/topics/topicFilter.ts';
import type { EventQueue } from '../eventQueue.ts';
import type { SimNode } from '../simNode.ts';
import { BrokerHost } from './brokerHost.ts';
import type { ClientNet, Connection } from './clientNet.ts';
import type { Station } from './device.ts';
import type { Ledger } from './ledger.ts';
import type { FromDevice } from './packets.ts';
import { PlainReceivers } from './plainReceivers.ts';
import { SimDisk } from './simDisk.ts';
import type { TraceTo } from './engineTrace.ts';
import type { EngineFactory, SimEngine } from './simEngine.ts';

export interface SessionNodeWorld {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly net: ClientNet;
  readonly ledger: Ledger;
  readonly engine: EngineFactory;
  /** The id of a node by its name, now. */
  nodeIdOf(name: string): NodeId | undefined;
  fault(what: string): void;
  trace(line: string): void;
  readonly tracing: boolean;
  nameOf(id: NodeId): string;
  readonly firedWills: string[];
}

export class SessionNode implements Station {
  readonly sim: SimNode;
  readonly disk: SimDisk;
  /** The members that its disk has (R10): a node that starts again waits for them, and for those it cannot reach. */
  readonly #members = new Map<NodeId, { readonly name: NodeName; readonly address: Address }>();
  #bound = volatileBound();
  #hasMet = false;
  readonly #world: SessionNodeWorld;
  #host: BrokerHost | undefined;
  #engine: SimEngine | undefined;

  constructor(sim: SimNode, world: SessionNodeWorld) {
    this.sim = sim;
    this.#world = world;
    this.disk = new SimDisk(world.queue, world.prng);
    sim.equip = (cluster) => this.#equip(cluster);
    sim.ticked = (cluster) => this.#keepMembers(cluster);
  }

  get name(): string {
    return this.sim.name.split('@')[0] ?? this.sim.name;
  }

  get alive(): boolean {
    return this.sim.alive;
  }

  get engine(): SimEngine {
    if (this.#engine === undefined) throw new Error(`${this.name} does not run`);
    return this.#engine;
  }

  get host(): BrokerHost {
    if (this.#host === undefined) throw new Error(`${this.name} does not run`);
    return this.#host;
  }

  #keepMembers({ core }: ClusterNode): void {
    this.#members.clear();
    for (const peer of core.peers()) if (peer.state === 'up') this.#hasMet = true;
    for (const { nodeId, name, address, member } of core.peers()) if (member && address !== undefined) this.#members.set(nodeId, { name, address });
  }

  /** It has met nobody since it was started, and speaks for all that its disk knows of (R58, R33). */
  get #isStranger(): boolean {
    return !this.#hasMet && [...this.#members.keys()].every((member) => this.engine.covers(member));
  }

  #equip(cluster: ClusterNode): void {
    const { queue, prng, engine, firedWills } = this.#world;
    const { life } = this.sim;
    const act = (step: () => void) => {
      if (this.sim.life === life) this.act(step);
    };
    const host = new BrokerHost({
      engine: () => this.engine,
      plain: new PlainReceivers(cluster.core),
      targets: (topic) => this.#targets(topic),
      later: (step) => queue.in(0, () => act(step)),
      fired: (clientId) => {
        this.#world.trace(`${this.name} publishes the will of ${clientId}`);
        firedWills.push(clientId);
      },
      fault: (what) => this.#world.fault(`${this.name}: ${what}`),
    });
    this.#host = host;
    this.#engine = engine({ cluster, nodeId: this.sim.nodeId, host, disk: this.disk, bound: this.#bound, queue, prng, act, trace: this.#tracing() });
    for (const [nodeId, { name, address }] of this.#members) cluster.core.learnMember({ nodeId, name, address });
  }

  #tracing(): TraceTo | undefined {
    const { tracing } = this.#world;
    return tracing ? { line: (text) => this.#world.trace(`${this.name}:${text}`), nameOf: (id) => this.#world.nameOf(id) } : undefined;
  }

  #targets(topic: string): NodeName[] {
    const matching = [...this.sim.remote].filter(([, rows]) => [...rows].some((filter) => matches(filter, topic)));
    return matching.map(([name]) => name);
  }

  // ---------------------------------------------------------------- devices

  act(step: () => void): void {
    this.sim.run(() => step());
  }

  opened(): void {}

  packet(connection: Connection, packet: FromDevice): void {
    if (packet.type === 'publish' && this.#isStranger) this.#world.ledger.takenByStranger(packet.body);
    this.host.packet(connection, packet);
  }

  closed(connection: Connection): void {
    this.host.closed(connection);
  }

  // ---------------------------------------------------------------- life

  start(): void {
    this.#world.trace(`${this.name} starts`);
    this.#hasMet = false;
    this.sim.start();
  }

  crash(): void {
    this.#world.trace(`${this.name} is killed`);
    this.sim.crash();
    this.#gone();
  }

  /** The process ends as it should. */
  stop(): void {
    this.#world.trace(`${this.name} stops`);
    this.sim.stop();
    this.#gone();
  }

  #gone(): void {
    this.disk.crash();
    this.#world.net.crash(this);
    this.#engine = undefined;
    this.#host = undefined;
  }

  /** The data directory is lost: another node under the same name. */
  wipe(): void {
    this.#world.trace(`${this.name} is wiped`);
    this.sim.wipe();
    this.disk.wipe();
    this.#bound = volatileBound();
    this.#members.clear();
  }
}
