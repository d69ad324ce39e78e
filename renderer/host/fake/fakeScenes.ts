/** Situations of the invented host: what runs, who is connected, what happened in the last quarter of an hour. */
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';
import type { ClusterEvent, NodeState } from '../../../electron/contract/cluster.ts';
import type { FakeLink, FakeNode } from './fakeTraffic.ts';

export interface Scene {
  readonly clusterName: string;
  readonly nodes: readonly (FakeNode & { readonly state: NodeState; readonly reason: string | null; readonly hint: string | null; readonly exitCode: number | null })[];
  readonly links: readonly FakeLink[];
  readonly connections: readonly ConnectionSpec[];
  readonly events: readonly ClusterEvent[];
}

export const SCENE_NAMES = ['empty', 'quiet', 'busy', 'trouble', 'down'] as const;
export type SceneName = (typeof SCENE_NAMES)[number];
export const isSceneName = (text: string): text is SceneName => (SCENE_NAMES as readonly string[]).includes(text);

const MINUTE = 60_000;
type Figures = readonly [connections: number, messagesIn: number, messagesOut: number, dropped: number, cpu: number, memory: number, loopP99Ms: number, queued: number, denied: number];

export function fakeNode(index: number, startedAtMs: number, figures: Figures): Scene['nodes'][number] {
  const [connections, messagesIn, messagesOut, dropped, cpu, memory, loopP99Ms, queued, denied] = figures;
  return {
    name: `busbar-${index}`,
    startedAtMs,
    pid: 48_210 + index,
    ports: { mqtt: 1_882 + index, api: 18_082 + index, cluster: 4_370 + index },
    connections, messagesIn, messagesOut, dropped, cpu, memory, loopP99Ms, queued, denied,
    state: 'running', reason: null, hint: null, exitCode: null,
  };
}

/** Both directions of a pair. */
export function fakeLink(a: number, b: number, there: number, back: number, change: Partial<FakeLink> = {}): readonly FakeLink[] {
  const one = (from: number, to: number, messages: number): FakeLink => ({
    from: `busbar-${from}`, to: `busbar-${to}`, messages, control: messages / 400, rttMs: 0.4, queueBytes: 0, state: 'up', ...change,
  });
  return [one(a, b, there), one(b, a, back)];
}

export function fakeConnection(id: string, name: string, node: string, filters: readonly string[]): ConnectionSpec {
  return {
    id, name, target: { kind: 'node', node }, clientId: name, protocolVersion: 5, cleanStart: true, keepalive: 30, sessionExpiry: 0, username: '',
    subscriptions: filters.map((topicFilter) => ({ topicFilter, qos: 1 })), will: null,
  };
}

const event = (timeMs: number, kind: ClusterEvent['kind'], node: string | null, key: string, values: ClusterEvent['values'] = {}): ClusterEvent => ({ timeMs, kind, node, key, values });

export function sceneOf(name: SceneName, nowMs: number): Scene {
  const hours = nowMs - 252 * MINUTE;
  switch (name) {
    case 'empty':
      return { clusterName: 'first', nodes: [], links: [], connections: [], events: [] };
    case 'quiet':
      return {
        clusterName: 'first',
        nodes: [1, 2, 3].map((index) => fakeNode(index, nowMs - 6 * MINUTE, [index === 2 ? 0 : 1, index === 1 ? 1 : 0, index === 3 ? 1 : 0, 0, 0.02, 0.06, 1.4, 0, 0])),
        links: [...fakeLink(1, 2, 0, 0), ...fakeLink(1, 3, 1, 0, { control: 0.1 }), ...fakeLink(2, 3, 0, 0)],
        connections: [fakeConnection('device', 'device', 'busbar-1', ['plant/line-1/cmd/#']), fakeConnection('dashboard', 'dashboard', 'busbar-3', ['plant/#'])],
        events: [1, 2, 3].map((index) => event(nowMs - 6 * MINUTE + index * 300, 'lifecycle', `busbar-${index}`, 'node.running')),
      };
    case 'busy':
      return busy(nowMs, hours);
    case 'trouble': {
      const base = busy(nowMs, hours);
      return {
        ...base,
        nodes: base.nodes.map((node) => {
          if (node.name === 'busbar-4') return { ...node, state: 'failed', reason: 'port 1886 in use', hint: 'Stop the program on this port or change the listener bind.', exitCode: 1 };
          return node.name === 'busbar-5' ? { ...node, state: 'stopped', reason: null } : node;
        }),
        links: base.links.map((link) => (link.from === 'busbar-2' && link.to === 'busbar-3' ? { ...link, state: 'down' } : link.from === 'busbar-3' && link.to === 'busbar-2' ? { ...link, state: 'down' } : link)),
      };
    }
    case 'down': {
      const base = sceneOf('quiet', nowMs);
      return { ...base, nodes: base.nodes.map((node) => ({ ...node, state: 'stopped' })) };
    }
  }
}

function busy(nowMs: number, hours: number): Scene {
  return {
    clusterName: 'plant-a',
    nodes: [
      fakeNode(1, hours, [1_284, 3_200, 9_800, 0, 0.38, 0.41, 12, 0, 3]),
      fakeNode(2, hours, [1_190, 2_900, 8_100, 0, 0.33, 0.39, 11, 0, 0]),
      fakeNode(3, hours, [1_311, 3_412, 12_604, 14, 0.71, 0.63, 118, 4_210, 0.4]),
      fakeNode(4, nowMs - 107 * MINUTE, [968, 2_100, 6_900, 0, 0.29, 0.36, 9, 0, 0]),
      fakeNode(5, hours, [212, 600, 900, 0, 0.12, 0.28, 6, 0, 0]),
    ],
    links: [
      ...fakeLink(1, 2, 1_200, 900), ...fakeLink(1, 3, 1_600, 1_100), ...fakeLink(1, 4, 700, 600), ...fakeLink(1, 5, 120, 90), ...fakeLink(2, 3, 1_400, 1_000),
      ...fakeLink(2, 4, 500, 400), ...fakeLink(2, 5, 80, 60), ...fakeLink(3, 4, 900, 800, { rttMs: 186, queueBytes: 312_000 }), ...fakeLink(3, 5, 110, 70), ...fakeLink(4, 5, 0, 0),
    ],
    connections: [
      fakeConnection('press-07', 'press-07', 'busbar-1', ['plant-a/line-3/press-07/cmd/#']),
      fakeConnection('audit-log', 'audit-log', 'busbar-3', ['plant-a/#']),
      fakeConnection('ops-dashboard', 'ops-dashboard', 'busbar-4', ['plant-a/line-3/+/telemetry']),
    ],
    events: [
      event(nowMs - 13.9 * MINUTE, 'acl', null, 'acl.applied', { rules: 11 }),
      event(nowMs - 12 * MINUTE, 'fault', 'busbar-4', 'node.killed'),
      event(nowMs - 11 * MINUTE, 'healed', 'busbar-4', 'node.running'),
      event(nowMs - 7.8 * MINUTE, 'acl', null, 'acl.applied', { rules: 12 }),
      event(nowMs - 5.1 * MINUTE, 'fault', 'busbar-3', 'link.slow', { peer: 'busbar-4' }),
      event(nowMs - 2.4 * MINUTE, 'lifecycle', 'busbar-5', 'node.started'),
    ],
  };
}
