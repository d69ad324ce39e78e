import { roomFor } from './lentBytes.ts';

/** Copies out of a read buffer that the next read overwrites. Small ones share a slab: an allocation each would cost more than the copy. */

const SLAB_BYTES = 64 * 1024;
/** From this size on a copy has memory of its own, so that no slab is thrown away half empty. */
const OWN_MEMORY_BYTES = SLAB_BYTES / 8;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/** The bytes in [start, end) for keeps. Whoever keeps a small copy for long keeps its slab alive: see `Publication.keep`. */
export function ownBytes(source: Buffer, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length >= OWN_MEMORY_BYTES) {
    const own = roomFor(length);
    source.copy(own, 0, start, end);
    return own.length === length ? own : own.subarray(0, length);
  }
  if (used + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const at = used;
  used += length;
  source.copy(slab, at, start, end);
  return new Uint8Array(slab.buffer, at, length);
}
