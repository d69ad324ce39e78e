/** Invented but consistent figures: what a node and a link would show at a moment. Pure; noise comes from a seeded sequence. */
import type { TopologyFrame } from '../../../electron/contract/cluster.ts';
import type { LinkSnapshot, NodeSnapshot } from '../../../broker/api/schema/topology.ts';

/** A node of a scene with its steady figures. */
export interface FakeNode {
  readonly name: string;
  readonly startedAtMs: number;
  readonly ports: { readonly mqtt: number; readonly api: number; readonly cluster: number };
  readonly pid: number;
  readonly connections: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly dropped: number;
  readonly denied: number;
  readonly queued: number;
  readonly cpu: number;
  readonly memory: number;
  readonly loopP99Ms: number;
}
/** Traffic of one direction. */
export interface FakeLink {
  readonly from: string;
  readonly to: string;
  readonly messages: number;
  readonly control: number;
  readonly rttMs: number;
  readonly queueBytes: number;
  readonly state: 'up' | 'suspect' | 'down';
}

const HEAP_LIMIT = 1_024 * 1_024 * 1_024;
const BYTES_PER_MESSAGE = 320;

/** A number from 0 to 1 that depends on nothing but its arguments, so that a picture of a moment never changes. */
export function noise(...seeds: readonly (number | string)[]): number {
  let hash = 2_166_136_261;
  for (const letter of seeds.join('|')) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619);
  hash ^= hash >>> 15;
  return ((Math.imul(hash, 2_246_822_507) >>> 8) & 0xff_ff) / 0xff_ff;
}

/** The steady value, moved by a slow wave and a little noise. */
function alive(value: number, second: number, ...seeds: readonly string[]): number {
  if (value === 0) return 0;
  const wave = Math.sin(second / 23 + noise(...seeds) * 6) * 0.08 + Math.sin(second / 7 + noise('b', ...seeds) * 6) * 0.05;
  return Math.max(0, value * (1 + wave + (noise(second, ...seeds) - 0.5) * 0.08));
}

export function frameAt(timeMs: number, nodes: readonly FakeNode[], all: readonly string[], links: readonly FakeLink[]): TopologyFrame {
  const second = Math.floor(timeMs / 1_000);
  const rates = (node: FakeNode) => {
    const messagesIn = alive(node.messagesIn, second, node.name, 'in');
    const messagesOut = alive(node.messagesOut, second, node.name, 'out');
    return {
      messagesIn,
      messagesOut,
      dropped: Math.round(alive(node.dropped, second, node.name, 'drop')),
      denied: alive(node.denied, second, node.name, 'deny'),
      bytesIn: messagesIn * BYTES_PER_MESSAGE,
      bytesOut: messagesOut * BYTES_PER_MESSAGE,
    };
  };
  return {
    timeMs,
    nodes: all.map((name) => {
      const node = nodes.find((other) => other.name === name && other.startedAtMs <= timeMs);
      return { name, snapshot: node ? snapshotAt(timeMs, node, links) : null, rates: node ? rates(node) : null };
    }),
    links: links
      .filter((link) => [link.from, link.to].every((name) => nodes.some((node) => node.name === name && node.startedAtMs <= timeMs)))
      .map((link) => {
        const messages = link.state === 'down' ? 0 : alive(link.messages, second, link.from, link.to);
        const control = link.state === 'down' ? 0 : alive(link.control, second, link.from, link.to, 'c');
        return {
          from: link.from,
          to: link.to,
          state: link.state,
          messagesPerSecond: messages,
          bytesPerSecond: messages * BYTES_PER_MESSAGE + control * 90,
          controlPerSecond: control,
          rttMs: link.state === 'down' ? null : alive(link.rttMs, second, link.from, link.to, 'rtt'),
          queueBytes: link.queueBytes,
          reason: link.state === 'down' ? 'no heartbeat for 5 s' : null,
        };
      }),
  };
}

function snapshotAt(timeMs: number, node: FakeNode, links: readonly FakeLink[]): NodeSnapshot {
  const second = Math.floor(timeMs / 1_000);
  const uptimeMs = timeMs - node.startedAtMs;
  const total = (rate: number) => Math.round((rate * uptimeMs) / 1_000);
  return {
    node: `${node.name}@127.0.0.1`,
    nodeId: node.name,
    version: '0.1.0',
    nodeVersion: '24.21.0',
    pid: node.pid,
    uptimeMs,
    timeMs,
    connections: Math.round(alive(node.connections, Math.floor(second / 20), node.name, 'conn')),
    sessions: node.connections + 12,
    subscriptions: node.connections * 2,
    routes: 412,
    retained: 96,
    messagesIn: total(node.messagesIn),
    messagesOut: total(node.messagesOut),
    messagesDropped: total(node.dropped),
    denied: total(node.denied),
    bytesIn: total(node.messagesIn * BYTES_PER_MESSAGE),
    bytesOut: total(node.messagesOut * BYTES_PER_MESSAGE),
    queued: Math.round(alive(node.queued, second, node.name, 'queue')),
    cpu: Math.min(1, alive(node.cpu, second, node.name, 'cpu')),
    rssBytes: HEAP_LIMIT * node.memory * 1.3,
    heapUsedBytes: HEAP_LIMIT * alive(node.memory, second, node.name, 'heap'),
    heapLimitBytes: HEAP_LIMIT,
    loopP99Ms: alive(node.loopP99Ms, second, node.name, 'loop'),
    listeners: [{ id: 'tcp:default', type: 'tcp', bind: `127.0.0.1:${node.ports.mqtt}`, connections: node.connections }],
    links: links.filter((link) => link.from === node.name).map((link) => linkSnapshot(link, uptimeMs)),
    faults: [],
    acl: { path: 'acl/acl.conf', hash: '9f3c61a4d2e85b70', rules: 11, appliedAtMs: node.startedAtMs },
  };
}

function linkSnapshot(link: FakeLink, uptimeMs: number): LinkSnapshot {
  const messages = Math.round((link.messages * uptimeMs) / 1_000);
  return {
    peer: `${link.to}@127.0.0.1`,
    state: link.state,
    messagesOut: messages,
    messagesIn: messages,
    bytesOut: messages * BYTES_PER_MESSAGE,
    bytesIn: messages * BYTES_PER_MESSAGE,
    controlOut: 40,
    controlIn: 40,
    rttMs: link.rttMs,
    queueBytes: link.queueBytes,
    queueDataBytes: link.queueBytes,
    messagesDropped: 0,
    messagesLost: 0,
    downs: 0,
    reason: link.state === 'down' ? 'no heartbeat for 5 s' : null,
  };
}
