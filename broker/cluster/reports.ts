/** What this node tells about the cluster: members, routes, links; sorted, so that answers do not depend on the order of events. */
import type { NodeName } from '../base/ids.ts';
import { isExclusiveKey } from '../topics/sharedSubscription.ts';
import type { LinkCounters } from './linkQueue.ts';
import type { Membership } from './membership.ts';
import type { ClusterBrokerPort, LinkReport } from './ports.ts';
import type { OwnTable } from './tables/ownTable.ts';

export interface MemberStatus {
  readonly node: NodeName;
  readonly status: 'running' | 'stopped';
}

export interface RouteRow {
  readonly topic: string;
  readonly node: NodeName;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Running: ourselves, and members with a live, synced link. Stopped: the other members (R10). */
export function memberRows(self: NodeName, members: Membership): MemberStatus[] {
  const rows: MemberStatus[] = [{ node: self, status: 'running' }];
  for (const peer of members.all()) if (peer.member) rows.push({ node: peer.name, status: peer.running ? 'running' : 'stopped' });
  return rows.sort((a, b) => compare(a.node, b.node));
}

/** One row per filter and node, shared subscriptions with theirs; an exclusive one has that of its filter. */
export function routeRows(self: NodeName, own: OwnTable, members: Membership, broker: Pick<ClusterBrokerPort, 'remoteRoutes'>): RouteRow[] {
  const rows: RouteRow[] = [];
  const add = (node: NodeName, keys: Iterable<string>): void => {
    for (const topic of keys) if (!isExclusiveKey(topic)) rows.push({ topic, node });
  };
  add(self, own.rows.keys());
  for (const peer of members.all()) {
    add(peer.name, peer.table.values.keys());
    add(peer.name, broker.remoteRoutes(peer.name));
  }
  return rows.sort((a, b) => compare(a.topic, b.topic) || compare(a.node, b.node));
}

/** A link as the topology shows it, from what is known of it. */
export function linkReport(
  link: Pick<LinkReport, 'peer' | 'state' | 'rttMs' | 'queueBytes' | 'queueDataBytes' | 'reason'>,
  counters: LinkCounters,
): LinkReport {
  const { messagesOut, messagesIn, bytesOut, bytesIn, controlOut, controlIn, dropped: messagesDropped, lost: messagesLost, downs } = counters;
  return { ...link, messagesOut, messagesIn, bytesOut, bytesIn, controlOut, controlIn, messagesDropped, messagesLost, downs };
}

/** Links to members, whether they are up or not. */
export function linkReports(members: Membership): LinkReport[] {
  const reports: LinkReport[] = [];
  for (const { name, member, state, counters, rttMs, link, reason } of members.all()) {
    if (!member) continue;
    reports.push(linkReport({ peer: name, state, rttMs, queueBytes: link?.queueBytes ?? 0, queueDataBytes: link?.dataBytes ?? 0, reason }, counters));
  }
  return reports.sort((a, b) => compare(a.peer, b.peer));
}
