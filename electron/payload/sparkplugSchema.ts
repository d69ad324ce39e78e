/** The messages of Sparkplug B (Eclipse Sparkplug 3.0, section 6.4.1), by their field numbers. Extensions are not part of any payload on the wire. */
import type { FieldSchema, MessageSchema, ScalarType } from './protobufWire.ts';

const one = (number: number, name: string, type: FieldSchema['type']): FieldSchema => ({ number, name, type });
const many = (number: number, name: string, type: FieldSchema['type']): FieldSchema => ({ number, name, type, repeated: true });

/** The six scalar members of a value, whose numbers follow each other. */
const VALUE_MEMBERS: readonly (readonly [string, ScalarType])[] = [
  ['int_value', 'uint32'],
  ['long_value', 'uint64'],
  ['float_value', 'float'],
  ['double_value', 'double'],
  ['boolean_value', 'bool'],
  ['string_value', 'string'],
];
const values = (from: number): FieldSchema[] => VALUE_MEMBERS.map(([name, type], index) => one(from + index, name, type));

const META_DATA: MessageSchema = {
  name: 'MetaData',
  fields: [
    ...[one(1, 'is_multi_part', 'bool'), one(2, 'content_type', 'string'), one(3, 'size', 'uint64'), one(4, 'seq', 'uint64')],
    ...[one(5, 'file_name', 'string'), one(6, 'file_type', 'string'), one(7, 'md5', 'string'), one(8, 'description', 'string')],
  ],
};
const PROPERTY_SET: MessageSchema = { name: 'PropertySet', fields: [many(1, 'keys', 'string'), many(2, 'values', () => PROPERTY_VALUE)] };
const PROPERTY_SET_LIST: MessageSchema = { name: 'PropertySetList', fields: [many(1, 'propertyset', PROPERTY_SET)] };
export const PROPERTY_VALUE: MessageSchema = {
  name: 'PropertyValue',
  fields: [one(1, 'type', 'uint32'), one(2, 'is_null', 'bool'), ...values(3), one(9, 'propertyset_value', PROPERTY_SET), one(10, 'propertysets_value', PROPERTY_SET_LIST)],
};
const DATA_SET_VALUE: MessageSchema = { name: 'DataSetValue', fields: values(1) };
const DATA_SET: MessageSchema = {
  name: 'DataSet',
  fields: [
    ...[one(1, 'num_of_columns', 'uint64'), many(2, 'columns', 'string'), many(3, 'types', 'uint32')],
    many(4, 'rows', { name: 'Row', fields: [many(1, 'elements', DATA_SET_VALUE)] }),
  ],
};
const PARAMETER: MessageSchema = { name: 'Parameter', fields: [one(1, 'name', 'string'), one(2, 'type', 'uint32'), ...values(3)] };
const TEMPLATE: MessageSchema = {
  name: 'Template',
  fields: [
    ...[one(1, 'version', 'string'), many(2, 'metrics', () => METRIC), many(3, 'parameters', PARAMETER)],
    ...[one(4, 'template_ref', 'string'), one(5, 'is_definition', 'bool')],
  ],
};
export const METRIC: MessageSchema = {
  name: 'Metric',
  fields: [
    ...[one(1, 'name', 'string'), one(2, 'alias', 'uint64'), one(3, 'timestamp', 'uint64'), one(4, 'datatype', 'uint32')],
    ...[one(5, 'is_historical', 'bool'), one(6, 'is_transient', 'bool'), one(7, 'is_null', 'bool'), one(8, 'metadata', META_DATA), one(9, 'properties', PROPERTY_SET)],
    ...[...values(10), one(16, 'bytes_value', 'bytes'), one(17, 'dataset_value', DATA_SET), one(18, 'template_value', TEMPLATE)],
  ],
};
export const SPARKPLUG_PAYLOAD: MessageSchema = {
  name: 'Payload',
  fields: [one(1, 'timestamp', 'uint64'), many(2, 'metrics', METRIC), one(3, 'seq', 'uint64'), one(4, 'uuid', 'string'), one(5, 'body', 'bytes')],
};

/** Data types by number (Sparkplug 3.0, section 6.4.16). */
export const DATA_TYPES = [
  ...['Unknown', 'Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float', 'Double', 'Boolean', 'String', 'DateTime', 'Text'],
  ...['UUID', 'DataSet', 'Bytes', 'File', 'Template', 'PropertySet', 'PropertySetList', 'Int8Array', 'Int16Array', 'Int32Array', 'Int64Array', 'UInt8Array'],
  ...['UInt16Array', 'UInt32Array', 'UInt64Array', 'FloatArray', 'DoubleArray', 'BooleanArray', 'StringArray', 'DateTimeArray'],
] as const;

/** Bits of the signed integer types, which the wire carries as unsigned. */
export const SIGNED_BITS: Readonly<Record<string, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 };
