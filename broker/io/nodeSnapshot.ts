/** What a node tells its supervisor once a second (broker/api/schema/topology.ts). */
import type { LinkSnapshot, NodeSnapshot } from '../api/schema/topology.ts';
import type { BrokerNode } from '../core/brokerNode.ts';
import { BUSBAR_VERSION } from '../base/version.ts';
import type { NodeId } from '../base/ids.ts';
import type { Listener } from './listeners/listener.ts';
import type { ProcessVitals } from './processVitals.ts';

export interface SnapshotSources {
  readonly node: BrokerNode;
  readonly nodeId: NodeId;
  readonly listeners: readonly Listener[];
  readonly vitals: ProcessVitals;
  readonly links: readonly LinkSnapshot[];
  readonly faults: NodeSnapshot['faults'];
  readonly acl: NodeSnapshot['acl'];
}

export function takeSnapshot(sources: SnapshotSources): NodeSnapshot {
  const { node, listeners } = sources;
  const { metrics } = node;
  let queued = 0;
  for (const session of node.sessions.values()) queued += session.mqueueLength;
  return {
    node: node.config.node.name,
    nodeId: sources.nodeId,
    version: BUSBAR_VERSION,
    nodeVersion: process.versions.node,
    pid: process.pid,
    uptimeMs: Math.round(process.uptime() * 1000),
    timeMs: Date.now(),
    connections: metrics.getStat('live_connections'),
    sessions: metrics.getStat('sessions'),
    subscriptions: metrics.getStat('subscriptions'),
    routes: metrics.getStat('topics'),
    retained: metrics.getStat('retained'),
    messagesIn: metrics.get('messages.received'),
    messagesOut: metrics.get('messages.sent'),
    messagesDropped: metrics.get('messages.dropped') + metrics.get('delivery.dropped'),
    denied: metrics.get('authorization.deny'),
    bytesIn: metrics.get('bytes.received'),
    bytesOut: metrics.get('bytes.sent'),
    queued,
    ...sources.vitals.take(),
    listeners: listeners.map((listener) => ({
      id: listener.config.id,
      type: listener.config.type,
      bind: listener.bind,
      connections: listener.connections.size,
    })),
    links: sources.links,
    faults: sources.faults.map(({ peer, direction, kind, since }) => ({ peer, direction, kind, since })),
    acl: sources.acl,
  };
}
