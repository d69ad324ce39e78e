import { describe, expect, it } from 'vitest';
import { holdLent, lend, letGoLent, ROOM_FROM_BYTES, roomFor } from './lentBytes.ts';

/** Sizes that no other test here uses, since free rooms are everybody's. */
const KB = 1024;

describe('a room for a large packet', () => {
  it('is used again once all who held it have let go, and not before', () => {
    const room = roomFor(100 * KB);
    const frame = room.subarray(0, 100 * KB);
    expect([lend(frame), holdLent(frame), holdLent(frame)]).toEqual([true, true, true]);
    for (let left = 3; left > 0; left -= 1) {
      expect(roomFor(100 * KB).buffer).not.toBe(room.buffer);
      letGoLent(frame);
    }
    expect(roomFor(100 * KB).buffer).toBe(room.buffer);
  });

  it('serves packets of about the same size only', () => {
    const room = roomFor(200 * KB);
    lend(room);
    letGoLent(room);
    expect(roomFor(150 * KB).buffer).not.toBe(room.buffer);
    expect(roomFor(199 * KB).buffer).toBe(room.buffer);
  });

  it('that was never lent is nobody else’s, whatever is said of it', () => {
    const room = roomFor(300 * KB);
    expect(holdLent(room)).toBe(false);
    letGoLent(room);
    expect(roomFor(300 * KB).buffer).not.toBe(room.buffer);
  });

  it('once free is free: who lets go once too often does not give it to two', () => {
    const room = roomFor(400 * KB);
    lend(room);
    letGoLent(room);
    letGoLent(room);
    expect(holdLent(room)).toBe(false);
    expect(roomFor(400 * KB).buffer).toBe(room.buffer);
    expect(roomFor(400 * KB).buffer).not.toBe(room.buffer);
  });

  it('is not what other memory is: that cannot be lent', () => {
    for (const bytes of [Buffer.alloc(64 * KB), roomFor(ROOM_FROM_BYTES - 1), roomFor(2048 * KB)]) expect([lend(bytes), holdLent(bytes)]).toEqual([false, false]);
  });

  it('is kept for later only up to a bound', () => {
    const rooms = Array.from({ length: 20 }, () => roomFor(1000 * KB));
    for (const room of rooms) {
      lend(room);
      letGoLent(room);
    }
    const again = new Set(rooms.map(() => roomFor(1000 * KB).buffer));
    const kept = rooms.filter(({ buffer }) => again.has(buffer)).length;
    expect(kept).toBeGreaterThan(4);
    expect(kept).toBeLessThanOrEqual(8);
  });
});
