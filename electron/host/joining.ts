/** When a node belongs to the cluster: it is linked to every peer that is up. Pure; the cluster manager acts on it. */
import type { NodeSnapshot } from '../../broker/api/schema/topology.ts';
import type { NodeState } from '../contract/cluster.ts';
import { longName } from './nodeConfig.ts';

/** A ready node without its links counts as running, with a reason, after this long: it serves its clients. */
export const JOIN_LIMIT_MS = 10_000;

export interface JoiningNode {
  readonly name: string;
  readonly state: NodeState;
  readonly sinceMs: number;
  readonly snapshot: NodeSnapshot | undefined;
}

/**
 * What to call a node that is ready: still `joining`, or `running` with the reason why it is not whole (null when it is).
 * Undefined for a node that is not ready.
 */
export function judge(node: JoiningNode, all: readonly JoiningNode[], nowMs: number): { running: boolean; reason: string | null } | undefined {
  if (node.state !== 'joining' && node.state !== 'running') return undefined;
  // A running node is not called incomplete because a peer is only just joining.
  const peers = all.filter((peer) => peer.name !== node.name && (peer.state === 'running' || (node.state === 'joining' && peer.state === 'joining')));
  const missing = peers.filter((peer) => linkTo(node, peer.name)?.state !== 'up');
  if (missing.length === 0) return { running: true, reason: null };
  if (node.state === 'joining' && nowMs - node.sinceMs < JOIN_LIMIT_MS) return { running: false, reason: null };
  // A link that is only suspected is not yet worth a word; its heartbeats decide within seconds.
  const lost = missing.filter((peer) => linkTo(node, peer.name)?.state !== 'suspect');
  if (lost.length === 0) return { running: true, reason: null };
  const words = lost.map((peer) => `${peer.name}${because(linkTo(node, peer.name)?.reason)}`);
  return { running: true, reason: `Not linked to ${words.join(', ')}.` };
}

function linkTo(node: JoiningNode, peer: string) {
  return node.snapshot?.links.find((link) => link.peer === longName(peer));
}

function because(reason: string | null | undefined): string {
  return reason ? ` (${reason.replace(/\.$/, '')})` : '';
}
