import { describe, expect, it } from 'vitest';
import { copyItem, copySubscription, emptyCopy, lineage, mid, nodeId, plainCopy } from '../../../test/support/sessionCopies.ts';
import { isCoveredBy } from './covered.ts';
import type { SessionCopy } from './copy/copy.ts';
import { applyRecord } from './copy/record.ts';

const item = (n: number) => copyItem({ mid: mid(1, n), dot: { lineage: lineage(1), n }, ord: n });
const subscription = (at: number, on = true) => ({ ...copySubscription({ topicFilter: 'a', stamp: { at, node: nodeId(1) } }), on });

function copyWith(change: (copy: SessionCopy) => void = () => {}): SessionCopy {
  const copy = emptyCopy();
  for (const n of [1, 2, 3]) applyRecord(copy, { type: 'enqueue', item: item(n) });
  applyRecord(copy, { type: 'subscribe', subscription: subscription(5) });
  change(copy);
  return copy;
}

describe('a copy that another covers', () => {
  it('is covered by its equal, both ways', () => {
    expect(isCoveredBy(copyWith(), copyWith())).toBe(true);
  });

  it.each<[string, (copy: SessionCopy) => void]>([
    ['another message', (copy) => applyRecord(copy, { type: 'enqueue', item: item(4) })],
    ['a message that was finished', (copy) => applyRecord(copy, { type: 'finish', mid: mid(1, 2), at: 9 })],
    ['a message that was sent', (copy) => applyRecord(copy, { type: 'state', mid: mid(1, 1), state: 'sent', packetId: 1 })],
    ['a newer subscription', (copy) => applyRecord(copy, { type: 'subscribe', subscription: subscription(6) })],
    ['a newer end of one', (copy) => applyRecord(copy, { type: 'unsubscribe', topicFilter: 'a', stamp: { at: 7, node: nodeId(1) } })],
    ['a subscription more', (copy) => applyRecord(copy, { type: 'subscribe', subscription: { ...subscription(6), topicFilter: 'b' } })],
    ['a later reset', (copy) => applyRecord(copy, { type: 'reset', at: 9 })],
  ])('is not covered by one that lacks %s', (_, change) => {
    expect(isCoveredBy(copyWith(change), copyWith())).toBe(false);
  });

  it('adds nothing when it is merged into the other', () => {
    const whole = copyWith((copy) => {
      applyRecord(copy, { type: 'enqueue', item: item(4) });
      applyRecord(copy, { type: 'finish', mid: mid(1, 1), at: 9 });
    });
    const part = copyWith((copy) => applyRecord(copy, { type: 'finish', mid: mid(1, 1), at: 9 }));
    expect([isCoveredBy(part, whole), isCoveredBy(whole, part)]).toEqual([true, false]);
    const contents = () => ({ ...plainCopy(whole), version: 0 });
    const before = contents();
    applyRecord(whole, { type: 'merge', copy: part });
    expect(contents()).toEqual(before);
  });
});
