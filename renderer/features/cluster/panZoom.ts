/** Pan and zoom of the canvas: a scale and a shift, kept within bounds. Pure. */
import type { View } from './particles.ts';
import type { Point, Size } from './polygon.ts';

const LEAST = 0.4;
const MOST = 2.5;

/** The whole drawing in the middle of the stage, as large as it fits and never above its own size. */
export function fitted(drawing: Size, stage: Size): View {
  if (drawing.width === 0 || drawing.height === 0) return { scale: 1, x: 0, y: 0 };
  const scale = Math.max(LEAST, Math.min(1, stage.width / drawing.width, stage.height / drawing.height));
  return { scale, x: (stage.width - drawing.width * scale) / 2, y: (stage.height - drawing.height * scale) / 2 };
}

/** Zooms by a factor round a point of the stage that stays where it is. */
export function zoomAt(view: View, factor: number, point: Point): View {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio };
}

/** Stage coordinates to those of the drawing. */
export function toDrawing(view: View, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}
