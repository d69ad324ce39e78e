/** Faults between the nodes of the local cluster, for windows (cluster-protocol R73): sent to the nodes, and told on the time line. */
import type { Fault, FaultAction } from '../../broker/api/schema/fault.ts';
import { BusbarError } from '../../broker/base/errors.ts';
import type { LinkFault } from '../contract/cluster.ts';
import type { RequestOf } from '../contract/host.ts';
import type { ClusterManager } from './clusterManager.ts';
import { longName } from './nodeConfig.ts';

/** As the nodes tell them; one that does not answer is left out. */
export async function listFaults(cluster: ClusterManager): Promise<LinkFault[]> {
  const answers = await Promise.all(cluster.answering.map((node) => node.fault({ action: 'list' })));
  return answers.flatMap((answer) => (answer?.ok ? answer.faults.map(shortened) : []));
}

/** Throws NODE_UNKNOWN, FAULT_INVALID, NODE_NO_ANSWER. */
export async function setFault(cluster: ClusterManager, { node, peer, ...fault }: RequestOf<'fault/set'>): Promise<LinkFault[]> {
  const faults = await act(cluster, node, { action: 'set', peer: longName(cluster.process(peer).name), ...fault });
  cluster.tell('fault', `fault.${fault.kind}`, node, { peer });
  return faults;
}

/** Throws NODE_UNKNOWN, NODE_NO_ANSWER. */
export async function resetLink(cluster: ClusterManager, node: string, peer: string): Promise<LinkFault[]> {
  const faults = await act(cluster, node, { action: 'reset', peer: longName(cluster.process(peer).name) });
  cluster.tell('fault', 'fault.reset', node, { peer });
  return faults;
}

/** Answers with the faults that are left, of all nodes. Throws NODE_UNKNOWN; NODE_NO_ANSWER for a node that was named. */
export async function healFaults(cluster: ClusterManager, { node, peer }: RequestOf<'fault/heal'>): Promise<LinkFault[]> {
  const healing: FaultAction = { action: 'heal', peer: peer === undefined ? undefined : longName(peer) };
  const before = await listFaults(cluster);
  if (node !== undefined) await act(cluster, node, healing);
  else await Promise.all(cluster.answering.map((each) => each.fault(healing)));
  const left = await listFaults(cluster);
  for (const name of new Set(before.map((fault) => fault.node))) {
    const count = (faults: readonly LinkFault[]) => faults.filter((fault) => fault.node === name).length;
    if (count(left) < count(before)) cluster.tell('healed', 'fault.healed', name);
  }
  return left;
}

async function act(cluster: ClusterManager, name: string, action: FaultAction): Promise<LinkFault[]> {
  const node = cluster.process(name);
  // Asked nevertheless, a frozen node would do it when it goes on, long after it was told that it did not.
  const answer = node.isFrozen ? undefined : await node.fault(action);
  if (answer === undefined) throw new BusbarError('NODE_NO_ANSWER', `The node ${name} does not answer.`, { details: { node: name } });
  if (answer.ok) return answer.faults.map(shortened);
  throw new BusbarError(answer.code === 'FAULTS_DISABLED' ? 'FAULTS_DISABLED' : 'FAULT_INVALID', answer.message, { hint: answer.hint });
}

/** Nodes of a local cluster are called by their short names here. */
function shortened({ node, peer, direction, kind, delay_ms: delayMs, bytes_per_second: bytesPerSecond, since, held_bytes: heldBytes }: Fault): LinkFault {
  const short = (name: string) => name.slice(0, name.indexOf('@'));
  return { node: short(node), peer: short(peer), direction, kind, delayMs: delayMs ?? null, bytesPerSecond: bytesPerSecond ?? null, sinceMs: since, heldBytes };
}
