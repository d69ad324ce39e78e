/** The local cluster: its nodes, the last 15 minutes of its pictures, and what happened in it. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { ClusterEvent, ClusterStatus, NodeStatus, TopologyFrame } from '../../electron/contract/cluster.ts';
import type { HostCall } from '../../electron/contract/host.ts';
import { useHostPort } from '../host/hostPort.ts';

/** Pictures kept: 15 minutes at one a second. Older ones leave; the host's ring has the same length. */
export const MOST_FRAMES = 900;
export const FRAMES_MS = MOST_FRAMES * 1_000;
/** Events kept besides their age limit, against a node that flaps. */
export const MOST_EVENTS = 500;

const NONE: ClusterStatus = { name: '', state: 'none', nodes: [] };

type NodeAction = Extract<HostCall, 'node/start' | 'node/stop' | 'node/kill' | 'node/restart'>;

export const useClusterStore = defineStore('cluster', () => {
  const port = useHostPort();
  const status = shallowRef<ClusterStatus>(NONE);
  /** In order of time. Replaced, never changed, once a second. */
  const frames = shallowRef<readonly TopologyFrame[]>([]);
  const events = shallowRef<readonly ClusterEvent[]>([]);
  /** False until the host answered for the first time: what is not known is not drawn as empty. */
  const loaded = ref(false);
  /** Actions under way: `cluster/start`, `node/stop:busbar-2`. */
  const busy = ref<ReadonlySet<string>>(new Set());
  const lastFrame = computed(() => frames.value.at(-1) ?? null);

  port.on('cluster/changed', (next) => {
    status.value = next;
  });
  port.on('cluster/frame', (frame) => {
    frames.value = appendFrame(frames.value, frame);
  });
  port.on('cluster/event', (event) => {
    events.value = [...events.value, event].slice(-MOST_EVENTS);
  });

  async function load(): Promise<void> {
    const sinceMs = Date.now() - FRAMES_MS;
    const [nextStatus, nextFrames, nextEvents] = await Promise.all([
      port.call('cluster/get'),
      port.call('cluster/frames', { sinceMs }),
      port.call('cluster/events', { sinceMs }),
    ]);
    status.value = nextStatus;
    frames.value = nextFrames.slice(-MOST_FRAMES);
    events.value = nextEvents.slice(-MOST_EVENTS);
    loaded.value = true;
  }

  /** Runs one call at a time per key; a second one while it runs is the first one's. */
  async function once<T>(key: string, run: () => Promise<T>): Promise<T | undefined> {
    if (busy.value.has(key)) return undefined;
    busy.value = new Set([...busy.value, key]);
    try {
      return await run();
    } finally {
      busy.value = new Set([...busy.value].filter((other) => other !== key));
    }
  }

  async function start(nodes?: number): Promise<void> {
    const next = await once('cluster/start', () => port.call('cluster/start', nodes === undefined ? {} : { nodes }));
    if (next) status.value = next;
  }

  async function stop(): Promise<void> {
    const next = await once('cluster/stop', () => port.call('cluster/stop'));
    if (next) status.value = next;
  }

  async function addNode(): Promise<void> {
    const next = await once('node/add', () => port.call('node/add'));
    if (next) status.value = next;
  }

  async function act(action: NodeAction, node: string): Promise<void> {
    const next = await once(`${action}:${node}`, () => port.call(action, { node }));
    if (next) status.value = { ...status.value, nodes: status.value.nodes.map((other) => (other.name === node ? next : other)) };
  }

  function node(name: string): NodeStatus | undefined {
    return status.value.nodes.find((other) => other.name === name);
  }

  return { status, frames, events, loaded, busy, lastFrame, load, start, stop, addNode, act, node };
});

/** The ring with one more picture; a picture that is not newer than the last one takes its place. */
export function appendFrame(frames: readonly TopologyFrame[], frame: TopologyFrame): readonly TopologyFrame[] {
  const last = frames.at(-1);
  const kept = last && last.timeMs >= frame.timeMs ? frames.slice(0, -1) : frames;
  return [...kept.slice(-(MOST_FRAMES - 1)), frame];
}
