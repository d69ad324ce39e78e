/** Publishes and routes in flight, drawn as points on one canvas over all links. */
import { PARTICLE_SPEED, particleGap, type LaneLine, type Lane } from './links.ts';

/** A run of points on a lane. */
export interface Stream {
  readonly line: LaneLine;
  readonly length: number;
  readonly gap: number;
  readonly radius: number;
  readonly kind: 'forward' | 'route';
}

export function streamsOf(lane: Lane, line: LaneLine): readonly Stream[] {
  const length = Math.hypot(line.to.x - line.from.x, line.to.y - line.from.y);
  const radius = Math.max(2, Math.min(2.5, lane.width * 0.35));
  const kinds = [
    { kind: 'forward' as const, gap: particleGap(lane.messages, length) },
    { kind: 'route' as const, gap: particleGap(lane.control, length) },
  ];
  return kinds.flatMap(({ kind, gap }) => (gap === null ? [] : [{ line, length, gap, radius, kind }]));
}

/** Centres of a stream's points at a time, in ms. Routes run half a gap behind publishes, so that they do not hide each other. */
export function pointsAt(stream: Stream, timeMs: number): readonly { readonly x: number; readonly y: number }[] {
  const { from, to } = stream.line;
  const shift = stream.kind === 'route' ? stream.gap / 2 : 0;
  const first = ((timeMs / 1_000) * PARTICLE_SPEED + shift) % stream.gap;
  const points: { x: number; y: number }[] = [];
  for (let at = first; at < stream.length; at += stream.gap) {
    const share = at / stream.length;
    points.push({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
  }
  return points;
}

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export function paint(context: CanvasRenderingContext2D, streams: readonly Stream[], timeMs: number, view: View, colours: Readonly<Record<Stream['kind'], string>>, ratio: number): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
  for (const kind of ['forward', 'route'] as const) {
    context.fillStyle = colours[kind];
    context.beginPath();
    for (const stream of streams) {
      if (stream.kind !== kind) continue;
      for (const point of pointsAt(stream, timeMs)) {
        context.moveTo(point.x + stream.radius, point.y);
        context.arc(point.x, point.y, stream.radius, 0, 2 * Math.PI);
      }
    }
    context.fill();
  }
}
