/**
 * Bytes to packets, as they come. The connection layer owns one parser per connection and feeds it what it reads:
 *
 *     const parser = new PacketParser(channel, { maxPacketSize: 1_048_576 });
 *     parser.push(readBuffer, 0, bytesRead, false);   // calls channel.onPacket for each whole packet, synchronously
 *
 * Chunks may end anywhere. Between calls the parser keeps a copy of an unfinished packet and nothing of the chunk. The usual
 * PUBLISH and the four acknowledgements are read by offsets; that path accepts and never refuses, so anything odd goes
 * through decode and validate of packets/, which know the rules (hot-path.md sections 3 and 13).
 */
import { topicNameProblem } from '../topics/topicName.ts';
import { ByteReader } from './byteReader.ts';
import { roomFor } from './lentBytes.ts';
import { NO_PROPERTIES, type AckPacket, type MqttVersion, type Packet, type Qos } from './packet.ts';
import { decodeBody, TYPE_IDS, validatePacket } from './packetCodec.ts';
import type { Sender } from './sender.ts';
import { isDiscouraged, utf8Problem } from './utf8.ts';
import { RULES, violationOf, type Rule, type Violation } from './violations.ts';

/** Where packets go. Both are called from inside `push`; `onPacket` may call `stop`. */
export interface PacketSink {
  /**
   * One valid packet. Everything in it may be kept, except the payload of a PUBLISH when `payloadOwned` is false: that is a
   * view of the chunk, which the next read overwrites, so keeping it means copying it before `push` returns.
   */
  onPacket(packet: Packet, payloadOwned: boolean): void;
  /**
   * The peer broke a rule. Nothing follows: the parser has stopped. `parser.version` says in which form to answer;
   * 0 means that no CONNECT told a version, and the connection is to be closed without a word.
   */
  onError(violation: Violation): void;
}

/** Takes the usual packets by offsets, without an object for each. Its methods too may call `stop`. */
export interface ByteSink {
  /**
   * A valid PUBLISH without properties: the packet is in [at, end), its payload begins at `payloadAt`, its flags stand in the
   * first byte. Repeated topics are the same string object. `owned` as in `push`: if it is false, everything that is kept
   * must be copied before the call returns.
   */
  onPublish(bytes: Buffer, at: number, end: number, owned: boolean, topic: string, packetId: number, payloadAt: number): void;
  /** PUBACK, PUBREC, PUBREL or PUBCOMP of success, known by its first byte (`ACK_BYTES`). */
  onAck(firstByte: number, packetId: number): void;
}

export interface ParserOptions {
  /** Bytes of the largest packet taken, fixed header included. Judged by the header alone, before anything is kept. */
  readonly maxPacketSize: number;
  /** Who sends the bytes; `client` unless told otherwise. */
  readonly sender?: Sender;
  /** `mqtt.strict_mode`: strings keep to what the standards advise. */
  readonly strict?: boolean;
  /** Known for bytes from a server, which sends no CONNECT. */
  readonly version?: MqttVersion;
  /** Gets the packets it names instead of `onPacket`, from the first CONNECT on. */
  readonly bytes?: ByteSink;
}

const EMPTY = new Uint8Array(0);
const EMPTY_BUFFER = Buffer.alloc(0);
/** An unfinished packet gets room in proportion to what has arrived of it, so that a header alone claims little memory. */
const MIN_KEPT_BYTES = 4096;
const KEPT_PER_RECEIVED = 16;
/** Longer topics are decoded each time rather than remembered for every connection. */
const MAX_LAST_TOPIC_BYTES = 256;
/** Protocol name with its length, and level: enough of a CONNECT to know its version. */
const VERSION_BYTES = 9;

/** A connection begins with CONNECT, whose flags are 0. */
const FIRST_BYTE = TYPE_IDS.connect << 4;

/** Scratch for one packet at a time; it is done with before a sink is called. */
const reader = new ByteReader();

