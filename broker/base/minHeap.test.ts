import { describe, expect, it } from 'vitest';
import { MinHeap } from './minHeap.ts';
import { randomBelow, seededPrng } from './prng.ts';

const ascending = (left: number, right: number) => left - right;

describe('a heap', () => {
  it('gives what a sorted list would give, whatever is pushed, popped and filtered in between', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const prng = seededPrng(seed);
      const heap = new MinHeap<number>(ascending, [5, 1, 3]);
      let expected = [1, 3, 5];
      for (let step = 0; step < 200; step += 1) {
        const what = randomBelow(prng, 10);
        if (what < 6) {
          const value = randomBelow(prng, 100);
          heap.push(value);
          expected = [...expected, value].sort(ascending);
        } else if (what < 9) expect(heap.pop()).toBe(expected.shift());
        else {
          const odd = (value: number) => value % 2 === 1;
          heap.filter(odd);
          expected = expected.filter(odd);
        }
        expect([heap.size, heap.peek()]).toEqual([expected.length, expected[0]]);
      }
      expect([...heap.inOrder()]).toEqual(expected);
      expect([...heap.inOrder()]).toEqual(expected);
    }
  });

  it('that is empty gives nothing', () => {
    const heap = new MinHeap<number>(ascending);
    expect([heap.pop(), heap.peek(), [...heap.inOrder()]]).toEqual([undefined, undefined, []]);
  });
});
