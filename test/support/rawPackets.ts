/** Bytes of packets, for tests that speak MQTT without a client library. */
import { encodePacket } from '../../broker/protocol/writer.ts';
import { NO_PROPERTIES, type ConnectPacket, type Properties } from '../../broker/protocol/packet.ts';

export function connectPacket(clientId: string, properties: Properties = NO_PROPERTIES, username?: string, password?: string): Buffer {
  const packet: ConnectPacket = {
    type: 'connect',
    version: 5,
    bridge: false,
    clientId,
    cleanStart: true,
    keepalive: 60,
    username,
    password: password === undefined ? undefined : Buffer.from(password),
    will: undefined,
    properties,
  };
  return Buffer.from(encodePacket(packet, 5));
}

export const CONNECT_5 = connectPacket('raw');

const PUBLISH = Buffer.from(
  encodePacket({ type: 'publish', dup: false, qos: 0, retain: false, topic: 't', packetId: 0, payload: Buffer.alloc(1024), properties: NO_PROPERTIES }, 5),
);
export const PUBLISH_BYTES = PUBLISH.length;

/** As many messages of 1 KiB to the topic `t`. */
export function publishes(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => PUBLISH));
}
