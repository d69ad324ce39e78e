/** CBOR (RFC 8949). Every tag is kept with its number; maps keep the order of their keys. */
import { decode, encode, Tagged, type TagDecoder } from 'cborg';
import { Marked } from './notation.ts';
import { valueCodec } from './valueCodec.ts';

/** A decoder for every tag number there is: what a tag means is for the reader to say, dropping it would be a loss. */
const ALL_TAGS = new Proxy<Record<number, TagDecoder>>({}, { get: (_, tag) => (read: () => unknown) => new Marked('tag', Number(tag), read()) });

export const cborCodec = valueCodec({
  id: 'cbor',
  unreadable: 'notCbor',
  write: (value) => encode(tagged(value), { mapSorter: () => 0 }),
  read: (bytes) => decode(bytes, { useMaps: true, tags: ALL_TAGS }) as unknown,
});

/** The value with its tags as cborg writes them. */
function tagged(value: unknown): unknown {
  if (value instanceof Marked) {
    if (value.kind === 'ext') throw new Error('CBOR has tags, not extensions');
    return new Tagged(value.code, tagged(value.value));
  }
  if (Array.isArray(value)) return value.map(tagged);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [tagged(key), tagged(one)]));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tagged(one)]));
}
