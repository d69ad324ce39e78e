/**
 * The loads of the comparison. Closed loop: each publisher keeps at most `window` messages in flight, so nothing is dropped and
 * no queue grows without limit. window 1 = every message alone in its packet; larger = natural batches form (hot-path.md section 1).
 */
export type Shape = 'fan-out' | 'pairs' | 'fan-in';

export interface Load {
  readonly name: string;
  readonly shape: Shape;
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: 0 | 1;
  readonly window: number;
  readonly payloadBytes: number;
}

const load = (shape: Shape, publishers: number, subscribers: number, qos: 0 | 1, window: number): Load => ({
  name: `${qos === 0 ? '' : `QoS ${qos} `}${shape} ${publishers}→${subscribers}, ${window === 1 ? 'single' : 'batched'}`,
  shape,
  publishers,
  subscribers,
  qos,
  window,
  payloadBytes: 64,
});

export const LOADS: readonly Load[] = [
  load('fan-out', 1, 200, 0, 20),
  load('fan-out', 1, 200, 0, 1),
  load('pairs', 100, 100, 0, 10),
  load('pairs', 100, 100, 0, 1),
  load('fan-in', 200, 1, 0, 10),
  load('fan-in', 200, 1, 0, 1),
  load('pairs', 100, 100, 1, 10),
  load('pairs', 100, 100, 1, 1),
];

/** Topic a publisher of this load writes to; all of one length so that packets of one load have one size. */
export function topicOf(shape: Shape, publisher: number): string {
  return shape === 'pairs' || shape === 'fan-in' ? `bench/${shape}/${String(publisher).padStart(5, '0')}` : `bench/${shape}/all`;
}

/** Filter a subscriber of this load asks for. */
export function filterOf(shape: Shape, subscriber: number): string {
  if (shape === 'pairs') return topicOf(shape, subscriber);
  return shape === 'fan-in' ? 'bench/fan-in/+' : topicOf(shape, 0);
}
