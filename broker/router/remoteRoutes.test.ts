import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { seededPrng, randomBelow } from '../base/prng.ts';
import type { NodeName } from '../base/ids.ts';
import { NO_ROW, RemoteRoutes } from './remoteRoutes.ts';

const [N1, N2, N3] = ['n1@h', 'n2@h', 'n3@h'] as NodeName[] as [NodeName, NodeName, NodeName];

function routes() {
  const told: string[] = [];
  const table = new RemoteRoutes({
    filterAdded: (topicFilter) => void told.push(`+${topicFilter}`),
    filterRemoved: (topicFilter) => void told.push(`-${topicFilter}`),
    changed: (topicFilter) => void told.push(`~${topicFilter}`),
    allChanged: () => void told.push('~'),
  });
  const take = () => told.splice(0).join(' ');
  return { table, take };
}

describe('routes of other nodes', () => {
  it('say which flags a row had, and tell what has changed', () => {
    const { table, take } = routes();
    expect([table.add(N1, 'a', 0), table.add(N1, 'a', 0), table.add(N1, 'a', 2), table.add(N2, 'a', 1)]).toEqual([NO_ROW, 0, 0, NO_ROW]);
    expect(take()).toBe('+a ~a ~a');
    expect([table.remove(N1, 'a'), table.remove(N1, 'a'), table.remove(N3, 'a'), table.remove(N2, 'b'), table.size]).toEqual([2, NO_ROW, NO_ROW, NO_ROW, 1]);
    expect([take(), table.remove(N2, 'a'), take(), table.has('a'), table.size]).toEqual(['~a', 1, '-a ~a', false, 0]);
  });

  it('match a topic with each node once, by name and by wildcard', () => {
    const { table } = routes();
    for (const topicFilter of ['a/b', 'a/+', '#']) table.add(N1, topicFilter, 0);
    for (const topicFilter of ['a/b', 'c']) table.add(N2, topicFilter, 0);
    expect(['a/b', 'a/x', 'c', '$SYS/x'].map((topic) => table.match(topic).toSorted().join())).toEqual(['n1@h,n2@h', 'n1@h', 'n1@h,n2@h', '']);
    expect([...table.filtersOf(N2)].toSorted()).toEqual(['a/b', 'c']);
    table.remove(N1, '#');
    expect(table.match('c')).toEqual([N2]);
  });

  it('of a node that goes match nothing from then on, and are removed in slices while the node comes back', () => {
    const { table, take } = routes();
    for (let n = 0; n < 10; n += 1) table.add(N1, `t/${n}`, 0);
    table.add(N2, 't/0', 0);
    take();
    table.end(N1);
    expect([take(), table.match('t/0'), table.match('t/1'), table.size, table.isSweeping]).toEqual(['~', [N2], [], 11, true]);
    table.add(N1, 't/1', 0);
    let slices = 0;
    while (!table.sweep(3)) slices += 1;
    expect([slices, table.size, table.match('t/1'), [...table.filtersOf(N1)]]).toEqual([3, 2, [N1], ['t/1']]);
  });

  it('serve on while a snapshot is told, which then takes their place or is forgotten (R26)', () => {
    const { table, take } = routes();
    for (const topicFilter of ['old', 'kept', 'gone/#']) table.add(N1, topicFilter, 0);
    table.begin(N1);
    take();
    expect([table.add(N1, 'kept', 0), table.add(N1, 'new', 0), table.add(N1, 'brief', 0), table.remove(N1, 'brief'), table.remove(N1, 'old')]).toEqual([NO_ROW, NO_ROW, NO_ROW, 0, NO_ROW]);
    // What matches already is no change, however often it is told.
    expect(take()).toBe('+new ~new +brief ~brief -brief ~brief');
    expect(['old', 'kept', 'gone/x', 'new'].map((topic) => table.match(topic).length)).toEqual([1, 1, 1, 1]);
    table.complete(N1);
    table.sweep(100);
    expect([take(), ['old', 'kept', 'gone/x', 'new'].map((topic) => table.match(topic).length), table.size]).toEqual(['~ -old -gone/#', [0, 1, 0, 1], 2]);
    table.begin(N1);
    table.add(N1, 'half', 0);
    table.abandon(N1);
    table.sweep(100);
    expect([...table.filtersOf(N1)].toSorted()).toEqual(['kept', 'new']);
    expect([table.match('half'), table.size]).toEqual([[], 2]);
  });

  it('are what a plain model of them has, whatever happens in whatever order', () => {
    const prng = seededPrng(7);
    const { table } = routes();
    const filters = ['a', 'a/b', 'a/+', 'a/#', '#', 'b/c', '+/c'];
    const matching = ['a/b', 'a/+', 'a/#', '#'];
    const model = new Map<NodeName, { rows: Set<string>; told: Set<string> | undefined }>();
    for (let step = 0; step < 20_000; step += 1) {
      const node = [N1, N2, N3][randomBelow(prng, 3)] as NodeName;
      const filter = filters[randomBelow(prng, filters.length)] as string;
      const of = model.get(node);
      switch (randomBelow(prng, 12)) {
        case 0:
          table.begin(node);
          if (of !== undefined) of.told = new Set();
          break;
        case 1:
          table.complete(node);
          if (of?.told !== undefined) model.set(node, { rows: of.told, told: undefined });
          break;
        case 2:
          table.abandon(node);
          if (of !== undefined) of.told = undefined;
          break;
        case 3:
          table.end(node);
          model.delete(node);
          break;
        case 4:
          table.sweep(randomBelow(prng, 4));
          break;
        case 5:
        case 6:
        case 7:
          expect(table.remove(node, filter)).toBe((of?.told ?? of?.rows)?.delete(filter) === true ? 0 : NO_ROW);
          break;
        default: {
          const own = of ?? { rows: new Set<string>(), told: undefined };
          model.set(node, own);
          const rows = own.told ?? own.rows;
          expect(table.add(node, filter, 0)).toBe(rows.has(filter) ? 0 : NO_ROW);
          rows.add(filter);
        }
      }
      const wanting = [...model].filter(([, { rows, told }]) => matching.some((wild) => rows.has(wild) || told?.has(wild) === true));
      expect(table.match('a/b').toSorted()).toEqual(wanting.map(([name]) => name).toSorted());
    }
    for (const node of [N1, N2, N3]) table.end(node);
    table.sweep(Number.POSITIVE_INFINITY);
    expect([table.size, filters.some((filter) => table.has(filter)), table.isSweeping]).toEqual([0, false, false]);
  });

  it.each([
    ['of one node', [N1], 0],
    ['of three nodes each', [N1, N2, N3], 0],
    ['a third of them with wildcards', [N1], 3],
  ])('cost less than 300 bytes each with their filters, %s (R26)', (_name, nodes, wildcardEvery) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const live = () => (collect(), process.memoryUsage().heapUsed);
    const { table } = routes();
    const before = live();
    const count = 100_000;
    for (let n = 0; n < count; n += 1) {
      // As they are decoded from a frame: texts of their own.
      const ends = wildcardEvery > 0 && n % wildcardEvery === 0 ? '+/state' : 'sensor/state';
      const topicFilter = Buffer.from(`site/${n % 100}/device/${n}/${ends}`).toString();
      for (const node of nodes) table.add(node, topicFilter, 0);
    }
    const bytes = (live() - before) / count;
    expect(table.size).toBe(count * nodes.length);
    expect(bytes).toBeLessThan(300);
  });
});
