/** When a Will Message is published, delayed or dropped: mqtt-protocol.md section 12 as functions of data. */
import type { Millis } from '../base/ids.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import type { Will } from '../protocol/packet.ts';

/** How long after the connection ended the will goes out: the smaller of its delay and the session's life [MQTT-3.1.3-9]. */
export function willDelayMs(will: Will, sessionExpiryMs: Millis): Millis {
  return Math.min((will.properties.willDelayInterval ?? 0) * 1000, sessionExpiryMs);
}

/**
 * A new connection with the same client id arrived while the old one was open. The will goes out unless the session
 * goes on and the will asked to wait.
 */
export function takeoverPublishesWill(will: Will, sessionExpiryMs: Millis, newCleanStart: boolean): boolean {
  return newCleanStart || willDelayMs(will, sessionExpiryMs) === 0;
}

/** The will as a message to a topic of the node; its Message Expiry starts now. */
export function willMessage(will: Will, topic: string, from: ClientInfo, nowMs: Millis): Message {
  const { willDelayInterval: _delay, ...properties } = will.properties;
  return {
    topic,
    payload: will.payload,
    qos: will.qos,
    retain: will.retain,
    properties,
    fromClientId: from.clientId,
    fromUsername: from.username,
    timestampMs: nowMs,
  };
}
