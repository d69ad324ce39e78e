/** What the Cluster page shows: which moment, which node, how it is drawn. The pictures themselves are in stores/cluster.ts. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { useClusterStore } from '../../stores/cluster.ts';
import { useConnectionsStore } from '../../stores/connections.ts';
import { keepSaved, readSaved } from '../../workbench/saved.ts';
import { problemsOf } from './health.ts';
import { linksOf } from './links.ts';
import { nodeCards } from './nodeCards.ts';
import type { Point } from './polygon.ts';
import { frameIndexAt } from './timeBar.ts';

export type NodeAction = 'start' | 'stop' | 'kill' | 'restart';
/** Where a node was dragged to, as shares of the stage, so that it stays in the window at any size. */
type Pins = Record<string, Point>;

const STANDARD = { labels: false, table: false, pins: {} as Pins };

export const useClusterViewStore = defineStore('clusterView', () => {
  const cluster = useClusterStore();
  const connections = useConnectionsStore();
  const saved = ref(readSaved('cluster', STANDARD));
  keepSaved('cluster', saved);
  const selected = ref<string | null>(null);
  /** The moment that is shown; null = now. */
  const shownAtMs = ref<number | null>(null);
  /** Ticks once a second while the page is mounted, for ages where no picture comes. */
  const nowMs = ref(Date.now());
  /** An action that waits for its preview to be confirmed. */
  const pending = ref<{ readonly action: NodeAction; readonly node: string } | null>(null);

  const live = computed(() => shownAtMs.value === null);
  /** The pictures up to the shown moment. */
  const frames = computed(() => {
    if (shownAtMs.value === null) return cluster.frames;
    return cluster.frames.slice(0, frameIndexAt(cluster.frames, shownAtMs.value) + 1);
  });
  const frame = computed(() => frames.value.at(-1) ?? null);
  const cards = computed(() =>
    nodeCards({
      nodes: cluster.status.nodes,
      frames: frames.value,
      live: live.value,
      nowMs: nowMs.value,
      docked: (node) => connections.connectedTo(node).map(({ id, name }) => ({ id, name })),
    }),
  );
  /** Links end at nodes that run, or that should and do not. */
  const links = computed(() => linksOf(frames.value, new Set(cards.value.filter((card) => card.mark !== 'stopped' && card.mark !== 'starting').map((card) => card.name))));
  const problems = computed(() => problemsOf(cluster.status.nodes, cluster.frames));
  const selectedCard = computed(() => cards.value.find((card) => card.name === selected.value) ?? null);

  function select(name: string | null): void {
    selected.value = name;
    if (pending.value?.node !== name) pending.value = null;
  }

  /** Shows a moment of the past; a moment at or after the last picture is now. */
  function showMoment(timeMs: number | null): void {
    const last = cluster.lastFrame?.timeMs ?? 0;
    const first = cluster.frames[0]?.timeMs ?? 0;
    shownAtMs.value = timeMs === null || timeMs >= last ? null : Math.max(first, timeMs);
  }

  function togglePause(): void {
    shownAtMs.value = live.value ? (cluster.lastFrame?.timeMs ?? null) : null;
  }

  function pin(name: string, place: Point | null): void {
    const { [name]: _gone, ...others } = saved.value.pins;
    saved.value.pins = place ? { ...others, [name]: place } : others;
  }

  return { saved, nowMs, selected, shownAtMs, pending, live, frames, frame, cards, links, problems, selectedCard, select, showMoment, togglePause, pin };
});
