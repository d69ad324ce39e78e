import { describe, expect, it } from 'vitest';
import { diffLines, diffValues, MOST_CHANGES } from './diff.ts';

describe('what changed', () => {
  it('in values, by path, with the difference of numbers', () => {
    const before = { t: 21.5, unit: 'C', list: [1, 2], gone: null, deep: { 'a b': true } };
    const after = { unit: 'C', t: 22, list: [1, 3, { x: 1 }], deep: { 'a b': false } };
    expect(diffValues(before, after)).toEqual({
      changes: [
        { path: '$.t', kind: 'changed', before: '21.5', after: '22', delta: 0.5 },
        { path: '$.list[1]', kind: 'changed', before: '2', after: '3', delta: 1 },
        { path: '$.list[2]', kind: 'added', after: '{ "x": 1 }' },
        { path: '$.gone', kind: 'removed', before: 'null' },
        { path: '$.deep["a b"]', kind: 'changed', before: 'true', after: 'false' },
      ],
      more: 0,
    });
  });

  it('treats maps of CBOR and objects of JSON alike, and bytes by content', () => {
    expect(diffValues(new Map([['a', Uint8Array.of(1)]]), { a: Uint8Array.of(1) })).toEqual({ changes: [], more: 0 });
  });

  it('counts what it does not list', () => {
    const many = Array.from({ length: MOST_CHANGES + 3 }, (_, index) => index + 1);
    expect(diffValues(many, many.map((one) => -one)).more).toBe(3);
  });

  it('in texts, by line', () => {
    expect(diffLines('a\nb\nc\nd', 'a\nc\nx\nd')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'removed', text: 'b' },
      { kind: 'same', text: 'c' },
      { kind: 'added', text: 'x' },
      { kind: 'same', text: 'd' },
    ]);
    expect(diffLines('a', 'a')).toEqual([{ kind: 'same', text: 'a' }]);
  });
});
