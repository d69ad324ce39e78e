/** Where the bubble of a node's other clients hangs. Pure. */
import type { Point, Size } from './polygon.ts';

/** √n, from 13 px, which holds two digits, to 22. */
export function bubbleRadius(count: number): number {
  return Math.round(Math.min(22, Math.max(13, 11 + Math.sqrt(count) / 3.2)));
}

const GAP = 14;

/** Beside the card on the outer side; above or below it where the stage ends. The tether goes from the card to it. */
export function bubblePlace(card: Point, cardSize: Size, radius: number, stage: Size, topReserve: number): { readonly centre: Point; readonly from: Point } {
  const outward = card.x >= stage.width / 2 ? 1 : -1;
  const beside = { x: card.x + outward * (cardSize.width / 2 + radius + GAP), y: card.y };
  if (beside.x - radius > 4 && beside.x + radius < stage.width - 4) return { centre: beside, from: card };
  const x = card.x + outward * (cardSize.width / 2 - radius - 6);
  const above = card.y - cardSize.height / 2 - radius - GAP;
  const y = above - radius > topReserve ? above : card.y + cardSize.height / 2 + radius + GAP;
  return { centre: { x, y }, from: { x, y: card.y } };
}
