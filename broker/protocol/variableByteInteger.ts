/** Lengths of one to four bytes, seven bits each, low group first (section 1.5.5). */

/** The largest that four bytes hold; also the longest body a packet can have. */
export const MAX_REMAINING_LENGTH = 268_435_455;

/** Bytes of a variable byte integer in its shortest form [MQTT-1.5.5-1]. */
export function variableByteIntegerSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}

/** Writes the shortest form and returns the offset behind it. */
export function writeVariableByteInteger(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let at = offset;
  while (rest > 127) {
    bytes[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}
