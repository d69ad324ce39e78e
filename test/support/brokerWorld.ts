/** A BrokerNode without sockets: time stands still until it is moved, clients are lists of packets. For pure step tests. */
import type { Authorizer } from '../../broker/access/acl/decision.ts';
import type { Authenticator } from '../../broker/access/authn/authenticator.ts';
import { AuthnCounters } from '../../broker/access/authn/authnCounters.ts';
import { AuthnChain } from '../../broker/access/authn/chain.ts';
import { AuthnChains } from '../../broker/access/authn/chains.ts';
import { parseNodeName, type Millis, type NodeName } from '../../broker/base/ids.ts';
import { BanTable } from '../../broker/access/bans.ts';
import { FlappingDetector } from '../../broker/access/flapping.ts';
import type { Log, LogFields } from '../../broker/base/log.ts';
import { seededPrng } from '../../broker/base/prng.ts';
import type { SessionsHost, SessionsPort } from '../../broker/cluster/sessions/ports.ts';
import { loadConfig } from '../../broker/config/load.ts';
import { Admission } from '../../broker/core/admission.ts';
import { BrokerNode } from '../../broker/core/brokerNode.ts';
import { standalone, type ClusterPort } from '../../broker/core/clusterPort.ts';
import { Hooks } from '../../broker/hooks/hooks.ts';
import { Metrics } from '../../broker/metrics/metrics.ts';
import { NO_PROPERTIES, type AckPacket, type ConnectPacket, type Packet, type Properties, type PublishPacket, type Qos, type SubOpts, type Will } from '../../broker/protocol/packet.ts';
import { PacketParser } from '../../broker/protocol/parser.ts';
import type { Channel } from '../../broker/session/channel.ts';
import type { DeliverResult, Out, Timer, TimerName, TimerOwner, Traffic } from '../../broker/session/ports.ts';
import type { Publication } from '../../broker/session/publication.ts';

export const NO_RULES: Authorizer = { epoch: 0, decide: () => ({ permission: 'noMatch', rule: 0 }) };

export interface WorldOptions {
  /** `key=value` of the configuration. */
  readonly sets?: readonly string[];
  readonly authorizer?: Authorizer;
  readonly cluster?: ClusterPort;
  /** Keeps the sessions. */
  readonly sessions?: (host: SessionsHost) => SessionsPort;
}

interface PendingTimer extends Timer {
  readonly owner: TimerOwner;
  readonly name: TimerName;
  readonly dueAtMs: Millis;
}

export class BrokerWorld {
  readonly node: BrokerNode;
  readonly hooks: Hooks;
  readonly log: Log;
  readonly metrics = new Metrics();
  /** Nobody is asked until a test sets a chain. */
  readonly authn: AuthnChains;
  readonly bans = new BanTable();
  /** Client ids that connected too often. */
  readonly flapping: string[] = [];
  readonly logged: { readonly msg: string; readonly fields: LogFields }[] = [];
  #nowMs: Millis = 1_000_000;
  #timers: PendingTimer[] = [];
  #deferred: (() => void)[] = [];
  #ids = 0;

