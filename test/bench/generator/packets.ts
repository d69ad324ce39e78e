/** The packets of the generator, encoded once before the load begins. */
import mqttPacket from 'mqtt-packet';

const KEEPALIVE_S = 600;

export const connect = (clientId: string): Uint8Array =>
  mqttPacket.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: KEEPALIVE_S });

/** Of a session that stays when its client goes. */
export const connectToStay = (clientId: string): Uint8Array =>
  mqttPacket.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: false, clientId, keepalive: KEEPALIVE_S });

export const subscribe = (filters: readonly string[], qos: 0 | 1 | 2): Uint8Array =>
  mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos })) });

export const unsubscribe = (filters: string[]): Uint8Array => mqttPacket.generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: filters });
export const UNSUBACK_BYTE = 0xb0;

/** Deletes the retained message of a topic. */
export const forget = (topic: string): Uint8Array =>
  mqttPacket.generate({ cmd: 'publish', topic, payload: Buffer.alloc(0), qos: 0, dup: false, retain: true });

export const PINGREQ = Uint8Array.of(0xc0, 0);
export const PINGRESP_BYTE = 0xd0;
export const DISCONNECT = Uint8Array.of(0xe0, 0);

/** Offsets inside a PUBLISH of which all copies have the same length. */
export interface PublishShape {
  readonly bytes: Buffer;
  /** Where the packet identifier stands; 0 for QoS 0. */
  readonly packetIdAt: number;
  /** Where the publisher's number and behind it the message's number stand, four bytes each. */
  readonly numbersAt: number;
}

export function publish(topic: string, qos: 0 | 1 | 2, payloadBytes: number, publisher: number, retain = false): PublishShape {
  const payload = Buffer.alloc(payloadBytes, 0x2e);
  payload.writeUInt32BE(publisher, 0);
  const bytes = mqttPacket.generate({ cmd: 'publish', topic, payload, qos, dup: false, retain, messageId: 1 });
  const numbersAt = bytes.length - payloadBytes;
  return { bytes, packetIdAt: qos === 0 ? 0 : numbersAt - 2, numbersAt };
}
