/** The event time bar: where moments, events and faults lie on its line. Pure. */
import type { ClusterEvent, TopologyFrame } from '../../../electron/contract/cluster.ts';

export const SPAN_MS = 15 * 60_000;
/** Tiles nearer than this become one with a count. */
const TILE_PX = 22;
/** A label is shown where so much is free behind its tile. */
const LABEL_PX = 90;
const LABEL_MOST_PX = 190;
const GAP_PX = 8;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export const spanUntil = (toMs: number): Span => ({ fromMs: toMs - SPAN_MS, toMs });
export const shareOf = (timeMs: number, span: Span): number => (timeMs - span.fromMs) / (span.toMs - span.fromMs);

/** Messages per second that all nodes took in. */
export function clusterRate(frame: TopologyFrame): number | null {
  const rates = frame.nodes.flatMap((node) => node.rates ?? []);
  return rates.length === 0 ? null : rates.reduce((sum, one) => sum + one.messagesIn, 0);
}

/** The rate as a line of `width` × `height`, about one point per two pixels; a gap of more than 3 s in the data is a gap in the line. */
export function rateLines(frames: readonly TopologyFrame[], span: Span, width: number, height: number): readonly (readonly { x: number; y: number }[])[] {
  const inside = frames.filter((frame) => frame.timeMs >= span.fromMs);
  const buckets = new Map<number, { sum: number; count: number }>();
  let most = 0;
  for (const frame of inside) {
    const rate = clusterRate(frame);
    if (rate === null) continue;
    const slot = Math.round((shareOf(frame.timeMs, span) * width) / 2);
    const bucket = buckets.get(slot) ?? { sum: 0, count: 0 };
    buckets.set(slot, { sum: bucket.sum + rate, count: bucket.count + 1 });
  }
  const points = [...buckets].map(([slot, { sum, count }]) => ({ slot, rate: sum / count })).sort((a, b) => a.slot - b.slot);
  for (const { rate } of points) most = Math.max(most, rate);
  const slotMs = (2 / width) * SPAN_MS;
  const gap = Math.max(2, Math.ceil(3_000 / slotMs));
  const lines: { x: number; y: number }[][] = [];
  let before = -Infinity;
  for (const { slot, rate } of points) {
    if (slot - before > gap) lines.push([]);
    before = slot;
    // A quiet cluster lies on the base line; 80 % of the height is the most that was seen.
    lines.at(-1)!.push({ x: slot * 2, y: height - (most > 0 ? (rate / most) * height * 0.8 : 0) });
  }
  return lines;
}

export interface EventTile {
  readonly share: number;
  readonly kind: ClusterEvent['kind'];
  readonly events: readonly ClusterEvent[];
  /** Where its label goes, and the pixels it has there; null where there are too few. */
  readonly label: { readonly side: 'left' | 'right'; readonly px: number } | null;
}

const KIND_RANK: Readonly<Record<ClusterEvent['kind'], number>> = { fault: 3, healed: 2, acl: 1, lifecycle: 0 };

/** Tiles from left to right. Labels appear where there is room, behind their tile or else before it; the newest wins. */
export function eventTiles(events: readonly ClusterEvent[], span: Span, width: number): readonly EventTile[] {
  const inside = asTold(events).filter((event) => event.timeMs >= span.fromMs && event.timeMs <= span.toMs).sort((a, b) => a.timeMs - b.timeMs);
  const groups: { share: number; events: ClusterEvent[] }[] = [];
  for (const event of inside) {
    const share = shareOf(event.timeMs, span);
    const last = groups.at(-1);
    if (last && (share - last.share) * width < TILE_PX) last.events.push(event);
    else groups.push({ share, events: [event] });
  }
  const last = groups.length - 1;
  const before = (index: number) => (groups[index]!.share - (groups[index - 1]?.share ?? 0)) * width;
  // The newest one wins: where it has no room behind it, its label goes before it.
  const newestLeft = last >= 0 && (1 - groups[last]!.share) * width < LABEL_PX && before(last) >= LABEL_PX;
  const newestPx = newestLeft ? Math.min(before(last), LABEL_MOST_PX) : 0;
  const labelOf = (index: number): EventTile['label'] => {
    if (index === last && newestLeft) return { side: 'left', px: Math.floor(newestPx - TILE_PX - GAP_PX) };
    const end = (groups[index + 1]?.share ?? 1) * width - (index === last - 1 ? newestPx : 0);
    const free = end - groups[index]!.share * width;
    return free >= LABEL_PX ? { side: 'right', px: Math.floor(free - TILE_PX - GAP_PX) } : null;
  };
  return groups.map((group, index) => {
    const worst = [...group.events].sort((a, b) => KIND_RANK[b.kind] - KIND_RANK[a.kind])[0]!;
    return { ...group, kind: worst.kind, label: labelOf(index) };
  });
}

/** A link that comes up for the first time heals nothing: that is part of starting. */
function asTold(events: readonly ClusterEvent[]): readonly ClusterEvent[] {
  const cut = new Set<string>();
  return [...events].sort((a, b) => a.timeMs - b.timeMs).map((event) => {
    const pair = `${event.values['a']}|${event.values['b']}`;
    if (event.key === 'link.down') cut.add(pair);
    if (event.key !== 'link.up' || cut.delete(pair)) return event;
    return { ...event, kind: 'lifecycle' };
  });
}

/** Faults with a duration: from the fault to the next good news of the same node, or until now. */
export function faultBands(events: readonly ClusterEvent[], span: Span): readonly { readonly from: number; readonly to: number; readonly open: boolean }[] {
  const sorted = [...events].sort((a, b) => a.timeMs - b.timeMs);
  return sorted.flatMap((event, index) => {
    if (event.kind !== 'fault') return [];
    const end = sorted.slice(index + 1).find((other) => ends(event, other));
    const to = end?.timeMs ?? span.toMs;
    if (to <= span.fromMs) return [];
    return [{ from: Math.max(0, shareOf(event.timeMs, span)), to: shareOf(to, span), open: !end }];
  });
}

/** A link is healed by the same pair's news, a node by running again. */
function ends(fault: ClusterEvent, other: ClusterEvent): boolean {
  if (fault.key.startsWith('link.')) return other.kind === 'healed' && other.values['a'] === fault.values['a'] && other.values['b'] === fault.values['b'];
  return other.node === fault.node && (other.kind === 'healed' || other.key === 'node.running' || other.key === fault.key.replace(/\..*/, '.applied'));
}

/** Full minutes for the axis, every third one. */
export function axisTicks(span: Span): readonly number[] {
  const step = 3 * 60_000;
  const first = Math.ceil(span.fromMs / step) * step;
  const ticks: number[] = [];
  for (let at = first; at < span.toMs; at += step) ticks.push(at);
  return ticks;
}

/** The newest picture at or before a moment. */
export function frameIndexAt(frames: readonly TopologyFrame[], timeMs: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle]!.timeMs <= timeMs) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
