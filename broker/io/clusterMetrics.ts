/** What the cluster part of this node counts and measures (cluster-protocol R75), under the names of `GET /metrics`. */
import type { LinkSnapshot } from '../api/schema/topology.ts';
import type { SessionsCounters, SessionsPending } from '../cluster/sessions/ports.ts';
import type { ClusterMetricName } from '../metrics/clusterCatalogue.ts';

const COUNTERS = {
  forwardsOut: 'cluster.forwards.sent',
  forwardsIn: 'cluster.forwards.received',
  resent: 'cluster.forwards.resent',
  lateMade: 'cluster.late.made',
  lateApplied: 'cluster.late.applied',
  parked: 'cluster.late.parked',
  takeOvers: 'cluster.sessions.taken_over',
  handIns: 'cluster.sessions.handed_in',
  forksMerged: 'cluster.sessions.merged',
  promotions: 'cluster.sessions.continued',
  duplicatesSuppressed: 'cluster.duplicates.suppressed',
  lockWaits: 'cluster.locks.waits',
  flushTimeouts: 'cluster.flush.timeouts',
  holdTimeouts: 'cluster.holds.timeouts',
  doneForgotten: 'cluster.done.forgotten',
  queueDropped: 'cluster.queue.dropped',
  sharesOut: 'cluster.shares.sent',
  sharesRefused: 'cluster.shares.refused',
  sharesHandedOn: 'cluster.shares.handed_on',
} as const satisfies Partial<Record<keyof SessionsCounters, ClusterMetricName>>;

const PENDING = {
  publishes: 'cluster.pending.publishes',
  connects: 'cluster.pending.connects',
  locks: 'cluster.pending.locks',
  holds: 'cluster.pending.holds',
  handIns: 'cluster.pending.hand_ins',
  lateOut: 'cluster.pending.late_out',
  lateIn: 'cluster.pending.late_in',
  unsecured: 'cluster.pending.unsecured',
  dormantRows: 'cluster.pending.dormant_rows',
  done: 'cluster.pending.done',
} as const satisfies Partial<Record<keyof SessionsPending, ClusterMetricName>>;

export interface ClusterMetricsSource {
  readonly links: readonly LinkSnapshot[];
  readonly sessions: { readonly isProtected: boolean; readonly pending: Readonly<Record<string, number>>; readonly counters: Readonly<Record<string, number>> };
  readonly barriersUnconfirmed: number;
  readonly shared: { readonly overwritten: number; readonly notApplied: number; readonly waiting: number; readonly tombstones: number };
  readonly eventsForgotten: number;
}

export function clusterMetrics({ links, sessions, barriersUnconfirmed, shared, eventsForgotten }: ClusterMetricsSource): Record<ClusterMetricName, number> {
  const sum = (field: 'messagesOut' | 'messagesIn' | 'bytesOut' | 'bytesIn' | 'controlOut' | 'controlIn' | 'queueBytes' | 'queueDataBytes' | 'messagesDropped' | 'messagesLost' | 'downs') =>
    links.reduce((total, link) => total + link[field], 0);
  return {
    ...named(COUNTERS, sessions.counters),
    ...named(PENDING, sessions.pending),
    'cluster.protected': sessions.isProtected ? 1 : 0,
    'cluster.links.up': links.filter(({ state }) => state === 'up').length,
    'cluster.links.downs': sum('downs'),
    'cluster.links.messages.sent': sum('messagesOut'),
    'cluster.links.messages.received': sum('messagesIn'),
    'cluster.links.messages.dropped': sum('messagesDropped'),
    'cluster.links.messages.lost': sum('messagesLost'),
    'cluster.links.bytes.sent': sum('bytesOut'),
    'cluster.links.bytes.received': sum('bytesIn'),
    'cluster.links.control.sent': sum('controlOut'),
    'cluster.links.control.received': sum('controlIn'),
    'cluster.links.queue_bytes': sum('queueBytes'),
    'cluster.links.queue_data_bytes': sum('queueDataBytes'),
    'cluster.barriers.unconfirmed': barriersUnconfirmed,
    'cluster.shared.overwritten': shared.overwritten,
    'cluster.shared.not_applied': shared.notApplied,
    'cluster.shared.waiting': shared.waiting,
    'cluster.shared.tombstones': shared.tombstones,
    'cluster.events.forgotten': eventsForgotten,
  };
}

function named<K extends string, N extends ClusterMetricName>(names: Readonly<Record<K, N>>, values: Readonly<Record<string, number>>): Record<N, number> {
  return Object.fromEntries(Object.entries<N>(names).map(([key, name]) => [name, values[key] ?? 0])) as Record<N, number>;
}
