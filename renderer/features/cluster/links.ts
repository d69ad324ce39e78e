/** Links as they are drawn: one rail per direction, width by bytes, particles by rate (ui.md section 6). Pure. */
import type { TopologyFrame } from '../../../electron/contract/cluster.ts';
import { linkHealth, linkIn, type LinkHealth } from './health.ts';
import { byNumber, type Point } from './polygon.ts';

/** One direction. */
export interface Lane {
  readonly from: string;
  readonly to: string;
  readonly messages: number;
  readonly control: number;
  readonly bytes: number;
  readonly width: number;
}
export interface Link {
  readonly id: string;
  readonly a: string;
  readonly b: string;
  readonly health: LinkHealth;
  /** Empty when the link is down. */
  readonly lanes: readonly Lane[];
  readonly messages: number;
  readonly bytes: number;
  readonly rttMs: number | null;
  readonly queueBytes: number;
  readonly reason: string | null;
}

const WIDTH = { least: 2, most: 8, from: 10 } as const;

/** Pixels for a byte rate: one more per doubling, 2 up to 4 kB/s, 8 from 256 kB/s on. Below 2 its particles could not be told from its edges. */
export function laneWidth(bytesPerSecond: number): number {
  if (bytesPerSecond <= 0) return WIDTH.least;
  return Math.min(WIDTH.most, Math.max(WIDTH.least, Math.log2(bytesPerSecond) - WIDTH.from));
}

/** Speed of every particle; rate is spacing, so nothing races. */
export const PARTICLE_SPEED = 42;
const MOST_PARTICLES = 12;

/** Pixels between particles, or null when there is nothing to show. Closer with the fourth root of the rate, at most 12 on the lane. */
export function particleGap(perSecond: number, laneLength: number): number | null {
  if (perSecond < 0.01 || laneLength <= 0) return null;
  return Math.max(laneLength / MOST_PARTICLES, 150 / perSecond ** 0.25);
}

const RANK: Readonly<Record<LinkHealth, number>> = { down: 3, slow: 2, busy: 1, idle: 0 };

/** The links between nodes that are drawn, at the last of `frames`; each pair once, worst direction's health. */
export function linksOf(frames: readonly TopologyFrame[], shown: ReadonlySet<string>): readonly Link[] {
  const frame = frames.at(-1);
  if (!frame) return [];
  const pairs = new Map<string, readonly [string, string]>();
  for (const { from, to } of frame.links) {
    if (!shown.has(from) || !shown.has(to)) continue;
    const [a, b] = [from, to].sort(byNumber) as [string, string];
    pairs.set(`${a}|${b}`, [a, b]);
  }
  return [...pairs].map(([id, [a, b]]) => linkOf(frames, frame, id, a, b));
}

function linkOf(frames: readonly TopologyFrame[], frame: TopologyFrame, id: string, a: string, b: string): Link {
  const there = linkIn(frame, a, b);
  const back = linkIn(frame, b, a);
  const present = [there, back].filter((one) => one !== undefined);
  const health = present.map((one) => linkHealth(frames, one.from, one.to)).sort((x, y) => RANK[y] - RANK[x])[0] ?? 'down';
  const lanes = health === 'down' ? [] : present.map((one) => ({ from: one.from, to: one.to, messages: one.messagesPerSecond, control: one.controlPerSecond, bytes: one.bytesPerSecond, width: laneWidth(one.bytesPerSecond) }));
  const rtts = present.flatMap((one) => one.rttMs ?? []);
  return {
    id, a, b, health, lanes,
    messages: lanes.reduce((sum, lane) => sum + lane.messages, 0),
    bytes: lanes.reduce((sum, lane) => sum + lane.bytes, 0),
    rttMs: rtts.length > 0 ? Math.max(...rtts) : null,
    queueBytes: present.reduce((sum, one) => sum + one.queueBytes, 0),
    reason: present.find((one) => one.reason !== null)?.reason ?? null,
  };
}

export interface LaneLine {
  readonly from: Point;
  readonly to: Point;
}

/** The middle line of a lane: beside the line between the two cards, each direction on its own side. */
export function laneLine(lane: Lane, health: LinkHealth, places: ReadonlyMap<string, Point>): LaneLine | null {
  const start = places.get(lane.from);
  const end = places.get(lane.to);
  if (!start || !end) return null;
  const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
  const offset = lane.width / 2 + (health === 'slow' ? 3 : 2);
  const shift = { x: (-(end.y - start.y) / length) * offset, y: ((end.x - start.x) / length) * offset };
  return { from: { x: start.x + shift.x, y: start.y + shift.y }, to: { x: end.x + shift.x, y: end.y + shift.y } };
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const SHARES = [0.5, 0.42, 0.58, 0.36, 0.64, 0.3, 0.7] as const;

/** Centres for the labels: on their link, as near its middle as other labels and cards allow. */
export function placeLabels(
  wanted: readonly { readonly id: string; readonly a: Point; readonly b: Point; readonly width: number; readonly height: number }[],
  cards: readonly Box[],
): ReadonlyMap<string, Point> {
  const taken: Box[] = [...cards];
  const places = new Map<string, Point>();
  for (const label of wanted) {
    const candidates = SHARES.map((share) => ({ x: label.a.x + (label.b.x - label.a.x) * share, y: label.a.y + (label.b.y - label.a.y) * share }));
    const box = (point: Point): Box => ({ x: point.x - label.width / 2, y: point.y - label.height / 2, width: label.width, height: label.height });
    const place = candidates.find((point) => !taken.some((other) => overlaps(box(point), other))) ?? candidates[0]!;
    taken.push(box(place));
    places.set(label.id, place);
  }
  return places;
}

function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
