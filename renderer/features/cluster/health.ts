/**
 * How nodes and links are, from what they report (client-workbench.md 5.2). Pure: the same pictures give the same health.
 * A running node that is not well is `degraded`: a health, not a state.
 */
import type { NodeStatus, TopologyFrame } from '../../../electron/contract/cluster.ts';
import type { NodeSnapshot } from '../../../broker/api/schema/topology.ts';
import type { MarkState } from '../../ui/nodeState.ts';

type FrameNode = TopologyFrame['nodes'][number];
type FrameLink = TopologyFrame['links'][number];

/** Above these a running node is degraded. */
export const DEGRADED = { loopP99Ms: 100, memory: 0.85, droppedPerSecond: 0 } as const;
/** A link is slow from this factor over its usual round trip on, but never below the least. */
const SLOW = { factor: 5, leastMs: 20, queueBytes: 65_536 } as const;
/** Seconds without anything sent until a link is idle. */
const IDLE_FRAMES = 10;
/** Pictures that say what is usual for a link. */
const USUAL_FRAMES = 300;

/** One thing that is not well, as a key of cluster.problems with its figures. */
export interface Problem {
  readonly key: 'loop' | 'memory' | 'dropping' | 'failed' | 'isolated' | 'linkSlow' | 'linkDown';
  readonly node: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Heap used of its limit, 0 to 1. */
export function memoryShare(snapshot: NodeSnapshot): number {
  return snapshot.heapLimitBytes > 0 ? snapshot.heapUsedBytes / snapshot.heapLimitBytes : 0;
}

export function problemsOfNode({ name, snapshot, rates }: FrameNode): readonly Problem[] {
  if (!snapshot) return [];
  const problems: Problem[] = [];
  if (rates && rates.dropped > DEGRADED.droppedPerSecond) problems.push({ key: 'dropping', node: name, values: { rate: rates.dropped } });
  if (snapshot.loopP99Ms > DEGRADED.loopP99Ms) problems.push({ key: 'loop', node: name, values: { ms: snapshot.loopP99Ms } });
  if (memoryShare(snapshot) > DEGRADED.memory) problems.push({ key: 'memory', node: name, values: { share: memoryShare(snapshot) } });
  return problems;
}

export type LinkHealth = 'busy' | 'idle' | 'slow' | 'down';

/** Health of one direction at the last of `frames`. */
export function linkHealth(frames: readonly TopologyFrame[], from: string, to: string): LinkHealth {
  const now = linkIn(frames.at(-1), from, to);
  if (!now || now.state === 'down') return 'down';
  if (now.state === 'suspect' || now.queueBytes > SLOW.queueBytes) return 'slow';
  if (now.rttMs !== null && now.rttMs > Math.max(SLOW.leastMs, SLOW.factor * usualRtt(frames, from, to))) return 'slow';
  const recent = frames.slice(-IDLE_FRAMES).map((frame) => linkIn(frame, from, to));
  return recent.every((link) => !link || (link.messagesPerSecond === 0 && link.controlPerSecond === 0)) ? 'idle' : 'busy';
}

export function linkIn(frame: TopologyFrame | undefined, from: string, to: string): FrameLink | undefined {
  return frame?.links.find((link) => link.from === from && link.to === to);
}

/** Median of the round trips over all links of the cluster, so that a link that was slow from the start is still seen as slow. */
function usualRtt(frames: readonly TopologyFrame[], from: string, to: string): number {
  const step = Math.max(1, Math.floor(Math.min(frames.length, USUAL_FRAMES) / 30));
  const seen: number[] = [];
  for (let at = frames.length - 1; at >= Math.max(0, frames.length - USUAL_FRAMES); at -= step) {
    for (const link of frames[at]!.links) if (link.rttMs !== null && (link.from !== from || link.to !== to)) seen.push(link.rttMs);
  }
  if (seen.length === 0) return Infinity;
  seen.sort((a, b) => a - b);
  return seen[Math.floor(seen.length / 2)]!;
}

/**
 * Running nodes in groups that reach each other. A pair counts as cut only when one of them says its link is down: a node that
 * has just started has no links yet and is not alone.
 */
export function sidesOf(frame: TopologyFrame): readonly (readonly string[])[] {
  const names = frame.nodes.filter((node) => node.snapshot).map((node) => node.name);
  const cut = (a: string, b: string) => linkIn(frame, a, b)?.state === 'down' || linkIn(frame, b, a)?.state === 'down';
  const left = new Set(names);
  const sides: string[][] = [];
  for (const first of names) {
    if (!left.delete(first)) continue;
    const side = [first];
    for (const name of side) {
      for (const other of left) {
        if (cut(name, other)) continue;
        left.delete(other);
        side.push(other);
      }
    }
    sides.push(side.sort());
  }
  return sides.sort((a, b) => b.length - a.length);
}

/** Nodes this one says it cannot reach, or that say so of it. */
export function unreachableFrom(frame: TopologyFrame, name: string): readonly string[] {
  const runs = new Set(frame.nodes.filter((node) => node.snapshot).map((node) => node.name));
  const others = new Set<string>();
  for (const link of frame.links) {
    if (link.state !== 'down' || !runs.has(link.from) || !runs.has(link.to)) continue;
    if (link.from === name) others.add(link.to);
    if (link.to === name) others.add(link.from);
  }
  return [...others].sort();
}

/** The state as its mark: the supervisor's word, with isolation and health seen in the picture. */
export function markOf(status: Pick<NodeStatus, 'state'> | undefined, node: FrameNode | undefined, frame: TopologyFrame | null): MarkState {
  if (status && status.state !== 'running') return status.state;
  if (!node?.snapshot) return status ? 'running' : 'stopped';
  const others = frame?.nodes.filter((other) => other.snapshot && other.name !== node.name).length ?? 0;
  if (frame && others > 0 && isolated(frame, node.name)) return 'isolated';
  return problemsOfNode(node).length > 0 ? 'degraded' : 'running';
}

/** On a smaller side of a partition; of equal halves the one without the first node. */
function isolated(frame: TopologyFrame, name: string): boolean {
  const sides = sidesOf(frame);
  if (sides.length < 2) return false;
  const first = frame.nodes.find((node) => node.snapshot)?.name;
  const largest = sides[0]!.length;
  const main = sides.find((side) => side.length === largest && first !== undefined && side.includes(first)) ?? sides[0]!;
  return !main.includes(name);
}

/** Everything that is not well, worst first: failed nodes, cuts, then what is slow or full. */
export function problemsOf(nodes: readonly NodeStatus[], frames: readonly TopologyFrame[]): readonly Problem[] {
  const frame = frames.at(-1);
  const failed: Problem[] = nodes.filter((node) => node.state === 'failed').map((node) => ({ key: 'failed', node: node.name, values: { reason: node.reason ?? '' } }));
  if (!frame) return failed;
  const runs = new Set(nodes.filter((node) => node.state === 'running').map((node) => node.name));
  const links: Problem[] = [];
  for (const link of frame.links) {
    if (!runs.has(link.from) || !runs.has(link.to)) continue;
    const [a, b] = [link.from, link.to].sort() as [string, string];
    if (links.some((problem) => problem.node === a && problem.values['peer'] === b)) continue;
    const health = linkHealth(frames, link.from, link.to);
    if (health === 'down') links.push({ key: 'linkDown', node: a, values: { peer: b } });
    else if (health === 'slow') links.push({ key: 'linkSlow', node: a, values: { peer: b, ms: link.rttMs ?? 0, queue: link.queueBytes } });
  }
  links.sort((a, b) => Number(b.key === 'linkDown') - Number(a.key === 'linkDown'));
  return [...failed, ...links, ...frame.nodes.filter((node) => runs.has(node.name)).flatMap(problemsOfNode)];
}