export class PacketParser {
  /** May change at any time; packets that begin later are judged by it. */
  maxPacketSize: number;
  #sink: PacketSink;
  #bytes: ByteSink | undefined;
  readonly #sender: Sender;
  #strict: boolean;
  #version: MqttVersion | 0;
  #stopped = false;
  /** Stopped, or held: nothing more of a chunk is looked at. */
  #halted = false;
  /** While held: what has arrived and nobody has looked at. */
  #unread: Buffer | null = null;
  /** The packet begun in an earlier chunk: its first `#keptLength` bytes, and how many are needed to go on. */
  #kept: Buffer | undefined = undefined;
  #keptLength = 0;
  #needed = 0;
  /** Bytes of the fixed header of the packet that `#measure` looked at last, and whether its length was padded. */
  #headerLength = 0;
  #padded = false;
  /** The last topic and its bytes: publishers repeat themselves, and comparing costs a third of decoding. */
  #lastTopic = '';
  #lastTopicBytes: Uint8Array = EMPTY;

  constructor(sink: PacketSink, options: ParserOptions) {
    this.#sink = sink;
    this.#bytes = options.bytes;
    this.maxPacketSize = options.maxPacketSize;
    this.#sender = options.sender ?? 'client';
    this.#strict = options.strict ?? false;
    this.#version = options.version ?? 0;
  }

  /** The version of the connection; 0 until a CONNECT has told it. For a version that does not exist: the nearest one. */
  get version(): MqttVersion | 0 {
    return this.#version;
  }

  /** True after an error or `stop`: bytes have no effect any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Nothing of an earlier chunk matters for the next one but the version: another connection may use it meanwhile. */
  get atRest(): boolean {
    return this.#kept === undefined && !this.#halted && this.#lastTopic === '';
  }

  /** Serves another connection from here on: one from a client, whose CONNECT told `version`. Only while `atRest`. */
  serve(sink: PacketSink & ByteSink, version: MqttVersion, strict: boolean, maxPacketSize: number): void {
    this.#sink = this.#bytes = sink;
    this.#version = version;
    this.#strict = strict;
    this.maxPacketSize = maxPacketSize;
  }

  /** Ends the parsing, also from within `onPacket`: nothing behind a DISCONNECT counts [MQTT-3.14.4-1]. */
  stop(): void {
    this.#stopped = this.#halted = true;
    this.#kept = undefined;
    this.#unread = null;
  }

