/** How the broker itself speaks: messages below `$SYS/brokers`, built only when somebody listens or they are kept. */
import type { Millis } from '../../base/ids.ts';
import { NO_PROPERTIES, type Qos } from '../../protocol/packet.ts';
import type { Message } from '../../protocol/message.ts';

export const SYS_ROOT = '$SYS/brokers';
/** Longest topic MQTT can carry (section 1.5.4). */
const MAX_TOPIC_BYTES = 65_535;

/** What speaking needs of the node. */
export interface SysPort {
  readonly clock: { now(): Millis };
  /** Whether this topic has a subscriber on any node. */
  wanted(topic: string): boolean;
  /** Routes a message of the broker itself: neither counted as published nor as dropped (broker-contract 5). */
  publishSys(message: Message): void;
}

export interface SpeakOptions {
  readonly qos?: Qos;
  readonly retain?: boolean;
}

/** `payload` is asked for only when the message goes anywhere: most brokers have no reader of `$SYS`. */
export function speak(port: SysPort, topic: string, payload: () => string, options: SpeakOptions = {}): void {
  const { qos = 0, retain = false } = options;
  if (!retain && !port.wanted(topic)) return;
  // A client id may be nearly as long as a topic may be; such an event has no topic to go to.
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return;
  port.publishSys({
    topic,
    payload: Buffer.from(payload()),
    qos,
    retain,
    properties: NO_PROPERTIES,
    fromClientId: '',
    fromUsername: undefined,
    timestampMs: port.clock.now(),
  });
}

/** A client id as one part of a topic name, which must not hold wildcards [MQTT-3.3.2-2]; the payload has it unchanged. */
export function inTopic(clientId: string): string {
  return /[+#]/.test(clientId) ? clientId.replaceAll('+', '%2B').replaceAll('#', '%23') : clientId;
}
