/**
 * A retained message as a row of the shared tables, frozen with wire version 1 (golden bytes in retainedCodec.test.ts): u8 version,
 * u64 time of acceptance, client id and user name as u16 length and text, u8 whether there is a user name, PUBLISH of MQTT 5.
 */
import type { Message } from '../protocol/message.ts';
import { decodePublished, encodePublished } from '../protocol/publishBytes.ts';
import { variableByteIntegerSize, writeVariableByteInteger } from '../protocol/variableByteInteger.ts';

const VERSION = 1;
const TWO_32 = 0x1_0000_0000;

export function encodeRetained(message: Message): Uint8Array {
  const packet = encodePublished(message);
  const { bytes, at } = begun(message, packet.length);
  bytes.set(packet, at);
  return bytes;
}

/** A PUBLISH of MQTT 3 at QoS 0, as bytes or as one character per byte: where its parts lie. */
export interface Frame3 {
  readonly frame: string | Buffer;
  /** Of topic and payload, lengths in front left out. */
  readonly topicAt: number;
  readonly payloadAt: number;
}

/** `encodeRetained` of a message without properties, made of its packet without a look at what is in it. */
export function encodeRetainedFrame(source: Pick<Message, 'qos' | 'timestampMs' | 'fromClientId' | 'fromUsername'>, { frame, topicAt, payloadAt }: Frame3): Uint8Array {
  const idBytes = source.qos === 0 ? 0 : 2;
  const topicBytes = payloadAt - topicAt;
  // The length of the topic, and that of no properties.
  const bodyLength = 2 + topicBytes + idBytes + 1 + frame.length - payloadAt;
  const { bytes, at } = begun(source, 1 + variableByteIntegerSize(bodyLength) + bodyLength);
  const payloadTo = bytes.length - (frame.length - payloadAt);
  const topicTo = payloadTo - 1 - idBytes - topicBytes;
  // Whole, so that the payload comes to lie where it belongs; then the topic is moved forward.
  const from = payloadTo - topicBytes;
  if (typeof frame === 'string') bytes.write(topicAt === 0 ? frame : frame.slice(topicAt), from, 'latin1');
  else bytes.set(frame.subarray(topicAt), from);
  bytes.copyWithin(topicTo, from, payloadTo);
  bytes[at] = 0x31 | (source.qos << 1);
  writeVariableByteInteger(bytes, at + 1, bodyLength);
  bytes[topicTo - 2] = topicBytes >> 8;
  bytes[topicTo - 1] = topicBytes & 0xff;
  if (idBytes > 0) {
    bytes[payloadTo - 3] = 0;
    bytes[payloadTo - 2] = 1;
  }
  bytes[payloadTo - 1] = 0;
  return bytes;
}

/** The last ones: most messages of a time come from few clients. */
const sender = { clientId: '', username: undefined as string | undefined, bytes: senderBytes('', undefined) };

function senderBytes(clientId: string, username: string | undefined): Buffer {
  const [clientBytes, userBytes] = [Buffer.byteLength(clientId), Buffer.byteLength(username ?? '')];
  const bytes = Buffer.allocUnsafeSlow(5 + clientBytes + userBytes);
  bytes.writeUInt16BE(clientBytes, 0);
  bytes.write(clientId, 2);
  bytes[2 + clientBytes] = username === undefined ? 0 : 1;
  bytes.writeUInt16BE(userBytes, 3 + clientBytes);
  bytes.write(username ?? '', 5 + clientBytes);
  return bytes;
}

/** All in front of the packet, with room for it. */
function begun({ timestampMs, fromClientId, fromUsername }: Pick<Message, 'timestampMs' | 'fromClientId' | 'fromUsername'>, packetBytes: number): { bytes: Buffer; at: number } {
  if (fromClientId !== sender.clientId || fromUsername !== sender.username) {
    sender.clientId = fromClientId;
    sender.username = fromUsername;
    sender.bytes = senderBytes(fromClientId, fromUsername);
  }
  const at = 9 + sender.bytes.length;
  const bytes = Buffer.allocUnsafe(at + packetBytes);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(Math.floor(timestampMs / TWO_32), 1);
  bytes.writeUInt32BE(Math.floor(timestampMs) % TWO_32, 5);
  bytes.set(sender.bytes, 9);
  return { bytes, at };
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
