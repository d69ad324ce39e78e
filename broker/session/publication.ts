/**
 * A message on its way, with the PUBLISH bytes made from it. Most receivers of a message want the same bytes, so each variant
 * (version, QoS, RETAIN) is encoded once, on first use; the packet id is patched while bytes are gathered for a socket
 * (hot-path.md section 4). A usual PUBLISH is not encoded at all: the bytes that came go out again, and the message is only
 * made for those who look at it (hooks, the retainer, other nodes). Receivers with bytes of their own (subscription
 * identifiers, DUP, a lowered expiry) get them encoded apart.
 */
import { assert } from '../base/assert.ts';
import type { Millis } from '../base/ids.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES, type MqttVersion, type Properties, type Qos } from '../protocol/packet.ts';
import { encodePacket, packetIdOffset } from '../protocol/writer.ts';

const VARIANTS = 12;
/** A payload that is a view of a buffer this much larger than itself is copied before it is kept. */
const PINS_FACTOR = 2;
const DUP = 0x08;
const RETAIN = 0x01;
/** First byte of a PUBLISH with QoS 0 and RETAIN 1. */
const RETAINED_PUBLISH = 0x31;
/** What stands in a frame until the packet id of a receiver does; 0 would be no valid one. */
const ANY_PACKET_ID = 1;
/** QoS 1 and 2 stand in the fixed header at this place. */
const QOS_SHIFT = 1;

/** What is told of a publisher. */
export type PublishedBy = Pick<ClientInfo, 'clientId' | 'username'>;

export class Publication {
  readonly topic: string;
  readonly qos: Qos;
  /** RETAIN as the publisher set it. */
  readonly retain: boolean;
  readonly fromClientId: string;
  readonly timestampMs: Millis;
  /** From then on it is not delivered any more [MQTT-3.3.2-5]. */
  readonly expiresAtMs: Millis;
  /** Name of the shared group that chose the receiver; null for a delivery to every subscriber. */
  readonly sharedBy: string | null;
  readonly #fromUsername: string | undefined;
  /** Null until somebody asks. */
  #message: Message | null;
  /** A PUBLISH as it came, and where its payload begins. */
  #received: Uint8Array | null;
  readonly #payloadAt: number;
  /** The bytes for receivers with the message's own QoS and RETAIN 0, for 3.x and for 5.0. */
  #plain4: Uint8Array | null;
  #plain5: Uint8Array | null;
  #others: (Uint8Array | undefined)[] | null = null;
  /** The bytes received are lent (protocol/lentBytes.ts): only connections may keep them, which hold them. */
  #lent = false;

  /** Of a message of the broker, or one with properties. For a usual PUBLISH see `received`, which fills the rest in. */
  constructor(
    message: Message | null,
    sharedBy: string | null = null,
    received: Uint8Array | null = null,
    payloadAt = 0,
    topic = '',
    v5 = false,
    fromClientId = '',
    fromUsername: string | undefined = undefined,
    nowMs: Millis = 0,
  ) {
    this.sharedBy = sharedBy;
    this.#message = message;
    this.#received = received;
    this.#payloadAt = payloadAt;
    if (received !== null) {
      const firstByte = received[0]!;
      this.topic = topic;
      this.qos = ((firstByte >> QOS_SHIFT) & 3) as Qos;
      this.retain = (firstByte & RETAIN) !== 0;
      this.fromClientId = fromClientId;
      this.#fromUsername = fromUsername;
      this.timestampMs = nowMs;
      this.expiresAtMs = Number.POSITIVE_INFINITY;
      const plain = this.retain ? null : received;
      this.#plain4 = v5 ? null : plain;
      this.#plain5 = v5 ? plain : null;
    } else {
      assert(message !== null, 'a publication is made of a message or of a packet');
      this.topic = message.topic;
      this.qos = message.qos;
      this.retain = message.retain;
      this.fromClientId = message.fromClientId;
      this.#fromUsername = message.fromUsername;
      this.timestampMs = message.timestampMs;
      const seconds = message.properties.messageExpiryInterval;
      this.expiresAtMs = seconds === undefined ? Number.POSITIVE_INFINITY : message.timestampMs + seconds * 1000;
      this.#plain4 = this.#plain5 = null;
    }
  }

  /**
   * Of a valid PUBLISH without properties: its whole packet, in bytes that are the publication's own from now on, with the
   * payload from `payloadAt` on.
   */
  static received(frame: Uint8Array, payloadAt: number, topic: string, version: MqttVersion, from: PublishedBy, nowMs: Millis): Publication {
    // DUP belongs to the hop it came over [MQTT-3.3.1-3].
    if ((frame[0]! & DUP) !== 0) frame[0] = frame[0]! & ~DUP;
    return new Publication(null, null, frame, payloadAt, topic, version === 5, from.clientId, from.username, nowMs);
  }

  /** The bytes received are lent until `over`. */
  lent(): this {
    this.#lent = true;
    return this;
  }

