/** Gathers four-byte acknowledgements and writes those of one read together, from one buffer for all sockets. */
import type { Socket } from 'node:net';

const ROOM = 64 * 1024;

export const PUBACK = 0x40;
export const PUBREC = 0x50;
export const PUBREL = 0x62;
export const PUBCOMP = 0x70;

let buffer = Buffer.allocUnsafeSlow(ROOM);
let length = 0;

/** Answers the packet whose identifier stands at `idAt`. */
export function addAck(socket: Socket, firstByte: number, bytes: Buffer, idAt: number): void {
  if (length + 4 > ROOM) flushAcks(socket);
  buffer[length] = firstByte;
  buffer[length + 1] = 2;
  buffer[length + 2] = bytes[idAt] as number;
  buffer[length + 3] = bytes[idAt + 1] as number;
  length += 4;
}

/** Must be called for the same socket before acknowledgements of another one are added. */
export function flushAcks(socket: Socket): void {
  if (length === 0) return;
  socket.write(buffer.subarray(0, length));
  length = 0;
  // What the system has not taken at once is still the socket's.
  if (socket.writableLength > 0) buffer = Buffer.allocUnsafeSlow(ROOM);
}
