import type { ListenerReport } from '../../broker/api/listenerQuestions.ts';
import { BusbarError } from '../../broker/base/errors.ts';
import { parseNodeName, type NodeName } from '../../broker/base/ids.ts';
import { METRIC_NAMES, STAT_NAMES } from '../../broker/metrics/catalogue.ts';
import { alarmAnswers } from '../../broker/core/alarmAnswers.ts';
import { serviceAnswers } from '../../broker/core/serviceAnswers.ts';
import { BrokerServices } from '../../broker/core/services/brokerServices.ts';
import { BrokerWorld } from './brokerWorld.ts';
import type {
  AdminPort,
  ClientFilter,
  ClientRow,
  NodeQuestion,
  NodeQuestions,
  SubscriptionFilter,
  SubscriptionRow,
} from '../../broker/api/ports.ts';

export function nodeNamed(text: string): NodeName {
  const name = parseNodeName(text);
  if (!name) throw new Error(`not a node name: ${text}`);
  return name;
}

export interface FakeNode {
  readonly name: string;
  readonly status?: 'running' | 'stopped';
  /** Listed as running, but asking it fails with this code. */
  readonly fails?: 'NODE_DOWN' | 'NODE_TIMEOUT';
  readonly clients?: readonly ClientRow[];
  readonly subscriptions?: readonly SubscriptionRow[];
  readonly listeners?: readonly ListenerReport[];
  readonly stats?: Readonly<Record<string, number>>;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A client row with every field a running node sends; `fields` replaces some. */
export function clientRow(clientid: string, node: string, fields: Readonly<Record<string, unknown>> = {}): ClientRow {
  const counts = [
    'subscriptions_cnt',
    'inflight_cnt',
    'mqueue_len',
    'mqueue_dropped',
    'awaiting_rel_cnt',
    'recv_oct',
    'send_oct',
    'recv_cnt',
    'send_cnt',
    'send_msg',
  ];
  return {
    clientid,
    node,
    username: null,
    ip_address: '127.0.0.1',
    port: 50_000,
    connected: true,
    connected_at: '2026-01-02T03:04:05.678Z',
    created_at: '2026-01-02T03:04:05.678Z',
    proto_name: 'MQTT',
    proto_ver: 5,
    keepalive: 60,
    expiry_interval: 0,
    clean_start: true,
    is_bridge: false,
    durable: false,
    mountpoint: '',
    subscriptions_max: 'infinity',
    inflight_max: 32,
    mqueue_max: 1000,
    awaiting_rel_max: 100,
    ...Object.fromEntries(counts.map((name) => [name, 0])),
    ...fields,
  };
}

/** A cluster that answers from tables; the first node is the one that is asked. Keeps what was asked of whom. */
export class FakeAdmin implements AdminPort {
  readonly self: NodeName;
  readonly clusterName = 'emqxcl';
  readonly asked: { readonly node: string; readonly question: string; readonly params: unknown }[] = [];
  /** Behind the questions about services stands a real node without sockets, the same for all names. */
  readonly world = new BrokerWorld();
  readonly services = new BrokerServices({ node: this.world.node, version: '0.1.0', runningNodes: () => [], listenerPort: () => 1883 });
  readonly #nodes: readonly FakeNode[];
  readonly #routes: readonly { topic: string; node: string }[];

  constructor(nodes: readonly FakeNode[], routes: readonly { topic: string; node: string }[] = []) {
    this.#nodes = nodes;
    this.#routes = routes;
    this.self = nodeNamed(nodes[0]?.name ?? 'emqx@127.0.0.1');
  }

  members() {
    return this.#nodes.map((node) => ({ node: nodeNamed(node.name), status: node.status ?? ('running' as const) }));
  }

  #named(wanted: string): readonly string[] {
    return this.members().flatMap(({ node, status }) => (status === wanted ? [node] : []));
  }

  routes() {
    return this.#routes;
  }

  async ask<Q extends NodeQuestion>(
    name: NodeName,
    question: Q,
    params: NodeQuestions[Q]['params'],
  ): Promise<NodeQuestions[Q]['answer']> {
    this.asked.push({ node: name, question, params });
    const node = this.#nodes.find((candidate) => candidate.name === name);
    if (!node || node.status === 'stopped' || node.fails) throw new BusbarError(node?.fails ?? 'NODE_DOWN', `${name} is away`);
    const answers: { [K in NodeQuestion]: (params: NodeQuestions[K]['params']) => NodeQuestions[K]['answer'] | Promise<NodeQuestions[K]['answer']> } = {
      ...serviceAnswers(this.services, () => {}),
      ...alarmAnswers(this.services),
      listeners: () => ({ listeners: node.listeners ?? [], pending: [] }),
      shareListener: () => ({ stamp: null }),
      awaitListener: () => ({}),
      events: () => ({ rows: [], forgotten: 0 }),
      view: () => ({ running: this.#named('running'), stopped: this.#named('stopped') }),
      links: () => ({ links: [] }),
      reidentify: () => ({ nodeId: '' }),
      acl: () => ({ text: '', hash: '', rules: 0, path: null, problem: null }),
      aclStatus: () => ({ hash: '', rules: 0, problem: null }),
      applyAcl: () => ({ ok: true, hash: '', rules: 0 }),
      faults: () => [],
      membership: () => ({ nodes: [name] }),
      sessions: () => ({ durability: 'memory', isProtected: true, pending: { publishes: 0 }, counters: { takeOvers: 0 } }),
      drain: ({ action }) => ({ state: action === 'start' ? 'draining' : 'serving', sinceMs: action === 'start' ? 0 : null, clients: 2, sessions: 3, secondCopies: 1, lateMessages: 0 }),
      changeListener: () => ({ listener: null }),
      nodeInfo: () => ({
        node: name,
        node_status: 'running',
        version: '0.1.0',
        uptime: 1000,
        connections: node.clients?.length ?? 0,
      }),
      stats: () => ({ ...zeros(STAT_NAMES.flatMap((stat) => [`${stat}.count`, `${stat}.max`])), ...node.stats }),
      metrics: () => ({ ...zeros(METRIC_NAMES), ...node.metrics }),
      clients: ({ filter, offset, limit }) =>
        slice(node.clients?.filter((row) => matchesClient(row, filter)) ?? [], offset, limit),
      subscriptions: ({ filter, offset, limit }) =>
        slice(node.subscriptions?.filter((row) => matchesSubscription(row, filter)) ?? [], offset, limit),
    };
    return answers[question](params);
  }
}

function slice<T>(rows: readonly T[], offset: number, limit: number): { count: number; rows: readonly T[] } {
  return { count: rows.length, rows: rows.slice(offset, offset + limit) };
}

function matchesClient(row: ClientRow, filter: ClientFilter): boolean {
  return (filter.clientid?.includes(row.clientid) ?? true) && row.clientid.includes(filter.like_clientid ?? '');
}

function matchesSubscription(row: SubscriptionRow, filter: SubscriptionFilter): boolean {
  return (
    row.clientid === (filter.clientid ?? row.clientid) &&
    row.topic === (filter.topic ?? row.topic) &&
    row.qos === (filter.qos ?? row.qos)
  );
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
