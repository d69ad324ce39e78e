/**
 * Strict UTF-8 as MQTT wants it (section 1.5.4, RFC 3629). Node's decoder replaces what is wrong by U+FFFD; here it must be
 * found. A receiver may also refuse control characters other than U+0000, and noncharacters such as U+FFFF: that is asked for by
 * `mqtt.strict_mode`, for every string field alike.
 */

export type Utf8Problem = 'utf8' | 'nulCharacter' | 'discouragedCharacter';

/**
 * What is wrong with the bytes in [start, end): a surrogate, an overlong form, a value above 10FFFF, a truncated sequence
 * [MQTT-1.5.4-1], or U+0000 [MQTT-1.5.4-2]. Undefined: nothing.
 */
export function utf8Problem(bytes: Uint8Array, start: number, end: number): Utf8Problem | undefined {
  let at = start;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      if (lead === 0) return 'nulCharacter';
      at += 1;
      continue;
    }
    const size = sequenceLength(lead);
    if (size === 0 || at + size > end) return 'utf8';
    const second = bytes[at + 1]!;
    if (second < lowestSecond(lead) || second > highestSecond(lead)) return 'utf8';
    for (let index = at + 2; index < at + size; index += 1) if ((bytes[index]! & 0xc0) !== 0x80) return 'utf8';
    at += size;
  }
  return undefined;
}

/** Whether well-formed bytes hold a character that the standards advise against (section 1.5.4): a control character or a noncharacter. */
export function isDiscouraged(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += sequenceLength(bytes[at]!) || 1) {
    const lead = bytes[at]!;
    if (lead < 0x20 || lead === 0x7f) return true;
    if (lead < 0xc2) continue;
    const second = bytes[at + 1]!;
    if (lead === 0xc2 && second < 0xa0) return true;
    if (lead < 0xef) continue;
    const third = bytes[at + 2]!;
    // U+FDD0 to U+FDEF, and the last two code points of every plane.
    if (lead === 0xef && second === 0xb7 && third >= 0x90 && third <= 0xaf) return true;
    const last = lead === 0xef ? third : bytes[at + 3]!;
    const planeEnd = lead === 0xef ? second === 0xbf : (second & 0x0f) === 0x0f && third === 0xbf;
    if (planeEnd && last >= 0xbe) return true;
  }
  return false;
}

/** 0 for bytes that begin no sequence: 80-BF continue one, C0 and C1 would be overlong, F5-FF are above 10FFFF. */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** E0 80-9F and F0 80-8F would be overlong. */
function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** ED A0-BF would be surrogates, F4 90-BF above 10FFFF. */
function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}
