/**
 * A retained message as a row of the shared tables, frozen with wire version 1 (golden bytes in retainedCodec.test.ts): u8 version,
 * u64 time of acceptance, client id and user name as u16 length and text, u8 whether there is a user name, PUBLISH of MQTT 5.
 */
import type { Message } from '../protocol/message.ts';
import { decodePublished, encodePublished } from '../protocol/publishBytes.ts';

const VERSION = 1;
const TWO_32 = 0x1_0000_0000;

export function encodeRetained(message: Message): Uint8Array {
  const { timestampMs, fromClientId, fromUsername } = message;
  const packet = encodePublished(message);
  const [clientBytes, userBytes] = [Buffer.byteLength(fromClientId), Buffer.byteLength(fromUsername ?? '')];
  const bytes = Buffer.allocUnsafeSlow(14 + clientBytes + userBytes + packet.length);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(Math.floor(timestampMs / TWO_32), 1);
  bytes.writeUInt32BE(Math.floor(timestampMs) % TWO_32, 5);
  bytes.writeUInt16BE(clientBytes, 9);
  bytes.write(fromClientId, 11);
  const userAt = 11 + clientBytes;
  bytes[userAt] = fromUsername === undefined ? 0 : 1;
  bytes.writeUInt16BE(userBytes, userAt + 1);
  bytes.write(fromUsername ?? '', userAt + 3);
  bytes.set(packet, userAt + 3 + userBytes);
  return bytes;
}

/** Throws when the bytes are no retained message of this version. */
export function decodeRetained(value: Uint8Array): Message {
  const bytes = Buffer.from(value);
  if (bytes[0] !== VERSION) throw new Error(`a retained message of version ${bytes[0] ?? 'none'} is unknown`);
  const timestampMs = bytes.readUInt32BE(1) * TWO_32 + bytes.readUInt32BE(5);
  const userAt = 11 + bytes.readUInt16BE(9);
  const packetAt = userAt + 3 + bytes.readUInt16BE(userAt + 1);
  const { topic, payload, qos, properties } = decodePublished(bytes.subarray(packetAt));
  return {
    topic,
    payload,
    qos,
    retain: true,
    properties,
    fromClientId: bytes.toString('utf8', 11, userAt),
    fromUsername: bytes[userAt] === 0 ? undefined : bytes.toString('utf8', userAt + 3, packetAt),
    timestampMs,
  };
}
