/** Bytes of a set of properties (section 2.2.2). */
import type { ByteReader } from './byteReader.ts';
import type { ByteWriter } from './byteWriter.ts';
import { NO_PROPERTIES, type Properties, type UserProperties } from './packet.ts';
import { propertyById, propertyByName, type AnyProperties, type PropertyDefinition, type PropertyValue } from './properties.ts';
import { codeDetail, RULES } from './violations.ts';

const EMPTY_SET = Uint8Array.of(0);

/** Reads the property length and the properties. Unknown and repeated ones fail here, all else in `propertiesViolation`. */
export function readProperties(reader: ByteReader): Properties {
  const length = reader.variableByteInteger();
  if (length === 0) return NO_PROPERTIES;
  if (length > reader.remaining) {
    reader.fail(RULES.truncated, 'properties');
    return NO_PROPERTIES;
  }
  const packetEnd = reader.end;
  const end = reader.position + length;
  const properties: AnyProperties = {};
  // Fields must not reach into the payload behind the properties.
  reader.end = end;
  while (reader.position < end && reader.violation === undefined) readProperty(reader, properties);
  reader.end = packetEnd;
  return properties as Properties;
}

function readProperty(reader: ByteReader, properties: AnyProperties): void {
  const id = reader.byte();
  const row = propertyById(id);
  if (row === undefined) return reader.fail(RULES.propertyUnknown, codeDetail(id));
  const { name } = row;
  const before = properties[name];
  if (row.kind === 'pairs') {
    const pair: readonly [string, string] = [reader.string(name), reader.string(name)];
    if (before === undefined) properties[name] = [pair];
    else (before as (readonly [string, string])[]).push(pair);
  } else if (row.kind === 'variableByteIntegers') {
    const value = reader.variableByteInteger();
    if (before === undefined) properties[name] = [value];
    else (before as number[]).push(value);
  } else if (before !== undefined) reader.fail(RULES.propertyTwice, name);
  else properties[name] = readValue(reader, row.kind, name);
}

function readValue(reader: ByteReader, kind: 'byte' | 'u16' | 'u32' | 'string' | 'binary', name: string): PropertyValue {
  switch (kind) {
    case 'byte':
      return reader.byte();
    case 'u16':
      return reader.u16();
    case 'u32':
      return reader.u32();
    case 'string':
      return reader.string(name);
    case 'binary':
      return reader.binary(name);
  }
}

/** Whether a set of properties takes no more than its length byte, 0. */
export function hasNoProperties(properties: Properties): boolean {
  if (properties === NO_PROPERTIES) return true;
  for (const name in properties) if ((properties as AnyProperties)[name] !== undefined) return false;
  return true;
}

/** Writes the property length and the properties, in the order of the object's keys [MQTT-2.2.2-1]. */
export function writeProperties(writer: ByteWriter, properties: Properties): void {
  if (properties === NO_PROPERTIES) return writer.byte(0);
  const start = writer.position;
  const values = properties as AnyProperties;
  for (const name in values) {
    const row = propertyByName(name);
    const value = values[name];
    if (row !== undefined && value !== undefined) writeProperty(writer, row, value);
  }
  writer.insertLength(start);
}

/** The property length and the properties as bytes of their own. */
export function encodeProperties(writer: ByteWriter, properties: Properties): Uint8Array {
  if (hasNoProperties(properties)) return EMPTY_SET;
  writer.begin();
  const start = writer.position;
  writeProperties(writer, properties);
  return writer.cut(start);
}

function writeProperty(writer: ByteWriter, { id, kind }: PropertyDefinition, value: PropertyValue): void {
  if (kind === 'pairs') {
    for (const [name, text] of value as UserProperties) {
      writer.byte(id);
      writer.string(name);
      writer.string(text);
    }
  } else if (kind === 'variableByteIntegers') {
    for (const number of value as readonly number[]) {
      writer.byte(id);
      writer.variableByteInteger(number);
    }
  } else {
    writer.byte(id);
    if (kind === 'string') writer.string(value as string);
    else if (kind === 'binary') writer.binary(value as Uint8Array);
    else writer[kind](value as number);
  }
}
