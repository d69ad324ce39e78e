import { describe, expect, it } from 'vitest';
import { jsonTokens, previewPayload } from './payload.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a preview', () => {
  it('folds white space', () => expect(previewPayload(utf8('{\n  "a": 1\n}'), 40)).toBe('{ "a": 1 }'));
  it('shows that it was cut', () => expect(previewPayload(utf8('abcdefgh'), 5)).toBe('abcd…'));
  it('does not take a cut character for binary', () => expect(previewPayload(utf8('ü'.repeat(50)), 5)).toBe('üüüü…'));
  it('shows bytes as hex', () => expect(previewPayload(bytes(0, 1, 255), 40)).toBe('00 01 ff'));
});


it('splits JSON for colouring and loses nothing', () => {
  const text = '{ "k": ["s", -1.5e3, true], x }';
  const tokens = jsonTokens(text);
  expect(tokens.map(({ text: part }) => part).join('')).toBe(text);
  expect(tokens.filter(({ kind }) => kind !== 'punct' && kind !== 'space')).toEqual([
    { kind: 'key', text: '"k"' },
    { kind: 'string', text: '"s"' },
    { kind: 'number', text: '-1.5e3' },
    { kind: 'word', text: 'true' },
  ]);
});

describe('JSON with variables', () => {
  it('shows what will be filled in as holes, and braces of objects as braces', () => {
    expect(jsonTokens('{"n":{{$rand 1 9}}}').map(({ kind, text }) => `${kind} ${text}`)).toEqual(['punct {', 'key "n"', 'punct :', 'hole {{$rand 1 9}}', 'punct }']);
  });
});
