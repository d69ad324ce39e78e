/** Packets as a server sends them, read by hand: fields, and one line of text that tests compare. Strict: what breaks the standard throws. */
import type { Level } from './build.ts';

const TYPES = ['', 'connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'suback', 'unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', 'auth'];

type Kind = 'byte' | 'u16' | 'u32' | 'varint' | 'string' | 'binary' | 'pair';
/** Section 2.2.2.2, written again on purpose: the broker's table is what is under test. */
const PROPERTIES: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  0x01: ['format', 'byte'],
  0x02: ['expiry', 'u32'],
  0x03: ['contentType', 'string'],
  0x08: ['responseTopic', 'string'],
  0x09: ['correlation', 'binary'],
  0x0b: ['subId', 'varint'],
  0x11: ['sessionExpiry', 'u32'],
  0x12: ['assignedClientId', 'string'],
  0x13: ['serverKeepAlive', 'u16'],
  0x15: ['authMethod', 'string'],
  0x16: ['authData', 'binary'],
  0x1a: ['responseInformation', 'string'],
  0x1c: ['serverReference', 'string'],
  0x1f: ['reason', 'string'],
  0x21: ['receiveMaximum', 'u16'],
  0x22: ['topicAliasMaximum', 'u16'],
  0x23: ['alias', 'u16'],
  0x24: ['maximumQos', 'byte'],
  0x25: ['retainAvailable', 'byte'],
  0x26: ['user', 'pair'],
  0x27: ['maximumPacketSize', 'u32'],
  0x28: ['wildcardAvailable', 'byte'],
  0x29: ['subIdAvailable', 'byte'],
  0x2a: ['sharedAvailable', 'byte'],
};
const REPEATABLE = new Set(['user', 'subId']);

export type Property = readonly [name: string, value: number | string];

export interface ReceivedPacket {
  readonly type: string;
  readonly packetId: number;
  readonly sessionPresent: boolean;
  /** One, or one per filter. */
  readonly codes: readonly number[];
  readonly topic: string;
  readonly payload: Buffer;
  readonly dup: boolean;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: readonly Property[];
  /** With fixed header. */
  readonly bytes: Buffer;
  /** `publish a/b q1 dup retain #3 "text" {alias=1}`, `suback #1 00 87`, `connack present 00`. */
  readonly text: string;
}

/** The packets that begin `bytes`, and how many bytes they are. */
export function readPackets(bytes: Buffer, level: Level): { packets: ReceivedPacket[]; length: number } {
  const packets: ReceivedPacket[] = [];
  let at = 0;
  for (;;) {
    const header = readLength(bytes, at + 1);
    if (header === undefined || header.next + header.value > bytes.length) return { packets, length: at };
    packets.push(readPacket(bytes.subarray(at, header.next + header.value), header.next - at, level));
    at = header.next + header.value;
  }
}

function readLength(bytes: Buffer, start: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte >= 0x80) continue;
    if (byte === 0 && index > 0) throw new Error('a variable byte integer is not in its shortest form');
    return { value, next: start + index + 1 };
  }
  throw new Error('a variable byte integer of five bytes');
}

