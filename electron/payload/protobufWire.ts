/** Protobuf messages by a schema given as data: no generated code, so it runs under a policy without eval. */

export type ScalarType = 'uint32' | 'uint64' | 'float' | 'double' | 'bool' | 'string' | 'bytes';

export interface FieldSchema {
  readonly name: string;
  readonly number: number;
  readonly type: ScalarType | MessageSchema | (() => MessageSchema);
  readonly repeated?: boolean;
}

export interface MessageSchema {
  readonly name: string;
  readonly fields: readonly FieldSchema[];
}

export type MessageValue = Record<string, unknown>;

const WIRE_VARINT = 0;
const WIRE_64 = 1;
const WIRE_BYTES = 2;
const WIRE_32 = 5;
const MOST_DEPTH = 64;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

const wireOf = (type: ScalarType | MessageSchema): number =>
  type === 'uint32' || type === 'uint64' || type === 'bool' ? WIRE_VARINT : type === 'double' ? WIRE_64 : type === 'float' ? WIRE_32 : WIRE_BYTES;
const typeOf = ({ type }: FieldSchema): ScalarType | MessageSchema => (typeof type === 'function' ? type() : type);

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = from;
    this.end = to;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error(`a number of more than ten bytes at ${this.at}`);
  }

  fixed(size: 4 | 8): number {
    const at = this.#take(size);
    return size === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true);
  }

  block(): { readonly from: number; readonly to: number; readonly bytes: Uint8Array } {
    const length = Number(this.varint());
    const from = this.#take(length);
    return { from, to: from + length, bytes: this.#bytes.subarray(from, from + length) };
  }

  inner(from: number, to: number): Reader {
    return new Reader(this.#bytes, from, to);
  }

  #take(size: number): number {
    const at = this.at;
    if (at + size > this.end) throw new Error(`${size} bytes are missing at ${at}`);
    this.at = at + size;
    return at;
  }
}

/** Reads a message. Throws at fields the schema does not know and at wire types that do not fit: such bytes are something else. */
export function readMessage(schema: MessageSchema, bytes: Uint8Array): MessageValue {
  return readFields(schema, new Reader(bytes), 0);
}

function readFields(schema: MessageSchema, reader: Reader, depth: number): MessageValue {
  if (depth > MOST_DEPTH) throw new Error(`nested deeper than ${MOST_DEPTH}`);
  const value: MessageValue = {};
  while (reader.at < reader.end) {
    const at = reader.at;
    const key = Number(reader.varint());
    const field = schema.fields.find(({ number }) => number === key >>> 3);
    if (!field) throw new Error(`${schema.name} has no field ${key >>> 3} (at ${at})`);
    const one = readField(field, key & 7, reader, depth);
    if (!field.repeated) value[field.name] = one;
    else if (Array.isArray(one)) value[field.name] = [...((value[field.name] as unknown[] | undefined) ?? []), ...(one as unknown[])];
    else ((value[field.name] ??= []) as unknown[]).push(one);
  }
  return value;
}

function readField(field: FieldSchema, wire: number, reader: Reader, depth: number): unknown {
  const type = typeOf(field);
  const expected = wireOf(type);
  if (field.repeated && wire === WIRE_BYTES && expected !== WIRE_BYTES) {
    // Packed: the values of a repeated scalar in one block.
    const { from, to } = reader.block();
    const inner = reader.inner(from, to);
    const values: unknown[] = [];
    while (inner.at < inner.end) values.push(readScalar(type as ScalarType, inner));
    return values;
  }
  if (wire !== expected) throw new Error(`field ${field.name} has wire type ${wire} instead of ${expected} (at ${reader.at})`);
  if (typeof type === 'string') return readScalar(type, reader);
  const { from, to } = reader.block();
  return readFields(type, reader.inner(from, to), depth + 1);
}

function readScalar(type: ScalarType, reader: Reader): unknown {
  switch (type) {
    case 'uint32':
      return Number(BigInt.asUintN(32, reader.varint()));
    case 'uint64':
      return exact(reader.varint());
    case 'bool':
      return reader.varint() !== 0n;
    case 'float':
      return reader.fixed(4);
    case 'double':
      return reader.fixed(8);
    case 'string':
      return strictUtf8.decode(reader.block().bytes);
    case 'bytes':
      return reader.block().bytes.slice();
  }
}

/** As a number where a number holds it exactly. */
export function exact(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value ? Number(value) : value;
}

/** Writes a message. Throws with words for a person at names the schema has not and at values of another type. */
export function writeMessage(schema: MessageSchema, value: unknown): Uint8Array {
  const out: number[] = [];
  writeFields(schema, value, out);
  return Uint8Array.from(out);
}

function writeFields(schema: MessageSchema, value: unknown, out: number[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${schema.name} must be an object`);
  const unknown = Object.keys(value).find((name) => !schema.fields.some((field) => field.name === name));
  if (unknown !== undefined) throw new Error(`${schema.name} has no field “${unknown}”`);
  for (const field of schema.fields) {
    const held = (value as MessageValue)[field.name];
    if (held === undefined || held === null) continue;
    if (field.repeated && !Array.isArray(held)) throw new Error(`${field.name} must be an array`);
    for (const one of field.repeated ? (held as unknown[]) : [held]) writeField(field, one, out);
  }
}

function writeField(field: FieldSchema, value: unknown, out: number[]): void {
  const type = typeOf(field);
  writeVarint(BigInt((field.number << 3) | wireOf(type)), out);
  if (typeof type === 'string') return writeScalar(type, value, field.name, out);
  const inner: number[] = [];
  writeFields(type, value, inner);
  writeBlock(inner, out);
}

function writeScalar(type: ScalarType, value: unknown, name: string, out: number[]): void {
  const wrong = (what: string) => new Error(`${name} must be ${what}`);
  switch (type) {
    case 'uint32':
    case 'uint64':
      return writeVarint(unsigned(value, type === 'uint32' ? 32 : 64, name), out);
    case 'bool':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return writeVarint(value ? 1n : 0n, out);
    case 'float':
    case 'double':
      if (typeof value !== 'number') throw wrong('a number');
      return void out.push(...fixedBytes(value, type === 'float' ? 4 : 8));
    case 'string':
      if (typeof value !== 'string') throw wrong('a text');
      return writeBlock(utf8.encode(value), out);
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw wrong('bytes: {"$hex": "…"}');
      return writeBlock(value, out);
  }
}

function unsigned(value: unknown, bits: 32 | 64, name: string): bigint {
  const integer = typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
  if (integer === undefined || BigInt.asUintN(bits, integer) !== integer) throw new Error(`${name} must be an integer of 0 to 2^${bits} - 1`);
  return integer;
}

function fixedBytes(value: number, size: 4 | 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return new Uint8Array(view.buffer);
}

function writeBlock(bytes: ArrayLike<number>, out: number[]): void {
  writeVarint(BigInt(bytes.length), out);
  for (let at = 0; at < bytes.length; at += 1) out.push(bytes[at] ?? 0);
}

function writeVarint(value: bigint, out: number[]): void {
  let rest = value;
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
}
