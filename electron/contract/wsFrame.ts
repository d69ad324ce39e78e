/** The WebSocket form of a pipe message: one MessagePack value per binary frame, so that bytes stay bytes. */
import { decode, encode } from '@msgpack/msgpack';
import type { PipeMessage } from './pipe.ts';

/** Path of the upgrade request. */
export const HOST_PATH = '/host';
/** Subprotocol both ends must speak; its number changes when the frame form does. */
export const HOST_PROTOCOL = 'busbar.v1';
/** The token travels as a second subprotocol name, so it never stands in a URL or a log of one. */
export const TOKEN_PROTOCOL_PREFIX = 'busbar.token.';

/** Longest frame either end accepts; a longer one ends the connection (close code 1009). */
export const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/** Close codes of our own (RFC 6455 section 7.4.2: 4000-4999 are private). */
export const CLOSE_BAD_FRAME = 4400;
export const CLOSE_TOO_SLOW = 4408;
export const CLOSE_HEARTBEAT = 4409;

export function encodeFrame(message: PipeMessage): Uint8Array<ArrayBuffer> {
  // Undefined members are left out, as JSON and TypeBox' optional properties expect; nil would come back as null.
  return encode(message, { ignoreUndefined: true });
}

/** Throws RangeError or Error when the bytes are not one MessagePack value. */
export function decodeFrame(bytes: Uint8Array): unknown {
  return decode(bytes);
}
