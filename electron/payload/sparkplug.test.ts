import { describe, expect, it } from 'vitest';
import { detectFormat } from './detect.ts';
import { hexCodec, hexOf } from './hex.ts';
import { sparkplugCodec } from './sparkplug.ts';

const PAYLOAD = {
  timestamp: 1486144502122,
  metrics: [
    { name: 'temperature', alias: 1, timestamp: 1486144502122, datatype: 'Float', value: 21.5 },
    { name: 'offset', datatype: 'Int32', value: -5 },
    { name: 'small', datatype: 'Int8', value: -128 },
    { name: 'long', datatype: 'Int64', value: -1 },
    { name: 'on', datatype: 'Boolean', value: true },
    { name: 'raw', datatype: 'Bytes', value: { $hex: '01 02' } },
    { name: 'gone', datatype: 'Double', is_null: true },
    { name: 'udt', datatype: 'Template', value: { metrics: [{ name: 'inner', datatype: 'Int16', value: -2 }], template_ref: 'Motor', is_definition: false } },
    { name: 'table', datatype: 'DataSet', value: { num_of_columns: 1, columns: ['a'], types: [7], rows: [{ elements: [{ int_value: 7 }] }] } },
    { name: 'props', properties: { keys: ['unit'], values: [{ type: 12, string_value: '°C' }] }, datatype: 'String', value: 'x' },
  ],
  seq: 2,
};

const encode = (value: unknown) => {
  const encoded = sparkplugCodec.encode(JSON.stringify(value));
  if (!encoded.ok) throw new Error(encoded.detail);
  return encoded.bytes;
};

describe('Sparkplug B', () => {
  it('reads what it writes: every kind of value with its sign and type', () => {
    const decoded = sparkplugCodec.decode(encode(PAYLOAD));
    expect(decoded.ok && JSON.parse(decoded.text)).toEqual(PAYLOAD);
  });

  it('writes the bytes of the specification: field numbers, signed values in 32 bits', () => {
    expect(hexOf(encode({ timestamp: 1, metrics: [{ name: 'a', datatype: 'Int32', value: -1 }], seq: 0 }))).toBe('0801120b0a016120035' + '0ffffffff0f' + '1800');
  });

  it('leaves a value without data type under its own name, as NDATA with aliases may have it', () => {
    const decoded = sparkplugCodec.decode(encode({ metrics: [{ alias: 7, double_value: 1.5 }] }));
    expect(decoded.ok && JSON.parse(decoded.text)).toEqual({ metrics: [{ alias: 7, double_value: 1.5 }] });
  });

  it('names what cannot be written', () => {
    const said = (value: unknown) => {
      const encoded = sparkplugCodec.encode(JSON.stringify(value));
      return encoded.ok ? '' : encoded.detail;
    };
    expect(said({ metrics: [{ name: 'a', datatype: 'Int8', value: 200 }] })).toBe('200 is no Int8');
    expect(said({ metrics: [{ name: 'a', datatype: 'Int99', value: 1 }] })).toBe('“Int99” is no data type of Sparkplug');
    expect(said({ metrics: [{ name: 'a', value: 1 }] })).toBe('the metric a needs a datatype for its value');
    expect(said({ metric: [] })).toBe('Payload has no field “metric”');
  });

  it('is found by its topic only: short numbers that would decode are text', () => {
    const bytes = encode(PAYLOAD);
    expect(detectFormat(bytes, { topic: 'spBv1.0/plant/NDATA/edge' })).toEqual({ format: 'sparkplug', reason: 'sparkplugTopic' });
    expect(detectFormat(bytes, { topic: 'plant/NDATA/edge' }).format).not.toBe('sparkplug');
    expect(detectFormat(new TextEncoder().encode('{"online":true}'), { topic: 'spBv1.0/STATE/scada' }).format).toBe('json');
    const number = hexCodec.encode('08 2a');
    expect(number.ok && detectFormat(number.bytes, { topic: 'a/b' })).toEqual({ format: 'hex', reason: 'binary' });
  });
});
