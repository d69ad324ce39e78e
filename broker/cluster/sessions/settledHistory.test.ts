import { expect, it } from 'vitest';
import type { ActorKey } from './copy/identity.ts';
import { SettledHistory } from './settledHistory.ts';

const a = 'a/1' as ActorKey;
const b = 'b/1' as ActorKey;

it('tells what was settled long enough ago, and nothing of a life that was not known then', () => {
  const history = new SettledHistory(6_000);
  const told: number[][] = [];
  for (let second = 0; second <= 9; second += 1) {
    const nowMs = second * 1_000;
    history.note(nowMs, new Map(second < 2 ? [[a, 10 + second]] : [[a, 10 + second], [b, second]]));
    told.push([history.upTo(a, nowMs), history.upTo(b, nowMs)]);
  }
  expect(told).toEqual([[0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [10, 0], [11, 0], [12, 2], [13, 3]]);
});

it('says the older thing between two looks', () => {
  const history = new SettledHistory(6_000);
  history.note(0, new Map([[a, 1]]));
  history.note(5_000, new Map([[a, 2]]));
  expect([history.upTo(a, 5_999), history.upTo(a, 6_000), history.upTo(a, 10_999)]).toEqual([0, 1, 1]);
});
