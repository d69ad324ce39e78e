/**
 * Bytes as a client sends them, made by hand and not by the broker's own encoder, which would be its own judge. Properties are written
 * in the notation of `wire`: `'21 0002'` is Receive Maximum 2.
 */
import { wire } from '../../../broker/protocol/packets/cases/wire.ts';

export type Level = 3 | 4 | 5;

export interface WillBytes {
  readonly topic: string;
  readonly payload?: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly props?: string;
}

export interface ConnectBytes {
  readonly level?: Level;
  readonly bridge?: boolean;
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: WillBytes;
  readonly props?: string;
}

export interface PublishBytes {
  readonly qos?: 0 | 1 | 2;
  readonly id?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly props?: string;
}

export const PINGREQ = wire('c000');

/** Lower-case hex of a number of that many bytes. */
export function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}

/** A string field, whatever characters it has. */
export function text(value: string): string {
  const bytes = Buffer.from(value);
  return `${hex(bytes.length, 2)} ${bytes.toString('hex')}`;
}

const propertySet = (level: Level, props = ''): string => (level === 5 ? `{ ${props} }` : '');

export function connectPacket(clientId: string, options: ConnectBytes = {}): Buffer {
  const { level = 5, will, username, password } = options;
  let flags = options.clean === false ? 0 : 2;
  if (will !== undefined) flags |= 4 | ((will.qos ?? 0) << 3) | (will.retain === true ? 0x20 : 0);
  if (username !== undefined) flags |= 0x80;
  if (password !== undefined) flags |= 0x40;
  const fields = [text(clientId)];
  if (will !== undefined) fields.push(propertySet(level, will.props), text(will.topic), text(will.payload ?? ''));
  if (username !== undefined) fields.push(text(username));
  if (password !== undefined) fields.push(text(password));
  const name = level === 3 ? '"MQIsdp"' : '"MQTT"';
  const levelByte = level | (options.bridge === true ? 0x80 : 0);
  const head = `${name} ${hex(levelByte, 1)} ${hex(flags, 1)} ${hex(options.keepalive ?? 0, 2)} ${propertySet(level, options.props)}`;
  return wire(`10 { ${head} ${fields.join(' ')} }`);
}

export function publishPacket(level: Level, topic: string, payload: string, options: PublishBytes = {}): Buffer {
  const { qos = 0, id = 1 } = options;
  const first = 0x30 | (options.dup === true ? 8 : 0) | (qos << 1) | (options.retain === true ? 1 : 0);
  const packetId = qos === 0 ? '' : hex(id, 2);
  return wire(`${hex(first, 1)} { ${text(topic)} ${packetId} ${propertySet(level, options.props)} ${Buffer.from(payload).toString('hex')} }`);
}

/** `filters`: filter and option byte; in 3.x the option byte is the QoS. */
export function subscribePacket(level: Level, id: number, filters: readonly (readonly [filter: string, options: number])[], props = ''): Buffer {
  const entries = filters.map(([filter, options]) => `${text(filter)} ${hex(options, 1)}`).join(' ');
  return wire(`82 { ${hex(id, 2)} ${propertySet(level, props)} ${entries} }`);
}

export function unsubscribePacket(level: Level, id: number, filters: readonly string[], props = ''): Buffer {
  return wire(`a2 { ${hex(id, 2)} ${propertySet(level, props)} ${filters.map(text).join(' ')} }`);
}

const ACKS = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;
export type AckName = keyof typeof ACKS;

/** Without a code: the short form. */
export function ackPacket(name: AckName, id: number, code?: number): Buffer {
  return wire(`${hex(ACKS[name], 1)} { ${hex(id, 2)} ${code === undefined ? '' : hex(code, 1)} }`);
}

export function disconnectPacket(level: Level, code?: number, props?: string): Buffer {
  if (level !== 5 || code === undefined) return wire('e000');
  return wire(`e0 { ${hex(code, 1)} ${props === undefined ? '' : `{ ${props} }`} }`);
}
