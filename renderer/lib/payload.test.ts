import { describe, expect, it } from 'vitest';
import { encodePayload, formatPayload, guessFormat, hexRows, jsonTokens, previewPayload } from './payload.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('typing a payload', () => {
  it.each([
    ['text', 'grüße', { ok: true, bytes: utf8('grüße') }],
    ['json', '{ "a": 1 }', { ok: true, bytes: utf8('{ "a": 1 }') }],
    ['hex', '00 ff\n7F', { ok: true, bytes: bytes(0, 255, 127) }],
    ['hex', '', { ok: true, bytes: bytes() }],
    ['hex', '0', { ok: false, problem: 'oddHex', detail: '1' }],
    ['hex', '0g', { ok: false, problem: 'notHex', detail: 'g' }],
    ['base64', 'AP9/', { ok: true, bytes: bytes(0, 255, 127) }],
    ['base64', '*', { ok: false, problem: 'notBase64', detail: '' }],
  ] as const)('as %s %j', (format, text, expected) => {
    expect(encodePayload(text, format)).toEqual(expected);
  });

  it('names why JSON is refused', () => {
    expect(encodePayload('{ "a": }', 'json')).toMatchObject({ ok: false, problem: 'notJson' });
  });
});

describe('reading a payload', () => {
  it.each([
    [utf8('{"a":1}'), 'json', '{\n  "a": 1\n}'],
    [utf8('{"a"'), 'json', undefined],
    [bytes(0xff), 'text', undefined],
    [bytes(0, 255), 'hex', '00 ff'],
    [bytes(0, 255, 127), 'base64', 'AP9/'],
  ] as const)('%o as %s', (payload, format, expected) => {
    expect(formatPayload(payload, format)).toBe(expected);
  });

  it.each([
    [utf8('{"a":1}'), 'json'],
    [utf8('[1]'), 'json'],
    [utf8('21.5'), 'text'],
    [utf8('{broken'), 'text'],
    [bytes(0, 1), 'hex'],
    [bytes(0xc3, 0x28), 'hex'],
    [bytes(), 'text'],
  ] as const)('%o is best shown as %s', (payload, format) => {
    expect(guessFormat(payload)).toBe(format);
  });
});

describe('a preview', () => {
  it('folds white space', () => expect(previewPayload(utf8('{\n  "a": 1\n}'), 40)).toBe('{ "a": 1 }'));
  it('shows that it was cut', () => expect(previewPayload(utf8('abcdefgh'), 5)).toBe('abcd…'));
  it('does not take a cut character for binary', () => expect(previewPayload(utf8('ü'.repeat(50)), 5)).toBe('üüüü…'));
  it('shows bytes as hex', () => expect(previewPayload(bytes(0, 1, 255), 40)).toBe('00 01 ff'));
});

it('lays bytes out in rows of eight', () => {
  expect(hexRows(utf8('Hello,\n2026'))).toEqual([
    { offset: '0000', bytes: ['48', '65', '6c', '6c', '6f', '2c', '0a', '32'], ascii: 'Hello,.2' },
    { offset: '0008', bytes: ['30', '32', '36'], ascii: '026' },
  ]);
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
