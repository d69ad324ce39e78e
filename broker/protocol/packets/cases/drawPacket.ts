/** Random valid packets of every type, from a seed. */
import { randomBelow, type Prng } from '../../../base/prng.ts';
import { NO_PROPERTIES, type MqttVersion, type Packet, type PacketType, type Properties, type Qos, type SubOpts, type Will } from '../../packet.ts';
import { PROPERTIES, type AnyProperties, type PropertyDefinition, type PropertyPlace, type PropertyValue } from '../../properties.ts';
import type { Sender } from '../../sender.ts';

const LETTERS = ['a', 'b', 'Z', ' ', '~', 'é', '温', '😀', '\u0001', '\uFEFF', '\uFFFF'];
const CLIENT_TYPES: readonly PacketType[] = ['publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'unsubscribe', 'pingreq', 'disconnect'];
const SERVER_TYPES: readonly PacketType[] = ['connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'pingresp'];

export class PacketDraw {
  readonly #prng: Prng;
  readonly #version: MqttVersion;
  readonly #sender: Sender;

  constructor(prng: Prng, version: MqttVersion, sender: Sender) {
    this.#prng = prng;
    this.#version = version;
    this.#sender = sender;
  }

  /** A packet the sender may send after CONNECT. */
  packet(): Packet {
    const types = this.#sender === 'client' ? CLIENT_TYPES : SERVER_TYPES;
    return this.#ofType(this.#pick(this.#version === 5 ? [...types, this.#sender === 'server' ? 'disconnect' : 'auth', 'auth'] : types));
  }

  connect(): Packet {
    const username = this.#maybe(() => this.#text(8));
    const password = this.#version !== 5 && username === undefined ? undefined : this.#maybe(() => this.#bytes(9));
    const cleanStart = this.#coin();
    const will = this.#maybe((): Will => ({ topic: this.#topic(), payload: this.#bytes(20), qos: this.#qos(), retain: this.#coin(), properties: this.#properties('will') }));
    const mayBeEmpty = this.#version === 5 || (this.#version === 4 && cleanStart);
    const clientId = this.#text(22) + (mayBeEmpty ? '' : 'x');
    const keepalive = this.#u16(0);
    return { type: 'connect', version: this.#version, bridge: this.#coin(), clientId, cleanStart, keepalive, username, password, will, properties: this.#properties('connect') };
  }

  #ofType(type: PacketType): Packet {
    const v5 = this.#version === 5;
    const packetId = this.#u16(1);
    switch (type) {
      case 'connect':
        return this.connect();
      case 'connack': {
        const reasonCode = this.#pick(v5 ? [0, 0x80, 0x87, 0x9d] : [0, 0x84, 0x85, 0x86, 0x87, 0x88]);
        return { type, sessionPresent: reasonCode === 0 && this.#version !== 3 && this.#coin(), reasonCode, properties: this.#properties(type) };
      }
      case 'publish': {
        const qos = this.#qos();
        const payload = this.#bytes(this.#pick([0, 1, 90, 300, 20_000]));
        return { type, dup: qos > 0 && this.#coin(), qos, retain: this.#coin(), topic: this.#topic(), packetId: qos > 0 ? packetId : 0, payload, properties: this.#properties(type) };
      }
      case 'puback':
      case 'pubrec':
        return { type, packetId, reasonCode: v5 ? this.#pick([0, 0, 0x10, 0x97]) : 0, properties: this.#properties(type) };
      case 'pubrel':
      case 'pubcomp':
        return { type, packetId, reasonCode: v5 ? this.#pick([0, 0, 0x92]) : 0, properties: this.#properties(type) };
      case 'subscribe': {
        const subscriptions = this.#list(() => ({ topicFilter: this.#filter(), qos: this.#qos(), ...this.#options() }));
        return { type, packetId, subscriptions, properties: this.#properties(type) };
      }
      case 'suback':
        return { type, packetId, reasonCodes: this.#list(() => this.#pick(v5 ? [0, 1, 2, 0x87, 0xa2] : [0, 1, 2, 0x80])), properties: this.#properties(type) };
      case 'unsubscribe':
        return { type, packetId, topicFilters: this.#list(() => this.#filter()), properties: this.#properties(type) };
      case 'unsuback':
        return { type, packetId, reasonCodes: v5 ? this.#list(() => this.#pick([0, 0x11, 0x87])) : [], properties: this.#properties(type) };
      case 'pingreq':
      case 'pingresp':
        return { type };
      case 'disconnect':
        return { type, reasonCode: v5 ? this.#pick(this.#sender === 'client' ? [0, 4, 0x82] : [0, 0x8b, 0x9d]) : 0, properties: this.#properties(type) };
      case 'auth':
        return { type, reasonCode: 0x18, properties: { ...this.#properties(type), authenticationMethod: 'M' } };
    }
  }

  #options(): Omit<SubOpts, 'qos'> {
    const v5 = this.#version === 5;
    return { noLocal: false, retainAsPublished: v5 && this.#coin(), retainHandling: v5 ? this.#pick([0, 1, 2] as const) : 0 };
  }

  #properties(place: PropertyPlace): Properties {
    if (this.#version !== 5 || this.#coin()) return NO_PROPERTIES;
    const properties: AnyProperties = {};
    for (const row of PROPERTIES) {
      if (row.places.includes(place) && this.#maySend(row, place) && randomBelow(this.#prng, 3) === 0) properties[row.name] = this.#value(row, place);
    }
    if (properties['authenticationData'] !== undefined) properties['authenticationMethod'] ??= 'M';
    return Object.keys(properties).length === 0 ? NO_PROPERTIES : (properties as Properties);
  }

  #maySend(row: PropertyDefinition, place: PropertyPlace): boolean {
    if (row.name === 'subscriptionIdentifiers' && place === 'publish') return this.#sender === 'server';
    if (place !== 'disconnect') return true;
    return row.name === 'serverReference' ? this.#sender === 'server' : row.name !== 'sessionExpiryInterval' || this.#sender === 'client';
  }

  #value(row: PropertyDefinition, place: PropertyPlace): PropertyValue {
    switch (row.kind) {
      case 'byte':
      case 'u16':
      case 'u32':
        return this.#pick([row.min, row.max, Math.min(row.max, 300)]);
      case 'variableByteIntegers':
        return place === 'subscribe' ? [this.#u16(1)] : this.#list(() => this.#pick([1, 127, 128, 16_384, 268_435_455]));
      case 'string':
        return row.name === 'responseTopic' ? this.#topic() : this.#text(12);
      case 'binary':
        return this.#bytes(40);
      case 'pairs':
        return [['k', 'v'], ['k', `w${this.#text(3)}`], ['other', 'x']];
    }
  }

  #topic(): string {
    return this.#list(() => this.#text(4)).join('/') + this.#pick(['a', '/', '/$']);
  }

  #filter(): string {
    const prefix = this.#pick(['', '', '', '$share/g/', '$queue/']);
    return prefix + this.#list(() => this.#pick(['+', this.#text(4)])).join('/') + this.#pick(['/a', '/', '/#']);
  }

  #text(maxLength: number): string {
    return Array.from({ length: randomBelow(this.#prng, maxLength + 1) }, () => this.#pick(LETTERS)).join('');
  }

  #bytes(maxLength: number): Uint8Array {
    return Uint8Array.from({ length: randomBelow(this.#prng, maxLength + 1) }, () => randomBelow(this.#prng, 256));
  }

  #list<T>(draw: () => T): T[] {
    return Array.from({ length: 1 + randomBelow(this.#prng, 3) }, draw);
  }

  #maybe<T>(draw: () => T): T | undefined {
    return this.#coin() ? draw() : undefined;
  }

  #pick<T>(from: readonly T[]): T {
    return from[randomBelow(this.#prng, from.length)]!;
  }

  #coin(): boolean {
    return randomBelow(this.#prng, 2) === 0;
  }

  #qos(): Qos {
    return this.#pick([0, 1, 2] as const);
  }

  #u16(min: number): number {
    return this.#pick([min, 0xffff, 0x0100, min + randomBelow(this.#prng, 1000)]);
  }
}