  /** The lent bytes go back: whoever needs the message for longer has had a copy made by now. Later looks at it fail. */
  over(): void {
    if (this.#lent) this.#received = this.#plain4 = this.#plain5 = null;
  }

  /** The whole packet for another node, with QoS and RETAIN as the publisher set them; its packet id is anything but 0. */
  get packet(): Uint8Array {
    if (this.#lent) this.keep();
    return this.#received ?? (this.retain ? this.#other(5, this.qos, true) : (this.#plain5 ??= this.#encode(5, this.qos, false, false, this.message.properties)));
  }

  /** The form of `packet`: MQTT 5.0, where the length of properties stands in front of the payload, or 3.1.1. */
  get isV5(): boolean {
    return this.#received === null || packetIdOffset(this.#received) + (this.qos === 0 ? 0 : 2) !== this.#payloadAt;
  }

  /** The same for the member that a shared group chose. */
  forGroup(key: string): Publication {
    const received = this.#received;
    if (received === null || this.#lent) return new Publication(this.message, key);
    const v5 = received === this.#plain5;
    return new Publication(null, key, received, this.#payloadAt, this.topic, v5, this.fromClientId, this.#fromUsername, this.timestampMs);
  }

  get message(): Message {
    if (this.#message !== null) return this.#message;
    const received = this.#received;
    assert(received !== null, 'a lent message is looked at before it is over');
    return (this.#message = {
      topic: this.topic,
      payload: this.#lent ? received.slice(this.#payloadAt) : received.subarray(this.#payloadAt),
      qos: this.qos,
      retain: this.retain,
      properties: NO_PROPERTIES,
      fromClientId: this.fromClientId,
      fromUsername: this.#fromUsername,
      timestampMs: this.timestampMs,
    });
  }

  get fromUsername(): string | undefined {
    return this.#fromUsername;
  }

  get payloadLength(): number {
    return this.#received === null ? this.message.payload.length : this.#received.length - this.#payloadAt;
  }

  /** The packet as it came, if a client of MQTT 3 gets just that once the message is retained (QoS 0, RETAIN 1, no properties). */
  get retainedFrame(): Uint8Array | null {
    const received = this.#received;
    if (received === null || received[0] !== RETAINED_PUBLISH) return null;
    // For QoS 0 this is where the topic ends; in a packet of MQTT 5 the length of its properties stands there.
    return packetIdOffset(received) === this.#payloadAt ? received : null;
  }

  /** The message may wait long: a small payload must not keep a whole read buffer alive. */
  keep(): void {
    const received = this.#received;
    if (received !== null && (this.#lent || pins(received))) {
      const own = new Uint8Array(received);
      this.#lent = false;
      this.#received = own;
      if (this.#plain4 === received) this.#plain4 = own;
      if (this.#plain5 === received) this.#plain5 = own;
      if (this.#message !== null) this.#message = { ...this.#message, payload: own.subarray(this.#payloadAt) };
    } else if (received === null) this.#message = withOwnPayload(this.message);
  }

  /** Its Message Expiry Interval has passed [MQTT-3.3.2-5]; without one, `defaultMs` since it came (Number.POSITIVE_INFINITY = never). */
  expired(nowMs: Millis, defaultMs: Millis): boolean {
    return nowMs >= this.expiresAtMs || (nowMs - this.timestampMs >= defaultMs && this.expiresAtMs === Number.POSITIVE_INFINITY);
  }

  /** The PUBLISH for a receiver. Shared and never changed; the packet id in it is anything, its place is `packetIdOffset`. */
  frame(version: MqttVersion, qos: Qos, retain: boolean, dup: boolean, subscriptionIds: readonly number[] | null, nowMs: Millis): Uint8Array {
    const v5 = version === 5;
    if (dup || (v5 && (subscriptionIds !== null || this.#waitedSeconds(nowMs) > 0))) {
      return this.#encode(version, qos, retain, dup, v5 ? this.propertiesFor(subscriptionIds, nowMs) : NO_PROPERTIES);
    }
    if (retain || qos !== this.qos) return this.#other(version, qos, retain);
    if (v5) return (this.#plain5 ??= this.#encode(version, qos, false, false, this.message.properties));
    return (this.#plain4 ??= this.#encode(version, qos, false, false, NO_PROPERTIES));
  }

  #other(version: MqttVersion, qos: Qos, retain: boolean): Uint8Array {
    const v5 = version === 5;
    this.#others ??= new Array<Uint8Array | undefined>(VARIANTS).fill(undefined);
    const variant = (v5 ? 6 : 0) + (retain ? 3 : 0) + qos;
    return (this.#others[variant] ??= this.#encode(version, qos, retain, false, v5 ? this.message.properties : NO_PROPERTIES));
  }

  /** Whole seconds since the broker accepted a message that can expire; 0 for all others. */
  #waitedSeconds(nowMs: Millis): number {
    if (this.expiresAtMs === Number.POSITIVE_INFINITY) return 0;
    return Math.max(0, Math.floor((nowMs - this.timestampMs) / 1000));
  }

  /** What a receiver of MQTT 5 is sent at that moment. [MQTT-3.3.2-6]: of the expiry, what is left of it. */
  propertiesFor(subscriptionIds: readonly number[] | null, nowMs: Millis): Properties {
    const properties: Properties = { ...this.message.properties };
    if (subscriptionIds !== null) properties.subscriptionIdentifiers = subscriptionIds;
    if (properties.messageExpiryInterval !== undefined) {
      properties.messageExpiryInterval = Math.max(0, properties.messageExpiryInterval - this.#waitedSeconds(nowMs));
    }
    return properties;
  }

  #encode(version: MqttVersion, qos: Qos, retain: boolean, dup: boolean, properties: Properties): Uint8Array {
    const { topic, payload } = this.message;
    return encodePacket({ type: 'publish', dup, qos, retain, topic, packetId: ANY_PACKET_ID, payload, properties }, version);
  }
}

function pins(bytes: Uint8Array): boolean {
  return bytes.buffer.byteLength > bytes.byteLength * PINS_FACTOR;
}

/** The message with a payload that shares its memory with nothing much larger. */
export function withOwnPayload(message: Message): Message {
  return pins(message.payload) ? { ...message, payload: new Uint8Array(message.payload) } : message;
}