class Fields {
  readonly bytes: Buffer;
  at: number;
  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }
  get left(): number {
    return this.bytes.length - this.at;
  }
  take(length: number): Buffer {
    if (length > this.left) throw new Error(`truncated packet ${this.bytes.toString('hex')}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  number(length: number): number {
    return this.take(length).readUIntBE(0, length);
  }
  varint(): number {
    const read = readLength(this.bytes, this.at);
    if (read === undefined) throw new Error('truncated variable byte integer');
    this.at = read.next;
    return read.value;
  }
  string(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(this.number(2)));
  }
  properties(): Property[] {
    const end = this.varint() + this.at;
    const properties: Property[] = [];
    while (this.at < end) {
      const id = this.varint();
      const [name, kind] = PROPERTIES[id] ?? [`0x${id.toString(16)}`, 'unknown'];
      if (!REPEATABLE.has(name) && properties.some(([other]) => other === name)) throw new Error(`property ${name} twice`);
      properties.push([name, this.#value(kind)]);
    }
    if (this.at !== end) throw new Error('a property runs past the property length');
    return properties;
  }
  #value(kind: Kind | 'unknown'): number | string {
    switch (kind) {
      case 'byte':
        return this.number(1);
      case 'u16':
        return this.number(2);
      case 'u32':
        return this.number(4);
      case 'varint':
        return this.varint();
      case 'string':
        return this.string();
      case 'binary':
        return this.take(this.number(2)).toString('hex');
      case 'pair':
        return `${this.string()}:${this.string()}`;
      default:
        throw new Error('unknown property');
    }
  }
}

function readPacket(bytes: Buffer, bodyAt: number, level: Level): ReceivedPacket {
  const first = bytes[0] ?? 0;
  const type = TYPES[first >> 4] ?? '';
  const flags = first & 0x0f;
  const fields = new Fields(bytes, bodyAt);
  if (type !== 'publish' && flags !== (type === 'pubrel' ? 2 : 0)) throw new Error(`header flags of ${type}: ${flags}`);
  const packet = {
    type,
    packetId: 0,
    sessionPresent: false,
    codes: [] as number[],
    topic: '',
    payload: Buffer.alloc(0) as Buffer,
    dup: false,
    qos: 0,
    retain: false,
    properties: [] as Property[],
    bytes,
  };
  if (type === 'connack') {
    const present = fields.number(1);
    if (present > 1) throw new Error(`acknowledge flags ${present}`);
    packet.sessionPresent = present === 1;
    packet.codes = [fields.number(1)];
    if (level === 5) packet.properties = fields.properties();
  } else if (type === 'publish') {
    packet.dup = (flags & 8) !== 0;
    packet.qos = (flags >> 1) & 3;
    packet.retain = (flags & 1) !== 0;
    packet.topic = fields.string();
    if (packet.qos > 0) packet.packetId = fields.number(2);
    if (level === 5) packet.properties = fields.properties();
    packet.payload = fields.take(fields.left);
  } else if (type === 'suback' || type === 'unsuback') {
    packet.packetId = fields.number(2);
    if (level === 5) packet.properties = fields.properties();
    packet.codes = [...fields.take(fields.left)];
  } else if (type.startsWith('pub')) {
    packet.packetId = fields.number(2);
    packet.codes = [fields.left > 0 ? fields.number(1) : 0];
    if (fields.left > 0) packet.properties = fields.properties();
  } else if (type === 'disconnect' || type === 'auth') {
    packet.codes = [fields.left > 0 ? fields.number(1) : 0];
    if (fields.left > 0) packet.properties = fields.properties();
  }
  if (fields.left > 0) throw new Error(`bytes left over in ${type}: ${bytes.toString('hex')}`);
  return { ...packet, text: describe(packet) };
}

function describe(packet: Omit<ReceivedPacket, 'text'>): string {
  const { type, packetId, codes } = packet;
  const words = [type];
  if (type === 'publish') {
    words.push(packet.topic, `q${packet.qos}`);
    if (packet.dup) words.push('dup');
    if (packet.retain) words.push('retain');
    if (packetId > 0) words.push(`#${packetId}`);
    words.push(JSON.stringify(packet.payload.toString()));
  } else {
    if (packet.sessionPresent) words.push('present');
    if (packetId > 0) words.push(`#${packetId}`);
    const acknowledged = type.startsWith('pub') && codes[0] === 0;
    if (!acknowledged) words.push(...codes.map((code) => code.toString(16).padStart(2, '0')));
  }
  // What CONNACK announces is long, and reason strings are for people: both are looked at property by property.
  const shown = type === 'connack' ? [] : packet.properties.filter(([name]) => name !== 'reason');
  if (shown.length > 0) words.push(`{${shown.map(([name, value]) => `${name}=${value}`).join(' ')}}`);
  return words.join(' ');
}
