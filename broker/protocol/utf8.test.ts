import { describe, expect, it } from 'vitest';
import { isDiscouraged, utf8Problem } from './utf8.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

function expected(bytes: Uint8Array): string | undefined {
  try {
    decoder.decode(bytes);
    return undefined;
  } catch {
    return 'utf8';
  }
}

/** Lead bytes and continuation bytes at every border of RFC 3629, table in section 4. */
const BORDERS = [0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
/** A fourth byte is a continuation byte or it is not. */
const LAST = [0x7f, 0x80, 0xbf, 0xc0];

describe('strict UTF-8', () => {
  it('agrees with the fatal decoder of the platform on all sequences of border bytes', () => {
    for (const a of BORDERS) {
      for (const b of BORDERS) {
        for (const c of BORDERS) {
          for (const d of LAST) {
            const bytes = Uint8Array.of(a, b, c, d);
            if (utf8Problem(bytes, 0, 4) !== expected(bytes)) expect.fail(Buffer.from(bytes).toString('hex'));
          }
        }
      }
    }
  });

  it('accepts the first and last code point of every size, noncharacters and a byte order mark', () => {
    for (const codePoint of [1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xfffe, 0xffff, 0x10000, 0x10ffff]) {
      const bytes = Buffer.from(String.fromCodePoint(codePoint));
      expect([codePoint, utf8Problem(bytes, 0, bytes.length)]).toEqual([codePoint, undefined]);
    }
  });

  it.each([
    ['00', 'nulCharacter'],
    ['6100', 'nulCharacter'],
    ['ff00', 'utf8'],
    ['eda080', 'utf8'],
    ['edbfbf', 'utf8'],
    ['c080', 'utf8'],
    ['f08080af', 'utf8'],
    ['f4908080', 'utf8'],
    ['e6b8', 'utf8'],
    ['c3', 'utf8'],
  ])('refuses %s', (hex, problem) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(utf8Problem(bytes, 0, bytes.length)).toBe(problem);
  });

  it.each([
    ['a', false],
    ['\u00e9\u00a0~ ', false],
    ['\ufdcf\ufdf0\ufffd\ufeff', false],
    ['\u{1fffd}\u{10fffd}', false],
    ['ab\u0001', true],
    ['\u001f', true],
    ['x\u007f', true],
    ['\u0080', true],
    ['\u009f', true],
    ['\ufdd0', true],
    ['a\ufdef', true],
    ['\ufffe', true],
    ['\uffff', true],
    ['\u{2fffe}', true],
    ['\u{10ffff}', true],
  ])('advises against %j: %s', (text, discouraged) => {
    const bytes = Buffer.from(text);
    expect(isDiscouraged(bytes, 0, bytes.length)).toBe(discouraged);
  });

  it('looks at nothing outside its bounds', () => {
    const bytes = Buffer.from('ff61c3a9ff', 'hex');
    expect([utf8Problem(bytes, 1, 4), utf8Problem(bytes, 1, 3), utf8Problem(bytes, 2, 2)]).toEqual([undefined, 'utf8', undefined]);
  });
});
