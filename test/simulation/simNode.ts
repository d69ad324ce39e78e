/** One node in the simulated world: the real cluster code, a broker that only keeps what it is told, and a disk with identity. */
import { createHmac } from 'node:crypto';
import type { Log, LogFields } from '../../broker/base/log.ts';
import type { NodeId, NodeName } from '../../broker/base/ids.ts';
import type { Prng } from '../../broker/base/prng.ts';
import { ClusterNode } from '../../broker/cluster/clusterNode.ts';
import type { Address, AskResult, ClockPort, ClusterPorts, ClusterSeed, NodeIdentity } from '../../broker/cluster/ports.ts';
import type { ForwardedPublishes } from '../../broker/core/clusterPort.ts';
import { NO_PROPERTIES } from '../../broker/protocol/packet.ts';
import { Publication } from '../../broker/session/publication.ts';
import { messagesIn } from '../support/forwarding.ts';
import type { EventQueue } from './eventQueue.ts';
import type { Door, Host, Network } from './network.ts';

/** What a node uses of the world it stands in. */
export interface SimNodeWorld {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly prng: Prng;
  readonly trace: ((line: string) => void) | undefined;
}

export interface SimEvent {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  readonly msg: string;
  readonly fields: LogFields;
}

/** A message as it arrived, with what its sender wrote into it. */
export interface Arrival {
  readonly origin: string;
  readonly n: number;
  readonly topic: string;
}

const TICK_MS = 100;
/** 2026-01-01: a wall clock for incarnations. */
const WALL_START_MS = 1_767_225_600_000;

export class SimNode implements Host {
  readonly name: NodeName;
  readonly address: Address;
  clusterName = 'sim';
  cookie = 'secret';
  /** Small in some runs, so that reconnects need snapshots. */
  deltaRing: number | undefined;
  /** Added to the wall clock of this node. */
  skewMs = 0;
  alive = false;
  /** Puts more into a node that is about to start: it is whole, and has no links yet. */
  equip: ((cluster: ClusterNode, identity: NodeIdentity) => void) | undefined;
  /** Looks at a node after each of its ticks. */
  ticked: ((cluster: ClusterNode) => void) | undefined;
  /** What the broker was told of the other nodes' routes. */
  readonly remote = new Map<NodeName, Set<string>>();
  /** Snapshots that are not complete. */
  readonly #told = new Map<NodeName, Set<string>>();
  readonly local = new Set<string>();
  /** Rows with values, as text: `1/2` members of a shared group, the holder of an exclusive subscription. */
  readonly localValues = new Map<string, string>();
  readonly remoteValues = new Map<NodeName, Map<string, string>>();
  readonly arrivals: Arrival[] = [];
  /** Messages it forwarded that will not arrive, as it was told. */
  readonly failed = { dropped: 0, lost: 0 };
  readonly events: SimEvent[] = [];
  /** Contract broken by the cluster towards the broker. */
  readonly faults: string[] = [];
  readonly #world: SimNodeWorld;
  readonly #queue: EventQueue;
  readonly #network: Network;
  readonly #prng: Prng;
  readonly #seeds: readonly ClusterSeed[];
  #cluster: ClusterNode | undefined;
  #nodeId: NodeId;
  #incarnation = 0;
  #life = 0;
  #paused: ((door: Door) => void)[] | undefined;
  #published = 0;

  constructor(name: NodeName, address: Address, seeds: readonly ClusterSeed[], world: SimNodeWorld) {
    this.#world = world;
    this.name = name;
    this.address = address;
    this.#seeds = seeds;
    this.#queue = world.queue;
    this.#network = world.network;
    this.#prng = world.prng;
    this.#nodeId = this.#hex(16) as NodeId;
  }

