/**
 * A row as 32 bits. The hash of a table is the sum over its rows, so it follows every change in constant time and does not depend
 * on order. It finds faults of ours, not attacks: peers are proven.
 */
export function rowHash(key: string, value: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ 0x1ff, 0x01000193);
  for (let index = 0; index < value.length; index += 1) hash = Math.imul(hash ^ (value[index] ?? 0), 0x01000193);
  // A sum of plain FNV values would cancel too easily: spread the bits first.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Two values are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
