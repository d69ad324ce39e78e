/**
 * What a node counts and measures of the cluster, Busbar's own names (cluster-protocol R75). Names with `pending` or `queue`, `protected`,
 * `links.up`, `shared.waiting` and `shared.tombstones` are what is so now; the others only grow and restart at 0 with the node.
 */
export const CLUSTER_METRIC_NAMES = [
  // acknowledged forwards, and messages that wait for a node that is away
  'cluster.forwards.sent',
  'cluster.forwards.received',
  'cluster.forwards.resent',
  'cluster.late.made',
  'cluster.late.applied',
  'cluster.late.parked',
  'cluster.duplicates.suppressed',
  'cluster.queue.dropped',
  // messages of shared groups: given to another node, refused there, taken from a session that will not finish them
  'cluster.shares.sent',
  'cluster.shares.refused',
  'cluster.shares.handed_on',
  // sessions: moved by a client, handed in by whoever held a copy, merged after a split, continued after a death
  'cluster.sessions.taken_over',
  'cluster.sessions.handed_in',
  'cluster.sessions.merged',
  'cluster.sessions.continued',
  'cluster.locks.waits',
  'cluster.flush.timeouts',
  'cluster.holds.timeouts',
  // finished message ids that were forgotten because of a bound: a repeat of those would be delivered again (R54)
  'cluster.done.forgotten',
  // what is under way now; all of it is 0 when all is quiet
  'cluster.pending.publishes',
  'cluster.pending.connects',
  'cluster.pending.locks',
  'cluster.pending.holds',
  'cluster.pending.hand_ins',
  'cluster.pending.late_out',
  'cluster.pending.late_in',
  'cluster.pending.unsecured',
  'cluster.pending.dormant_rows',
  'cluster.pending.done',
  'cluster.protected',
  // links of this node together
  'cluster.links.up',
  'cluster.links.downs',
  'cluster.links.messages.sent',
  'cluster.links.messages.received',
  'cluster.links.messages.dropped',
  'cluster.links.messages.lost',
  'cluster.links.bytes.sent',
  'cluster.links.bytes.received',
  'cluster.links.control.sent',
  'cluster.links.control.received',
  'cluster.links.queue_bytes',
  'cluster.links.queue_data_bytes',
  // SUBACKs that waited for a node in vain
  'cluster.barriers.unconfirmed',
  // shared tables
  'cluster.shared.overwritten',
  'cluster.shared.not_applied',
  'cluster.shared.waiting',
  'cluster.shared.tombstones',
  // events that the event log does not keep any more
  'cluster.events.forgotten',
] as const;

export type ClusterMetricName = (typeof CLUSTER_METRIC_NAMES)[number];
