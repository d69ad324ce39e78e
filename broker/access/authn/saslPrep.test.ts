import { describe, expect, it } from 'vitest';
import { saslPrep } from './saslPrep.ts';

/** Named by what RFC 4013 section 3 says about each, or by the table of RFC 3454. */
const CASES: readonly (readonly [name: string, text: string, prepared: string | undefined])[] = [
  ['a soft hyphen is mapped to nothing', 'I\u00adX', 'IX'],
  ['nothing changes', 'user', 'user'],
  ['case is kept', 'USER', 'USER'],
  ['normal form KC', '\u00aa', 'a'],
  ['normal form KC of a roman numeral', '\u2168', 'IX'],
  ['a control character is prohibited', '\u0007', undefined],
  ['right-to-left text ends with a right-to-left character', '\u0627\u0031', undefined],
  ['right-to-left text with a digit inside', '\u0627\u0031\u0628', '\u0627\u0031\u0628'],
  ['letters of both directions', '\u0627a\u0628', undefined],
  ['C.1.2: any space is a space', 'a\u00a0b\u3000c', 'a b c'],
  ['B.1: a zero-width joiner goes', 'a\u200db', 'ab'],
  ['C.3: private use', '\ue000', undefined],
  ['C.4: no character', '\ufdd0', undefined],
  ['C.8: a change of direction', 'a\u202eb', undefined],
  ['C.9: a tag', 'a\u{e0041}', undefined],
  ['letters beyond ASCII stay', 'пароль 密码', 'пароль 密码'],
  ['what became a letter after Unicode 3.2 is let through', '\u{1f512}', '\u{1f512}'],
];

describe('SASLprep', () => {
  it.each(CASES)('%s', (_name, text, prepared) => expect(saslPrep(text)).toBe(prepared));
});
