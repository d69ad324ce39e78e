/** Small pictures of clusters for the tests of this folder. */
import type { NodeStatus, TopologyFrame } from '../../../electron/contract/cluster.ts';
import { fakeNode } from '../../host/fake/fakeScenes.ts';
import { frameAt } from '../../host/fake/fakeTraffic.ts';

type Link = TopologyFrame['links'][number];
type FrameNode = TopologyFrame['nodes'][number];

const QUIET = [1, 10, 20, 0, 0.1, 0.2, 2, 0, 0] as const;

/** A picture with `names` running; others are known and do not report. */
export function sampleFrame(names: readonly string[], options: { readonly timeMs?: number; readonly silent?: readonly string[]; readonly links?: readonly Partial<Link>[] } = {}): TopologyFrame {
  const { timeMs = 1_000_000, silent = [], links = [] } = options;
  const nodes = names.map((name) => ({ ...fakeNode(1, 0, QUIET), name }));
  const frame = frameAt(timeMs, nodes, [...names, ...silent].sort(), []);
  return { ...frame, links: links.map(sampleLink) };
}

export function sampleLink(part: Partial<Link>): Link {
  return { from: 'busbar-1', to: 'busbar-2', state: 'up', messagesPerSecond: 0, bytesPerSecond: 0, controlPerSecond: 0, rttMs: 0.4, queueBytes: 0, reason: null, ...part };
}

/** Both directions with the same figures. */
export function bothWays(a: string, b: string, part: Partial<Link> = {}): readonly Partial<Link>[] {
  return [{ from: a, to: b, ...part }, { from: b, to: a, ...part }];
}

export function changeNode(frame: TopologyFrame, name: string, turn: (node: FrameNode) => FrameNode): TopologyFrame {
  return { ...frame, nodes: frame.nodes.map((node) => (node.name === name ? turn(node) : node)) };
}

export function sampleStatus(name: string, part: Partial<NodeStatus> = {}): NodeStatus {
  return { name, node: `${name}@127.0.0.1`, state: 'running', sinceMs: 500_000, pid: 42, ports: { mqtt: 1883, api: 18083, cluster: 4371 }, reason: null, hint: null, exitCode: null, ...part };
}
