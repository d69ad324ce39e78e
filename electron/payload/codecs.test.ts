import { describe, expect, it } from 'vitest';
import { CODECS, convertText, encodePayload } from './codecs.ts';
import type { FormatId } from './codec.ts';
import { hexCodec, hexOf, hexRows } from './hex.ts';

const hex = (text: string): Uint8Array => {
  const read = hexCodec.encode(text);
  if (!read.ok) throw new Error(read.detail);
  return read.bytes;
};
const bytesOf = (format: FormatId, text: string) => {
  const encoded = encodePayload(text, format);
  return encoded.ok ? hexOf(encoded.bytes) : `${encoded.problem}: ${encoded.detail}`;
};
const textOf = (format: FormatId, digits: string) => {
  const decoded = CODECS[format].decode(hex(digits));
  return decoded.ok ? decoded.text.replace(/\s*\n\s*/g, '') : `${decoded.problem}: ${decoded.detail}`;
};

describe('text and bytes', () => {
  it('reads UTF-8 strictly and names the first byte that is none', () => {
    expect(textOf('text', '47 72 c3 bc c3 9f 65')).toBe('Grüße');
    expect(textOf('text', '61 62 ff 63')).toBe('notUtf8: 2');
    expect(textOf('text', '61 e4 b8')).toBe('notUtf8: 1');
    expect(textOf('text', 'ef bb bf 61')).toBe('\ufeffa');
  });

  it('sends JSON as typed, and indents it for reading without touching a number', () => {
    expect(bytesOf('json', '{ "a":1.10 }')).toBe(hexOf(new TextEncoder().encode('{ "a":1.10 }')));
    expect(CODECS.json.decode(new TextEncoder().encode('{"a":1.10,"b":18446744073709551615,"c":[],"d":[1,"x, {y}"]}'))).toMatchObject({
      ok: true,
      text: '{\n  "a": 1.10,\n  "b": 18446744073709551615,\n  "c": [],\n  "d": [\n    1,\n    "x, {y}"\n  ]\n}',
    });
    expect(bytesOf('json', '{"a":')).toMatch(/^notJson: /);
  });

  it('takes hex as people write it and says what is wrong with it', () => {
    expect(['0x01, 0xFF', '01:ff', '01 FF', '01-ff'].map((text) => bytesOf('hex', text))).toEqual(['01ff', '01ff', '01ff', '01ff']);
    expect([bytesOf('hex', '01 g0'), bytesOf('hex', '012')]).toEqual(['notHex: g', 'oddHex: 3']);
  });

  it('takes both alphabets of Base64, with and without padding, and refuses the rest', () => {
    expect(['', '00', '0001', '000102', 'fbff'].map((digits) => textOf('base64', digits))).toEqual(['', 'AA==', 'AAE=', 'AAEC', '+/8=']);
    expect(['AAE=', 'AAE', '-_8=', '+/8'].map((text) => bytesOf('base64', text))).toEqual(['0001', '0001', 'fbff', 'fbff']);
    expect([bytesOf('base64', 'AA*A'), bytesOf('base64', 'AAAAA')]).toEqual(['notBase64: *', 'notBase64: A']);
  });

  it('makes rows for a bytes view', () => {
    expect(hexRows(hex('41 42 43 00 7f'), 0, 9, 4)).toEqual([
      { offset: '0000', bytes: ['41', '42', '43', '00'], ascii: 'ABC.' },
      { offset: '0004', bytes: ['7f'], ascii: '.' },
    ]);
  });
});

describe('CBOR', () => {
  /** Examples of RFC 8949 appendix A. */
  it.each([
    ['00', '0'],
    ['1b ff ff ff ff ff ff ff ff', '18446744073709551615'],
    ['3b 7f ff ff ff ff ff ff ff', '-9223372036854775808'],
    ['f9 3e 00', '1.5'],
    ['f9 7e 00', '{"$float": "NaN"}'],
    ['f9 fc 00', '{"$float": "-Infinity"}'],
    ['f7', '{"$undefined": true}'],
    ['44 01 02 03 04', '{"$hex": "01 02 03 04"}'],
    ['a2 01 02 03 04', '{"$map": [[1,2],[3,4]]}'],
    ['9f 01 82 02 03 9f 04 05 ff ff', '[1,[2,3],[4,5]]'],
    ['c1 1a 51 4b 67 b0', '{"$tag": 1,"value": 1363896240}'],
    ['bf 63 46 75 6e f5 63 41 6d 74 21 ff', '{"Fun": true,"Amt": -2}'],
  ])('reads %s', (digits, text) => expect(textOf('cbor', digits)).toBe(text));

  it('writes what it reads, with tags, bytes, big integers and the order of keys', () => {
    for (const digits of ['1bffffffffffffffff', 'c11a514b67b0', '4401020304', 'a201020304', 'a2616202616101', 'd8204161', 'a1612401']) {
      expect(bytesOf('cbor', textOf('cbor', digits))).toBe(digits);
    }
  });

  it('refuses what is none, cut, or goes on after the value', () => {
    expect([textOf('cbor', '83 01 02'), textOf('cbor', '00 00')].map((said) => said.slice(0, 7))).toEqual(['notCbor', 'notCbor']);
    expect(textOf('cbor', '81'.repeat(300) + '00')).toMatch(/^notCbor: nested deeper than 200/);
    expect(textOf('cbor', '81'.repeat(60_000))).toMatch(/^notCbor/);
  });
});

describe('MessagePack', () => {
  it('writes what it reads, with extensions, bytes and 64-bit integers', () => {
    for (const digits of ['82a16101a162c3', 'c4020102', 'cfffffffffffffffff', 'd3ffdfffffffffff00', 'd6ff514b67b0', '93010203', 'cb3ff199999999999a', 'c0']) {
      expect(bytesOf('msgpack', textOf('msgpack', digits))).toBe(digits);
    }
    expect(textOf('msgpack', 'd6 ff 51 4b 67 b0')).toBe('{"$ext": -1,"hex": "51 4b 67 b0"}');
  });

  it('refuses what has no form in it, and what is cut', () => {
    expect(bytesOf('msgpack', '{"$tag": 1, "value": 2}')).toBe('noForm: MessagePack has extensions, not tags');
    expect(bytesOf('msgpack', '{"$oops": 1}')).toMatch(/^notJson: “\$oops” is no mark/);
    expect(textOf('msgpack', '92 01')).toMatch(/^notMsgpack/);
  });
});

describe('what is typed when the format changes', () => {
  it('keeps the text between formats of values and the bytes between the others', () => {
    expect(convertText('{"a": 1.0}', 'json', 'cbor')).toEqual({ ok: true, text: '{"a": 1.0}' });
    expect(convertText('ab', 'text', 'hex')).toEqual({ ok: true, text: '61 62' });
    expect(convertText('61 62', 'hex', 'base64')).toEqual({ ok: true, text: 'YWI=' });
    expect(convertText('{"a":1}', 'cbor', 'hex')).toEqual({ ok: true, text: 'a1 61 61 01' });
  });

  it('never loses it: what cannot be changed comes back as typed, with the reason', () => {
    expect(convertText('{"a":', 'json', 'hex')).toMatchObject({ ok: false, problem: 'notJson', text: '{"a":' });
    expect(convertText('ff fe', 'hex', 'text')).toMatchObject({ ok: false, problem: 'notUtf8', text: 'ff fe' });
  });

  it('takes nothing typed as an empty payload in every format', () => {
    expect(Object.keys(CODECS).map((format) => bytesOf(format as FormatId, ''))).toEqual(['', '', '', '', '', '', '']);
  });
});
