/**
 * PUBLISH packets between nodes in wire version 1, frozen with v1.ts: who published, then the packets as MQTT has them (R22). A frame
 * holds packets of one publisher in one form; FWD0 as many as come one after the other, every other kind just one. A packet of
 * QoS 1 or 2 bears some packet id other than 0, which means nothing.
 *
 * Fields: u16-counted client id, u16-counted user name if flag 0x02 says so, packets to the end. Flag 0x01: the packets are those of
 * MQTT 5.0 (a length of properties stands in them), else of 3.1.1. Kinds may put fields of their own in front and use flags from 0x10 on.
 */
import type { ClusterPublish, ForwardedPublishes } from '../ports.ts';
import { BodyReader, FrameWriter, HEADER_BYTES, protocolError } from './bytes.ts';
import { Kind } from './v1.ts';

const IS_V5 = 0x01;
const HAS_USERNAME = 0x02;
const SENT_ON = 0x10;
/** UTF-16 units; the length of what is written for these fits one byte. */
const SHORT_TEXT = 48;

/** Who published and in which form the packets are. */
export type PublishOrigin = Pick<ClusterPublish, 'fromClientId' | 'fromUsername' | 'isV5'>;

export function originFlags({ fromUsername, isV5 }: PublishOrigin): number {
  return (isV5 ? IS_V5 : 0) | (fromUsername === undefined ? 0 : HAS_USERNAME);
}

/** The most bytes that `writeOrigin` needs: three per UTF-16 unit is the most of UTF-8. */
export function originBytes({ fromClientId, fromUsername }: PublishOrigin): number {
  return 4 + 3 * (fromClientId.length + (fromUsername?.length ?? 0));
}

/** Writes the fields in front of the packets at `at`, and returns where the packets begin. */
export function writeOrigin(target: Buffer, at: number, { fromClientId, fromUsername }: PublishOrigin): number {
  const next = writeText(target, at, fromClientId);
  return fromUsername === undefined ? next : writeText(target, next, fromUsername);
}

function writeText(target: Buffer, at: number, text: string): number {
  const { length } = text;
  // Most names are short and plain; a call of the system's encoder costs more than they do.
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f || length > SHORT_TEXT) return writeAnyText(target, at, text);
    target[at + 2 + index] = unit;
  }
  target[at] = 0;
  target[at + 1] = length;
  return at + 2 + length;
}

function writeAnyText(target: Buffer, at: number, text: string): number {
  const bytes = target.write(text, at + 2);
  target.writeUInt16BE(bytes, at);
  return at + 2 + bytes;
}

/** Begins a FWD0 frame at `at` and returns where its packets begin; `endForwards` gives it its length. */
export function beginForwards(target: Buffer, at: number, origin: PublishOrigin): number {
  target[at + 4] = Kind.forward;
  target[at + 5] = originFlags(origin);
  return writeOrigin(target, at + HEADER_BYTES, origin);
}

/** The frame that begins at `at` ends before `end`. */
export function endForwards(target: Buffer, at: number, end: number): void {
  target.writeUInt32BE(end - at - 4, at);
}

/** `FWD0` with one packet. */
export function encodeForward(publish: ClusterPublish): Buffer {
  const { packet } = publish;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + originBytes(publish) + packet.length);
  const at = beginForwards(bytes, 0, publish);
  bytes.set(packet, at);
  endForwards(bytes, 0, at + packet.length);
  return bytes.subarray(0, at + packet.length);
}

/** Appends origin and packet to a frame whose flags contain `originFlags`. */
export function writePublish(writer: FrameWriter, { fromClientId, fromUsername, packet }: ClusterPublish): FrameWriter {
  writer.text(fromClientId);
  if (fromUsername !== undefined) writer.text(fromUsername);
  return writer.raw(packet);
}

/** What `writePublish` or `beginForwards` wrote, in [start, end): to the end of the frame. */
export function decodeForwards(flags: number, bytes: Buffer, start: number, end: number): ForwardedPublishes {
  const clientIdEnd = textEnd(bytes, start, end);
  const fromClientId = bytes.toString('utf8', start + 2, clientIdEnd);
  if ((flags & HAS_USERNAME) === 0) return { bytes, start: clientIdEnd, end, isV5: (flags & IS_V5) !== 0, fromClientId, fromUsername: undefined };
  const usernameEnd = textEnd(bytes, clientIdEnd, end);
  const fromUsername = bytes.toString('utf8', clientIdEnd + 2, usernameEnd);
  return { bytes, start: usernameEnd, end, isV5: (flags & IS_V5) !== 0, fromClientId, fromUsername };
}

function textEnd(bytes: Buffer, start: number, end: number): number {
  const at = start + 2;
  const textEnd = at > end ? at : at + ((bytes[start] as number) << 8) + (bytes[start + 1] as number);
  if (textEnd > end) throw protocolError('A frame ends before its last field');
  return textEnd;
}

/** The same for the rest of a frame of another kind. */
export function readPublishes(flags: number, reader: BodyReader): ForwardedPublishes {
  const rest = reader.rest();
  return decodeForwards(flags, rest, 0, rest.length);
}

/** A message for one member of a shared group of the receiver. */
export interface SharedForward<P> {
  readonly publish: P;
  /** `$share/<group>/<filter>` */
  readonly key: string;
  /** A node without members has sent it on: it must not be sent on again. */
  readonly again: boolean;
}

export function encodeSharedForward({ publish, key, again }: SharedForward<ClusterPublish>): Buffer {
  const size = 8 + 3 * key.length + originBytes(publish) + publish.packet.length;
  const writer = new FrameWriter(Kind.forwardShared, originFlags(publish) | (again ? SENT_ON : 0), size);
  return writePublish(writer.text(key), publish).end();
}

export function decodeSharedForward(flags: number, body: Buffer): SharedForward<ForwardedPublishes> {
  const reader = new BodyReader(body);
  const key = reader.text();
  return { key, publish: readPublishes(flags, reader), again: (flags & SENT_ON) !== 0 };
}
