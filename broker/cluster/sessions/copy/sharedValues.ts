/**
 * Values that repeat within a batch are written once and numbered: ids of clients, nodes and lineages, and messages, which many
 * sessions share. Numbers count up from 0; the one after the last known announces a new value, which follows it.
 */
import { protocolError } from '../../wire/bytes.ts';
import type { SessionMessage } from '../message.ts';
import type { ActorKey, Lineage, Mid } from './identity.ts';
import type { RecordReader, RecordWriter } from './recordBytes.ts';

const IS_V5 = 0x01;
const HAS_USERNAME = 0x02;
const PUBLISH = 3;

export class WriteTables {
  readonly #texts = new Map<string, number>();
  /** By identity: sessions of a node share the object. */
  readonly #messages = new Map<SessionMessage, number>();

  clear(): void {
    this.#texts.clear();
    this.#messages.clear();
  }

  writeSizes(writer: RecordWriter): void {
    writer.varint(this.#texts.size);
    writer.varint(this.#messages.size);
  }

  text(writer: RecordWriter, value: string): void {
    const known = this.#texts.get(value);
    if (known !== undefined) return writer.varint(known);
    writer.varint(this.#texts.size);
    this.#texts.set(value, this.#texts.size);
    writer.text(value);
  }

  mid(writer: RecordWriter, { actor, n }: Mid): void {
    this.text(writer, actor);
    writer.varint(n);
  }

  message(writer: RecordWriter, message: SessionMessage): void {
    const known = this.#messages.get(message);
    if (known !== undefined) return writer.varint(known);
    writer.varint(this.#messages.size);
    this.#messages.set(message, this.#messages.size);
    writer.u8((message.isV5 ? IS_V5 : 0) | (message.fromUsername === undefined ? 0 : HAS_USERNAME));
    this.text(writer, message.fromClientId);
    if (message.fromUsername !== undefined) this.text(writer, message.fromUsername);
    writer.bytes(message.packet);
  }
}

export class ReadTables {
  #texts: (string | undefined)[] = [];
  #messages: (SessionMessage | undefined)[] = [];

  clear(): void {
    this.#texts = [];
    this.#messages = [];
  }

  /** Values of a batch that was lost stay unknown: only what refers to them is unsound. */
  readSizes(reader: RecordReader): void {
    const [texts, messages] = [reader.varint(), reader.varint()];
    if (texts > MAX_KNOWN || messages > MAX_KNOWN) throw protocolError('A batch of records refers to too many values');
    this.#texts.length = texts;
    this.#messages.length = messages;
  }

  text(reader: RecordReader): string {
    const number = reader.varint();
    if (number < this.#texts.length) return known(this.#texts[number]);
    if (number > this.#texts.length) throw protocolError('A record refers to a text that is not there');
    const text = reader.text();
    this.#texts.push(text);
    return text;
  }

  actor(reader: RecordReader): ActorKey {
    return this.text(reader) as ActorKey;
  }

  lineage(reader: RecordReader): Lineage {
    return this.text(reader) as Lineage;
  }

  mid(reader: RecordReader): Mid {
    return { actor: this.actor(reader), n: reader.varint() };
  }

  message(reader: RecordReader): SessionMessage {
    const number = reader.varint();
    if (number < this.#messages.length) return known(this.#messages[number]);
    if (number > this.#messages.length) throw protocolError('A record refers to a message that is not there');
    const flags = reader.u8();
    const fromClientId = this.text(reader);
    const fromUsername = (flags & HAS_USERNAME) === 0 ? undefined : this.text(reader);
    const message = messageOf(reader.bytes(), (flags & IS_V5) !== 0, fromClientId, fromUsername);
    this.#messages.push(message);
    return message;
  }
}

/** Bound of the values of one checkpoint: more than fit into memory, so that a wrong number makes no giant array. */
const MAX_KNOWN = 100_000_000;

function known<T>(value: T | undefined): T {
  if (value === undefined) throw protocolError('A record refers to a value of a batch that was lost');
  return value;
}

/** Topic, QoS and RETAIN stand in the packet. */
function messageOf(packet: Buffer, isV5: boolean, fromClientId: string, fromUsername: string | undefined): SessionMessage {
  const first = packet[0] ?? 0;
  const qos = (first >> 1) & 3;
  if (first >> 4 !== PUBLISH || (qos !== 0 && qos !== 1 && qos !== 2)) throw protocolError('A record holds no PUBLISH');
  return { packet, isV5, qos, fromClientId, fromUsername, topic: topicOf(packet), retain: (first & 1) !== 0 };
}

function topicOf(packet: Buffer): string {
  let at = 1;
  while (at < 5 && (packet[at] ?? 0) >= 0x80) at += 1;
  const length = packet.length < at + 3 ? 0 : packet.readUInt16BE(at + 1);
  if (packet.length < at + 3 + length) throw protocolError('A record holds a PUBLISH without its topic');
  return packet.toString('utf8', at + 3, at + 3 + length);
}
