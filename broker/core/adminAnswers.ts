/** What a node answers about itself: pure functions over BrokerNode, with EMQX's field names (rest-api.md 2.2, 3.3, 3.5). */
import type { Millis } from '../base/ids.ts';
import { NO_MESSAGES } from '../session/clientCounters.ts';
import type { Session } from '../session/session.ts';
import type { Subscription } from '../session/subscription.ts';
import { parseSubscription } from '../topics/sharedSubscription.ts';
import { matches } from '../topics/topicFilter.ts';
import { BUSBAR_VERSION } from '../base/version.ts';
import type { BrokerNode } from './brokerNode.ts';

/** What only the operating system knows; io/ gathers it. */
export interface HostFacts {
  readonly load: readonly [number, number, number];
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  readonly maxFds: number;
  /** Handles and requests that keep this process busy, in place of Erlang processes. */
  readonly activeResources: number;
  readonly runtime: string;
  readonly sysPath: string;
}

export function nodeInfo(node: BrokerNode, facts: HostFacts, nowMs: Millis): Readonly<Record<string, unknown>> {
  const { metrics, config } = node;
  return {
    node: config.node.name,
    node_status: 'running',
    connections: metrics.getStat('connections'),
    live_connections: metrics.getStat('live_connections'),
    cluster_sessions: metrics.getStat('cluster_sessions'),
    load1: facts.load[0],
    load5: facts.load[1],
    load15: facts.load[2],
    max_fds: facts.maxFds,
    memory_total: megabytes(facts.memoryTotalBytes),
    memory_used: megabytes(facts.memoryUsedBytes),
    process_available: facts.maxFds,
    process_used: facts.activeResources,
    uptime: Math.max(0, nowMs - node.startedAtMs),
    version: BUSBAR_VERSION,
    otp_release: facts.runtime,
    edition: 'Opensource',
    role: 'core',
    sys_path: facts.sysPath,
    log_path: 'The log goes to stderr; no file is written.',
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)}M`;
}

// ------------------------------------------------------------------ clients

/** Filters of `GET /clients` (rest-api.md 3.2), combined with AND; times in ms since 1970. */
export interface ClientFilter {
  readonly clientid?: readonly string[];
  readonly username?: readonly string[];
  readonly like_clientid?: string;
  readonly like_username?: string;
  readonly ip_address?: string;
  readonly conn_state?: 'connected' | 'idle' | 'disconnected';
  readonly clean_start?: boolean;
  readonly proto_ver?: number;
  readonly gte_created_at?: number;
  readonly lte_created_at?: number;
  readonly gte_connected_at?: number;
  readonly lte_connected_at?: number;
}

/** One running client or kept session, with EMQX's field names (rest-api.md 3.3). */
export type ClientRow = Readonly<Record<string, unknown>> & { readonly clientid: string; readonly node: string };

/** Some rows, and how many there are in all. */
export interface Rows<R> {
  readonly count: number;
  readonly rows: readonly R[];
}

/** At most `limit` rows from `offset` in order of client id, with the count of all that match. */
export function clients(node: BrokerNode, filter: ClientFilter, offset: number, limit: number): Rows<ClientRow> {
  const matching = [...candidates(node, filter)].filter((session) => fits(session, filter));
  matching.sort((left, right) => (left.clientId < right.clientId ? -1 : 1));
  return { count: matching.length, rows: matching.slice(offset, offset + limit).map((session) => clientRow(node, session)) };
}

function candidates(node: BrokerNode, filter: ClientFilter): Iterable<Session> {
  if (filter.clientid === undefined) return node.sessions.values();
  return [...new Set(filter.clientid)].flatMap((clientId) => node.sessions.get(clientId) ?? []);
}

function fits(session: Session, filter: ClientFilter): boolean {
  const { identity, connection } = session;
  const username = identity.username ?? '';
  return (
    (filter.username?.includes(username) ?? true) &&
    session.clientId.includes(filter.like_clientid ?? '') &&
    username.includes(filter.like_username ?? '') &&
    (filter.ip_address === undefined || filter.ip_address === connection.peerHost) &&
    (filter.conn_state === undefined || filter.conn_state === (session.channel === null ? 'disconnected' : 'connected')) &&
    (filter.clean_start === undefined || filter.clean_start === connection.cleanStart) &&
    (filter.proto_ver === undefined || filter.proto_ver === connection.protoVer) &&
    within(session.createdAtMs, filter.gte_created_at, filter.lte_created_at) &&
    within(connection.connectedAtMs, filter.gte_connected_at, filter.lte_connected_at)
  );
}

function within(value: number, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY): boolean {
  return value >= atLeast && value <= atMost;
}

function clientRow(node: BrokerNode, session: Session): ClientRow {
  const { identity, connection, channel } = session;
  const { mqtt } = node;
  return {
    clientid: session.clientId,
    node: node.config.node.name,
    username: identity.username ?? null,
    ip_address: connection.peerHost,
    port: connection.peerPort,
    connected: channel !== null,
    connected_at: time(connection.connectedAtMs),
    created_at: time(session.createdAtMs),
    ...(channel === null ? { disconnected_at: time(session.disconnectedAtMs) } : {}),
    proto_name: connection.protoVer === 3 ? 'MQIsdp' : 'MQTT',
    proto_ver: connection.protoVer,
    keepalive: connection.keepalive,
    expiry_interval: expirySeconds(session.expiryMs),
    clean_start: connection.cleanStart,
    is_bridge: identity.isBridge,
    is_persistent: session.expiryMs > 0,
    durable: false,
    enable_authn: node.asksWho(connection.listener),
    listener: connection.listener,
    mountpoint: session.mountpoint,
    client_attrs: identity.attributes ?? {},
    subscriptions_cnt: session.subscriptionCount,
    subscriptions_max: bounded(mqtt.maxSubscriptions),
    inflight_cnt: session.inflight?.count ?? 0,
    inflight_max: session.inflightMax,
    mqueue_len: session.mqueueLength,
    mqueue_max: bounded(mqtt.maxMqueueLen),
    mqueue_dropped: session.mqueueDropped,
    awaiting_rel_cnt: session.awaitingRel?.size ?? 0,
    awaiting_rel_max: bounded(mqtt.maxAwaitingRel),
    ...trafficOf(session),
    mailbox_len: 0,
    heap_size: 0,
    reductions: 0,
  };
}

/** Figures of the connection; a client that is away has none. */
function trafficOf(session: Session): Record<string, number> {
  const counters = session.channel?.counters;
  const messages = counters?.messages ?? NO_MESSAGES;
  const traffic = session.channel?.out.traffic;
  return {
    recv_oct: traffic?.receivedBytes ?? 0,
    send_oct: traffic?.sentBytes ?? 0,
    recv_cnt: traffic?.readCount ?? 0,
    send_cnt: traffic?.writeCount ?? 0,
    recv_pkt: counters?.recvPkt ?? 0,
    send_pkt: counters?.sendPkt ?? 0,
    recv_msg: messages.received,
    send_msg: messages.sent,
    'recv_msg.qos0': messages.recvQos0,
    'recv_msg.qos1': messages.recvQos1,
    'recv_msg.qos2': messages.recvQos2,
    'recv_msg.dropped': messages.recvDropped,
    'recv_msg.dropped.await_pubrel_timeout': messages.recvDroppedAwaitRel,
    'send_msg.qos0': messages.sendQos0,
    'send_msg.qos1': messages.sendQos1,
    'send_msg.qos2': messages.sendQos2,
    'send_msg.dropped': messages.dropped,
    'send_msg.dropped.expired': messages.droppedExpired,
    'send_msg.dropped.queue_full': messages.droppedQueueFull,
    'send_msg.dropped.too_large': messages.droppedTooLarge,
  };
}

function time(ms: Millis): string {
  return new Date(ms).toISOString();
}

/** A session that never expires shows the value MQTT gives it. */
function expirySeconds(expiryMs: Millis): number {
  return expiryMs === Number.POSITIVE_INFINITY ? 0xffff_ffff : Math.floor(expiryMs / 1000);
}

function bounded(max: number): number | 'infinity' {
  return max === Number.POSITIVE_INFINITY ? 'infinity' : max;
}

// ------------------------------------------------------------------ subscriptions

/** Filters of `GET /subscriptions` (rest-api.md 3.5), combined with AND. */
export interface SubscriptionFilter {
  readonly clientid?: string;
  readonly qos?: number;
  /** Exactly as subscribed. */
  readonly topic?: string;
  /** A topic name or filter; a row fits when its filter covers it. */
  readonly match_topic?: string;
  readonly share_group?: string;
  readonly durable?: boolean;
}

export interface SubscriptionRow {
  readonly clientid: string;
  readonly node: string;
  readonly topic: string;
  readonly qos: number;
  readonly nl: number;
  readonly rap: number;
  readonly rh: number;
  readonly durable: boolean;
}

/** Sorted by client id, then topic. */
export function subscriptions(node: BrokerNode, filter: SubscriptionFilter, offset: number, limit: number): Rows<SubscriptionRow> {
  const matching: Subscription[] = [];
  for (const session of candidates(node, filter.clientid === undefined ? {} : { clientid: [filter.clientid] })) {
    for (const subscription of session.subscriptions?.values() ?? []) if (subscriptionFits(subscription, filter)) matching.push(subscription);
  }
  matching.sort((left, right) => compare(left.session.clientId, right.session.clientId) || compare(left.topicFilter, right.topicFilter));
  return {
    count: matching.length,
    rows: matching.slice(offset, offset + limit).map((subscription) => ({
      clientid: subscription.session.clientId,
      node: node.config.node.name,
      topic: subscription.topicFilter,
      qos: subscription.qos,
      nl: subscription.noLocal ? 1 : 0,
      rap: subscription.retainAsPublished ? 1 : 0,
      rh: subscription.retainHandling,
      durable: false,
    })),
  };
}

function subscriptionFits(subscription: Subscription, filter: SubscriptionFilter): boolean {
  if (filter.qos !== undefined && filter.qos !== subscription.qos) return false;
  if (filter.topic !== undefined && filter.topic !== subscription.topicFilter) return false;
  if (filter.durable === true) return false;
  if (filter.share_group === undefined && filter.match_topic === undefined) return true;
  const parsed = parseSubscription(subscription.topicFilter);
  if (!parsed.ok) return false;
  if (filter.share_group !== undefined && filter.share_group !== parsed.target.shareGroup) return false;
  return filter.match_topic === undefined || matches(parsed.target.topicFilter, filter.match_topic);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
