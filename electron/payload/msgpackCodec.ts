/** MessagePack. Extensions are kept with their type (timestamps, type -1, too: their bytes are exact, a date would not be). */
import { decode, encode, ExtData, type ExtensionCodecType } from '@msgpack/msgpack';
import { Marked } from './notation.ts';
import { valueCodec } from './valueCodec.ts';

const EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: (object) => (object instanceof Marked && object.kind === 'ext' ? new ExtData(object.code, object.value as Uint8Array) : null),
  decode: (data, type) => new Marked('ext', type, data.slice()),
};

export const msgpackCodec = valueCodec({
  id: 'msgpack',
  unreadable: 'notMsgpack',
  write: (value) => encode(encodable(value), { extensionCodec: EXTENSIONS, useBigInt64: true, maxDepth: 250 }),
  read: (bytes) => small(decode(bytes, { extensionCodec: EXTENSIONS, useBigInt64: true })),
});

/** Integers as the encoder takes them: bigint is always written in eight bytes, so only those that need it are left as such. */
function encodable(value: unknown): unknown {
  if (value instanceof Marked) {
    if (value.kind === 'tag') throw new Error('MessagePack has extensions, not tags');
    return value;
  }
  if (value === undefined) throw new Error('MessagePack has no undefined');
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) throw new Error(`${value} does not fit into 64 bits`);
  if (Array.isArray(value)) return value.map(encodable);
  if (value instanceof Map) {
    const keys = [...value.keys()];
    const odd = keys.find((key) => typeof key !== 'string');
    if (odd !== undefined) throw new Error(`the key ${String(odd)} is no text: only text keys can be written`);
    return Object.fromEntries([...value].map(([key, one]) => [key, encodable(one)]));
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, encodable(one)]));
}

/** 64-bit integers that a number holds exactly, as numbers. */
function small(value: unknown): unknown {
  if (typeof value === 'bigint') return BigInt.asIntN(54, value) === value ? Number(value) : value;
  if (Array.isArray(value)) return value.map(small);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Marked) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, small(one)]));
}