  #bytes(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => Math.floor(this.#prng.next() * 256)));
  }

  #hex(size: number): string {
    return this.#bytes(size).toString('hex');
  }

  get cluster(): ClusterNode {
    if (this.#cluster === undefined) throw new Error(`${this.name} does not run`);
    return this.#cluster;
  }

  get life(): number {
    return this.#life;
  }

  get nodeId(): NodeId {
    return this.#nodeId;
  }

  /** One life of this node; what it publishes is numbered within it. */
  get actor(): string {
    return `${this.#nodeId}/${this.#incarnation}`;
  }

  /** Time as this node sees it. */
  get clock(): ClockPort {
    return { monotonicMs: () => this.#queue.nowMs, wallMs: () => this.#wallMs() };
  }

  get log(): Log {
    return this.#log();
  }

  // ---------------------------------------------------------------- life

  start(): void {
    this.alive = true;
    this.#life += 1;
    this.#published = 0;
    this.#incarnation = Math.max(this.#incarnation + 1, this.#wallMs());
    this.remote.clear();
    this.#told.clear();
    this.remoteValues.clear();
    const identity = { nodeId: this.#nodeId, incarnation: this.#incarnation, nonce: this.#hex(8), name: this.name };
    const { clusterName, cookie, address, deltaRing } = this;
    const ring = deltaRing === undefined ? {} : { deltaRing };
    this.#cluster = new ClusterNode({ identity, clusterName, cookie, address, seeds: this.#seeds, ...ring }, this.#ports());
    this.equip?.(this.#cluster, identity);
    for (const topicFilter of this.local) this.#cluster.core.routeAdded(topicFilter);
    for (const [key, value] of this.localValues) this.#announce(key, value);
    this.#tick(this.#life);
  }

  #tick(life: number): void {
    if (life !== this.#life || !this.alive) return;
    if (this.#paused === undefined && this.#cluster !== undefined) {
      this.#cluster.tick();
      this.ticked?.(this.#cluster);
    }
    this.#queue.in(TICK_MS, () => this.#tick(life));
  }

  /** The process ends without a word. */
  crash(): void {
    this.alive = false;
    this.#paused = undefined;
    this.#cluster = undefined;
    this.#network.crash(this);
  }

  /** The process ends as it should. */
  stop(): void {
    this.#cluster?.stop();
    this.crash();
  }

  /** The data directory is lost: another node under the same name. */
  wipe(): void {
    this.#nodeId = this.#hex(16) as NodeId;
  }

  /** A copy of the other's data directory. */
  copyDiskOf(other: SimNode): void {
    this.#nodeId = other.#nodeId;
    this.#incarnation = other.#incarnation;
  }

  /** Alive and not standing still. */
  get acts(): boolean {
    return this.alive && this.#paused === undefined;
  }

  pause(): void {
    this.#paused ??= [];
  }

  /** The process goes on: timers first, then what the network brought meanwhile. */
  resume(): void {
    const held = this.#paused;
    if (held === undefined) return;
    this.#paused = undefined;
    this.#cluster?.tick();
    for (const step of held) this.run(step);
  }

  run(step: (door: Door) => void): void {
    if (!this.alive) return;
    if (this.#paused !== undefined) this.#paused.push(step);
    else step(this.cluster.gate);
  }

  // ---------------------------------------------------------------- ports

  #wallMs(): number {
    return WALL_START_MS + Math.floor(this.#queue.nowMs) + this.skewMs;
  }

  #ports(): ClusterPorts {
    const life = this.#life;
    const network = this.#network;
    return {
      transport: {
        write: (id, bytes) => network.write(id, bytes),
        queuedBytes: (id) => network.queuedBytes(id),
        holdSender: () => {},
        easeSenders: () => {},
        close: (id) => network.close(id),
        dial: (address) => network.dial(this, address),
        requestTurnEnd: (inMs = 0) =>
          this.#queue.in(inMs, () => {
            if (life === this.#life) this.run(() => this.#cluster?.turnEnd());
          }),
      },
      crypto: {
        hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
        randomBytes: (size) => this.#bytes(size),
      },
      clock: this.clock,
      broker: {
        remoteRouteAdded: (node, topicFilter) => {
          const rows = (this.#told.get(node) ?? this.remote.get(node)) ?? new Set();
          const known = rows.has(topicFilter);
          if (!this.#told.has(node)) this.remote.set(node, rows);
          rows.add(topicFilter);
          return known ? 0 : -1;
        },
        remoteRouteRemoved: (node, topicFilter) => ((this.#told.get(node) ?? this.remote.get(node))?.delete(topicFilter) === true ? 0 : -1),
        remoteRoutesSnapshot: (node, step) => {
          const told = this.#told.get(node);
          if (step === 'begin') this.#told.set(node, new Set());
          else if (told === undefined) this.faults.push(`${this.name}: no snapshot of ${node} had begun`);
          else if (step === 'complete') this.remote.set(node, told);
          if (step !== 'begin') this.#told.delete(node);
        },
        remoteRoutes: (node) => this.remote.get(node) ?? [],
        remoteNodeDown: (node) => void (this.remote.delete(node), this.#told.delete(node), this.remoteValues.delete(node)),
        dispatchForwarded: (_node, publishes) => {
          const arrivals = arrivalsIn(publishes);
          this.arrivals.push(...arrivals);
          return arrivals.length;
        },
        forwardsFailed: (count, why) => (this.failed[why] += count),
        remoteGroupChanged: (node, key, online, total) => this.#heard(node, key, total === 0 ? undefined : `${online}/${total}`),
        remoteClaimChanged: (node, key, claim) => this.#heard(node, key, claim?.clientId),
        dispatchShared: () => {},
      },
      answer: (question, params, reply) => reply(this.answer(question, params)),
      log: this.#log(),
    };
  }

  /** Replaced by tests that ask. */
  answer: (question: string, params: unknown) => AskResult = (question, params) => ({
    ok: true,
    answer: { question, params, node: this.name },
  });

  #log(): Log {
    const at =
      (level: SimEvent['level']) =>
      (msg: string, fields: LogFields = {}) => {
        this.events.push({ level, msg, fields });
        this.#world.trace?.(`${this.#queue.nowMs} ${this.name} ${msg} ${JSON.stringify(fields)}`);
      };
    return { debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') };
  }

  // ---------------------------------------------------------------- workload

  subscribe(topicFilter: string, done: () => void = () => {}): void {
    this.local.add(topicFilter);
    this.cluster.core.routeAdded(topicFilter);
    this.cluster.core.routeBarrier(done);
  }

  /** Members of a shared group of this node; a total of 0 takes them back. */
  setGroup(topicFilter: string, online: number, total: number): void {
    this.#setValue(`$share/g/${topicFilter}`, total === 0 ? undefined : `${online}/${total}`);
  }

  /** The holder of an exclusive subscription. */
  setHolder(topicFilter: string, clientId: string | undefined): void {
    this.#setValue(`$exclusive/${topicFilter}`, clientId);
  }

  #setValue(key: string, value: string | undefined): void {
    if (value === undefined) this.localValues.delete(key);
    else this.localValues.set(key, value);
    this.#announce(key, value);
  }

  #announce(key: string, value: string | undefined): void {
    const { core } = this.cluster;
    if (key.startsWith('$exclusive/'))
      return core.claimChanged(key, value === undefined ? undefined : { clientId: value, sinceMs: this.#wallMs() });
    const [online = 0, total = 0] = (value ?? '0/0').split('/').map(Number);
    core.groupChanged(key, online, total);
  }

  #heard(node: NodeName, key: string, value: string | undefined): void {
    const values = this.remoteValues.get(node) ?? new Map<string, string>();
    if (value === undefined && !values.delete(key)) this.faults.push(`${this.name}: ${key} of ${node} was unknown`);
    if (value !== undefined) values.set(key, value);
    this.remoteValues.set(node, values);
  }

  unsubscribe(topicFilter: string): void {
    this.local.delete(topicFilter);
    this.cluster.core.routeRemoved(topicFilter);
  }

  /** One copy to every node whose routes have the topic, as a broker does. Returns the number it bears. */
  publish(topic: string): number {
    this.#published += 1;
    const message = messageOf({ origin: this.actor, n: this.#published, topic });
    for (const [node, rows] of this.remote) if (rows.has(topic)) this.cluster.core.forward(node, message);
    return this.#published;
  }

  /** Events of one name, oldest first. */
  told(msg: string): LogFields[] {
    return this.events.filter((event) => event.msg === msg && event.level !== 'debug').map((event) => event.fields);
  }
}

function messageOf({ origin, n, topic }: Arrival): Publication {
  const payload = Buffer.from(String(n));
  return new Publication({ topic, payload, qos: 0, retain: false, properties: NO_PROPERTIES, fromClientId: origin, fromUsername: undefined, timestampMs: WALL_START_MS });
}

function arrivalsIn(publishes: ForwardedPublishes): Arrival[] {
  return messagesIn(publishes, WALL_START_MS).map(({ fromClientId, payload, topic }) => ({ origin: fromClientId, n: Number(Buffer.from(payload).toString()), topic }));
}