  constructor(options: WorldOptions = {}) {
    const { config, problems } = loadConfig({ sets: ['node.name=test@127.0.0.1', ...(options.sets ?? [])] });
    if (config === undefined) throw new Error(problems.map((problem) => problem.message).join('; '));
    const record = (msg: string, fields: LogFields = {}) => void this.logged.push({ msg, fields });
    const log: Log = { debug() {}, info: record, warn: record, error: record };
    this.hooks = new Hooks(log);
    this.log = log;
    this.authn = new AuthnChains(this.chain());
    this.node = new BrokerNode({
      config,
      clock: { now: () => this.#nowMs },
      timers: {
        schedule: (owner, name, dueAtMs) => {
          const timer: PendingTimer = { cancelled: false, owner, name, dueAtMs };
          this.#timers.push(timer);
          return timer;
        },
      },
      hooks: this.hooks,
      metrics: this.metrics,
      log,
      authorizer: options.authorizer ?? NO_RULES,
      authn: this.authn,
      admission: new Admission({
        bans: this.bans,
        flapping: new FlappingDetector(config.flappingDetect),
        clock: { now: () => this.#nowMs },
        log,
        onFlapping: (clientId) => void this.flapping.push(clientId),
      }),
      cluster: options.cluster ?? standalone,
      ...(options.sessions && { sessions: options.sessions }),
      prng: seededPrng(1),
      newClientId: () => `assigned-${(this.#ids += 1)}`,
      defer: (task) => void this.#deferred.push(task),
    });
  }

  /** A chain that asks these, in order. */
  chain(...authenticators: readonly Authenticator[]): AuthnChain {
    const links = authenticators.map((authenticator) => ({ authenticator, counters: new AuthnCounters() }));
    return new AuthnChain({ links, clock: { now: () => this.#nowMs }, log: this.log });
  }

  get nowMs(): Millis {
    return this.#nowMs;
  }

  /** Names of the timers that are set. */
  get pendingTimers(): readonly TimerName[] {
    return this.#timers.filter((timer) => !timer.cancelled).map((timer) => timer.name);
  }

  /** Moves time and fires what falls due on the way, earliest first. */
  advance(byMs: Millis): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      this.#timers = this.#timers.filter((timer) => !timer.cancelled);
      const next = this.#timers.filter((timer) => timer.dueAtMs <= endMs).sort((a, b) => a.dueAtMs - b.dueAtMs)[0];
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      next.owner.onTimer(next.name);
    }
    this.#nowMs = endMs;
  }

  /** Runs what was put off to later turns, one turn after the other; returns how many turns that took. */
  settle(): number {
    let turns = 0;
    while (this.#deferred.length > 0) {
      turns += 1;
      for (const task of this.#deferred.splice(0)) task();
    }
    return turns;
  }

  /** A connection that has sent nothing yet. */
  accept(peerHost = '127.0.0.1', mountpoint = ''): TestClient {
    return new TestClient(this.node, peerHost, mountpoint);
  }

  /** A connected client; its CONNACK is in `connack`. */
  connect(clientId: string, options: ConnectOptions = {}): TestClient {
    const client = this.accept(options.peerHost, options.mountpoint);
    client.connect(clientId, options);
    return client;
  }
}

export interface ConnectOptions {
  readonly version?: 3 | 4 | 5;
  readonly cleanStart?: boolean;
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: Uint8Array;
  readonly will?: Will;
  readonly properties?: Properties;
  readonly bridge?: boolean;
  readonly peerHost?: string;
  /** Of the listener it comes by. */
  readonly mountpoint?: string;
}

const NO_TRAFFIC: Traffic = { receivedBytes: 0, sentBytes: 0, readCount: 0, writeCount: 0 };

export class TestClient implements Out {
  readonly channel: Channel;
  readonly traffic = NO_TRAFFIC;
  /** Packets it got and has not taken. */
  received: Packet[] = [];
  connack: Extract<Packet, { type: 'connack' }> | undefined = undefined;
  closed = false;
  /** Set to make the client look like one that does not read. */
  congested = false;
  /** The broker would hold back those who send to it. */
  isFull = false;
  /** Set to make the broker hold the client back. */
  readingPaused = false;
  maximumPacketSize = Number.POSITIVE_INFINITY;
  #packetId = 0;
  /** Sent while the broker held this client. */
  #held: Packet[] | null = null;

  constructor(node: BrokerNode, peerHost: string, mountpoint = '') {
    this.channel = node.openChannel(this, { listener: 'tcp:default', mountpoint, host: peerHost, port: 50_000 });
  }

  // ---------------------------------------------------------------- Out

  setProtocol(_version: number, maximumPacketSize: number): void {
    this.maximumPacketSize = maximumPacketSize;
  }

  send(packet: Packet): void {
    if (packet.type === 'connack') this.connack = packet;
    else this.received.push(packet);
  }

  deliver(
    publication: Publication,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    packetId: number,
    subscriptionIds: readonly number[] | null,
    nowMs: Millis,
  ): DeliverResult {
    if (qos === 0 && this.congested) return 'congested';
    const bytes = publication.frame(this.channel.version, qos, retain, dup, subscriptionIds, nowMs);
    if (bytes.length > this.maximumPacketSize) return 'tooLarge';
    const { topic, payload, properties } = publication.message;
    const seen = subscriptionIds === null ? properties : { ...properties, subscriptionIdentifiers: subscriptionIds };
    this.received.push({ type: 'publish', dup, qos, retain, topic, packetId, payload, properties: seen });
    return 'sent';
  }

  sendAck(type: AckPacket['type'], packetId: number): void {
    this.received.push({ type, packetId, reasonCode: 0, properties: NO_PROPERTIES });
  }

  sendFrames(bytes: Uint8Array): void {
    const sink = { onPacket: (packet: Packet) => void this.received.push(packet), onError: () => {} };
    const parser = new PacketParser(sink, { maxPacketSize: bytes.length, sender: 'server', version: this.channel.version });
    parser.push(Buffer.from(bytes), 0, bytes.length, true);
  }

  full(): void {
    this.isFull = true;
  }

  eased(): void {
    this.isFull = false;
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const packet of held) this.packet(packet);
  }

  close(): void {
    this.closed = true;
  }

  // ---------------------------------------------------------------- what a client does

  packet(packet: Packet): void {
    if (this.#held === null) this.channel.packet(packet);
    else this.#held.push(packet);
  }

  auth(reasonCode: number, properties: Properties): void {
    this.packet({ type: 'auth', reasonCode, properties });
  }

  connect(clientId: string, options: ConnectOptions = {}): void {
    const packet: ConnectPacket = {
      type: 'connect',
      version: options.version ?? 5,
      bridge: options.bridge ?? false,
      clientId,
      cleanStart: options.cleanStart ?? true,
      keepalive: options.keepalive ?? 0,
      username: options.username,
      password: options.password,
      will: options.will,
      properties: options.properties ?? NO_PROPERTIES,
    };
    this.packet(packet);
  }

  /** Publishes; packet ids count up from 1. */
  publish(topic: string, payload: string, options: Partial<Omit<PublishPacket, 'type' | 'topic' | 'payload'>> = {}): number {
    const qos = options.qos ?? 0;
    const packetId = options.packetId ?? (qos === 0 ? 0 : this.nextPacketId());
    this.packet({
      type: 'publish',
      dup: options.dup ?? false,
      qos,
      retain: options.retain ?? false,
      topic,
      packetId,
      payload: new TextEncoder().encode(payload),
      properties: options.properties ?? NO_PROPERTIES,
    });
    return packetId;
  }

  subscribe(topicFilter: string | readonly string[], opts: Partial<SubOpts> = {}, properties: Properties = NO_PROPERTIES): void {
    const filters = typeof topicFilter === 'string' ? [topicFilter] : topicFilter;
    const full: SubOpts = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0, ...opts };
    this.packet({
      type: 'subscribe',
      packetId: this.nextPacketId(),
      subscriptions: filters.map((filter) => ({ topicFilter: filter, ...full })),
      properties,
    });
  }

  unsubscribe(...topicFilters: string[]): void {
    this.packet({ type: 'unsubscribe', packetId: this.nextPacketId(), topicFilters, properties: NO_PROPERTIES });
  }

  ack(type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number, reasonCode = 0): void {
    this.packet({ type, packetId, reasonCode, properties: NO_PROPERTIES });
  }

  disconnect(reasonCode = 0, properties: Properties = NO_PROPERTIES): void {
    this.packet({ type: 'disconnect', reasonCode, properties });
  }

  /** The network fails. */
  vanish(): void {
    this.channel.closed('ECONNRESET');
  }

  nextPacketId(): number {
    return (this.#packetId += 1);
  }

  /** What came since the last call. */
  take(): readonly Packet[] {
    const { received } = this;
    this.received = [];
    return received;
  }

  /** The same in short text: `publish a/b qos1 dup retain #3 "text"`, `puback #1 0x10`. */
  taken(): readonly string[] {
    return this.take().map(describePacket);
  }
}

export function describePacket(packet: Packet): string {
  if (packet.type === 'publish') {
    const flags = `${packet.dup ? ' dup' : ''}${packet.retain ? ' retain' : ''}${packet.packetId > 0 ? ` #${packet.packetId}` : ''}`;
    return `publish ${packet.topic} qos${packet.qos}${flags} ${JSON.stringify(new TextDecoder().decode(packet.payload))}`;
  }
  const id = 'packetId' in packet ? ` #${packet.packetId}` : '';
  if ('reasonCode' in packet) return `${packet.type}${id}${packet.reasonCode === 0 ? '' : ` ${hex(packet.reasonCode)}`}`;
  if ('reasonCodes' in packet) return `${packet.type}${id} ${packet.reasonCodes.map(hex).join(' ')}`;
  return packet.type + id;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`;
}

export function nodeNamed(text: string): NodeName {
  const name = parseNodeName(text);
  if (name === undefined) throw new Error(`no node name: ${text}`);
  return name;
}
