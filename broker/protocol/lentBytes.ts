/**
 * Memory for large packets that is used again. A block for each message of 64 KiB costs more than everything else that is done with
 * it: the system clears its pages, and the collector has to find it before it can go. So a packet that is complete, wanted by nobody
 * for longer than it takes to write it, and acknowledged by nobody is lent: each connection that still has to write it holds it, and the
 * last one to let go gives it back. Whatever is not given back is left to the collector: to forget it is no leak.
 */

/** From this size on a packet gets a room. Smaller ones are cheaper to copy. */
export const ROOM_FROM_BYTES = 32 * 1024;
/** Larger packets are too rare to keep room for. */
const MAX_ROOM_BYTES = 1024 * 1024;
/** Rooms come in multiples of this, so that packets of about one size find one another's. */
const STEP_BYTES = 16 * 1024;
/** What may lie unused in all. */
const MAX_FREE_BYTES = 8 * 1024 * 1024;

/** For the memory of each room who holds it; 0: it has never been lent, or it is free. */
const holders = new WeakMap<ArrayBufferLike, number>();
/** By size in steps. */
const free: Buffer[][] = Array.from({ length: MAX_ROOM_BYTES / STEP_BYTES + 1 }, () => []);
let freeBytes = 0;

/** Room for `length` bytes, of whatever was in it before. It is the caller's, for good unless it is lent. */
export function roomFor(length: number): Buffer {
  if (length < ROOM_FROM_BYTES || length > MAX_ROOM_BYTES) return Buffer.allocUnsafeSlow(length);
  const steps = Math.ceil(length / STEP_BYTES);
  const used = free[steps]?.pop();
  if (used !== undefined) {
    freeBytes -= used.length;
    return used;
  }
  const room = Buffer.allocUnsafeSlow(steps * STEP_BYTES);
  holders.set(room.buffer, 0);
  return room;
}

/** The caller becomes the first holder of a room, in which there must be nothing but what is lent. False: it is no room. */
export function lend(room: Uint8Array): boolean {
  if (!holders.has(room.buffer)) return false;
  holders.set(room.buffer, 1);
  return true;
}

/** One more holder, if that has been lent. Each lets go once. */
export function holdLent(bytes: Uint8Array): boolean {
  const count = holders.get(bytes.buffer);
  if (count === undefined || count === 0) return false;
  holders.set(bytes.buffer, count + 1);
  return true;
}

/** The bytes are not looked at any more by one who held them; nothing if they are not lent. */
export function letGoLent(bytes: Uint8Array): void {
  const count = holders.get(bytes.buffer);
  if (count === undefined || count === 0) return;
  holders.set(bytes.buffer, count - 1);
  if (count > 1 || freeBytes + bytes.buffer.byteLength > MAX_FREE_BYTES) return;
  freeBytes += bytes.buffer.byteLength;
  free[bytes.buffer.byteLength / STEP_BYTES]?.push(Buffer.from(bytes.buffer as ArrayBuffer));
}
