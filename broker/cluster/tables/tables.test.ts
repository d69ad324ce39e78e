import { describe, expect, it } from 'vitest';
import { OwnTable } from './ownTable.ts';
import { PeerTable } from './peerTable.ts';

const ROW = new Uint8Array(0);
const put = (key: string) => ({ key, value: ROW });
const gone = (key: string) => ({ key, value: undefined });

/** A peer's table and what its sink heard. */
function reader() {
  const table = new PeerTable();
  const heard: string[] = [];
  const sink = {
    added: (key: string) => void heard.push(`+${key}`),
    changed: (key: string, value: Uint8Array) => void heard.push(`${key}=${value.join()}`),
    removed: (key: string) => void heard.push(`-${key}`),
  };
  return { table, heard, sink };
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
    const { table, heard, sink } = reader();
    expect(table.apply({ seq: 1, snapshot: undefined, rows: [put('a'), put('b')] }, sink)).toBe('applied');
    expect(table.apply({ seq: 2, snapshot: undefined, rows: [put('b'), gone('a')] }, sink)).toBe('applied');
    expect(table.apply({ seq: 5, snapshot: undefined, rows: [put('z')] }, sink)).toBe('gap');
    expect({ heard, seq: table.seq }).toEqual({ heard: ['+a', '+b', '-a'], seq: 3 });
  });

  it('serves its old rows until the last slice of a snapshot, then tells the difference', () => {
    const { table, heard, sink } = reader();
    table.apply({ seq: 1, snapshot: undefined, rows: [put('old'), put('kept')] }, sink);
    heard.length = 0;
    table.apply({ seq: 10, snapshot: { first: true, last: false }, rows: [put('kept'), put('brief')] }, sink);
    // A change while the slices come: it is newer than what a slice has said.
    table.apply({ seq: 11, snapshot: undefined, rows: [gone('brief'), put('late')] }, sink);
    expect({ heard, rows: [...table.rows.keys()] }).toEqual({ heard: [], rows: ['old', 'kept'] });
    table.apply({ seq: 12, snapshot: { first: false, last: true }, rows: [put('new')] }, sink);
    expect({ heard, seq: table.seq }).toEqual({ heard: ['-old', '+late', '+new'], seq: 12 });
  });

  it('begins anew when the link broke in the middle of a snapshot', () => {
    const { table, heard, sink } = reader();
    table.apply({ seq: 3, snapshot: { first: true, last: false }, rows: [put('a')] }, sink);
    table.abandonSnapshot();
    expect(table.apply({ seq: 3, snapshot: { first: false, last: true }, rows: [put('b')] }, sink)).toBe('gap');
    expect(heard).toEqual([]);
  });

  it('tells of another value of a row, and not of the same one again', () => {
    const { table, heard, sink } = reader();
    const value = (byte: number) => ({ key: 'g', value: Uint8Array.of(byte) });
    table.apply({ seq: 1, snapshot: undefined, rows: [value(1), value(1), value(2)] }, sink);
    table.apply({ seq: 9, snapshot: { first: true, last: true }, rows: [value(2), put('a')] }, sink);
    table.apply({ seq: 10, snapshot: { first: true, last: true }, rows: [value(3)] }, sink);
    expect(heard).toEqual(['+g', 'g=2', '+a', '-a', 'g=3']);
  });

  it('has the hash of the table it mirrors', () => {
    const own = new OwnTable();
    const { table, sink } = reader();
    for (const key of ['a', 'b', 'c']) own.put(key, ROW);
    own.remove('b');
    table.apply({ seq: 1, snapshot: undefined, rows: own.changesAfter(0) ?? [] }, sink);
    expect({ seq: table.seq, hash: table.hash }).toEqual(own.mark);
  });
});
