import { describe, expect, it } from 'vitest';
import { copyItem, lineage, mid } from '../../../../test/support/sessionCopies.ts';
import type { CopyItem } from './copy.ts';
import { CopyItems } from './copyItems.ts';
import { midKey, type Mid } from './identity.ts';

let dots = 0;
function at(of: Mid, ord: number): CopyItem {
  dots += 1;
  return copyItem({ mid: of, dot: { lineage: lineage(1), n: dots }, ord });
}

function order(items: CopyItems): string[] {
  return [...items].map((item) => midKey(item.mid).replace(/^0*(\d)\/1/, 'n$1'));
}

describe('the items of a session', () => {
  it('keep the order of arrival between messages of different nodes', () => {
    const items = new CopyItems();
    for (const [node, n, ord] of [[2, 1, 10], [1, 5, 11], [2, 2, 12]] as const) items.add(at(mid(node, n), ord));
    expect(order(items)).toEqual(['n2:1', 'n1:5', 'n2:2']);
  });

  it('C17: put a message in front of later ones of its node, and move no other', () => {
    const items = new CopyItems();
    for (const [node, n, ord] of [[1, 2, 10], [2, 7, 11], [1, 1, 12], [2, 8, 13]] as const) items.add(at(mid(node, n), ord));
    expect(order(items)).toEqual(['n1:1', 'n1:2', 'n2:7', 'n2:8']);
  });

  it('C16: do not sort by the numbers of different nodes', () => {
    const items = new CopyItems();
    for (const [node, n, ord] of [[1, 900, 10], [2, 1, 11]] as const) items.add(at(mid(node, n), ord));
    expect(order(items)).toEqual(['n1:900', 'n2:1']);
  });

  it('come in order though one was added with an earlier arrival', () => {
    const items = new CopyItems();
    for (const [node, n, ord] of [[1, 1, 10], [2, 1, 20], [3, 1, 15]] as const) items.add(at(mid(node, n), ord));
    expect(order(items)).toEqual(['n1:1', 'n3:1', 'n2:1']);
    items.delete(mid(3, 1));
    items.add(at(mid(3, 2), 5));
    expect(order(items)).toEqual(['n3:2', 'n1:1', 'n2:1']);
  });

  it('stay in their places when one that came late is finished, whether or not somebody looked before', () => {
    const [seen, unseen] = [new CopyItems(), new CopyItems()];
    for (const items of [seen, unseen]) {
      for (const [node, n, ord] of [[1, 3, 10], [2, 7, 11], [1, 2, 12], [1, 1, 13]] as const) items.add(at(mid(node, n), ord));
      if (items === seen) order(items);
      items.delete(mid(1, 3));
    }
    expect([order(seen), order(unseen)]).toEqual([['n1:1', 'n1:2', 'n2:7'], ['n1:1', 'n1:2', 'n2:7']]);
  });

  it('may be deleted while they are gone through', () => {
    const items = new CopyItems();
    for (let n = 1; n <= 4; n += 1) items.add(at(mid(1, n), n));
    for (const item of items) if (item.mid.n % 2 === 0) items.delete(item.mid);
    expect(order(items)).toEqual(['n1:1', 'n1:3']);
    expect([items.size, items.get(mid(1, 3))?.ord, items.has(mid(1, 2)), items.delete(mid(1, 2))]).toEqual([2, 3, false, undefined]);
  });
});
