/**
 * A retained message in little memory: the PUBLISH that a client of MQTT 3 gets at QoS 0, as a string of one character per byte. A
 * small string costs a third of a typed array of the same bytes, and goes to a new subscriber without being encoded again.
 */
import type { Millis, NodeId } from '../base/ids.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES, type Properties, type Qos } from '../protocol/packet.ts';
import { encodeRetained, encodeRetainedFrame } from './retainedCodec.ts';
import { variableByteIntegerSize, writeVariableByteInteger } from '../protocol/variableByteInteger.ts';

/** PUBLISH, QoS 0, RETAIN 1. */
const FIRST_BYTE = 0x31;
/** Longer packets are kept as bytes. */
const MAX_STRING_BYTES = 4_096;

const scratch = Buffer.allocUnsafeSlow(MAX_STRING_BYTES);

/** What a stored message is made of; session/publication.ts has it. */
export interface Retainable {
  readonly topic: string;
  readonly qos: Qos;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
  readonly timestampMs: Millis;
  readonly payloadLength: number;
  /** The packet as it came, if it is the very one to be kept; null: it has to be made from the message. */
  readonly retainedFrame: Uint8Array | null;
  readonly message: Message;
}

/** Who accepted a message, in which life: the writer of a row of the cluster's shared tables. */
export interface RetainedWriter {
  readonly nodeId: NodeId;
  readonly life: number;
}

const NOBODY: RetainedWriter = { nodeId: '' as NodeId, life: 0 };
/** A stamp is kept in two small integers: a large number would be an object of its own. */
const LOW_BITS = 2 ** 30;

/** What many messages have in common: one object for all of them. */
interface Origin {
  readonly qos: Qos;
  readonly properties: Properties;
  readonly fromClientId: string;
  readonly fromUsername: string | undefined;
}

let lastOrigin: Origin = { qos: 0, properties: NO_PROPERTIES, fromClientId: '', fromUsername: undefined };

function originOf(qos: Qos, properties: Properties, fromClientId: string, fromUsername: string | undefined): Origin {
  const last = lastOrigin;
  if (last.qos === qos && last.properties === properties && last.fromClientId === fromClientId && last.fromUsername === fromUsername) return last;
  return (lastOrigin = { qos, properties, fromClientId, fromUsername });
}

/** Up to here a message may be kept a while after it was replaced. */
const SMALL_BYTES = 512;

/** Most of its fields are made when asked for. To copy it, begin with `plain()`: a spread would miss them. */
export class StoredMessage implements Message {
  readonly timestampMs: Millis;
  readonly #origin: Origin;
  readonly #frame: string | Buffer;
  #atHigh = 0;
  #atLow = 0;
  #writer = NOBODY;
  #seq = 0;

  constructor(source: Retainable) {
    this.timestampMs = source.timestampMs;
    const received = source.retainedFrame;
    this.#origin = originOf(source.qos, received === null ? source.message.properties : NO_PROPERTIES, source.fromClientId, source.fromUsername);
    this.#frame = received === null ? encoded(source.message) : kept(received);
  }

  get qos(): Qos {
    return this.#origin.qos;
  }

  get properties(): Properties {
    return this.#origin.properties;
  }

  get fromClientId(): string {
    return this.#origin.fromClientId;
  }

  get fromUsername(): string | undefined {
    return this.#origin.fromUsername;
  }

  /** Says when, by whom and as which of its writes the message was accepted (R38). */
  stamp(at: number, writer: RetainedWriter, seq: number): void {
    this.#atHigh = Math.floor(at / LOW_BITS);
    this.#atLow = at % LOW_BITS;
    this.#writer = writer;
    this.#seq = seq;
  }

  /** False for one that only this node has. */
  get isStamped(): boolean {
    return this.#writer !== NOBODY;
  }

  get at(): number {
    return this.#atHigh * LOW_BITS + this.#atLow;
  }

  get actor(): RetainedWriter {
    return this.#writer;
  }

  get seq(): number {
    return this.#seq;
  }

  get key(): string {
    return this.topic;
  }

  get isSmall(): boolean {
    return this.#frame.length <= SMALL_BYTES;
  }

  /** As a row of the shared tables: a message that is kept is no tombstone. */
  get live(): true {
    return true;
  }

  /** The message as other nodes and the disk get it. */
  get value(): Uint8Array {
    if (this.properties !== NO_PROPERTIES) return encodeRetained(this.plain());
    const frame = this.#frame;
    let at = 1;
    while (byteOf(frame, at) > 127) at += 1;
    const topicAt = at + 3;
    const topicBytes = (byteOf(frame, at + 1) << 8) | byteOf(frame, at + 2);
    return encodeRetainedFrame(this, { frame, topicAt, payloadAt: topicAt + topicBytes });
  }

  get retain(): true {
    return true;
  }

  get topic(): string {
    const bytes = this.#bytes();
    const at = lengthEnd(bytes) + 2;
    return bytes.toString('utf8', at, at + topicLengthOf(bytes));
  }

  /** Bytes of its own on every call, or the ones that are kept: never to be changed. */
  get payload(): Uint8Array {
    const bytes = this.#bytes();
    const at = lengthEnd(bytes) + 2 + topicLengthOf(bytes);
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  }

  /** The same with fields of its own, for those who keep it or make another one of it. */
  plain(): Message {
    const { topic, payload, qos, retain, properties, fromClientId, fromUsername, timestampMs } = this;
    return { topic, payload, qos, retain, properties, fromClientId, fromUsername, timestampMs };
  }

  /** Bytes of the packet for a client of MQTT 3 at QoS 0. */
  get frameLength(): number {
    return this.#frame.length;
  }

  /** Writes that packet; `target` must have room for it. */
  writeFrame(target: Buffer, at: number): void {
    if (typeof this.#frame === 'string') target.write(this.#frame, at, 'latin1');
    else target.set(this.#frame, at);
  }

  #bytes(): Buffer {
    return typeof this.#frame === 'string' ? Buffer.from(this.#frame, 'latin1') : this.#frame;
  }
}

/** A copy of bytes that will be used for something else. */
function kept(bytes: Uint8Array): string | Buffer {
  if (bytes.length > MAX_STRING_BYTES) return Buffer.from(bytes);
  scratch.set(bytes);
  return scratch.toString('latin1', 0, bytes.length);
}

function encoded({ topic, payload }: Message): string | Buffer {
  const topicLength = Buffer.byteLength(topic);
  const bodyLength = 2 + topicLength + payload.length;
  const length = 1 + variableByteIntegerSize(bodyLength) + bodyLength;
  const bytes = length <= MAX_STRING_BYTES ? scratch : Buffer.allocUnsafeSlow(length);
  bytes[0] = FIRST_BYTE;
  let at = writeVariableByteInteger(bytes, 1, bodyLength);
  bytes[at] = topicLength >> 8;
  bytes[at + 1] = topicLength & 0xff;
  at += 2;
  at += bytes.write(topic, at);
  bytes.set(payload, at);
  return bytes === scratch ? scratch.toString('latin1', 0, length) : bytes;
}

function byteOf(frame: string | Buffer, at: number): number {
  return typeof frame === 'string' ? frame.charCodeAt(at) : frame[at]!;
}

/** Where the fixed header ends. */
function lengthEnd(bytes: Uint8Array): number {
  let at = 1;
  while (bytes[at]! > 127) at += 1;
  return at + 1;
}

function topicLengthOf(bytes: Uint8Array): number {
  const at = lengthEnd(bytes);
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
