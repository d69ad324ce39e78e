import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { detectFormat } from './detect.ts';
import { isGzip, unpackGzip } from './gzip.ts';
import { hexCodec } from './hex.ts';

const hex = (text: string) => {
  const read = hexCodec.encode(text);
  return read.ok ? read.bytes : new Uint8Array();
};
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('the most likely format', () => {
  it.each([
    [utf8(''), undefined, 'text', 'empty'],
    [utf8('21.5'), undefined, 'text', 'utf8'],
    [utf8('1234'), undefined, 'text', 'utf8'],
    [utf8(' {"a":1}'), undefined, 'json', 'jsonShape'],
    [utf8('{"a":'), undefined, 'text', 'utf8'],
    [utf8('21.5'), 'application/json; charset=utf-8', 'json', 'contentType'],
    [utf8('no'), 'application/json', 'text', 'utf8'],
    [hex('a1 61 61 01'), 'application/senml+cbor', 'cbor', 'contentType'],
    [hex('d9 d9 f7 01'), undefined, 'cbor', 'cborMark'],
    [hex('bf 61 61 f6 ff'), undefined, 'cbor', 'wholeStructure'],
    [hex('82 a1 61 c0 a1 62 c3'), undefined, 'msgpack', 'wholeStructure'],
    [hex('00 01 02'), undefined, 'hex', 'binary'],
    [hex('ff d8 ff e0'), undefined, 'hex', 'binary'],
  ] as const)('of %j with content type %s is %s because of %s', (bytes, contentType, format, reason) => {
    expect(detectFormat(bytes, { contentType })).toEqual({ format, reason });
  });
});

async function* unpack(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) yield chunk;
}

describe('gzip', () => {
  it('is known by its head and unpacked by the platform', async () => {
    const packed = new Uint8Array(gzipSync('{"a":1}'));
    expect([isGzip(packed), isGzip(utf8('{"a":1}'))]).toEqual([true, false]);
    expect(await unpackGzip(packed, unpack)).toEqual({ ok: true, bytes: utf8('{"a":1}'), cut: false });
  });

  it('stops at the bound and says so, and names damage', async () => {
    const packed = new Uint8Array(gzipSync(new Uint8Array(100_000)));
    expect(await unpackGzip(packed, unpack, 1000)).toEqual({ ok: true, bytes: new Uint8Array(1000), cut: true });
    expect(await unpackGzip(packed.fill(7, 10), unpack)).toMatchObject({ ok: false });
  });
});
