import { describe, expect, it } from 'vitest';
import { OwnTable } from './ownTable.ts';
import { PeerTable } from './peerTable.ts';

const ROW = new Uint8Array(0);
const put = (key: string) => ({ key, value: ROW });
const gone = (key: string) => ({ key, value: undefined });

/** A peer's table, with rows of which those called `$…` are not plain, and what its sink has and heard. */
function reader() {
  const heard: string[] = [];
  let plain = new Map<string, Uint8Array>();
  let told: Map<string, Uint8Array> | undefined;
  const table = new PeerTable({
    isPlain: (key) => !key.startsWith('$'),
    put: (key, value) => {
      const rows = told ?? plain;
      const before = rows.get(key);
      rows.set(key, value);
      return before;
    },
    remove: (key) => {
      const rows = told ?? plain;
      const before = rows.get(key);
      rows.delete(key);
      return before;
    },
    snapshot: (step) => {
      if (step === 'complete') plain = told ?? plain;
      told = step === 'begin' ? new Map() : undefined;
    },
    changed: (key, value) => void heard.push(`${key}=${value?.join() ?? 'gone'}`),
  });
  return { table, heard, plain: () => [...plain.keys()].join(' ') };
}

describe('an own table', () => {
  it('numbers its changes and gives them back from any number the ring still has', () => {
    const table = new OwnTable(3);
    for (const key of ['a', 'b', 'c', 'd']) table.put(key, ROW);
    table.remove('a');
    expect(table.seq).toBe(5);
    expect(table.changesAfter(2)).toEqual([put('c'), put('d'), gone('a')]);
    expect(table.changesAfter(5)).toEqual([]);
    expect(table.changesAfter(1)).toBeUndefined();
    expect(table.changesAfter(6)).toBeUndefined();
  });

  it('does not count what changes nothing', () => {
    const table = new OwnTable();
    expect([table.put('a', ROW), table.put('a', ROW), table.remove('b')]).toEqual([true, false, false]);
    expect(table.seq).toBe(1);
  });

  it('has the same hash for the same rows, whatever came before', () => {
    const [one, two] = [new OwnTable(), new OwnTable()];
    for (const key of ['a', 'b', 'x']) one.put(key, ROW);
    one.remove('x');
    for (const key of ['b', 'a']) two.put(key, ROW);
    expect(one.mark.hash).toBe(two.mark.hash);
    two.put('a', Uint8Array.of(1));
    expect(one.mark.hash).not.toBe(two.mark.hash);
  });
});

describe("a peer's table", () => {
  it('applies changes in order, skips what it knows, and reports a gap', () => {
    const { table, plain } = reader();
    expect(table.apply({ seq: 1, snapshot: undefined, rows: [put('a'), put('b')] })).toBe('applied');
    expect(table.apply({ seq: 2, snapshot: undefined, rows: [put('b'), gone('a')] })).toBe('applied');
    expect(table.apply({ seq: 5, snapshot: undefined, rows: [put('z')] })).toBe('gap');
    expect({ rows: plain(), seq: table.seq }).toEqual({ rows: 'b', seq: 3 });
  });

  it('serves its old rows until the last slice of a snapshot, then the new ones (R26)', () => {
    const { table, heard, plain } = reader();
    table.apply({ seq: 1, snapshot: undefined, rows: [put('old'), put('kept'), put('$old'), put('$kept')] });
    heard.length = 0;
    table.apply({ seq: 10, snapshot: { first: true, last: false }, rows: [put('kept'), put('brief'), put('$kept'), put('$brief')] });
    // A change while the slices come: it is newer than what a slice has said.
    table.apply({ seq: 11, snapshot: undefined, rows: [gone('brief'), put('late'), gone('$brief'), put('$late')] });
    expect({ heard, rows: plain() }).toEqual({ heard: [], rows: 'old kept' });
    table.apply({ seq: 12, snapshot: { first: false, last: true }, rows: [put('new')] });
    expect({ heard, rows: plain(), seq: table.seq }).toEqual({ heard: ['$old=gone', '$late='], rows: 'kept late new', seq: 12 });
  });

  it('begins anew when the link broke in the middle of a snapshot, and has its old rows until then', () => {
    const { table, heard, plain } = reader();
    table.apply({ seq: 1, snapshot: undefined, rows: [put('old')] });
    table.apply({ seq: 3, snapshot: { first: true, last: false }, rows: [put('a'), put('$a')] });
    table.abandonSnapshot();
    expect(table.apply({ seq: 3, snapshot: { first: false, last: true }, rows: [put('b')] })).toBe('gap');
    expect({ heard, rows: plain(), seq: table.seq }).toEqual({ heard: [], rows: 'old', seq: 1 });
  });

  it('tells of another value of a row that is not plain, and not of the same one again', () => {
    const { table, heard } = reader();
    const value = (byte: number) => ({ key: '$g', value: Uint8Array.of(byte) });
    table.apply({ seq: 1, snapshot: undefined, rows: [value(1), value(1), value(2)] });
    table.apply({ seq: 9, snapshot: { first: true, last: true }, rows: [value(2), put('$a')] });
    table.apply({ seq: 10, snapshot: { first: true, last: true }, rows: [value(3)] });
    expect(heard).toEqual(['$g=1', '$g=2', '$a=', '$a=gone', '$g=3']);
  });

  it('has the hash of the table it mirrors, by changes as by snapshot', () => {
    const own = new OwnTable();
    const rows = [put('a'), put('b'), put('$c'), { key: 'd', value: Uint8Array.of(1) }];
    for (const { key, value } of [...rows, { key: 'd', value: Uint8Array.of(2) }]) own.put(key, value);
    own.remove('b');
    const [byChanges, bySnapshot] = [reader().table, reader().table];
    byChanges.apply({ seq: 1, snapshot: undefined, rows: own.changesAfter(0) ?? [] });
    const live = [...own.rows].map(([key, value]) => ({ key, value }));
    for (let round = 0; round < 2; round += 1) {
      bySnapshot.apply({ seq: own.seq, snapshot: { first: true, last: false }, rows: live.slice(0, 1) });
      bySnapshot.apply({ seq: own.seq, snapshot: { first: false, last: true }, rows: live.slice(1) });
    }
    expect([byChanges, bySnapshot].map(({ seq, hash }) => ({ seq, hash }))).toEqual([own.mark, own.mark]);
  });
});
