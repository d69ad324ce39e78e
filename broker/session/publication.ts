/**
 * A message with the PUBLISH bytes made from it. Most receivers of a message want the same bytes, so each variant
 * (version, QoS, RETAIN) is encoded once, on first use, with packet id 0; the id is patched while bytes are gathered for a
 * socket (hot-path.md section 4). Receivers with bytes of their own (subscription identifiers, DUP, a lowered expiry) get
 * them encoded apart.
 */
import type { Millis } from '../base/ids.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES, type MqttVersion, type Properties, type Qos } from '../protocol/packet.ts';
import { encodePacket, packetIdOffset } from '../protocol/writer.ts';

/** Encoded bytes; the packet id, if there is one, stands at `packetIdAt`. Never changed after it was made. */
export interface PublishFrame {
  readonly bytes: Uint8Array;
  /** -1 for QoS 0. */
  readonly packetIdAt: number;
}

const VARIANTS = 12;
/** A payload that is a view of a buffer this much larger than itself is copied before it is kept. */
const PINS_FACTOR = 2;

export class Publication {
  #message: Message;
  #frames: (PublishFrame | undefined)[] | null = null;
  /** Name of the shared group that chose the receiver; null for a delivery to every subscriber. */
  readonly sharedBy: string | null;

  constructor(message: Message, sharedBy: string | null = null) {
    this.#message = message;
    this.sharedBy = sharedBy;
  }

  get message(): Message {
    return this.#message;
  }

  /** The message may wait long: a small payload must not keep a whole read buffer alive. */
  keep(): void {
    this.#message = withOwnPayload(this.#message);
  }

  /** Its Message Expiry Interval has passed [MQTT-3.3.2-5]. */
  expired(nowMs: Millis): boolean {
    const seconds = this.#message.properties.messageExpiryInterval;
    return seconds !== undefined && nowMs - this.#message.timestampMs >= seconds * 1000;
  }

  frame(version: MqttVersion, qos: Qos, retain: boolean, dup: boolean, subscriptionIds: readonly number[] | null, nowMs: Millis): PublishFrame {
    const v5 = version === 5;
    const waitedSeconds = this.#waitedSeconds(nowMs);
    if (dup || (v5 && (subscriptionIds !== null || waitedSeconds > 0))) {
      return this.#encode(version, qos, retain, dup, v5 ? this.#propertiesFor(subscriptionIds, waitedSeconds) : NO_PROPERTIES);
    }
    this.#frames ??= new Array<PublishFrame | undefined>(VARIANTS).fill(undefined);
    const variant = (v5 ? 6 : 0) + (retain ? 3 : 0) + qos;
    return (this.#frames[variant] ??= this.#encode(version, qos, retain, false, v5 ? this.#message.properties : NO_PROPERTIES));
  }

  /** Whole seconds since the broker accepted a message that can expire; 0 for all others. */
  #waitedSeconds(nowMs: Millis): number {
    if (this.#message.properties.messageExpiryInterval === undefined) return 0;
    return Math.max(0, Math.floor((nowMs - this.#message.timestampMs) / 1000));
  }

  /** [MQTT-3.3.2-6]: the expiry that is sent is what is left of it. */
  #propertiesFor(subscriptionIds: readonly number[] | null, waitedSeconds: number): Properties {
    const properties: Properties = { ...this.#message.properties };
    if (subscriptionIds !== null) properties.subscriptionIdentifiers = subscriptionIds;
    if (properties.messageExpiryInterval !== undefined) {
      properties.messageExpiryInterval = Math.max(0, properties.messageExpiryInterval - waitedSeconds);
    }
    return properties;
  }

  #encode(version: MqttVersion, qos: Qos, retain: boolean, dup: boolean, properties: Properties): PublishFrame {
    const { topic, payload } = this.#message;
    const bytes = encodePacket({ type: 'publish', dup, qos, retain, topic, packetId: 0, payload, properties }, version);
    return { bytes, packetIdAt: qos === 0 ? -1 : packetIdOffset(bytes) };
  }
}

/** The message with a payload that shares its memory with nothing much larger. */
export function withOwnPayload(message: Message): Message {
  const { payload } = message;
  if (payload.buffer.byteLength <= payload.byteLength * PINS_FACTOR) return message;
  return { ...message, payload: Uint8Array.from(payload) };
}
