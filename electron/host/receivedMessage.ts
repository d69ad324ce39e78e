/** What MQTT.js hands out, as data that may be kept. */
import type { IPublishPacket } from 'mqtt';

/** MQTT.js hands out views of its receive buffer; a message that is kept must not keep sixty-four kilobytes with it. */
export function copyOf(payload: Uint8Array): Uint8Array {
  return new Uint8Array(payload);
}

/** Properties as plain data; bytes as base64. */
export function plainProperties(properties: IPublishPacket['properties']): Record<string, unknown> {
  if (!properties) return {};
  const replace = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
      ? Buffer.from(value.data as number[]).toString('base64')
      : value;
  return JSON.parse(JSON.stringify(properties, replace)) as Record<string, unknown>;
}