  /** Until `release`, bytes are kept unread, those behind the packet that is being handled included. */
  hold(): void {
    if (this.#stopped) return;
    this.#halted = true;
    this.#unread ??= EMPTY_BUFFER;
  }

  /** Reads what was kept, and goes on as before. Not from within `onPacket`. */
  release(): void {
    const unread = this.#unread;
    if (unread === null) return;
    this.#unread = null;
    this.#halted = false;
    this.push(unread, 0, unread.length, true);
  }

  /** A packet has begun and is not complete. */
  get isUnfinished(): boolean {
    return this.#kept !== undefined;
  }

  /** Bytes kept unread. */
  get unreadBytes(): number {
    return this.#unread === null ? 0 : this.#unread.length;
  }

  /**
   * Takes the bytes in [start, end) and calls the sink for each packet they complete. `owned`: the chunk is never written
   * to again, so payloads in it may be kept without a copy (at the price of keeping the chunk).
   */
  push(chunk: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#unread !== null) return this.#setAside(chunk, start, end);
    let at = this.#kept === undefined ? start : this.#continue(chunk, start, end);
    while (at < end && !this.#halted) {
      const needed = this.#measure(chunk, at, end);
      if (needed > end - at) return this.#keep(chunk, at, end, needed);
      if (needed > 0) this.#take(chunk, at, at + needed, owned);
      at += needed;
    }
    if (this.#unread !== null) this.#setAside(chunk, at, end);
  }

  /** A copy: whoever reads may use the chunk again. */
  #setAside(chunk: Buffer, start: number, end: number): void {
    if (start < end) this.#unread = Buffer.concat([this.#unread ?? EMPTY_BUFFER, chunk.subarray(start, end)]);
  }

  /**
   * How many bytes from `at` on are needed to go on: the whole packet once its header is there. 0: the header broke a rule,
   * and the parser has stopped.
   */
  #measure(bytes: Buffer, at: number, end: number): number {
    const available = end - at;
    // Told by one byte: a peer that speaks another protocol need not wait for a time-out, nor fill a buffer [MQTT-3.1.0-1].
    if (this.#version === 0 && this.#sender === 'client' && bytes[at] !== FIRST_BYTE) return this.#fail(bytes[at]! >> 4 === TYPE_IDS.connect ? RULES.headerFlags : RULES.firstPacket);
    let length = 0;
    let headerLength = 1;
    for (;;) {
      if (headerLength >= available) return headerLength + 1;
      const byte = bytes[at + headerLength]!;
      length |= (byte & 0x7f) << (7 * (headerLength - 1));
      headerLength += 1;
      if (byte < 0x80) {
        this.#padded = byte === 0 && headerLength > 2;
        break;
      }
      if (headerLength > 4) return this.#fail(RULES.remainingLengthTooLong);
    }
    this.#headerLength = headerLength;
    const total = headerLength + length;
    if (total > this.maxPacketSize) return this.#tooLarge(bytes, at, available, length);
    // 3.x has no statement on padding, so only 5.0 peers are held to it.
    if (this.#padded && this.#version === 5) return this.#fail(RULES.lengthNotShortest);
    return total;
  }

  /** The first CONNECT is read up to its version, so that a 5.0 client can be told [MQTT-3.2.2-15]. */
  #tooLarge(bytes: Buffer, at: number, available: number, length: number): number {
    if (this.#version === 0 && bytes[at] === FIRST_BYTE) {
      const needed = this.#headerLength + Math.min(VERSION_BYTES, length);
      if (needed > available) return needed;
      reader.begin(bytes, at + this.#headerLength, at + needed, 4);
      decodeBody(reader, bytes[at]!, this.#sender);
      this.#learnVersion();
    }
    return this.#fail(RULES.packetTooLarge);
  }
  /** Completes the packet begun earlier, and returns where the rest of the chunk begins. */
  #continue(chunk: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      const taken = Math.min(this.#needed - this.#keptLength, end - at);
      this.#append(chunk, at, at + taken);
      at += taken;
      if (this.#keptLength < this.#needed) return at;
      const kept = this.#kept!;
      this.#needed = this.#measure(kept, 0, this.#keptLength);
      if (this.#needed <= this.#keptLength) {
        this.#kept = undefined;
        if (this.#needed > 0) this.#take(kept, 0, this.#keptLength, true);
        return at;
      }
    }
  }

  #keep(chunk: Buffer, start: number, end: number, needed: number): void {
    this.#kept = EMPTY_BUFFER;
    this.#keptLength = 0;
    this.#needed = needed;
    this.#append(chunk, start, end);
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const length = this.#keptLength + end - start;
    let kept = this.#kept!;
    if (kept.length < length) {
      const room = Math.max(MIN_KEPT_BYTES, length * KEPT_PER_RECEIVED);
      const grown = roomFor(Math.max(length, Math.min(this.#needed, room)));
      kept.copy(grown, 0, 0, this.#keptLength);
      this.#kept = kept = grown;
    }
    chunk.copy(kept, this.#keptLength, start, end);
    this.#keptLength = length;
  }

  /** One whole packet in [at, end). */
  #take(bytes: Buffer, at: number, end: number, owned: boolean): void {
    const firstByte = bytes[at]!;
    const bodyAt = at + this.#headerLength;
    if (!this.#padded) {
      const typeId = firstByte >> 4;
      if (typeId === TYPE_IDS.publish) {
        if (this.#takePublish(bytes, at, firstByte, bodyAt, end, owned)) return;
      } else if (end - bodyAt === 2 && this.#takeAck(bytes, firstByte, bodyAt)) return;
    }
    this.#takeAny(bytes, firstByte, bodyAt, end, owned);
  }

  /** The fast path for PUBLISH: false leaves the packet to the slow one. */
  #takePublish(bytes: Buffer, packetAt: number, firstByte: number, bodyAt: number, end: number, owned: boolean): boolean {
    const qos = (firstByte >> 1) & 3;
    const dup = (firstByte & 0x08) !== 0;
    if (qos === 3 || (dup && qos === 0) || end - bodyAt < 2) return false;
    const topicAt = bodyAt + 2;
    let at = topicAt + ((bytes[bodyAt]! << 8) | bytes[bodyAt + 1]!);
    if (at > end) return false;
    const topic = this.#topicAt(bytes, topicAt, at);
    if (topic === '') return false;
    let packetId = 0;
    if (qos > 0) {
      if (at + 2 > end) return false;
      packetId = (bytes[at]! << 8) | bytes[at + 1]!;
      if (packetId === 0) return false;
      at += 2;
    }
    if (this.#version === 5) {
      if (at === end || bytes[at] !== 0) return false;
      at += 1;
    }
    if (this.#bytes !== undefined && this.#version !== 0) {
      this.#bytes.onPublish(bytes, packetAt, end, owned, topic, packetId, at);
      return true;
    }
    const payload = at === end ? EMPTY : bytes.subarray(at, end);
    const retain = (firstByte & 1) !== 0;
    this.#sink.onPacket({ type: 'publish', dup, qos: qos as Qos, retain, topic, packetId, payload, properties: NO_PROPERTIES }, owned);
    return true;
  }

  /** The topic name in [start, end) if it is a valid one, else ''. */
  #topicAt(bytes: Buffer, start: number, end: number): string {
    const last = this.#lastTopicBytes;
    const length = end - start;
    if (length === this.#lastTopic.length) {
      let index = 0;
      while (index < length && bytes[start + index] === last[index]) index += 1;
      if (index === length) return this.#lastTopic;
    }
    if (!isPlain(bytes, start, end)) return topicBeyondAscii(bytes, start, end, this.#strict);
    const topic = bytes.toString('latin1', start, end);
    if (length <= MAX_LAST_TOPIC_BYTES) {
      const room = last.length < length ? new Uint8Array(length) : last;
      for (let index = 0; index < length; index += 1) room[index] = bytes[start + index]!;
      this.#lastTopicBytes = room;
      this.#lastTopic = topic;
    }
    return topic;
  }

  /** The fast path for the acknowledgements of two bytes: success in every version. */
  #takeAck(bytes: Buffer, firstByte: number, bodyAt: number): boolean {
    const type = ackType(firstByte);
    const packetId = (bytes[bodyAt]! << 8) | bytes[bodyAt + 1]!;
    if (type === undefined || packetId === 0) return false;
    if (this.#bytes !== undefined && this.#version !== 0) {
      this.#bytes.onAck(firstByte, packetId);
      return true;
    }
    this.#sink.onPacket({ type, packetId, reasonCode: 0, properties: NO_PROPERTIES }, true);
    return true;
  }

  #takeAny(bytes: Buffer, firstByte: number, bodyAt: number, end: number, owned: boolean): void {
    reader.begin(bytes, bodyAt, end, this.#version === 0 ? 4 : this.#version);
    reader.strict = this.#strict;
    const packet = decodeBody(reader, firstByte, this.#sender);
    const { violation, version } = reader;
    reader.finish();
    this.#learnVersion();
    if (packet === undefined || violation !== undefined) return this.#refuse(violation ?? violationOf(RULES.packetType, version));
    if (this.#padded && version === 5) return this.#refuse(violationOf(RULES.lengthNotShortest, version));
    const broken = validatePacket(packet, version, this.#sender);
    if (broken !== undefined) return this.#refuse(broken);
    this.#sink.onPacket(packet, owned || packet.type !== 'publish');
  }

  /** The first CONNECT decides; a second one is the session's to refuse [MQTT-3.1.0-2]. */
  #learnVersion(): void {
    if (this.#version === 0 && reader.versionRead) this.#version = reader.version;
  }

  #fail(rule: Rule): 0 {
    this.#refuse(violationOf(rule, this.#version === 0 ? 4 : this.#version));
    return 0;
  }

  #refuse(violation: Violation): void {
    this.stop();
    this.#sink.onError(violation);
  }
}

/** Printable ASCII without wildcards: a valid topic name if there is any of it. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < 0x20 || byte > 0x7e || byte === 0x23 || byte === 0x2b) return false;
  }
  return true;
}

function topicBeyondAscii(bytes: Buffer, start: number, end: number, strict: boolean): string {
  if (utf8Problem(bytes, start, end) !== undefined || (strict && isDiscouraged(bytes, start, end))) return '';
  const topic = bytes.toString('utf8', start, end);
  return topicNameProblem(topic) === undefined ? topic : '';
}

/** First bytes of the acknowledgements (tables 2-1 and 2-2). */
export const ACK_BYTES = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

function ackType(firstByte: number): AckPacket['type'] | undefined {
  switch (firstByte) {
    case ACK_BYTES.puback:
      return 'puback';
    case ACK_BYTES.pubrec:
      return 'pubrec';
    case ACK_BYTES.pubrel:
      return 'pubrel';
    case ACK_BYTES.pubcomp:
      return 'pubcomp';
    default:
      return undefined;
  }
}
