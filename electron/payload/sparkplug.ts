/**
 * Sparkplug B payloads as JSON: data types by name, one `value` per metric with its sign. Only payloads below the topic
 * namespace are taken for Sparkplug by themselves (detect.ts): any few bytes can look like one.
 */
import { exact, readMessage, writeMessage, type MessageValue } from './protobufWire.ts';
import { DATA_TYPES, SIGNED_BITS, SPARKPLUG_PAYLOAD } from './sparkplugSchema.ts';
import { valueCodec } from './valueCodec.ts';

const NAMESPACE = 'spBv1.0/';

/** Below `spBv1.0/`, but not the state of a host application, which is JSON (Sparkplug 3.0, section 6.4.28). */
export function isSparkplugTopic(topic: string): boolean {
  return topic.startsWith(NAMESPACE) && !topic.startsWith(`${NAMESPACE}STATE/`);
}

export const sparkplugCodec = valueCodec({
  id: 'sparkplug',
  unreadable: 'notSparkplug',
  write: (value) => writeMessage(SPARKPLUG_PAYLOAD, wirePayload(value)),
  read: (bytes) => mapMetrics(readMessage(SPARKPLUG_PAYLOAD, bytes), readableMetric),
});

function wirePayload(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) throw new Error('Payload must be an object');
  return mapMetrics(value as MessageValue, wireMetric);
}

/** Payload and templates hold metrics in the same way. */
function mapMetrics(holder: MessageValue, change: (metric: MessageValue) => MessageValue): MessageValue {
  const metrics = holder['metrics'];
  return Array.isArray(metrics) ? { ...holder, metrics: metrics.map((metric) => change(metric as MessageValue)) } : holder;
}

/** The member of the wire's oneof that a data type lives in. */
function memberOf(type: string): string {
  if (type === 'Int64' || type === 'UInt64' || type === 'DateTime') return 'long_value';
  if (SIGNED_BITS[type] !== undefined || type === 'UInt8' || type === 'UInt16' || type === 'UInt32') return 'int_value';
  if (type === 'Float' || type === 'Double' || type === 'Boolean') return `${type.toLowerCase()}_value`;
  if (type === 'String' || type === 'Text' || type === 'UUID') return 'string_value';
  if (type === 'DataSet' || type === 'Template') return `${type.toLowerCase()}_value`;
  return 'bytes_value';
}

function readableMetric(metric: MessageValue): MessageValue {
  const number = metric['datatype'];
  const type = typeof number === 'number' ? DATA_TYPES[number] : undefined;
  const held = Object.keys(metric).find((name) => name.endsWith('_value'));
  const named = type === undefined ? metric : { ...metric, datatype: type };
  // Without its data type (NDATA may leave it to the birth) the member's own name is the truth about the value.
  if (held === undefined || type === undefined || memberOf(type) !== held) return inTemplate(named, held, readableMetric);
  const { [held]: value, ...rest } = named as MessageValue;
  const inner = type === 'Template' ? mapMetrics(value as MessageValue, readableMetric) : value;
  return { ...rest, value: signed(inner, SIGNED_BITS[type]) };
}

function wireMetric(metric: MessageValue): MessageValue {
  if (typeof metric !== 'object' || metric === null) throw new Error('a metric must be an object');
  const { value, datatype, ...rest } = metric;
  const number = typeof datatype === 'string' ? (DATA_TYPES as readonly string[]).indexOf(datatype) : datatype;
  if (number === -1) throw new Error(`“${String(datatype)}” is no data type of Sparkplug`);
  const named = number === undefined ? rest : { ...rest, datatype: number };
  if (value === undefined || value === null) {
    const held = Object.keys(rest).find((name) => name.endsWith('_value'));
    return inTemplate(named, held, wireMetric);
  }
  const type = typeof number === 'number' ? DATA_TYPES[number] : undefined;
  if (type === undefined) throw new Error(`the metric ${String(metric['name'] ?? metric['alias'] ?? '')} needs a datatype for its value`);
  const inner = type === 'Template' ? mapMetrics(value as MessageValue, wireMetric) : value;
  return { ...named, [memberOf(type)]: unsigned(inner, SIGNED_BITS[type], type) };
}

function inTemplate(metric: MessageValue, held: string | undefined, change: (metric: MessageValue) => MessageValue): MessageValue {
  return held === 'template_value' ? { ...metric, template_value: mapMetrics(metric['template_value'] as MessageValue, change) } : metric;
}

function signed(value: unknown, bits: number | undefined): unknown {
  if (bits === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) return value;
  // Writers differ: some extend the sign of an Int8 to 32 bits, some do not; the low bits are the value in both.
  return exact(BigInt.asIntN(bits, BigInt(value)));
}

function unsigned(value: unknown, bits: number | undefined, type: string): unknown {
  if (bits === undefined) return value;
  const integer = typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
  if (integer === undefined || BigInt.asIntN(bits, integer) !== integer) throw new Error(`${String(value)} is no ${type}`);
  return exact(BigInt.asUintN(Math.max(32, bits), integer));
}
