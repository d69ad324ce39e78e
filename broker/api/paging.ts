/** Pages of lists: of a list at hand, and of one that is spread over the nodes. */
import { DEFAULT_PAGE_LIMIT, type Page, type PageMeta } from './schema/common.ts';

export interface PageRequest {
  readonly page?: number;
  readonly limit?: number;
}

export function pageMeta(request: PageRequest, count: number): PageMeta {
  const { page = 1, limit = DEFAULT_PAGE_LIMIT } = request;
  return { page, limit, count, hasnext: page * limit < count };
}

export function pageOf<T>(rows: readonly T[], request: PageRequest): Page<T> {
  const meta = pageMeta(request, rows.length);
  return { data: rows.slice((meta.page - 1) * meta.limit, meta.page * meta.limit), meta };
}

/** One node's part of a list: rows in the order of the list, from `offset`, and how many match in all. */
export type FetchPart<T> = (
  source: number,
  offset: number,
  limit: number,
) => Promise<{ readonly count: number; readonly rows: readonly T[] }>;

/** Rows skipped by simply fetching them along with the page; beyond, skipping by probes is cheaper. */
const SKIP_BY_FETCHING = 1000;

/**
 * One page of several sorted lists merged into one. The first page costs one question to each source. A deep page does not
 * fetch what lies before it: with `k` rows to skip over `m` sources, the source whose row at distance floor(k/m) is the smallest
 * may skip those floor(k/m) rows, since all of them are among the first k of the merged list. Each round of probes leaves at
 * most (1 - 1/m) of k, so page 10,000 of three nodes takes some twenty rounds and moves hardly more than its own rows.
 *
 * Example, skipping 6 over A = 1 2 3 9, B = 4 5 6 7, C = 8: the rows at distance 2 are 2, 5 and none; A skips 1 2, four are left.
 */
export async function joinPages<T>(
  sources: number,
  request: PageRequest,
  compare: (left: T, right: T) => number,
  fetchPart: FetchPart<T>,
): Promise<Page<T>> {
  const { page, limit } = pageMeta(request, 0);
  const wanted = (page - 1) * limit;
  const offsets = Array.from({ length: sources }, () => 0);
  const fetchAll = (rowsEach: number) => Promise.all(offsets.map((offset, source) => fetchPart(source, offset, rowsEach)));

  let skip = sources === 1 ? 0 : wanted;
  if (sources === 1) offsets[0] = wanted;
  let parts = await fetchAll(skip <= SKIP_BY_FETCHING ? skip + limit : 0);
  const meta = pageMeta(
    request,
    parts.reduce((sum, part) => sum + part.count, 0),
  );
  if (wanted >= (meta.count ?? 0)) return { data: [], meta };
  if (skip > SKIP_BY_FETCHING) {
    const counts = parts.map((part) => part.count);
    const left = await skipByProbes(skip, offsets, counts, compare, fetchPart);
    if (left === undefined) return { data: [], meta };
    skip = left;
    parts = await fetchAll(skip + limit);
  }
  return {
    data: mergeSorted(
      parts.map((part) => part.rows),
      compare,
      skip + limit,
    ).slice(skip),
    meta,
  };
}

/** Advances `offsets` until few enough rows are left to skip, and says how many; undefined when the lists shrank meanwhile. */
async function skipByProbes<T>(
  toSkip: number,
  offsets: number[],
  counts: readonly number[],
  compare: (left: T, right: T) => number,
  fetchPart: FetchPart<T>,
): Promise<number | undefined> {
  let skip = toSkip;
  while (skip > SKIP_BY_FETCHING) {
    const distance = Math.floor(skip / offsets.length);
    const probes = await Promise.all(
      offsets.map(async (offset, source) => {
        if (offset + distance > (counts[source] ?? 0)) return undefined;
        const { rows } = await fetchPart(source, offset + distance - 1, 1);
        return rows[0];
      }),
    );
    const best = indexOfSmallest(probes, compare);
    if (best === undefined) return undefined;
    offsets[best] = (offsets[best] ?? 0) + distance;
    skip -= distance;
  }
  return skip;
}

function indexOfSmallest<T>(rows: readonly (T | undefined)[], compare: (left: T, right: T) => number): number | undefined {
  let best: number | undefined;
  rows.forEach((row, index) => {
    if (row === undefined) return;
    const smallest = best === undefined ? undefined : rows[best];
    if (smallest === undefined || compare(row, smallest) < 0) best = index;
  });
  return best;
}

/** The first `limit` rows of sorted lists; of equal rows those of the earlier list come first. */
function mergeSorted<T>(lists: readonly (readonly T[])[], compare: (left: T, right: T) => number, limit: number): T[] {
  const heads = lists.map(() => 0);
  const merged: T[] = [];
  while (merged.length < limit) {
    const best = indexOfSmallest(
      lists.map((list, source) => list[heads[source] ?? 0]),
      compare,
    );
    if (best === undefined) break;
    const row = lists[best]?.[heads[best] ?? 0];
    if (row !== undefined) merged.push(row);
    heads[best] = (heads[best] ?? 0) + 1;
  }
  return merged;
}
