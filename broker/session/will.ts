/** When a Will Message is published, delayed or dropped: mqtt-protocol.md section 12 as functions of data. */
import type { Millis } from '../base/ids.ts';
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

/** The will as a message; its Message Expiry starts now. */
export function willMessage(will: Will, clientId: string, username: string | undefined, nowMs: Millis): Message {
  const { willDelayInterval: _delay, ...properties } = will.properties;
  return {
    topic: will.topic,
    payload: will.payload,
    qos: will.qos,
    retain: will.retain,
    properties,
    fromClientId: clientId,
    fromUsername: username,
    timestampMs: nowMs,
  };
}
