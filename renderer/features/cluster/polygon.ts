/**
 * Where nodes stand: a regular polygon stretched to the stage, node 1 on top, then clockwise in order of their numbers, so that a
 * restart never shuffles the picture. Pure.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Stage extends Size {
  readonly card: Size;
  /** Free pixels at the edges, for legend and zoom buttons below. */
  readonly margin: { readonly side: number; readonly top: number; readonly bottom: number };
}

/** `busbar-10` stands behind `busbar-9`. */
export function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Pixels between rows and between columns of cards, so that links and their labels have room. */
const ROW_GAP = 40;
const COLUMN_GAP = 96;

/** One step of growing, and the most of them: 1.08^60 is a hundred times the stage. */
const GROWTH = 1.08;
const MOST_STEPS = 60;

/** The drawing for a stage: as large as the stage, or so much larger, in its proportions, that all cards stand apart. */
export function drawingFor(names: readonly string[], stage: Stage): Size {
  const { card } = stage;
  let size: Size = { width: Math.max(stage.width, card.width), height: Math.max(stage.height, card.height) };
  for (let step = 0; step < MOST_STEPS && crowded([...polygon(names, { ...stage, ...size }).values()], card); step += 1) {
    size = { width: size.width * GROWTH, height: size.height * GROWTH };
  }
  return size;
}

function crowded(places: readonly Point[], card: Size): boolean {
  const near = (a: Point, b: Point) => Math.abs(a.x - b.x) < card.width + COLUMN_GAP && Math.abs(a.y - b.y) < card.height + ROW_GAP;
  return places.some((a, index) => places.slice(index + 1).some((b) => near(a, b)));
}

/** Stretch beyond which a wide stage no longer pulls the polygon apart. */
const MOST_STRETCH = 2.2;

/** Centre of each card. */
export function polygon(names: readonly string[], stage: Stage): ReadonlyMap<string, Point> {
  const order = [...names].sort(byNumber);
  const { width, height, card, margin } = stage;
  const top = margin.top + card.height / 2;
  const bottom = height - margin.bottom - card.height / 2;
  const middle: Point = { x: width / 2, y: (top + bottom) / 2 };
  if (order.length === 0) return new Map();
  if (order.length === 1) return new Map([[order[0]!, middle]]);
  // Two nodes: a segment lies better than it stands, since cards and their label are wide.
  const turn = order.length === 2 ? Math.PI : -Math.PI / 2;
  const unit = order.map((_, index) => {
    const angle = turn + (index * 2 * Math.PI) / order.length;
    return { x: Math.cos(angle), y: Math.sin(angle) };
  });
  const extent = (values: readonly number[]) => ({ low: Math.min(...values), high: Math.max(...values) });
  const ys = extent(unit.map((point) => point.y));
  const widest = Math.max(...unit.map((point) => Math.abs(point.x)));
  const radiusY = ys.high - ys.low > 0.01 ? Math.max(0, bottom - top) / (ys.high - ys.low) : 0;
  const room = Math.max(0, width / 2 - card.width / 2 - margin.side) / widest;
  const radiusX = order.length === 2 ? Math.min(room, card.width * 1.6) : Math.min(room, radiusY * MOST_STRETCH);
  const centreY = radiusY > 0 ? top - ys.low * radiusY : middle.y;
  return new Map(order.map((name, index) => [name, { x: Math.round(width / 2 + unit[index]!.x * radiusX), y: Math.round(centreY + unit[index]!.y * radiusY) }]));
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The node to go to with an arrow key: the nearest in that direction, sideways distance counting double. */
export function neighbour(places: ReadonlyMap<string, Point>, from: string, direction: Direction): string | undefined {
  const here = places.get(from);
  if (!here) return undefined;
  const sign = direction === 'left' || direction === 'up' ? -1 : 1;
  const along = direction === 'left' || direction === 'right' ? 'x' : 'y';
  const across = along === 'x' ? 'y' : 'x';
  let best: { name: string; cost: number } | undefined;
  for (const [name, place] of places) {
    const ahead = (place[along] - here[along]) * sign;
    if (name === from || ahead <= 0) continue;
    const cost = ahead + 2 * Math.abs(place[across] - here[across]);
    if (!best || cost < best.cost) best = { name, cost };
  }
  return best?.name;
}
