import { describe, expect, it } from 'vitest';
import { seededPrng, randomBelow } from '../base/prng.ts';
import { joinPages, pageMeta, pageOf } from './paging.ts';

const compare = (left: number, right: number) => left - right;

function sources(lists: readonly (readonly number[])[]) {
  const fetched = { calls: 0, rows: 0 };
  const fetchPart = async (source: number, offset: number, limit: number) => {
    const list = lists[source] ?? [];
    const rows = list.slice(offset, offset + limit);
    fetched.calls += 1;
    fetched.rows += rows.length;
    return { count: list.length, rows };
  };
  return { fetchPart, fetched };
}

describe('a page of one list', () => {
  it.each([
    [{}, { page: 1, limit: 100, count: 3, hasnext: false }, [1, 2, 3]],
    [{ page: 1, limit: 2 }, { page: 1, limit: 2, count: 3, hasnext: true }, [1, 2]],
    [{ page: 2, limit: 2 }, { page: 2, limit: 2, count: 3, hasnext: false }, [3]],
    [{ page: 9, limit: 2 }, { page: 9, limit: 2, count: 3, hasnext: false }, []],
  ])('%j', (request, meta, data) => {
    expect(pageOf([1, 2, 3], request)).toEqual({ data, meta });
  });

  it('that ends with the list has no next', () => {
    expect(pageMeta({ page: 2, limit: 5 }, 10).hasnext).toBe(false);
  });
});

describe('a page of lists on several nodes', () => {
  it('of nothing is empty', async () => {
    expect(await joinPages(0, {}, compare, sources([]).fetchPart)).toEqual({
      data: [],
      meta: { page: 1, limit: 100, count: 0, hasnext: false },
    });
  });

  it('merges in order and says how many there are', async () => {
    const { fetchPart } = sources([[1, 4, 5], [2, 3, 9], []]);
    expect(await joinPages(3, { page: 2, limit: 2 }, compare, fetchPart)).toEqual({
      data: [3, 4],
      meta: { page: 2, limit: 2, count: 6, hasnext: true },
    });
  });

  it('asks each node once for the first pages, and a single node once for any page', async () => {
    const three = sources([[1], [2], [3]]);
    await joinPages(3, { page: 1, limit: 10 }, compare, three.fetchPart);
    expect(three.fetched.calls).toBe(3);
    const one = sources([Array.from({ length: 50_000 }, (_, index) => index)]);
    const { data } = await joinPages(1, { page: 4000, limit: 10 }, compare, one.fetchPart);
    expect([data[0], data.length, one.fetched]).toEqual([39_990, 10, { calls: 1, rows: 10 }]);
  });

  it('finds every page, however the rows are spread and however deep it lies', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const prng = seededPrng(seed);
      const lists: number[][] = Array.from({ length: 1 + randomBelow(prng, 4) }, () => []);
      const total = randomBelow(prng, 12_000);
      const favourite = randomBelow(prng, lists.length);
      for (let value = 0; value < total; value += 1) {
        const source = prng.next() < 0.7 ? favourite : randomBelow(prng, lists.length);
        lists[source]?.push(value);
      }
      const limit = 1 + randomBelow(prng, 300);
      const page = 1 + randomBelow(prng, Math.ceil(total / limit) + 2);
      const { fetchPart, fetched } = sources(lists);
      const expected = Array.from({ length: total }, (_, value) => value).slice((page - 1) * limit, page * limit);
      const result = await joinPages(lists.length, { page, limit }, compare, fetchPart);
      expect(result.data, `seed ${seed}`).toEqual(expected);
      expect(result.meta).toEqual({ page, limit, count: total, hasnext: page * limit < total });
      // A deep page costs little more than its own rows: what is skipped is not fetched.
      expect(fetched.rows).toBeLessThanOrEqual(lists.length * (1000 + limit) + 200);
    }
  });

  it('is empty when the lists shrink while it is sought', async () => {
    const fetchPart = async (_source: number, _offset: number, limit: number) => ({
      count: 5000,
      rows: limit === 0 ? [] : ([] as number[]),
    });
    expect((await joinPages(2, { page: 50, limit: 100 }, compare, fetchPart)).data).toEqual([]);
  });
});
